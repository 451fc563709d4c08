/** What makes a distribution that is known up to a constant measurable: its constant, summed where that can be done, else estimated. */
import { map, right } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { capabilityOf, has, needs } from '../../algebra/capability.ts';
import { type AnyDist, type Dist, rebased } from '../../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../../algebra/evidence.ts';
import { innermost } from '../../algebra/pushed.ts';
import { type Failure, toFailure } from '../../core/errors.ts';
import type { Backend, Feeds } from '../../core/program.ts';
import type { Shape } from '../../core/shape.ts';
import { type Enumerable, enumerating } from '../../distributions/energy-enumerated.ts';
import { bridging } from '../../distributions/rbm.ts';
import { type AnnealingProgress, annealedImportanceSampling } from './annealed-importance.ts';
import { enumeratedPartition, normalised } from './normalised.ts';
import type { Partition, PartitionEstimate } from './partition.ts';
import { chaining } from './sampled-by.ts';

/** A distribution with its constant, and what is known of that constant. */
export interface Normalised {
  readonly dist: AnyDist;
  readonly partition: Partition | PartitionEstimate;
}

/** Options of {@link withNormaliser}. */
export interface NormaliserOptions {
  readonly parameters: Feeds;
  readonly backend: Backend;
  readonly seed?: number;
  /** Temperatures of the annealing; default 1000. */
  readonly betas?: number;
  /** Chains; default 200. */
  readonly chains?: number;
  readonly onProgress?: (p: AnnealingProgress) => void;
  readonly signal?: AbortSignal;
}

/** Few enough states to sum. */
const FEW = 2 ** 16;

/** Parameters as the innermost distribution names them when it stands alone. */
const alone = (dist: AnyDist, parameters: Feeds): Feeds =>
  dist.pushed === undefined
    ? parameters
    : Object.fromEntries(Object.entries(parameters).map(([name, t]) => [name.replace(/^base\//, ''), t]));

const isSummable = (dist: AnyDist): dist is AnyDist & Enumerable => {
  if (!has(enumerating, dist)) return false;
  try {
    return dist.enumeration().states <= FEW;
  } catch {
    return false;
  }
};

/**
 * A distribution known up to a constant, under whatever it was pushed through, with log Z at given parameters: summed over its states where they are few (evidence
 * `exact`), else by annealed importance sampling along the chain it is sampled by (evidence `estimated`, with an interval). Parameters keep their names, so
 * `run(dist, parameters, backend)` measures data. A distribution that needs no constant is given back with log Z = 0. Failures: `ArgumentError` where
 * the distribution has no chain, and those of {@link annealedImportanceSampling}.
 *
 * @example
 * const machine = sampledBy({ kernel: blockGibbs(), steps: 10 })(rbm([4], { hidden: 3 }));
 * const task = withNormaliser(machine, { parameters: fitted, backend: onnx('cpu') });   // a task: the distribution, and log Z
 */
export const withNormaliser =
  (dist: AnyDist, { parameters, ...options }: NormaliserOptions): TaskEither<Failure, Normalised> =>
  async () => {
    try {
      if (dist.evidence !== 'unnormalised') return right({ dist, partition: { logZ: 0, evidence: 'exact' } });
      const inner = innermost(dist);
      const own = alone(dist, parameters);
      const found = isSummable(inner)
        ? await enumeratedPartition(inner, own, options.backend)()
        : await annealed(inner, own, options)();
      return map((partition: Partition | PartitionEstimate) => ({
        // Its chain the distribution keeps: reports run it.
        dist: rebased(dist, (base) => normalised(partition)(base as Dist<Shape, Unnormalised>)),
        partition,
      }))(found);
    } catch (e) {
      return { _tag: 'Left', left: toFailure('BackendError', 'withNormaliser')(e) };
    }
  };

const annealed = (
  dist: AnyDist,
  parameters: Feeds,
  { betas = 1000, chains = 200, ...rest }: Omit<NormaliserOptions, 'parameters'>,
): TaskEither<Failure, PartitionEstimate> => {
  const none = 'the distribution is known up to a constant, and has no chain to estimate it with';
  const { kernel, start } = needs(chaining, dist, dist.spec.type, none, 'sampledBy({ kernel, steps })(distribution)');
  const common = { kernel, betas, chains, parameters, ...rest };
  const bridge = capabilityOf(bridging, dist);
  return bridge !== undefined
    ? annealedImportanceSampling<Shape>({ bridge: bridge(), ...common })
    : annealedImportanceSampling<Shape>({
        from: start as Dist<Shape, Exact & Samples>,
        to: dist as Dist<Shape, Unnormalised>,
        ...common,
      });
};
