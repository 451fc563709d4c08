import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { type TaskEither, tryCatch } from 'fp-ts/lib/TaskEither.js';
import { type Failure, raise, toFailure } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { type ByteSource, fileBytes, memoryBytes } from './bytes.ts';
import { type CsvOptions, csvDataset } from './csv.ts';
import { allRows, type Dataset, type DatasetOptions } from './dataset.ts';
import { idxDataset, isIdx } from './idx.ts';
import { nearestName } from './names.ts';
import { npyDataset } from './npy.ts';

/** How to read a file, and what is known about it. */
export interface LoadOptions extends CsvOptions {
  /** default: the file's name without its extension */
  readonly name?: string;
  /** another shape for the events, of the same size */
  readonly shape?: Shape;
  readonly levels?: number;
  readonly entropy?: number;
  /** path of a file with one class a row */
  readonly labels?: string;
  /** IDX and NPY files larger than this many bytes stay on disk, read row by row (default 2³⁰) */
  readonly memoryLimit?: number;
}

const FORMATS = '.csv, .tsv, .npy, .idx or *-idx3-ubyte, each also with .gz';

const extensionless = (path: string): string =>
  basename(path)
    .replace(/\.gz$/i, '')
    .replace(/\.(csv|tsv|txt|npy|idx)$/i, '');

const headOf = (path: string): Uint8Array => {
  const descriptor = openSync(path, 'r');
  try {
    const head = new Uint8Array(8);
    return head.subarray(0, readSync(descriptor, head, 0, 8, 0));
  } finally {
    closeSync(descriptor);
  }
};

const sizeOfFile = async (path: string): Promise<number> => {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : raise('FileError', path, 'not a file');
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e;
    const beside = await readdir(dirname(path)).catch(() => undefined);
    if (beside === undefined) return raise('FileError', path, `there is no such file, nor the folder ${dirname(path)}`);
    const near = nearestName(basename(path), beside);
    return raise('FileError', path, `there is no such file${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
};

/** What zlib's errors mean, as failures of the file; other errors as they are. */
const unpacking =
  (path: string) =>
  (e: unknown): never => {
    const { code, message } = e as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') raise('FileError', path, 'truncated: the gzip stream does not end');
    if (code === 'ERR_BUFFER_TOO_LARGE')
      raise('FileError', path, 'too large to unpack into memory; gunzip it and load the plain file');
    if (code?.startsWith('Z_')) raise('FileError', path, `the gzip stream is damaged: ${message}`);
    throw e;
  };

/** The properties of an object that are not undefined. */
const given = <A extends object>(o: A) =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as {
    [K in keyof A]?: Exclude<A[K], undefined>;
  };

const readText = (path: string, name: string, packed: boolean, options: LoadOptions): Promise<Dataset> => {
  const { header, columns, levels, entropy } = options;
  const delimiter = options.delimiter ?? (/\.tsv(\.gz)?$/i.test(path) ? '\t' : ',');
  const file = createReadStream(path);
  const text = packed ? pipeline(file, createGunzip(), () => {}) : file;
  return csvDataset(text, path, name, given({ header, columns, levels, entropy, delimiter })).catch(unpacking(path));
};

const readBinary = (source: ByteSource, name: string, options: LoadOptions): Dataset => {
  const { levels, entropy, columns } = options;
  if (columns !== undefined) raise('ArgumentError', source.path, 'columns can be chosen from CSV files only');
  const facts: DatasetOptions = given({ levels, entropy });
  const head = source.read(0, 8);
  if (/\.npy(\.gz)?$/i.test(source.path) || (head[0] === 0x93 && head[1] === 0x4e))
    return npyDataset(source, name, facts);
  if (/(\.idx|-idx\d-\w+)(\.gz)?$/i.test(source.path) || isIdx(head)) return idxDataset(source, name, facts);
  return raise('FileError', source.path, 'the format is not known, by name or by content', { expected: FORMATS });
};

const read = async (path: string, options: LoadOptions): Promise<Dataset> => {
  const size = await sizeOfFile(path);
  const name = options.name ?? extensionless(path);
  const head = headOf(path);
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  if (/\.(csv|tsv|txt)(\.gz)?$/i.test(path)) return readText(path, name, packed, options);
  const source = packed
    ? memoryBytes(path, await promisify(gunzip)(await readFile(path)).catch(unpacking(path)))
    : fileBytes(path, size, options.memoryLimit ?? 2 ** 30);
  return readBinary(source, name, options);
};

const labelsOf = async (path: string, dataset: Dataset): Promise<Int32Array> => {
  const labels = await read(path, {});
  if (sizeOf(labels.shape) !== 1)
    raise('DataError', path, 'labels are one number a row', { got: showShape(labels.shape) });
  if (labels.size !== dataset.size)
    raise('DataError', path, `another number of rows than ${dataset.name}`, {
      expected: `${dataset.size} labels`,
      got: `${labels.size}`,
    });
  const values = allRows(labels);
  const wrong = values.findIndex((v) => !Number.isInteger(v));
  if (wrong >= 0) raise('DataError', path, `label of row ${wrong} is not an integer`, { got: `${values[wrong]}` });
  return Int32Array.from(values);
};

const reshape = (dataset: Dataset, shape: Shape, path: string): Dataset =>
  sizeOf(shape) === sizeOf(dataset.shape)
    ? { ...dataset, shape }
    : raise('ShapeError', path, 'the events do not have that many elements', {
        expected: showShape(shape),
        got: showShape(dataset.shape),
      });

/**
 * The data of a file, by extension and content: CSV or TSV (numbers, in memory), NPY and IDX (read row by row from disk
 * above `memoryLimit`), each also packed with gzip (in memory). Unsigned bytes carry `levels: 256`; IDX images of 28×28
 * have shape `[28, 28]`. Every value is checked once.
 *
 * Failures: `FileError` (missing, truncated, damaged, unknown format), `DataError` (text, NaN, ragged rows; the path is
 * `file.csv:17`), `UnknownName` (a column that is not there), `ShapeError` (`shape` of another size).
 *
 * @example
 * const load = loadDataset('points.csv');   // await load() gives Either<Failure, Dataset>
 */
export const loadDataset = (path: string, options: LoadOptions = {}): TaskEither<Failure, Dataset> =>
  tryCatch(
    async () => {
      const dataset = await read(path, options);
      const shaped = options.shape === undefined ? dataset : reshape(dataset, options.shape, path);
      return options.labels === undefined ? shaped : { ...shaped, labels: await labelsOf(options.labels, dataset) };
    },
    toFailure('FileError', path),
  );
