/** Hamiltonian dynamics: the leapfrog integrator, and Hamiltonian Monte Carlo. */

import { pipe } from 'fp-ts/lib/function.js';
import { nonNegative, positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import { map, normal, sequence, uniform } from '../core/random.ts';
import { leaves, leavesAs, like } from '../core/struct.ts';
import { toSpec } from '../distributions/argument.ts';
import { operandCodec } from '../distributions/argument-codec.ts';
import { type Evaluated, evaluated, type KernelOf } from './kernel.ts';
import { kernelKind } from './kinds.ts';
import type { Gradients, Tuning } from './langevin.ts';
import { type Acceptance, acceptOrStay, positiveStep } from './metropolis.ts';

/** A point of phase space: position, momentum, and log p with its gradient at the position. */
export type Phase = Evaluated & { readonly momentum: Expr };

/** An energy error above which a trajectory counts as divergent (Stan, blackjax). */
export const DIVERGENCE = 1000;

/** ½ pᵀ M⁻¹ p. */
export const kinetic = (momentum: Expr, inverseMass: Operand): Expr =>
  o.mul(0.5, o.sum(o.mul(inverseMass, o.square(momentum))));

/** H = −log p(x) + ½ pᵀ M⁻¹ p. */
export const hamiltonian = (z: Phase, inverseMass: Operand): Expr =>
  o.sub(kinetic(z.momentum, inverseMass), z.logDensity);

/** A momentum from N(0, M), from standard normal numbers. */
export const momentumOf = (noise: Expr, inverseMass: Operand): Expr => o.div(noise, o.sqrt(inverseMass));

/**
 * One step of the leapfrog integrator (velocity Verlet) for H = −log p(x) + ½ pᵀ M⁻¹ p:
 *
 *     p ← p + ½ ε ∇log p(x)        x ← x + ε M⁻¹ p        p ← p + ½ ε ∇log p(x)
 *
 * It preserves volume and is reversible: with the momentum negated it goes back. Over a fixed time its energy error is O(ε²). `at` is {@link evaluated} of the
 * target; `inverseMass` is the diagonal of M⁻¹, a number or an array of the position's shape. Cost: one gradient. Source: Neal 2011, arXiv:1206.1901, §5.2.
 *
 * @example
 * const at = evaluated(logDensityOf(normal([2])));
 * leapfrog(at, 0.1)({ ...at(ops.constant([1, 0])), momentum: ops.constant([0, 1]) }).position;
 */
export const leapfrog =
  (at: (position: Expr) => Evaluated, stepSize: Operand, inverseMass: Operand = 1) =>
  (z: Phase): Phase => {
    const half = o.add(z.momentum, o.mul(o.mul(0.5, stepSize), z.gradient));
    const next = at(o.add(z.position, o.mul(stepSize, o.mul(inverseMass, half))));
    return { ...next, momentum: o.add(half, o.mul(o.mul(0.5, stepSize), next.gradient)) };
  };

/** The info of a step of {@link hmc}; scalars. */
export type HmcInfo = Acceptance &
  Gradients & {
    /** H of the state that was kept. */
    readonly energy: Expr;
    /** 1 where the energy error was above 1000 or NaN. */
    readonly divergent: Expr;
  };

/** True where the error in H is above the limit or NaN. */
export const isDivergent = (energyError: Expr): Expr => o.not(o.lessEqual(energyError, DIVERGENCE));

/** Options of {@link hmc}. */
export interface HmcOptions extends Tuning {
  /** Leapfrog steps L ≥ 1 of a trajectory. */
  readonly steps: number;
  /**
   * j in [0, 1): each trajectory's step size is ε (1 ± j), uniformly. A fixed trajectory of nearly half a period of some coordinate only flips its sign, or
   * brings it back; a little jitter ends that (Neal 2011 §3.2). Default 0.
   */
  readonly jitter?: number;
}

/** The state without its momentum, which each step draws anew. */
export const restOf = ({ position, logDensity, gradient }: Evaluated): Evaluated => ({
  position,
  logDensity,
  gradient,
});

/**
 * Hamiltonian Monte Carlo (Duane et al. 1987; Neal 2011, arXiv:1206.1901, §5.3): a momentum from N(0, M), L leapfrog steps of size ε, accepted with probability
 * min(1, e^(−ΔH)), H = −log p(x) + ½ pᵀ M⁻¹ p. `inverseMass` is the diagonal of M⁻¹. Exact for any ε; tune ε for an acceptance of 0.65–0.8. A trajectory with
 * ΔH > 1000 is rejected and counted as divergent. Cost: L gradients a step. Throws `ArgumentError` where ε or L is not positive, `jitter` is not in [0, 1), or
 * the distribution is discrete.
 *
 * @example
 * hmc({ stepSize: 0.2, steps: 10 })(logDensityOf(normal([2])));
 */
export const hmc = define(
  kernelKind,
  {
    type: 'hmc',
    about: 'Hamiltonian Monte Carlo.',
    required: { stepSize: operandCodec, steps: positiveInteger },
    optional: { inverseMass: operandCodec, jitter: nonNegative },
    examples: [{ stepSize: 0.1, steps: 3, inverseMass: [1, 2], jitter: 0.1 }],
  },
  ({ stepSize, steps, inverseMass = 1, jitter = 0 }: HmcOptions): KernelOf<Evaluated, HmcInfo> => {
    positiveStep('hmc', stepSize);
    if (!Number.isInteger(steps) || steps < 1)
      raise('ArgumentError', 'hmc', 'the number of leapfrog steps must be positive', { got: `${steps}` });
    if (!(jitter >= 0 && jitter < 1))
      raise('ArgumentError', 'hmc', 'the jitter must be a share of the step size', {
        expected: '[0, 1)',
        got: `${jitter}`,
      });
    return (target) => {
      const at = evaluated(target);
      return {
        spec: {
          type: 'hmc',
          stepSize: toSpec(stepSize),
          steps,
          inverseMass: toSpec(inverseMass),
          ...(jitter === 0 ? {} : { jitter }),
        },
        init: at,
        step: (state) =>
          pipe(
            sequence([normal(state.position.shape), uniform([]), ...(jitter === 0 ? [] : [uniform([])])]),
            map(([noise, u, v]) => {
              const size = v === undefined ? stepSize : o.mul(stepSize, o.add(1 - jitter, o.mul(2 * jitter, v)));
              const move = leapfrog(at, size, inverseMass);
              const from: Phase = { ...restOf(state), momentum: momentumOf(noise, inverseMass) };
              const { carry } = o.scan({
                length: steps,
                init: leaves(from),
                body: (z) => ({ carry: leavesAs(from, move(like(from, z))) }),
              });
              const to = like(from, carry);
              const [before, after] = [hamiltonian(from, inverseMass), hamiltonian(to, inverseMass)];
              const error = o.sub(after, before);
              const { state: next, info } = acceptOrStay(o.neg(error), u, restOf(to), restOf(state));
              return {
                state: next,
                info: {
                  ...info,
                  energy: o.where(o.less(0, info.accepted), after, before),
                  divergent: o.where(isDivergent(error), 1, 0),
                  gradients: o.scalar(steps),
                },
              };
            }),
          ),
      };
    };
  },
);
