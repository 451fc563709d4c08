/** A partition of the rows of a data set into classes, and how often each class is to be drawn. */
import { raise } from '../../core/errors.ts';
import type { Dataset } from '../dataset.ts';
import { checkWeights } from '../source.ts';

/** The relative frequency of a class: its frequency in the data, the logarithm of that, equal for all, or given (up to a factor). */
export type ClassWeights = 'frequency' | 'log-frequency' | 'uniform' | ArrayLike<number>;

/** A class for each row. */
export interface Condition {
  /** class of each row, `0 … classes − 1`; the labels of the data set where left out */
  readonly labels?: ArrayLike<number>;
  /** number of classes; the largest label + 1 where left out */
  readonly classes?: number;
  /** default `'log-frequency'`: ∝ ln(1 + count), which lifts rare classes (Xu et al. 2019, §4.3) */
  readonly probabilities?: ClassWeights;
}

/** The rows of each class, and the probabilities of the classes. */
export interface Classes {
  readonly rows: readonly Int32Array[];
  /** sum to 1 */
  readonly probabilities: readonly number[];
}

const rowsByClass = (name: string, labels: ArrayLike<number>, classes: number): Int32Array[] => {
  const counts = new Int32Array(classes);
  for (let i = 0; i < labels.length; i++) {
    if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes))
      raise('DataError', name, `row ${i}: not a class`, { expected: `0 … ${classes - 1}`, got: `${labels[i]}` });
    counts[labels[i]]++;
  }
  const rows = Array.from(counts, (n) => new Int32Array(n));
  const filled = new Int32Array(classes);
  for (let i = 0; i < labels.length; i++) rows[labels[i]][filled[labels[i]]++] = i;
  return rows;
};

const weightsOf = (name: string, by: ClassWeights, counts: readonly number[]): readonly number[] => {
  if (by === 'frequency') return counts;
  if (by === 'log-frequency') return counts.map(Math.log1p);
  if (by === 'uniform') return counts.map((n) => (n > 0 ? 1 : 0));
  if (typeof by === 'string')
    return raise('ArgumentError', name, 'classes are not drawn like this', {
      expected: 'frequency, log-frequency, uniform or one number a class',
      got: by,
    });
  checkWeights(`${name}/probabilities`, by, counts.length);
  const empty = counts.findIndex((n, k) => n === 0 && by[k] > 0);
  if (empty >= 0) raise('DataError', name, `class ${empty} is to be drawn and no row has it`);
  return Array.from(by);
};

/** Reads a condition off the rows. Throws `DataError` without labels, for a label that is not a class, and for a drawn class without rows. */
export const classesOf = (dataset: Dataset, condition: Condition): Classes => {
  const { name, size } = dataset;
  const labels = condition.labels ?? dataset.labels;
  if (labels === undefined) return raise('DataError', name, 'there are no labels: one class a row is needed');
  if (labels.length !== size)
    raise('ShapeError', name, 'one label a row', { expected: `${size}`, got: `${labels.length}` });
  let classes = condition.classes ?? 0;
  if (condition.classes === undefined) for (let i = 0; i < size; i++) classes = Math.max(classes, labels[i] + 1);
  if (!(Number.isSafeInteger(classes) && classes >= 1))
    raise('ArgumentError', name, 'the number of classes is an integer of at least 1', { got: `${classes}` });
  const rows = rowsByClass(name, labels, classes);
  const weights = weightsOf(name, condition.probabilities ?? 'log-frequency', rows.map((r) => r.length)); // biome-ignore format: one idea
  const total = weights.reduce((a, b) => a + b, 0);
  if (!(total > 0 && total < Infinity))
    raise('DataError', name, 'no class is to be drawn', { got: `a sum of ${total}` });
  return { rows, probabilities: weights.map((w) => w / total) };
};
