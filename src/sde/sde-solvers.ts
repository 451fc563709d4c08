/**
 * Solvers of stochastic differential equations dx = f(x, t) dt + b(x, t) dw with noise of its own for each element. An equation says in its type which integral it
 * means, Itô's or Stratonovich's, and a solver says which it solves; the wrong pair does not compile.
 */
import { jvp } from '../core/differentiate/index.ts';
import { type Expr, substitute, variable } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map, type Random } from '../core/random.ts';
import { brownianIncrements } from './brownian.ts';

/** Which integral ∫ b dw is. */
export type Calculus = 'ito' | 'stratonovich';

/** A function of the state and the time. */
export type StateField = (x: Expr, t: Expr) => Expr;

/** dx = drift dt + diffusion dw, elementwise noise. */
export interface Sde<out C extends Calculus = Calculus> {
  readonly calculus: C;
  readonly drift: StateField;
  readonly diffusion: StateField;
}

/** An equation in Itô's sense. */
export const itoSde = (drift: StateField, diffusion: StateField): Sde<'ito'> => ({ calculus: 'ito', drift, diffusion });

/** An equation in Stratonovich's sense. */
export const stratonovichSde = (drift: StateField, diffusion: StateField): Sde<'stratonovich'> => ({
  calculus: 'stratonovich',
  drift,
  diffusion,
});

/** b ∂b/∂x elementwise, where element i of b depends on element i of x alone. */
const correction =
  (diffusion: StateField): StateField =>
  (x, t) => {
    const v = variable(x.shape);
    const b = diffusion(v, t);
    const [slope] = jvp([b], [v], [o.broadcastTo(1, x.shape)]);
    return substitute([o.mul(b, slope)], new Map([[v, x]]))[0];
  };

/**
 * The equation in the other sense that has the same solutions: f_Itô = f_Stratonovich + ½ b ∂b/∂x.
 *
 * @example
 * toStratonovich(itoSde((x) => x, (x) => x));   // drift ½ x
 */
export const toStratonovich = ({ drift, diffusion }: Sde<'ito'>): Sde<'stratonovich'> =>
  stratonovichSde((x, t) => o.sub(drift(x, t), o.mul(0.5, correction(diffusion)(x, t))), diffusion);

/** See {@link toStratonovich}. */
export const toIto = ({ drift, diffusion }: Sde<'stratonovich'>): Sde<'ito'> =>
  itoSde((x, t) => o.add(drift(x, t), o.mul(0.5, correction(diffusion)(x, t))), diffusion);

/** A solver of equations of one sense. */
export interface SdeSolver<in C extends Calculus = never> {
  readonly name: string;
  /** Powers of the step by which the error of a path, and that of a mean, falls. */
  readonly order: { readonly strong: number; readonly weak: number };
  /** Evaluations of the drift in one step. */
  readonly evaluations: number;
  /** x after dt, when the Brownian path moved by dw. */
  readonly step: (sde: Sde<C>) => (x: Expr, t: Expr, dt: Expr, dw: Expr) => Expr;
}

/** Euler–Maruyama: x + f dt + b dw. Strong order ½ (1 where b does not depend on x), weak order 1. */
export const eulerMaruyamaSolver: SdeSolver<'ito'> = {
  name: 'Euler–Maruyama',
  order: { strong: 0.5, weak: 1 },
  evaluations: 1,
  step:
    ({ drift, diffusion }) =>
    (x, t, dt, dw) =>
      o.add(x, o.add(o.mul(drift(x, t), dt), o.mul(diffusion(x, t), dw))),
};

/** Milstein: Euler–Maruyama + ½ b ∂b/∂x (dw² − dt). Strong order 1, for noise of its own for each element. */
export const milsteinSolver: SdeSolver<'ito'> = {
  name: 'Milstein',
  order: { strong: 1, weak: 1 },
  evaluations: 1,
  step: (sde) => {
    const plain = eulerMaruyamaSolver.step(sde);
    const second = correction(sde.diffusion);
    return (x, t, dt, dw) => o.add(plain(x, t, dt, dw), o.mul(o.mul(0.5, second(x, t)), o.sub(o.square(dw), dt)));
  },
};

/** Heun's method for Stratonovich's integral: the trapezoid of drift and diffusion over an Euler step. Strong order 1, weak order 1. */
export const stochasticHeunSolver: SdeSolver<'stratonovich'> = {
  name: 'stochastic Heun',
  order: { strong: 1, weak: 1 },
  evaluations: 2,
  step:
    ({ drift, diffusion }) =>
    (x, t, dt, dw) => {
      const [f, b] = [drift(x, t), diffusion(x, t)];
      const ahead = o.add(x, o.add(o.mul(f, dt), o.mul(b, dw)));
      const later = o.add(t, dt);
      const [f1, b1] = [drift(ahead, later), diffusion(ahead, later)];
      return o.add(x, o.mul(0.5, o.add(o.mul(o.add(f, f1), dt), o.mul(o.add(b, b1), dw))));
    },
};

/** From when to when, and how finely, a stochastic equation is solved: 2^levels steps. */
export interface SdeSolveOptions {
  readonly from?: number;
  readonly to: number;
  readonly levels: number;
}

/**
 * The solution at the last time along a Brownian path that is the same for every number of levels (one more level halves every step), with that path's end, for
 * closed forms: one loop of 2^levels steps.
 *
 * @example
 * solveSde(milsteinSolver, itoSde((x) => ops.mul(0.1, x), (x) => ops.mul(0.5, x)), { to: 1, levels: 6 })(ops.scalar(1));
 */
export const solveSde =
  <C extends Calculus>(solver: SdeSolver<C>, sde: Sde<C>, { from = 0, to, levels }: SdeSolveOptions) =>
  (x: Expr): Random<{ readonly x: Expr; readonly w: Expr }> => {
    const n = 2 ** levels;
    const dt = (to - from) / n;
    const step = solver.step(sde);
    const times = o.constant(Array.from({ length: n }, (_, i) => from + i * dt));
    return map((increments: Expr) => ({
      x: o.scan({
        length: n,
        init: [x],
        xs: [times, increments],
        body: ([at], [t, dw]) => ({ carry: [step(at, t, o.scalar(dt), dw)] }),
      }).carry[0],
      w: o.sum(increments, 0),
    }))(brownianIncrements({ levels, duration: to - from, shape: x.shape }));
  };
