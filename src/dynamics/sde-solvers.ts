/** Solvers of stochastic differential equations, step by step along a Brownian path. */
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map, type Random } from '../core/random.ts';
import { brownianIncrements } from './brownian.ts';
import { type Calculus, diagonalCorrection, kicked, type NoiseKind, type Sde } from './sde.ts';

/** A solver for one calculus, with the kinds of noise that it accepts. */
export interface SdeSolver<in C extends Calculus = never, in N extends NoiseKind = 'diagonal'> {
  readonly name: string;
  /** The powers of the step with which the error of a path (strong) and of a mean (weak) falls, for diagonal noise. */
  readonly order: { readonly strong: number; readonly weak: number };
  /** Evaluations of the drift in one step. */
  readonly evaluations: number;
  /** x after a step of length dt in which the Brownian path moves by dw. */
  readonly step: (sde: Sde<C, N>) => (x: Expr, t: Expr, dt: Expr, dw: Expr) => Expr;
}

/**
 * The Euler–Maruyama method (Maruyama 1955) for Itô equations, x′ = x + f(x, t) dt + b(x, t) dw, with b elementwise or a matrix. Strong order ½ (1 where b does
 * not depend on x), weak order 1. Cost: one evaluation of drift and diffusion a step.
 *
 * @example
 * const ou = itoSde((x) => ops.neg(x), () => ops.scalar(0.5));
 * solveSde(eulerMaruyamaSolver, ou, { to: 1, levels: 6 })(ops.scalar(1));
 */
export const eulerMaruyamaSolver: SdeSolver<'ito', NoiseKind> = {
  name: 'Euler–Maruyama',
  order: { strong: 0.5, weak: 1 },
  evaluations: 1,
  step: (sde) => (x, t, dt, dw) =>
    o.add(x, o.add(o.mul(sde.drift(x, t), dt), kicked(sde, sde.diffusion(x, t), dw, x.shape))),
};

/**
 * The Milstein method (Milstein 1975) for Itô equations with diagonal noise, x′ = x + f dt + b dw + ½ b ∂b/∂x (dw² − dt). Element i of b may depend on element
 * i of x alone. Strong order 1, weak order 1. Cost: one evaluation of drift and diffusion a step, and one forward derivative of the diffusion.
 *
 * @example
 * const geometric = itoSde((x) => ops.mul(0.1, x), (x) => ops.mul(0.5, x));
 * solveSde(milsteinSolver, geometric, { to: 1, levels: 6 })(ops.scalar(1));
 */
export const milsteinSolver: SdeSolver<'ito'> = {
  name: 'Milstein',
  order: { strong: 1, weak: 1 },
  evaluations: 1,
  step: (sde) => {
    const plain = eulerMaruyamaSolver.step(sde);
    const second = diagonalCorrection(sde.diffusion);
    return (x, t, dt, dw) => o.add(plain(x, t, dt, dw), o.mul(o.mul(0.5, second(x, t)), o.sub(o.square(dw), dt)));
  },
};

/**
 * Heun's method for Stratonovich equations (Rümelin 1982): an Euler step x̃ = x + f dt + b dw, then x′ = x + ½ (f + f̃) dt + ½ (b + b̃) dw with f̃ and b̃
 * evaluated at (x̃, t + dt), and b elementwise or a matrix. Strong order 1 and weak order 1; strong order ½ where the columns of a matrix do not commute,
 * (∂bⱼ/∂x) bₖ ≠ (∂bₖ/∂x) bⱼ. Cost: two evaluations of drift and diffusion a step.
 *
 * @example
 * const geometric = stratonovichSde((x) => ops.mul(0.1, x), (x) => ops.mul(0.5, x));
 * solveSde(stochasticHeunSolver, geometric, { to: 1, levels: 6 })(ops.scalar(1));
 */
export const stochasticHeunSolver: SdeSolver<'stratonovich', NoiseKind> = {
  name: 'stochastic Heun',
  order: { strong: 1, weak: 1 },
  evaluations: 2,
  step: (sde) => (x, t, dt, dw) => {
    const kick = (b: Expr): Expr => kicked(sde, b, dw, x.shape);
    const [f, b] = [sde.drift(x, t), sde.diffusion(x, t)];
    const ahead = o.add(x, o.add(o.mul(f, dt), kick(b)));
    const later = o.add(t, dt);
    const [f1, b1] = [sde.drift(ahead, later), sde.diffusion(ahead, later)];
    return o.add(x, o.mul(0.5, o.add(o.mul(o.add(f, f1), dt), kick(o.add(b, b1)))));
  },
};

/** The interval over which a stochastic equation is solved, and its 2^levels steps. */
export interface SdeSolveOptions {
  readonly from?: number;
  readonly to: number;
  readonly levels: number;
}

/**
 * Solves a stochastic differential equation from a state at `from` (default 0) in 2^levels equal steps of one loop. It gives `x`, the state at `to`, and `w`,
 * the end of the Brownian path, for comparison with closed forms. The path is the same for every number of levels (one more level halves every step). Cost:
 * 2^levels steps of the solver. A solver of the other calculus, or of diagonal noise where the equation's is a matrix, does not compile.
 *
 * @example
 * solveSde(milsteinSolver, itoSde((x) => ops.mul(0.1, x), (x) => ops.mul(0.5, x)), { to: 1, levels: 6 })(ops.scalar(1));
 */
export const solveSde =
  <C extends Calculus, N extends NoiseKind>(
    solver: SdeSolver<C, N>,
    sde: Sde<C, N>,
    { from = 0, to, levels }: SdeSolveOptions,
  ) =>
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
    }))(brownianIncrements({ levels, duration: to - from, shape: sde.motions(x.shape) }));
  };
