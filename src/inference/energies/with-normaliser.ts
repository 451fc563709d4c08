/** What makes a law that is known up to a constant measurable: its constant, summed where that can be done, else estimated. */
import { map, right } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { capabilityOf, has, needs } from '../../algebra/capability.ts';
import { type Dist, innermost, type Law, rebased } from '../../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../../algebra/evidence.ts';
import { type Failure, toFailure } from '../../core/errors.ts';
import type { Backend, Feeds } from '../../core/program.ts';
import type { Shape } from '../../core/shape.ts';
import { type Enumerable, enumerating } from '../../distributions/energy-enumerated.ts';
import { bridging } from '../../distributions/rbm.ts';
import { type AnnealingProgress, annealedImportanceSampling } from './annealed-importance.ts';
import { enumeratedPartition, normalised } from './normalised.ts';
import type { Partition, PartitionEstimate } from './partition.ts';
import { chaining } from './sampled-by.ts';

/** A law with its constant, and what is known of that constant. */
export interface Normalised {
  readonly law: Law;
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

/** Parameters as the innermost law names them when it stands alone. */
const alone = (law: Law, parameters: Feeds): Feeds =>
  law.pushed === undefined
    ? parameters
    : Object.fromEntries(Object.entries(parameters).map(([name, t]) => [name.replace(/^base\//, ''), t]));

const isSummable = (law: Law): law is Law & Enumerable => {
  if (!has(enumerating, law)) return false;
  try {
    return law.enumeration().states <= FEW;
  } catch {
    return false;
  }
};

/**
 * A law known up to a constant, under whatever it was pushed through, with log Z at given parameters: summed over its states where they are few (evidence
 * `exact`), else by annealed importance sampling along the chain it is sampled by (evidence `estimated`, with an interval). Parameters keep their names, so
 * `run(law, parameters, backend)` measures data. A law that needs no constant is given back with log Z = 0. Failures: `ArgumentError` where
 * the law has no chain, and those of {@link annealedImportanceSampling}.
 *
 * @example
 * const machine = sampledBy({ kernel: blockGibbs(), steps: 10 })(rbm([4], { hidden: 3 }));
 * const task = withNormaliser(machine, { parameters: fitted, backend: onnx('cpu') });   // a task: the law, and log Z
 */
export const withNormaliser =
  (law: Law, { parameters, ...options }: NormaliserOptions): TaskEither<Failure, Normalised> =>
  async () => {
    try {
      if (law.evidence !== 'unnormalised') return right({ law, partition: { logZ: 0, evidence: 'exact' } });
      const inner = innermost(law);
      const own = alone(law, parameters);
      const found = isSummable(inner)
        ? await enumeratedPartition(inner, own, options.backend)()
        : await annealed(inner, own, options)();
      return map((partition: Partition | PartitionEstimate) => ({
        // Its chain the law keeps: reports run it.
        law: rebased(law, (base) => normalised(partition)(base as Dist<Shape, Unnormalised>)),
        partition,
      }))(found);
    } catch (e) {
      return { _tag: 'Left', left: toFailure('BackendError', 'withNormaliser')(e) };
    }
  };

const annealed = (
  law: Law,
  parameters: Feeds,
  { betas = 1000, chains = 200, ...rest }: Omit<NormaliserOptions, 'parameters'>,
): TaskEither<Failure, PartitionEstimate> => {
  const none = 'the law is known up to a constant, and has no chain to estimate it with';
  const { kernel, start } = needs(chaining, law, law.spec.type, none, 'sampledBy({ kernel, steps })(law)');
  const common = { kernel, betas, chains, parameters, ...rest };
  const bridge = capabilityOf(bridging, law);
  return bridge !== undefined
    ? annealedImportanceSampling<Shape>({ bridge: bridge(), ...common })
    : annealedImportanceSampling<Shape>({
        from: start as Dist<Shape, Exact & Samples>,
        to: law as unknown as Dist<Shape, Unnormalised>,
        ...common,
      });
};
