/** What is given beside the events of a data set: columns of a table, or the labels of its rows. */
import { type Context, classes } from '../algebra/context.ts';
import { nearestName } from '../core/names.ts';
import type { Shape } from '../core/shape.ts';
import { allRows, type Dataset, fromRows, labelsOf, pairs } from '../data/index.ts';
import { misuse } from './failures.ts';

/** What is given, and the events that are left: rows are (event, context), flattened. */
export interface Given {
  readonly context: Context;
  readonly event: { readonly shape: Shape; readonly levels?: number };
}

/** The word for the labels of a data set. */
const LABEL = 'label';

/** How many classes the labels of a data set need. */
const classesIn = (labels: ArrayLike<number>): number => Array.from(labels).reduce((n, l) => Math.max(n, l + 1), 1);

/** The place of a column said by name, or by number from 0. */
const placeOf = (data: Dataset, word: string): number => {
  const { columns, shape } = data;
  const at = columns?.indexOf(word) ?? -1;
  if (at >= 0) return at;
  if (/^\d+$/.test(word) && Number(word) < shape[0]) return Number(word);
  const near = columns === undefined ? undefined : nearestName(word, columns);
  return misuse('--given', `there is no column "${word}"${near === undefined ? '' : `; did you mean "${near}"?`}`, {
    expected: columns === undefined ? `0 … ${shape[0] - 1}` : columns.join(', '),
    got: `"${word}"`,
  });
};

/** The rows of a data set as (event, context), with what the two are; the data as they are where nothing is given. */
export const withGiven = (
  data: Dataset,
  words: readonly string[] | undefined,
  count?: number,
): { readonly data: Dataset; readonly given?: Given } => {
  if (words === undefined) return { data };
  const levels = data.levels === undefined ? {} : { levels: data.levels };
  if (words.length === 1 && words[0] === LABEL && data.columns?.includes(LABEL) !== true) {
    if (data.labels === undefined)
      return misuse('--given', `${data.name} has no labels`, { expected: '--labels FILE, or columns of a table' });
    const k = count ?? classesIn(data.labels);
    return {
      data: pairs(labelsOf(data, k), data),
      given: { context: classes(k), event: { shape: data.shape, ...levels } },
    };
  }
  if (data.shape.length !== 1)
    return misuse('--given', 'columns are given of tables', { got: `events of ${data.shape.length} axes` });
  const [width] = data.shape;
  const places = words.map((w) => placeOf(data, w));
  const twice = places.find((p, i) => places.indexOf(p) !== i);
  if (twice !== undefined) return misuse('--given', 'a column is given twice', { got: words.join(', ') });
  const rest = Array.from({ length: width }, (_, j) => j).filter((j) => !places.includes(j));
  if (rest.length === 0) return misuse('--given', 'no column is left to be modelled', { got: words.join(', ') });
  const order = [...rest, ...places];
  const rows = allRows(data);
  const values = Float32Array.from(rows, (_, i) => rows[Math.floor(i / width) * width + order[i % width]]);
  const { columns } = data;
  return {
    data: fromRows(data.name, values, [width], columns === undefined ? {} : { columns: order.map((j) => columns[j]) }),
    given: { context: [places.length], event: { shape: [rest.length], ...levels } },
  };
};
