/** Comma-separated numbers, read as a stream (csv-parse) into memory; every complaint names the file and the line. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { PushforwardError, raise } from '../core/errors.ts';
import { type Dataset, type DatasetOptions, fromSource, rowsOf } from './dataset.ts';
import { unknownName } from './names.ts';

/** Columns by name, or by index from 0. */
export type Columns = readonly (string | number)[];

/** How to read a CSV file. */
export interface CsvOptions {
  /** line 1 holds names (default: it does where none of its cells is a number) */
  readonly header?: boolean;
  /** the columns to keep, in this order: names, or indices from 0 (default: all); or a function of the names in the header, where there is one */
  readonly columns?: Columns | ((header: readonly string[] | undefined) => Columns | undefined);
  /** default `,` (`.tsv` files: tab) */
  readonly delimiter?: string;
}

/** What there is besides columns that `CsvOptions` chooses. */
export type CsvFacts = Omit<DatasetOptions, 'columns'>;

const isBlank = (cell: string): boolean => cell === '' || /^[+-]?(nan|inf|infinity|na|null|none)$/i.test(cell);
const isNumber = (cell: string): boolean => cell !== '' && !/^[+-]?0[xob]/i.test(cell) && !Number.isNaN(Number(cell));

const hasHeader = (cells: readonly string[], path: string, line: number): boolean => {
  const text = cells.findIndex((c) => !isBlank(c) && !isNumber(c));
  if (text < 0) return false;
  if (cells.some((c) => !isBlank(c) && isNumber(c)))
    raise('DataError', `${path}:${line}`, 'neither names nor numbers; say { header: true } if the line holds names', {
      got: `text "${cells[text]}" in column ${text} beside numbers`,
    });
  return true;
};

const chosen = (
  names: readonly string[] | undefined,
  width: number,
  columns: Columns | undefined,
  path: string,
): readonly number[] =>
  columns === undefined
    ? Array.from({ length: width }, (_, j) => j)
    : columns.map((c) => {
        if (typeof c === 'number' && Number.isInteger(c) && c >= 0 && c < width) return c;
        const at = typeof c === 'string' && names !== undefined ? names.indexOf(c) : -1;
        if (at >= 0) return at;
        throw new PushforwardError(
          unknownName(path, 'column', `${c}`, names ?? Array.from({ length: width }, (_, j) => `${j}`)),
        );
      });

const parseCell = (cell: string, path: string, line: number, column: string): number => {
  const v = isNumber(cell) ? Math.fround(Number(cell)) : Number.NaN;
  return Number.isFinite(v)
    ? v
    : raise('DataError', `${path}:${line}`, `${column} is not a finite number`, {
        got: cell === '' ? 'an empty cell' : `"${cell}"`,
      });
};

/**
 * Reads numbers from a stream of CSV text; event shape `[columns]`. Empty lines are skipped, spaces around cells are
 * ignored. Rejects with `DataError` at `path:line` for text, empty cells, NaN, numbers beyond float32 and ragged rows,
 * and with `UnknownName` for columns that are not there.
 */
export const csvDataset = async (
  stream: Readable,
  path: string,
  name: string,
  options: CsvOptions & CsvFacts = {},
): Promise<Dataset> => {
  const { header, columns, delimiter = ',', ...facts } = options;
  let names: readonly string[] | undefined;
  let keep: readonly number[] | undefined;
  let called: readonly string[] = [];
  let width = 0;
  let values = new Float32Array(1 << 12);
  let filled = 0;
  const begin = (cells: readonly string[], line: number): boolean => {
    const isHeader = header ?? hasHeader(cells, path, line);
    width = cells.length;
    if (isHeader) names = cells;
    keep = chosen(names, width, typeof columns === 'function' ? columns(names) : columns, path);
    called = cells.map((c, j) => (isHeader ? `column "${c}"` : `column ${j}`));
    return isHeader;
  };
  const record = (cells: readonly string[], line: number): void => {
    if (keep === undefined && begin(cells, line)) return;
    if (cells.length !== width)
      raise('DataError', `${path}:${line}`, 'the row has another number of cells than the first', {
        expected: `${width}`,
        got: `${cells.length}`,
      });
    const kept = keep as readonly number[];
    if (filled + kept.length > values.length) {
      const larger = new Float32Array(2 * values.length + kept.length);
      larger.set(values);
      values = larger;
    }
    for (const j of kept) values[filled++] = parseCell(cells[j], path, line, called[j]);
  };
  const parser = parse({
    delimiter,
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    on_record: (cells: string[], context) => {
      record(cells, context.lines);
      return null;
    },
  });
  stream.on('error', (e) => parser.destroy(e));
  stream.pipe(parser);
  parser.resume();
  try {
    await once(parser, 'end');
  } catch (e) {
    stream.destroy();
    if (e instanceof CsvError) raise('DataError', `${path}:${e.lines ?? parser.info.lines}`, e.message);
    throw e;
  }
  if (keep === undefined || filled === 0) return raise('DataError', path, 'there are no rows');
  const kept = names === undefined ? {} : { columns: keep.map((j) => (names as readonly string[])[j]) };
  const data = rowsOf(values.subarray(0, filled), keep.length);
  return { ...fromSource(path, data, [keep.length], { ...facts, ...kept }, facts.levels === undefined), name };
};
