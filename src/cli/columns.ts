/** Columns of a table by the names that a model was trained on: rows of another file mean what those of the first meant, in whatever order its columns stand. */
import { allRows, type Dataset, fromRows } from '../data/index.ts';
import { misuse } from './failures.ts';

/**
 * The columns of a table that have these names, in this order; others are left out. A table without names is taken as it stands. Throws where a name is missing or stands for two
 * columns.
 */
export const columnsNamed = (data: Dataset, names: readonly string[]): Dataset => {
  const { columns, shape } = data;
  if (columns === undefined || shape.length !== 1) return data;
  if (columns.length === names.length && names.every((name, i) => columns[i] === name)) return data;
  const places = names.map((name) => columns.indexOf(name));
  const missing = names.find((_, i) => places[i] < 0);
  if (missing !== undefined)
    return misuse('--data', `the model was trained on a column "${missing}", which ${data.name} has not`, {
      expected: names.join(', '),
      got: columns.join(', '),
    });
  const twice = names.find((name) => columns.indexOf(name) !== columns.lastIndexOf(name));
  if (twice !== undefined)
    return misuse('--data', `${data.name} has two columns "${twice}"`, { got: columns.join(', ') });
  const [width] = shape;
  const rows = allRows(data);
  const n = names.length;
  const values = Float32Array.from(
    { length: data.size * n },
    (_, i) => rows[Math.floor(i / n) * width + places[i % n]],
  );
  return fromRows(data.name, values, [n], { columns: names, ...(data.levels === undefined ? {} : { levels: data.levels }), ...(data.labels === undefined ? {} : { labels: data.labels }) }); // biome-ignore format: one idea
};
