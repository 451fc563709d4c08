import { raise } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import { columnName, type Dataset, eachBlock } from './dataset.ts';

/**
 * An affine map of each element of an event, `y = (x − shift) / scale`, as data: it goes into a checkpoint and says how
 * model values become data values again. log|det| of the map is `−Σ ln|scale|`.
 */
export interface Scaling {
  readonly shift: readonly number[];
  readonly scale: readonly number[];
  /** columns that have one value only; they are shifted and not scaled */
  readonly constant: readonly string[];
}

/** Per element of an event: mean, standard deviation (divided by n), smallest and largest value. */
export interface Statistics {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
}

/**
 * Mean, standard deviation, minimum and maximum of each column, in one pass by Welford's recurrence m ← m + (x − m)/n, s ← s + (x − m_old)(x − m_new), in float64
 * (Welford 1962). Arrays have one number for each of the D elements of an event.
 *
 * @example
 * const { mean, deviation } = statistics(data);
 */
export const statistics = (dataset: Dataset): Statistics => {
  const width = sizeOf(dataset.shape);
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  const minimum = new Float64Array(width).fill(Infinity);
  const maximum = new Float64Array(width).fill(-Infinity);
  eachBlock(dataset.values, width, (first, rows, block) => {
    for (let r = 0, at = 0; r < rows; r++) {
      const n = first + r + 1;
      for (let j = 0; j < width; j++) {
        const x = block[at++];
        const delta = x - mean[j];
        mean[j] += delta / n;
        squares[j] += delta * (x - mean[j]);
        if (x < minimum[j]) minimum[j] = x;
        if (x > maximum[j]) maximum[j] = x;
      }
    }
  });
  return { mean, deviation: squares.map((s) => Math.sqrt(s / dataset.size)), minimum, maximum };
};

const scalingOf = (
  dataset: Dataset,
  s: Statistics,
  map: (j: number) => { readonly shift: number; readonly scale: number },
): Scaling => {
  const isConstant = Array.from(s.minimum, (low, j) => low === s.maximum[j]);
  const maps = isConstant.map((constant, j) => (constant ? { shift: map(j).shift, scale: 1 } : map(j)));
  return {
    shift: maps.map((m) => m.shift),
    scale: maps.map((m) => m.scale),
    constant: isConstant.flatMap((constant, j) => (constant ? [columnName(dataset.shape, dataset.columns, j)] : [])),
  };
};

/**
 * The scaling y = (x − shift) / scale that gives each column mean 0 and standard deviation 1; a constant column is only centred. Cost: one pass over the data.
 *
 * @example
 * const scaling = standardScaling(data);
 */
export const standardScaling = (dataset: Dataset): Scaling => {
  const s = statistics(dataset);
  return scalingOf(dataset, s, (j) => ({ shift: s.mean[j], scale: s.deviation[j] }));
};

/**
 * The scaling y = (x − shift) / scale that maps each column onto [low, high]; a constant column becomes `low`. Throws `ArgumentError` where low ≥ high. Cost: one pass
 * over the data.
 *
 * @example
 * const scaling = minMaxScaling(data, -1, 1);
 */
export const minMaxScaling = (dataset: Dataset, low = 0, high = 1): Scaling => {
  if (!(low < high)) raise('ArgumentError', 'minMax', 'the range is empty', { got: `${low} … ${high}` });
  const s = statistics(dataset);
  return scalingOf(dataset, s, (j) => {
    const scale = s.minimum[j] === s.maximum[j] ? 1 : (s.maximum[j] - s.minimum[j]) / (high - low);
    return { shift: s.minimum[j] - low * scale, scale };
  });
};

/**
 * The data under a scaling (that of the training part, for validation and test parts), applied when rows are read. Scaling twice is one composed scaling. A known entropy
 * changes by −Σ log|scale| nats; levels are dropped. Throws `ShapeError` where the scaling is for events of another size.
 *
 * @example
 * const { train, test } = splitDataset(data, { train: 0.8, test: 0.2 }, 0);
 * const scaled = rescale(test, standardScaling(train));
 */
export const rescale = (dataset: Dataset, scaling: Scaling): Dataset => {
  const width = sizeOf(dataset.shape);
  const { shift, scale } = scaling;
  if (shift.length !== width || scale.length !== width)
    raise('ShapeError', dataset.name, 'the scaling is for events of another size', {
      expected: `${width}`,
      got: `${shift.length}`,
    });
  const { levels, entropy, scaling: first, ...rest } = dataset;
  const known = entropy !== undefined && levels === undefined;
  return {
    ...rest,
    values: {
      length: dataset.size,
      read: (indices, out) => {
        dataset.values.read(indices, out);
        for (let r = 0, at = 0; r < indices.length; r++)
          for (let j = 0; j < width; j++, at++) out[at] = (out[at] - shift[j]) / scale[j];
      },
    },
    scaling: first === undefined ? scaling : composeScalings(first, scaling),
    ...(known ? { entropy: scale.reduce((h, c) => h - Math.log(Math.abs(c)), entropy) } : {}),
  };
};

/** First `f`, then `g`, as one map: shift `f.shift + f.scale·g.shift`, scale `f.scale·g.scale`. */
const composeScalings = (f: Scaling, g: Scaling): Scaling => ({
  shift: f.shift.map((s, j) => s + f.scale[j] * g.shift[j]),
  scale: f.scale.map((c, j) => c * g.scale[j]),
  constant: [...new Set([...f.constant, ...g.constant])],
});

/**
 * The data with each column at mean 0 and standard deviation 1; constant columns are only centred, and named in the scaling.
 *
 * @example
 * statistics(standardise(data)).mean;   // about [0, 0]
 */
export const standardise = (dataset: Dataset): Dataset => rescale(dataset, standardScaling(dataset));

/**
 * The data with each column on [low, high]; constant columns become `low`, and are named in the scaling. Throws `ArgumentError` where low ≥ high.
 *
 * @example
 * statistics(minMax(data)).maximum;   // about [1, 1]
 */
export const minMax = (dataset: Dataset, low = 0, high = 1): Dataset =>
  rescale(dataset, minMaxScaling(dataset, low, high));

/**
 * Rows of model values in the units of the data, x = shift + scale · y, as a new row-major array.
 *
 * @example
 * unscale(standardScaling(data), [0, 0]);   // the mean of the data
 */
export const unscale = (scaling: Scaling, values: ArrayLike<number>): Float32Array => {
  const width = scaling.shift.length;
  return Float32Array.from(values, (y, i) => scaling.shift[i % width] + scaling.scale[i % width] * y);
};
