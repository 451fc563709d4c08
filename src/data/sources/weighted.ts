/** Rows that count differently: drawn more often, or weighing more in the loss. */
import { foldIn, generator, keyOf } from '../../core/prng.ts';
import type { Shape } from '../../core/shape.ts';
import { batchIndices } from '../batches.ts';
import type { Dataset } from '../dataset.ts';
import type { Source } from '../source.ts';
import { aliasTable, drawAlias, totalWeight } from './alias.ts';
import { ofRows } from './of-rows.ts';

/**
 * Rows drawn with replacement, row i with probability `wᵢ / Σ w`: batches carry no weights, and their mean loss is
 * unbiased for `Σ wᵢ ℓᵢ / Σ w`. A larger batch begins with the smaller one. Cost: O(n) once, O(1) a row (Walker's alias
 * method, Vose 1991). Throws `ShapeError` unless there is one weight a row, `DataError` where one is negative or not
 * finite, or all are 0.
 *
 * @example
 * const oftenLate = weightedBy(data, Float32Array.from({ length: data.size }, (_, i) => 1 + i));
 */
export const weightedBy = (dataset: Dataset, weights: ArrayLike<number>): Source<Shape> => {
  const table = aliasTable(dataset.name, weights, dataset.size);
  return ofRows('drawn by weight', dataset, ({ seed, index, size }) => {
    const g = generator(foldIn(foldIn(keyOf(seed), 'weighted'), index));
    return { indices: Int32Array.from({ length: size }, () => drawAlias(table, g)) };
  });
};

/**
 * The rows of {@link shuffled}, with their weights in the loss. They are divided by their mean over the data, so that
 * `Σ wᵢ ℓᵢ / size` is unbiased for `Σ wᵢ ℓᵢ / Σ w`. Has a smaller variance than {@link weightedBy} where weights are
 * nearly equal, a larger one where few rows have most of the weight. Throws as {@link weightedBy} does.
 *
 * @example
 * const survey = withWeights(data, new Float32Array(data.size).fill(2));
 * const { weights } = await survey.batch({ seed: 0, index: 0, size: 3 });   // 1, 1, 1
 */
export const withWeights = (dataset: Dataset, weights: ArrayLike<number>): Source<Shape> => {
  const mean = totalWeight(dataset.name, weights, dataset.size) / dataset.size;
  const relative = Float32Array.from(weights, (w) => w / mean);
  return ofRows(
    'weighted',
    dataset,
    ({ seed, index, size }) => {
      const indices = batchIndices(dataset.size, size, seed, index);
      return { indices, weights: Float32Array.from(indices, (i) => relative[i]) };
    },
    { weighted: true, largest: dataset.size },
  );
};
