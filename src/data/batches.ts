import { raise } from '../core/errors.ts';
import { foldIn, keyOf, permutation } from '../core/prng.ts';
import { type Dataset, readRows } from './dataset.ts';

/** One batch: which rows they are, and their values, row-major. */
export interface Batch {
  readonly step: number;
  /** passes over the data completed before this batch */
  readonly epoch: number;
  readonly indices: Int32Array;
  readonly values: Float32Array;
  readonly labels?: Int32Array;
}

/** The most recent orders of an epoch: two data sets in turn, at the border of two epochs. */
const recent = new Map<string, Int32Array>();
const RECENT = 4;

const epochOrder = (size: number, seed: number, epoch: number): Int32Array => {
  const name = `${size}/${seed}/${epoch}`;
  const known = recent.get(name);
  if (known !== undefined) return known;
  const order = permutation(foldIn(foldIn(keyOf(seed), 'epoch'), epoch), size);
  if (recent.size >= RECENT) recent.delete(recent.keys().next().value as string);
  recent.set(name, order);
  return order;
};

const batchesPerEpoch = (size: number, batchSize: number): number =>
  Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= size
    ? Math.floor(size / batchSize)
    : raise('ArgumentError', 'batchSize', 'a batch does not fit into the data', {
        expected: `an integer 1 … ${size}`,
        got: `${batchSize}`,
      });

/**
 * The rows of batch `step`: a pure function of its arguments, so that training can stop and go on anywhere. Every epoch
 * is a fresh permutation of the data, of which the last, incomplete batch is dropped.
 * Throws `ArgumentError` where the batch is larger than the data.
 */
export const batchIndices = (size: number, batchSize: number, seed: number, step: number): Int32Array => {
  const perEpoch = batchesPerEpoch(size, batchSize);
  if (!(Number.isSafeInteger(step) && step >= 0))
    raise('ArgumentError', 'step', 'steps are counted from 0', { got: `${step}` });
  const at = (step % perEpoch) * batchSize;
  return epochOrder(size, seed, Math.floor(step / perEpoch)).slice(at, at + batchSize);
};

/** Batch `step` with its values read. */
export const batchAt = (dataset: Dataset, batchSize: number, seed: number, step: number): Batch => {
  const indices = batchIndices(dataset.size, batchSize, seed, step);
  const { labels } = dataset;
  return {
    step,
    epoch: Math.floor(step / batchesPerEpoch(dataset.size, batchSize)),
    indices,
    values: readRows(dataset, indices),
    ...(labels === undefined ? {} : { labels: indices.map((i) => labels[i]) }),
  };
};

/** Batches from step `from` on, without end. The arguments are checked at once, not at the first batch. */
export const batches = (dataset: Dataset, batchSize: number, seed: number, from = 0): Iterable<Batch> => {
  batchIndices(dataset.size, batchSize, seed, from);
  return {
    *[Symbol.iterator]() {
      for (let step = from; ; step++) yield batchAt(dataset, batchSize, seed, step);
    },
  };
};
