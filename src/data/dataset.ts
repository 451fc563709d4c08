import { raise } from '../core/errors.ts';
import { foldIn, keyOf, permutation } from '../core/prng.ts';
import { type Shape, showShape, sizeOf, stridesOf } from '../core/shape.ts';
import type { Scaling } from './scaling.ts';

/** Rows by index, from memory or from a file; each row has as many numbers as the event shape has elements. */
export interface RowSource {
  /** number of rows */
  readonly length: number;
  /** Writes rows `indices[0], indices[1], …` one after the other to the start of `out`. */
  readonly read: (indices: ArrayLike<number>, out: Float32Array) => void;
}

/** What may be known about data besides their numbers. */
export interface DatasetOptions {
  /** the data are integers `0 … levels − 1` (256 for 8-bit images), checked */
  readonly levels?: number;
  /** differential entropy of the generating distribution in nats: no model's expected −log density is below it */
  readonly entropy?: number;
  /** names of the elements of an event, in row-major order */
  readonly columns?: readonly string[];
  /** one class a row */
  readonly labels?: Int32Array;
}

/** A finite sequence of events of one shape. Values are finite float32 numbers. */
export interface Dataset extends DatasetOptions {
  readonly name: string;
  /** shape of one event: `[2]`, `[28, 28]`, `[]` */
  readonly shape: Shape;
  /** number of rows */
  readonly size: number;
  readonly values: RowSource;
  /** the affine map that was applied to the raw values, where one was */
  readonly scaling?: Scaling;
  /** shapes of the parts whose flattened elements lie side by side in an event, where it has several */
  readonly parts?: readonly Shape[];
}

/** Floats read at once by passes over all data: about 1 MiB. */
const PASS = 1 << 18;

/** Calls `visit` with blocks of consecutive rows: the first row's index, the number of rows, their values. */
export const eachBlock = (
  values: RowSource,
  width: number,
  visit: (first: number, rows: number, block: Float32Array) => void,
): void => {
  const most = Math.max(1, Math.min(values.length, Math.floor(PASS / Math.max(1, width))));
  const block = new Float32Array(most * width);
  for (let first = 0; first < values.length; first += most) {
    const rows = Math.min(most, values.length - first);
    values.read(
      Float64Array.from({ length: rows }, (_, i) => first + i),
      block,
    );
    visit(first, rows, block);
  }
};

/** The name of element `j` of an event in messages: that of its column, or its index. */
export const columnName = (shape: Shape, columns: readonly string[] | undefined, j: number): string =>
  columns !== undefined
    ? `column "${columns[j]}"`
    : shape.length < 2
      ? `column ${j}`
      : `element ${showShape(stridesOf(shape).map((s, k) => Math.floor(j / s) % shape[k]))}`;

const checkValues = (name: string, values: RowSource, shape: Shape, options: DatasetOptions): void => {
  const width = sizeOf(shape);
  const { levels, columns } = options;
  eachBlock(values, width, (first, rows, block) => {
    for (let i = 0; i < rows * width; i++) {
      const v = block[i];
      const wrong = !Number.isFinite(v) || (levels !== undefined && !(Number.isInteger(v) && v >= 0 && v < levels));
      if (wrong)
        raise(
          'DataError',
          name,
          `row ${first + Math.floor(i / width)}, ${columnName(shape, columns, i % width)}: ${Number.isFinite(v) ? 'not a level' : 'not a finite number'}`,
          { ...(Number.isFinite(v) ? { expected: `an integer 0 … ${(levels as number) - 1}` } : {}), got: `${v}` },
        );
    }
  });
};

/**
 * A data set over any source of rows, after one pass that checks every value. `checked: true` says that the source holds only finite numbers (and levels), and skips
 * that pass. Throws `DataError` naming row and column for NaN, infinite values and values that are not levels, `ShapeError` where columns or labels do not fit.
 *
 * @example
 * const copy = fromSource('copy', data.values, data.shape, {}, true);
 */
export const fromSource = (
  name: string,
  values: RowSource,
  shape: Shape,
  options: DatasetOptions = {},
  checked = false,
): Dataset => {
  const { columns, labels } = options;
  if (values.length < 1) raise('DataError', name, 'there are no rows');
  if (sizeOf(shape) < 1) raise('ShapeError', name, 'an event has no elements', { got: showShape(shape) });
  if (columns !== undefined && columns.length !== sizeOf(shape))
    raise('ShapeError', name, 'one name a column', { expected: `${sizeOf(shape)}`, got: `${columns.length}` });
  if (labels !== undefined && labels.length !== values.length)
    raise('ShapeError', name, 'one label a row', { expected: `${values.length}`, got: `${labels.length}` });
  if (!checked) checkValues(name, values, shape, options);
  return { name, shape, size: values.length, values, ...options };
};

/** Rows of a flat array (not copied). */
export const rowsOf = (values: Float32Array, width: number): RowSource => ({
  length: values.length / width,
  read: (indices, out) => {
    for (let r = 0, at = 0; r < indices.length; r++) {
      const from = indices[r] * width;
      for (let j = 0; j < width; j++) out[at++] = values[from + j];
    }
  },
});

/**
 * A data set over rows in memory, row-major `[rows, …shape]`; the array is not copied. Throws `ShapeError` where the array is not a whole number of events and `DataError`
 * for NaN, infinite values and values that are not levels.
 *
 * @example
 * fromRows('points', Float32Array.from([1, 2, 3, 4]), [2]).size;   // 2
 */
export const fromRows = (name: string, values: Float32Array, shape: Shape, options: DatasetOptions = {}): Dataset => {
  const width = sizeOf(shape);
  if (width < 1 || values.length % width !== 0)
    raise('ShapeError', name, `the values are not a whole number of events of shape ${showShape(shape)}`, {
      expected: `a multiple of ${width}`,
      got: `${values.length}`,
    });
  return fromSource(name, rowsOf(values, width), shape, options);
};

/**
 * The rows at `indices` as one new row-major array of indices.length × D numbers. Indices may repeat.
 *
 * @example
 * readRows(data, [0, 0, 5]).length;   // 6: three rows of shape [2]
 */
export const readRows = (dataset: Dataset, indices: ArrayLike<number>): Float32Array => {
  const out = new Float32Array(indices.length * sizeOf(dataset.shape));
  dataset.values.read(indices, out);
  return out;
};

/**
 * All rows as one new row-major array, for data that fit into memory.
 *
 * @example
 * allRows(data).length === 2 * data.size;   // true
 */
export const allRows = (dataset: Dataset): Float32Array =>
  readRows(
    dataset,
    Int32Array.from({ length: dataset.size }, (_, i) => i),
  );

const select = (dataset: Dataset, size: number, rowAt: (i: number) => number): Dataset => ({
  ...dataset,
  size,
  values: {
    length: size,
    read: (indices, out) => dataset.values.read(Float64Array.from(indices, rowAt), out),
  },
  ...(dataset.labels === undefined
    ? {}
    : { labels: Int32Array.from({ length: size }, (_, i) => (dataset.labels as Int32Array)[rowAt(i)]) }),
});

/**
 * The rows `from … to − 1`, as a view. Throws `ArgumentError` where the range is empty or outside the data.
 *
 * @example
 * take(data, 0, 100).size;   // 100
 */
export const take = (dataset: Dataset, from: number, to: number): Dataset =>
  Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= dataset.size
    ? select(dataset, to - from, (i) => from + i)
    : raise('ArgumentError', dataset.name, `cannot take rows ${from} to ${to} of ${dataset.size}`);

/** Sizes of the parts: below 1 a fraction of the data, otherwise a number of rows. */
export interface Parts {
  readonly train: number;
  readonly validation?: number;
  readonly test?: number;
}

/**
 * Disjoint parts, in the order train, validation, test: contiguous without a seed, of a random permutation with one. Boundaries are the rounded running sums, so
 * fractions that sum to 1 use every row; the rest is unused. Throws `ArgumentError` where the parts exceed the data or one of them is empty.
 *
 * @example
 * const { train, validation } = splitDataset(data, { train: 0.9, validation: 0.1 }, 0);
 */
export const splitDataset = <const P extends Parts>(
  dataset: Dataset,
  parts: P,
  seed?: number,
): { readonly [K in keyof P & keyof Parts]: Dataset } => {
  const order = seed === undefined ? undefined : permutation(foldIn(keyOf(seed), 'split'), dataset.size);
  const out: Partial<Record<keyof Parts, Dataset>> = {};
  let sum = 0;
  for (const part of ['train', 'validation', 'test'] as const) {
    const amount = parts[part];
    if (amount === undefined) continue;
    const from = Math.round(sum);
    sum += amount < 1 ? amount * dataset.size : amount;
    const to = Math.round(sum);
    if (!(amount > 0 && to > from && to <= dataset.size))
      raise(
        'ArgumentError',
        dataset.name,
        `cannot split ${dataset.size} rows: ${part} would be rows ${from} to ${to}`,
        {
          expected: 'parts that are not empty and sum to no more than the data',
          got: JSON.stringify(parts),
        },
      );
    out[part] = select(dataset, to - from, order === undefined ? (i) => from + i : (i) => order[from + i]);
  }
  return out as { readonly [K in keyof P & keyof Parts]: Dataset };
};
