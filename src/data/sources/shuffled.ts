import type { Shape } from '../../core/shape.ts';
import { batchIndices } from '../batches.ts';
import type { Dataset } from '../dataset.ts';
import type { Source } from '../source.ts';
import { ofRows } from './of-rows.ts';

/**
 * The rows of a data set in a fresh random order every epoch, each at most once; the last, incomplete batch of an epoch
 * is dropped ({@link batchIndices}). The mean loss of a batch is unbiased for the mean over the data.
 * A batch throws `ArgumentError` where it is larger than the data.
 *
 * @example
 * const { values } = await shuffled(data).batch({ seed: 0, index: 0, size: 256 });   // [256, 2]
 */
export const shuffled = (dataset: Dataset): Source<Shape> =>
  ofRows('shuffled', dataset, ({ seed, index, size }) => ({ indices: batchIndices(dataset.size, size, seed, index) }), {
    largest: dataset.size,
  });
