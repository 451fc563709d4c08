/** A distribution as it can be measured: what is known up to a constant gets that constant first. */
import type { AnyDist } from '../algebra/dist.ts';
import type { Backend, Feeds } from '../core/program.ts';
import { type Partition, type PartitionEstimate, showPartition, withNormaliser } from '../inference/energies/index.ts';
import { orThrow } from './failures.ts';
import { interruptible } from './interrupt.ts';
import type { Call } from './kit.ts';

/** A distribution with an honest density, and what was found on the way. */
export interface Measurable {
  readonly dist: AnyDist;
  readonly partition?: Partition | PartitionEstimate;
  /** A row for people: what is known of log Z. */
  readonly rows: readonly [string, string][];
}

/** The distribution itself where it has a density or a bound; else with its normaliser, summed or estimated. Ctrl-C ends the estimate with a sentence. */
export const measurable = async (
  call: Call,
  dist: AnyDist,
  parameters: Feeds,
  backend: Backend,
  seed: number,
): Promise<Measurable> => {
  if (dist.evidence !== 'unnormalised') return { dist, rows: [] };
  call.note('the density is known up to a constant: finding log Z');
  const stop = interruptible(() => call.note('stopping'));
  try {
    const found = orThrow(await withNormaliser(dist, { parameters, backend, seed, signal: stop.signal })());
    return { dist: found.dist, partition: found.partition, rows: [['constant', showPartition(found.partition)]] };
  } finally {
    stop.release();
  }
};
