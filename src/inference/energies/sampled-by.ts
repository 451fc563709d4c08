import { capability, type Having, having, type Kept, kept } from '../../algebra/capability.ts';
import { demand } from '../../algebra/demand.ts';
import { type AnyDist, type Dist, distribution } from '../../algebra/dist.ts';
import type { Samples, Unnormalised } from '../../algebra/evidence.ts';
import { type AllFacts, knownFacts } from '../../algebra/facts.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import { positiveInteger } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import { fork } from '../../core/random.ts';
import { root } from '../../core/scope.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { chainEnd } from '../../mcmc/kernel.ts';
import { anyKernelKind } from '../kinds.ts';
import {
  asDistKernel,
  type DistKernel,
  type KernelFamily,
  kernelOn,
  type SampledBy,
  specOfFamily,
} from './dist-kernel.ts';
import { defaultStart } from './persistent.ts';

/** Options of {@link sampledBy}. */
export interface SampledByOptions {
  readonly kernel: KernelFamily;
  /** Steps of the chain behind each sample. */
  readonly steps: number;
  /** Where chains start: a distribution without parameters; default as for persistent contrastive divergence. */
  readonly start?: Dist<Shape, Samples>;
}

/**
 * The capability of a distribution whose samples are ends of Markov chains (see {@link sampledBy}): its kernel and the distribution of its starting points.
 * Annealed importance sampling and other estimators take their chains from it. It does not depend on the normalising constant.
 *
 * @example
 * has(chaining, sampledBy({ kernel: langevin({ stepSize: 0.1 }), steps: 100 })(energy([2])));   // true
 */
export const chaining = capability<{ readonly kernel: DistKernel; readonly start: Dist<Shape, Samples> }>()('chain', {
  named: (chain) => chain,
  normalised: (chain) => chain,
});

/** A distribution with the capability {@link chaining}. */
export type ChainSampled = Having<typeof chaining>;

/** The parts of a distribution that remain under another sampler: known facts, and capabilities by their rules. */
export type Resampled<L> = Pick<L, keyof L & keyof AllFacts> & Kept<L, 'resampled'>;

/**
 * An unnormalised distribution with a Markov chain as its sampler: each sample is the end of a chain of its own, `steps` steps from `start`. Samples follow
 * the distribution as far as the chain has mixed, no further: the density stays what it was. Everything that runs samplers (`run(…).sample`, the command
 * line, reports) takes it. Other facts about the density (blocks, support, enumeration) are kept. Cost: `steps` kernel steps a sample, in one loop. Throws
 * `ArgumentError` where steps is not a positive integer or the kernel cannot sample the distribution.
 *
 * @example
 * const machine = sampledBy({ kernel: blockGibbs(), steps: 1000 })(rbm([6], { hidden: 4 }));
 */
export const sampledBy = define(
  distributionKind,
  {
    type: 'sampledBy',
    about: 'A density whose samples are the ends of chains.',
    required: { kernel: nested(anyKernelKind), steps: positiveInteger, dist: nested(distributionKind) },
    optional: { start: nested(distributionKind) },
    takes: [],
    build: ({ kernel, steps, start, dist }): AnyDist =>
      sampledBy({ kernel, steps, ...(start === undefined ? {} : { start: start as never }) })(dist as never) as AnyDist,
    examples: [
      {
        kernel: { type: 'langevin', stepSize: 0.1 },
        steps: 3,
        start: { type: 'standardNormal', shape: [2] },
        dist: { type: 'energy', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } },
      },
    ],
  },
  <const K extends KernelFamily>({ kernel, steps, start }: SampledByOptions & { readonly kernel: K }) =>
    <S extends Shape, L extends Dist<S, Unnormalised>>(
      dist: L & Dist<S, Unnormalised> & SampledBy<K, L>,
    ): Dist<S, Unnormalised & Samples> & Resampled<L> & ChainSampled => {
      if (!Number.isInteger(steps) || steps < 1)
        return raise('ArgumentError', 'sampledBy', 'a chain takes one step or more', { got: `${steps}` });
      const plain = demand<S>('sampledBy', dist, 'unnormalisedLogDensity');
      const from = (start ?? defaultStart(plain)) as AnyDist;
      if (!sameShape(from.shape, plain.shape))
        return raise('ShapeError', 'sampledBy', 'chains start at events of another shape', {
          expected: showShape(plain.shape),
          got: showShape(from.shape),
        });
      const made = distribution<S, Unnormalised & Samples>({
        shape: plain.shape,
        spec: { type: 'sampledBy', kernel: specOfFamily(kernel), steps, start: from.spec, dist: plain.spec },
        evidence: 'unnormalised',
        logDensity: plain.logDensity,
        sample: (scope) => (cursor) => {
          const [x, next] = D.forked(from.sample)(root)(cursor);
          return fork(chainEnd(kernelOn(kernel, plain)(scope), steps)(x))(next);
        },
      });
      const whole = {
        ...knownFacts(dist as Partial<AllFacts>),
        ...kept('resampled', dist, undefined),
        ...made,
        ...(plain.pushed === undefined ? {} : { pushed: plain.pushed }),
        ...(plain.named === undefined ? {} : { named: plain.named }),
      } as Dist<S, Unnormalised & Samples> & Resampled<L>;
      return having(chaining, { kernel: asDistKernel(kernel), start: from as Dist<Shape, Samples> })(whole);
    },
);
