import { demand } from '../../algebra/demand.ts';
import type { Dist } from '../../algebra/dist.ts';
import type { Unnormalised } from '../../algebra/evidence.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import type { Json, Spec } from '../../algebra/spec.ts';
import { nonNegative, positiveInteger } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { fork } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { chainEnd } from '../../mcmc/kernel.ts';
import { anyKernelKind, objectiveKind } from '../kinds.ts';
import type { AnyObjective, Objective } from '../objective.ts';
import { type KernelFamily, kernelOn, type SampledBy, specOfFamily } from './dist-kernel.ts';

/** Options of both kinds of contrastive divergence. */
export interface ContrastOptions {
  /** Any kernel: `mala({ … })`, `hmc({ … })`, `blockGibbs()`, your own. */
  readonly kernel: KernelFamily;
  /** k, the steps of the chain; default 1. */
  readonly steps?: number;
  /** α in α (E(x⁺)² + E(x⁻)²), which keeps energies near 0 (Du & Mordatch 2019, §3.3); default 0. */
  readonly energyPenalty?: number;
}

/** Refuses what no chain can do. */
export const checkContrast = (owner: string, { steps = 1, energyPenalty = 0 }: ContrastOptions): void => {
  if (!Number.isInteger(steps) || steps < 1)
    raise('ArgumentError', owner, 'a chain takes one step or more', { got: `${steps}` });
  if (!(energyPenalty >= 0 && Number.isFinite(energyPenalty)))
    raise('ArgumentError', owner, 'the energy penalty is a finite number from 0', { got: `${energyPenalty}` });
};

/** The options as JSON. */
export const contrastSpec = ({
  kernel,
  steps = 1,
  energyPenalty = 0,
}: ContrastOptions): { readonly [key: string]: Json } => ({ kernel: specOfFamily(kernel), steps, energyPenalty });

/** α l² for a log-density l, or nothing. */
export const penaltyOf = (alpha: number | undefined, l: Expr): Expr =>
  alpha === undefined || alpha === 0 ? o.scalar(0) : o.mul(alpha, o.square(l));

/**
 * Contrastive divergence, CD-k (Hinton 2002, doi:10.1162/089976602760128018): the chain starts at the event x⁺ itself and takes k steps of a kernel that
 * leaves the distribution invariant, ending at x⁻, a constant to every derivative. The loss is the *difference of energies* E(x⁺) − E(x⁻) =
 * log f(x⁻) − log f(x⁺) nats (plus the penalty): its gradient is the estimate, its value is no likelihood and need not fall. The gradient's bias falls with k and
 * vanishes as k → ∞; for k small it learns the energy near the data and may leave spurious modes far away, which persistent chains find. Cost: k kernel
 * steps and two evaluations. Throws `ArgumentError` where k is no positive integer, or the kernel cannot sample the distribution (gradients of a
 * discrete energy).
 *
 * @example
 * const digits = contrastiveDivergence({ kernel: blockGibbs(), steps: 1 })(rbm([28, 28], { hidden: 500 }));
 * const toys = contrastiveDivergence({ kernel: mala({ stepSize: 0.01 }), steps: 20 })(energy([2]));
 */
export const contrastiveDivergence = define(
  objectiveKind,
  {
    type: 'contrastiveDivergence',
    about: 'Energies at data and at short chains from them.',
    required: { kernel: nested(anyKernelKind), dist: nested(distributionKind) },
    optional: { steps: positiveInteger, energyPenalty: nonNegative },
    takes: [],
    build: ({ dist, ...options }): AnyObjective<Shape> => contrastiveDivergence(options)(dist as never),
    examples: [
      {
        kernel: { type: 'langevin', stepSize: 0.1 },
        dist: { type: 'energy', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } },
        steps: 2,
        energyPenalty: 0.1,
      },
    ],
  },
  <const K extends KernelFamily>(options: ContrastOptions & { readonly kernel: K }) => {
    checkContrast('contrastiveDivergence', options);
    const { kernel, steps = 1, energyPenalty } = options;
    return <S extends Shape, L extends Dist<S, Unnormalised>>(
      dist: L & Dist<S, Unnormalised> & SampledBy<K, L>,
    ): Objective<S> => {
      const plain = demand<S>('contrastiveDivergence', dist, 'unnormalisedLogDensity');
      const spec: Spec = { type: 'contrastiveDivergence', ...contrastSpec(options), dist: plain.spec };
      return {
        shape: plain.shape,
        spec,
        evidence: 'none',
        loss: (x) => (scope) => (cursor) => {
          const [end, next] = fork(chainEnd(kernelOn(kernel, plain)(scope), steps)(x))(cursor);
          const [mine] = plain.logDensity(x)(scope)(next);
          const [theirs] = plain.logDensity(o.stopGradient(end))(scope)(next);
          const penalty = o.add(penaltyOf(energyPenalty, mine), penaltyOf(energyPenalty, theirs));
          return [o.add(o.sub(theirs, mine), penalty), next];
        },
      };
    };
  },
);
