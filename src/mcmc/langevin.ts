/** Langevin kernels: follow the score and add noise; uncorrected (ULA), corrected (MALA), and with momentum (BAOAB). */

import { pipe } from 'fp-ts/lib/function.js';
import { finite, nonNegative } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import { both, map, normal, uniform } from '../core/random.ts';
import { toSpec } from '../distributions/argument.ts';
import { operandCodec } from '../distributions/argument-codec.ts';
import { type Evaluated, evaluated, type Kernel, type KernelOf, type Position, type Score, scoreOf } from './kernel.ts';
import { kernelKind } from './kinds.ts';
import { type Acceptance, acceptOrStay, positiveStep } from './metropolis.ts';

/** Gradient evaluations of a step, a scalar: the cost that kernels are compared by. */
export type Gradients = { readonly gradients: Expr };

/** Options of {@link langevin} and {@link ula}. */
export interface LangevinOptions {
  /** h > 0, in squared units of x; one number, or one for each coordinate (a diagonal preconditioner). */
  readonly stepSize: Operand;
  /** T ≥ 0: the chain samples p^(1/T) as h → 0; 0 is gradient ascent. Default 1. */
  readonly temperature?: Operand;
}

/**
 * Langevin dynamics along a score, x′ = x + h s(x) + √(2hT) z, without correction: for scores that have no density (networks), correctors of diffusion samplers
 * and short chains of contrastive divergence. (The code of NCSN calls h α; its paper, and JEM, write h = α/2.) Cost: one score a step. Throws `ArgumentError`
 * where h is not positive.
 *
 * @example
 * langevin({ stepSize: 0.1 })((x) => ops.neg(x));
 */
export const langevin = ({
  stepSize,
  temperature = 1,
}: LangevinOptions): ((score: Score) => Kernel<Position, Gradients>) => {
  positiveStep('langevin', stepSize);
  return (score) => ({
    spec: { type: 'langevin', stepSize: toSpec(stepSize), temperature: toSpec(temperature) },
    init: (position) => ({ position }),
    step: ({ position: x }) =>
      pipe(
        normal(x.shape),
        map((z) => {
          const drift = o.add(x, o.mul(stepSize, score(x)));
          const noise = o.sqrt(o.mul(o.mul(2, stepSize), temperature));
          return { state: { position: o.add(drift, o.mul(noise, z)) }, info: { gradients: o.scalar(1) } };
        }),
      ),
  });
};

/**
 * The unadjusted Langevin algorithm: {@link langevin} along the gradient of a log-density. Its stationary distribution is biased by O(h): on N(0, s²) its
 * variance is s² / (1 − h/(2s²)), and it diverges for h ≥ 2s². Cost: one gradient a step. Throws `ArgumentError` where h is not positive or the distribution is
 * discrete. Source: Roberts & Tweedie 1996, doi:10.2307/3318418.
 *
 * @example
 * ula({ stepSize: 0.01 })(logDensityOf(normal([2])));
 */
export const ula = define(
  kernelKind,
  {
    type: 'langevin',
    about: 'The unadjusted Langevin step, along the score of the distribution it is on.',
    required: { stepSize: operandCodec },
    optional: { temperature: nonNegative },
    examples: [{ stepSize: 0.1, temperature: 0.5 }],
  },
  (options: LangevinOptions): KernelOf<Position, Gradients> => {
    const along = langevin(options);
    return (target) => along(scoreOf(target));
  },
);

/** Options of kernels that are tuned: {@link mala}, `hmc`, `nuts`. */
export interface Tuning {
  readonly stepSize: Operand;
  /** The inverse of a diagonal mass, best an estimate of the variance of each coordinate; a number or an array of the event's shape. Default 1. */
  readonly inverseMass?: Operand;
}

/** The info of a step of {@link mala}. */
export type MalaInfo = Acceptance & Gradients;

/**
 * The Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996, doi:10.2307/3318418): x′ = x + h V s(x) + √(2hV) z with V = `inverseMass` (diagonal),
 * accepted or rejected, so that it is exact for any h. Tune h for an acceptance of about 0.574. Cost: one gradient a step. Throws `ArgumentError` where h is
 * not positive, or the distribution is discrete.
 *
 * @example
 * mala({ stepSize: 0.5 })(logDensityOf(normal([2])));
 */
export const mala = define(
  kernelKind,
  {
    type: 'mala',
    about: 'A Langevin step, accepted or not.',
    required: { stepSize: operandCodec },
    optional: { inverseMass: operandCodec },
    examples: [{ stepSize: 0.1, inverseMass: 2 }],
  },
  ({ stepSize, inverseMass = 1 }: Tuning): KernelOf<Evaluated, MalaInfo> => {
    positiveStep('mala', stepSize);
    return (target) => {
      const at = evaluated(target);
      const hV = o.mul(stepSize, inverseMass);
      // −log q(to | from), up to a constant that both directions share
      const cost = (to: Expr, from: Evaluated): Expr =>
        o.sum(o.div(o.square(o.sub(to, o.add(from.position, o.mul(hV, from.gradient)))), o.mul(4, hV)));
      return {
        spec: { type: 'mala', stepSize: toSpec(stepSize), inverseMass: toSpec(inverseMass) },
        init: at,
        step: (state) =>
          pipe(
            both(normal(state.position.shape), uniform([])),
            map(([z, u]) => {
              const drift = o.add(state.position, o.mul(hV, state.gradient));
              const next = at(o.add(drift, o.mul(o.sqrt(o.mul(2, hV)), z)));
              const there = o.mul(0.5, o.sum(o.square(z)));
              const back = cost(state.position, next);
              const ratio = o.add(o.sub(next.logDensity, state.logDensity), o.sub(there, back));
              const { state: chosen, info } = acceptOrStay(ratio, u, next, state);
              return { state: chosen, info: { ...info, gradients: o.scalar(1) } };
            }),
          ),
      };
    };
  },
);

/** The state of {@link underdamped}: the momentum outlives the step. */
export type Moving = {
  readonly position: Expr;
  readonly momentum: Expr;
  readonly gradient: Expr;
};

/**
 * Underdamped Langevin dynamics dx = p dt, dp = (s(x) − γ p) dt + √(2γ) dw by the BAOAB splitting (Leimkuhler & Matthews 2013, doi:10.1093/amrx/abs010), with
 * unit mass and without correction. On a Gaussian the positions have exactly the right variance for every stable step h < 2s; in general the error is O(h²),
 * and O(h⁴) as γ → ∞. The momentum starts at 0. Cost: one gradient a step. Throws `ArgumentError` where h or γ is not positive, or the distribution is
 * discrete.
 *
 * @example
 * underdamped({ stepSize: 0.3, friction: 1 })(logDensityOf(normal([2])));
 */
export const underdamped = define(
  kernelKind,
  {
    type: 'underdamped',
    about: 'Langevin dynamics with momentum.',
    required: { stepSize: operandCodec, friction: finite },
    examples: [{ stepSize: 0.1, friction: 2 }],
  },
  ({
    stepSize: h,
    friction,
  }: {
    readonly stepSize: Operand;
    readonly friction: Operand;
  }): KernelOf<Moving, Gradients> => {
    positiveStep('underdamped', h);
    positiveStep('underdamped', friction);
    return (target) => {
      const score = scoreOf(target);
      const kick = (p: Expr, g: Expr): Expr => o.add(p, o.mul(o.mul(0.5, h), g));
      const drift = (x: Expr, p: Expr): Expr => o.add(x, o.mul(o.mul(0.5, h), p));
      const decay = o.exp(o.neg(o.mul(friction, h)));
      const spread = o.sqrt(o.neg(o.expm1(o.mul(-2, o.mul(friction, h)))));
      return {
        spec: { type: 'underdamped', stepSize: toSpec(h), friction: toSpec(friction) },
        init: (position) => ({ position, momentum: o.broadcastTo(0, position.shape), gradient: score(position) }),
        moved: (state, position) => ({ position, momentum: state.momentum, gradient: score(position) }),
        step: (state) =>
          pipe(
            normal(state.position.shape),
            map((z) => {
              const p = kick(state.momentum, state.gradient);
              const middle = drift(state.position, p);
              const thermal = o.add(o.mul(decay, p), o.mul(spread, z));
              const position = drift(middle, thermal);
              const gradient = score(position);
              return {
                state: { position, momentum: kick(thermal, gradient), gradient },
                info: { gradients: o.scalar(1) },
              };
            }),
          ),
      };
    };
  },
);
