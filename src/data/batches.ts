import { raise } from '../core/errors.ts';
import { foldIn, keyOf, permutation } from '../core/prng.ts';

/** The most recent orders of an epoch: several streams alternate (parts of pairs, moves of a game), also between two epochs. */
const recent = new Map<string, Int32Array>();
const RECENT = 16;

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
 * The row numbers of batch `step`, `[batchSize]`: a pure function of its arguments, so training resumes anywhere. Every epoch is a new random permutation of the
 * rows; its last, incomplete batch is dropped. Throws `ArgumentError` where the batch is larger than the data or `step` is not an integer from 0. Cost: a permutation
 * of the rows for each epoch.
 *
 * @example
 * batchIndices(100, 10, 0, 3).length;   // 10
 */
export const batchIndices = (size: number, batchSize: number, seed: number, step: number): Int32Array => {
  const perEpoch = batchesPerEpoch(size, batchSize);
  if (!(Number.isSafeInteger(step) && step >= 0))
    raise('ArgumentError', 'step', 'steps are counted from 0', { got: `${step}` });
  const at = (step % perEpoch) * batchSize;
  return epochOrder(size, seed, Math.floor(step / perEpoch)).slice(at, at + batchSize);
};
