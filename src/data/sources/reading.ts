/** Requests for batches: one at a time, or several steps stacked. */

import { raise } from '../../core/errors.ts';
import { kindOf } from '../../core/kind-of.ts';
import { sizeOf } from '../../core/shape.ts';
import { isTensor, type Tensor } from '../../core/tensor.ts';
import type { Dataset } from '../dataset.ts';
import type { Batch, Source } from '../source.ts';
import { shuffled } from './shuffled.ts';

/**
 * A source as it is; a data set as its {@link shuffled} batches.
 *
 * @example
 * const { shape } = sourceOf(data);   // [2]
 */
export const sourceOf = (of: Dataset | Source): Source => {
  if (typeof of !== 'object' || of === null || Array.isArray(of) || isTensor(of))
    return raise('ArgumentError', 'data', 'data are a data set or a source of batches', {
      expected: 'fromRows(name, numbers, shape), or a source',
      got: kindOf(of) === 'an object' ? 'a tensor' : kindOf(of),
    });
  return 'batch' in of ? of : shuffled(of);
};

/**
 * The size of batch to ask a source for: what was wished, else what the source asks for, else 256; never more than it
 * can give.
 *
 * @example
 * const size = batchSizeOf(shuffled(data));   // 256 where there are as many rows
 */
export const batchSizeOf = ({ slots, largest }: Pick<Source, 'slots' | 'largest'>, wished?: number): number =>
  Math.min(wished ?? slots ?? 256, largest ?? Number.POSITIVE_INFINITY);

/** Which batches {@link batchesOf} gives. */
export interface BatchesOptions {
  readonly seed: number;
  /** events in a batch (default: {@link batchSizeOf}) */
  readonly size?: number;
  /** number of the first batch (default 0) */
  readonly from?: number;
}

/**
 * Batches from number `from` on, without end.
 *
 * @example
 * for await (const { values } of batchesOf(drawn(twoMoons()), { seed: 0, size: 64 })) if (values[0] < 2) break;
 */
export const batchesOf = (of: Dataset | Source, { seed, size, from = 0 }: BatchesOptions): AsyncIterable<Batch> => ({
  async *[Symbol.asyncIterator]() {
    const made = sourceOf(of);
    const events = batchSizeOf(made, size);
    for (let index = from; ; index++) yield await made.batch({ seed, index, size: events });
  },
});

/** Batches `from … from + steps − 1`. */
export interface StackAt {
  readonly seed: number;
  readonly from: number;
  readonly steps: number;
  readonly size: number;
}

/**
 * The batches of several steps as one array: values `[steps, size, ...shape]`, weights `[steps, size]` where the source
 * has some. Slice k is batch `from + k`, whatever `steps` is.
 *
 * @example
 * const { values } = await stackedBatches(data, { seed: 0, from: 40, steps: 20, size: 256 });   // [20, 256, 2]
 */
export const stackedBatches = async (
  of: Dataset | Source,
  { seed, from, steps, size }: StackAt,
): Promise<{ readonly values: Tensor; readonly weights?: Tensor }> => {
  const made = sourceOf(of);
  const width = sizeOf(made.shape) * size;
  const values = new Float32Array(steps * width);
  const weights = made.weighted ? new Float32Array(steps * size) : undefined;
  for (let k = 0; k < steps; k++) {
    const batch = await made.batch({ seed, index: from + k, size });
    values.set(batch.values, k * width);
    if (batch.weights !== undefined) weights?.set(batch.weights, k * size);
  }
  return {
    values: { shape: [steps, size, ...made.shape], type: 'float32', data: values },
    ...(weights === undefined ? {} : { weights: { shape: [steps, size], type: 'float32', data: weights } }),
  };
};
