import { raise } from '../core/errors.ts';
import { foldIn, keyOf, permutation } from '../core/prng.ts';

/** The most recent orders of an epoch: a few streams in turn (parts of pairs, moves of a game), at the border of two epochs. */
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
