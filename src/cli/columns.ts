/** Columns of a table by the names that a model was trained on: rows of another file mean what those of the first meant, in whatever order its columns stand. */
import type { Columns } from '../data/csv.ts';
import { misuse } from './failures.ts';

const named = (header: readonly string[], columns: Columns): readonly string[] =>
  columns.map((c) => (typeof c === 'number' ? (header[c] ?? `${c}`) : c));

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name));

/** The names, where a header has each of them once; throws a sentence otherwise. */
const found = (source: string, header: readonly string[], names: readonly string[]): readonly string[] => {
  const missing = names.find((name) => !header.includes(name));
  if (missing !== undefined)
    return misuse('--data', `the model was trained on a column "${missing}", which ${source} has not`, {
      expected: names.join(', '),
      got: header.join(', '),
    });
  const twice = names.find((name) => header.indexOf(name) !== header.lastIndexOf(name));
  return twice === undefined
    ? names
    : misuse('--data', `${source} has two columns "${twice}"`, { got: header.join(', ') });
};

/**
 * Which columns of a file to read for a model that was trained on columns of these names: those, in its order, wherever they stand. A file without a header is read as it stands, and so are
 * columns of other names that this call asks for (`explicit`).
 */
export const columnsOf =
  (source: string, names: readonly string[], said: Columns | undefined, explicit: boolean) =>
  (header: readonly string[] | undefined): Columns | undefined => {
    if (header === undefined) return said;
    if (explicit && said !== undefined && !sameNames(named(header, said), names)) return said;
    return found(source, header, names);
  };
