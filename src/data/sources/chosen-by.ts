import { raise } from '../../core/errors.ts';
import { foldIn, generator, keyOf } from '../../core/prng.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { type Dataset, readRows } from '../dataset.ts';
import { type Source, source } from '../source.ts';
import { aliasTable, drawAlias } from './alias.ts';
import { type Condition, classesOf } from './condition.ts';

/** `[n, width]` with a one-hot vector behind each row. */
const withOneHot = (values: Float32Array, width: number, hot: Int32Array, classes: number): Float32Array => {
  const out = new Float32Array(hot.length * (width + classes));
  hot.forEach((k, i) => {
    const at = i * (width + classes);
    out.set(values.subarray(i * width, (i + 1) * width), at);
    out[at + width + k] = 1;
  });
  return out;
};

/**
 * Training by sampling (Xu et al. 2019, CTGAN, arXiv:1907.00503, §4.3): first a class is drawn by its probability, then
 * one of its rows, all alike and with replacement. Of several conditions (the discrete columns of a table) one is drawn
 * first, all alike. A larger batch begins with the smaller one.
 *
 * With `append` the event becomes a vector: its elements, then a one-hot vector over all classes of all conditions that
 * says which one was drawn; `parts` are the shapes of the two ({@link partsOf} splits them). The mean loss of a batch is
 * unbiased for `Σ_k p_k E[ℓ | class k]`. Cost: O(n) once, O(1) a row. Throws `DataError` where there are no labels, a
 * label is not a class, or a class that is to be drawn has no rows; `ShapeError` unless there is one label a row.
 *
 * @example
 * const labels = Int32Array.from({ length: data.size }, (_, i) => (i % 10 === 0 ? 1 : 0));
 * const balanced = chosenBy(data, { labels, probabilities: 'uniform' });
 * const told = chosenBy(data, [{ labels }, { labels: labels.map((k) => 1 - k) }], { append: true });   // shape [2 + 4]
 */
export const chosenBy = (
  dataset: Dataset,
  conditions: Condition | readonly Condition[] = {},
  { append = false }: { readonly append?: boolean } = {},
): Source<Shape> => {
  const { name } = dataset;
  const all = (Array.isArray as (x: unknown) => x is readonly Condition[])(conditions) ? conditions : [conditions];
  if (all.length === 0) raise('ArgumentError', name, 'there is no condition to choose by');
  const read = all.map((condition) => classesOf(dataset, condition));
  const rows = read.flatMap((c) => c.rows);
  const table = aliasTable(name, read.flatMap((c) => c.probabilities), rows.length); // biome-ignore format: one idea
  const width = sizeOf(dataset.shape);
  return source<Shape>({
    name: `${name}, chosen by class`,
    shape: append ? [width + rows.length] : dataset.shape,
    ...(append
      ? { parts: [dataset.shape, [rows.length]] }
      : dataset.parts === undefined
        ? {}
        : { parts: dataset.parts }),
    batch: ({ seed, index, size }) => {
      const g = generator(foldIn(foldIn(keyOf(seed), 'chosen'), index));
      const hot = new Int32Array(size);
      const indices = hot.map((_, i) => {
        hot[i] = drawAlias(table, g);
        return rows[hot[i]][g.integer(rows[hot[i]].length)];
      });
      const values = readRows(dataset, indices);
      return { values: append ? withOneHot(values, width, hot, rows.length) : values };
    },
  });
};
