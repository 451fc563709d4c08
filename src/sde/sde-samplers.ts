/** Samplers that step a reverse-time SDE by its coefficients. */
import { nonNegative } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { of as constantly, map, normal } from '../core/random.ts';
import type { Scope } from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import {
  type Calculus,
  eulerMaruyamaSolver,
  itoSde,
  type SdeSolver,
  type StateField,
  stochasticHeunSolver,
} from '../dynamics/index.ts';
import type { Denoiser } from './denoiser.ts';
import { samplerKind } from './kinds.ts';
import { type DiffusionSampler, memoryless, withSignal } from './sampler.ts';

/**
 * A draw of N(mean, scale²): mean + scale · z with z standard normal of the mean's shape. `scale` is an expression that broadcasts to it.
 *
 * @example
 * value(spread(ops.constant([1, 2]), ops.scalar(0.1)), { seed: 0 });
 */
export const spread = (mean: Expr, scale: Expr): D.Draw<Expr> =>
  D.map((z: Expr) => o.add(mean, o.mul(scale, z)))(D.fromRandom(normal(mean.shape)));

/** Options of {@link eulerMaruyama} and {@link stochasticHeun}. */
export interface ReverseSdeOptions {
  /** How much noise the reverse process draws: 1 (default) the reverse SDE, 0 the probability flow, anything between or beyond keeps the marginals. */
  readonly churn?: number;
}

/** The drift of the generalised reverse process at one place, a x − ½ (1 + λ²) g² s. */
const reverseDrift =
  (d: Denoiser<Shape, 'signal'>, churn: number) =>
  (scope: Scope): StateField =>
  (x, t) => {
    const score = o.label(scope.path === '' ? 'score' : `${scope.path}/score`, d.score(x, t)(scope));
    const pull = o.mul(o.mul(0.5 * (1 + churn * churn), d.process.diffusion2(t)), score);
    return o.sub(o.mul(d.process.drift(t), x), pull);
  };

/** A solver's step along the reverse process, whose diffusion λ g does not depend on x: Itô's and Stratonovich's integrals are one. */
const reverseSde = <C extends Calculus>(
  type: string,
  calculus: C,
  { step, evaluations }: SdeSolver<C, 'diagonal'>,
  churn: number,
): DiffusionSampler<'signal'> =>
  churn >= 0
    ? memoryless<'signal'>(
        { type, churn },
        evaluations,
        (given) => {
          const d = withSignal(type, given);
          const diffusion: StateField = (x, t) => o.broadcastTo(o.mul(churn, o.sqrt(d.process.diffusion2(t))), x.shape);
          return (x, from, to) => (scope) => {
            const dt = o.sub(to, from);
            const go = step({ ...itoSde(reverseDrift(d, churn)(scope), diffusion), calculus });
            return churn === 0
              ? constantly(go(x, from, dt, o.broadcastTo(0, x.shape)))
              : map((z: Expr) => go(x, from, dt, o.mul(o.sqrt(o.neg(dt)), z)))(normal(x.shape));
          };
        },
        { reversible: churn === 0 },
      )
    : raise('ArgumentError', type, 'churn must not be negative', { expected: '0 or more', got: `${churn}` });

/**
 * Euler–Maruyama on the generalised reverse process dx = [a x − ½ (1 + λ²) g² s] dt + λ g dw̄, λ = `churn`: every λ has the marginals of the forward process
 * (Anderson 1982; Zhang & Chen 2022, arXiv:2204.13902, §2). Steps are those of the grid. Weak order 1. Cost: one evaluation of the denoiser a step. Throws
 * `ArgumentError` where `churn` is negative.
 *
 * @example
 * sampleWith(eulerMaruyama(), uniformGrid(1000));
 */
export const eulerMaruyama = define(
  samplerKind,
  {
    type: 'eulerMaruyama',
    about: 'The reverse equation by Euler–Maruyama.',
    optional: { churn: nonNegative },
    examples: [{ churn: 0.5 }],
  },
  ({ churn = 1 }: ReverseSdeOptions = {}): DiffusionSampler<'signal'> =>
    reverseSde('eulerMaruyama', 'ito', eulerMaruyamaSolver, churn),
);

/**
 * Stochastic Heun on the generalised reverse process of {@link eulerMaruyama}: the trapezoid of its drift over an Euler step, with one increment of noise. Weak
 * order 2 where g is constant. Cost: two evaluations of the denoiser a step. Throws `ArgumentError` where `churn` is negative.
 *
 * @example
 * sampleWith(stochasticHeun(), uniformGrid(200));
 */
export const stochasticHeun = define(
  samplerKind,
  {
    type: 'stochasticHeun',
    about: 'The reverse equation by the stochastic Heun method.',
    optional: { churn: nonNegative },
    examples: [{ churn: 0.5 }],
  },
  ({ churn = 1 }: ReverseSdeOptions = {}): DiffusionSampler<'signal'> =>
    reverseSde('stochasticHeun', 'stratonovich', stochasticHeunSolver, churn),
);
