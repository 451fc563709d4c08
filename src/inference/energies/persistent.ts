import { demand } from '../../algebra/demand.ts';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Samples, Unnormalised } from '../../algebra/evidence.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import type { Spec } from '../../algebra/spec.ts';
import type { Support } from '../../algebra/support.ts';
import { buffer } from '../../core/buffer.ts';
import { nonNegative, positiveInteger } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { root, type Scope } from '../../core/scope.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { bernoulli } from '../../distributions/bernoulli.ts';
import { standardNormal } from '../../distributions/normal.ts';
import { uniform as uniformDist } from '../../distributions/uniform.ts';
import { type PersistentChains, persistent } from '../../mcmc/index.ts';
import { anyKernelKind, objectiveKind } from '../kinds.ts';
import type { AnyObjective, BatchObjective } from '../objective.ts';
import { type ContrastOptions, checkContrast, contrastSpec, penaltyOf } from './contrastive-divergence.ts';
import { type KernelFamily, kernelOn, type SampledBy } from './dist-kernel.ts';

/** Options of {@link persistentContrastiveDivergence}. */
export interface PersistentOptions extends ContrastOptions {
  /** Chains kept from step to step. Each step takes the oldest ones, moves them and puts them back. */
  readonly buffer: number;
  /** Chains moved in one step; default as many as there are events in the batch. */
  readonly chains?: number;
  /** The probability that a chain restarts from `start` before it moves; default 0. JEM and IGEBM use 0.05. */
  readonly reinitialise?: number;
  /** Where chains start: a distribution without parameters. Default: standard normal on the reals, uniform on an interval, coin flips on zeros and ones. */
  readonly start?: Dist<Shape, Samples>;
}

/** The default starting distribution of the chains of a distribution. Throws `ArgumentError` for supports that have no obvious distribution. */
export const defaultStart = (dist: AnyDist & { readonly support?: Support }): Dist<Shape, Samples> => {
  const support = dist.support ?? { kind: 'real' };
  if (support.kind === 'real') return standardNormal(dist.shape);
  if (support.kind === 'interval') return uniformDist(dist.shape, { low: support.low, high: support.high });
  if (support.kind === 'integers' && support.low === 0 && support.high === 1) return bernoulli(dist.shape);
  return raise('ArgumentError', dist.spec.type, 'say where chains start: the support has no distribution of its own', {
    expected: 'start: a distribution on the support',
    got: support.kind,
  });
};

/** Log-densities of rows, `[n]`. */
export const logDensities = (dist: AnyDist, rows: Expr): D.Draw<Expr> =>
  D.map(([l]: readonly Expr[]) => l)(
    D.vmapDraw((x) => D.map((l: Expr): readonly Expr[] => [l])(dist.logDensity(x)))(rows),
  );

/** Options of persistent chains, as JSON. */
export const persistentFields = {
  steps: positiveInteger,
  energyPenalty: nonNegative,
  chains: positiveInteger,
  reinitialise: nonNegative,
  start: nested(distributionKind),
};

/**
 * Persistent contrastive divergence, stochastic maximum likelihood (Tieleman 2008, doi:10.1145/1390156.1390290; with a replay buffer Du & Mordatch 2019,
 * arXiv:1903.08689): the chains of the negative phase continue from step to step instead of starting at the data, so they follow the distribution as it changes. The
 * buffer holds `buffer` chains `[buffer, …shape]`; a step takes the oldest `chains` of them, restarts each with probability `reinitialise`, moves it by
 * `steps` of the kernel and puts it back last. The loss of event i is −log f(xᵢ) + mean log f(x⁻) nats: the *difference of energies*, whose gradient
 * estimates that of the likelihood (exactly, where the chains are stationary), and whose value is no likelihood. The buffer is part of the training state:
 * saved and resumed with the parameters. Throws `ArgumentError` where the buffer is smaller than the batch (or than `chains`).
 *
 * @example
 * const digits = persistentContrastiveDivergence({ kernel: blockGibbs(), buffer: 256 })(rbm([28, 28], { hidden: 500 }));
 * const toys = persistentContrastiveDivergence({
 *   kernel: mala({ stepSize: 0.01 }), steps: 20, buffer: 10_000, reinitialise: 0.05, energyPenalty: 0.01,
 * })(energy([2]));
 */
export const persistentContrastiveDivergence = define(
  objectiveKind,
  {
    type: 'persistentContrastiveDivergence',
    about: 'Energies at data and at chains that go on.',
    required: { kernel: nested(anyKernelKind), buffer: positiveInteger, dist: nested(distributionKind) },
    optional: persistentFields,
    takes: [],
    build: ({ dist, start, ...options }): AnyObjective<Shape> =>
      persistentContrastiveDivergence({ ...options, ...(start === undefined ? {} : { start: start as never }) })(
        dist as never,
      ),
    examples: [
      {
        kernel: { type: 'langevin', stepSize: 0.1 },
        buffer: 8,
        dist: { type: 'energy', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } },
        steps: 2,
        energyPenalty: 0.1,
        chains: 4,
        reinitialise: 0.05,
        start: { type: 'standardNormal', shape: [2] },
      },
    ],
  },
  <const K extends KernelFamily>(options: PersistentOptions & { readonly kernel: K }) => {
    const owner = 'persistentContrastiveDivergence';
    checkContrast(owner, options);
    const { buffer: size, chains, reinitialise = 0, kernel, steps = 1, energyPenalty } = options;
    if (!Number.isInteger(size) || size < 1)
      raise('ArgumentError', owner, 'the replay buffer holds one chain or more', { got: `${size}` });
    if (!(reinitialise >= 0 && reinitialise <= 1))
      raise('ArgumentError', owner, 'reinitialise is a probability', { got: `${reinitialise}` });
    if (chains !== undefined && !(Number.isInteger(chains) && chains >= 1 && chains <= size))
      raise('ArgumentError', owner, 'more chains are moved than the replay buffer holds', {
        expected: `1 … ${size} chains`,
        got: `${chains}`,
      });
    return <S extends Shape, L extends Dist<S, Unnormalised>>(
      dist: L & Dist<S, Unnormalised> & SampledBy<K, L>,
    ): BatchObjective<S> => {
      const plain = demand<S>(owner, dist, 'unnormalisedLogDensity');
      const start = options.start ?? defaultStart(plain);
      if (!sameShape(start.shape, plain.shape))
        raise('ShapeError', owner, 'chains start at events of another shape', {
          expected: showShape(plain.shape),
          got: showShape(start.shape),
        });
      const spec: Spec = {
        type: owner,
        ...contrastSpec(options),
        buffer: size,
        ...(chains === undefined ? {} : { chains }),
        reinitialise,
        start: start.spec,
        dist: plain.spec,
      };
      const replay = persistent({ size, reinitialise, start: start.sample(root), steps });
      const chainsAt = (scope: Scope): PersistentChains => replay(kernelOn(kernel, plain)(scope));
      return {
        shape: plain.shape,
        spec,
        evidence: 'none',
        batchLoss: (batch) => (scope) => (cursor) => {
          const n = chains ?? batch.shape[0];
          if (n > size)
            return raise('ArgumentError', owner, 'the replay buffer is smaller than the batch', {
              expected: `a buffer of ${n} chains or more, or fewer \`chains\` a step`,
              got: `${size}`,
            });
          const { now, become } = buffer('buffer', { initial: chainsAt(root).init, sharded: true })(scope);
          const [{ ends, buffer: moved }, next] = chainsAt(scope).step(now, n)(cursor);
          const negatives = o.stopGradient(ends);
          const [mine, afterMine] = logDensities(plain, batch)(scope)(next);
          const [theirs, last] = logDensities(plain, negatives)(scope)(afterMine);
          const negative = o.mean(o.add(theirs, penaltyOf(energyPenalty, theirs)));
          return [become(moved, o.add(o.sub(negative, mine), penaltyOf(energyPenalty, mine))), last];
        },
      };
    };
  },
);
