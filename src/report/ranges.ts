import { raise } from '../core/errors.ts';
import type { Interval } from './panel.ts';

/** Numbers in a row: any typed array, or a plain one. */
export type Numbers = ArrayLike<number>;

/** The most dots a scatter draws: more would only make the file heavy. */
export const MOST_DOTS = 2000;

/** The quantile of sorted numbers, by linear interpolation; `NaN` for none. */
export const quantile = (sorted: Numbers, p: number): number => {
  if (sorted.length === 0) return Number.NaN;
  const t = (sorted.length - 1) * p;
  const i = Math.floor(t);
  const low = sorted[i];
  return t === i ? low : low + (sorted[i + 1] - low) * (t - i);
};

/** The finite ones, sorted. */
export const sortedFinite = (values: Numbers): Float64Array => Float64Array.from(values).filter(Number.isFinite).sort();

/** `[lo, hi]` made wider by a share of its length on both sides; a single value gets room around it. */
export const padded = ([lo, hi]: Interval, share: number): Interval => {
  const room = hi > lo ? (hi - lo) * share : Math.max(Math.abs(lo) * 0.1, 0.5);
  return [lo - room, hi + room];
};

/** Column `j` of row-major rows of length `dimension`. */
export const column = (data: Numbers, dimension: number, j: number): Float64Array => {
  const out = new Float64Array(rowsOf(data, dimension, 'column'));
  for (let i = 0; i < out.length; i++) out[i] = data[i * dimension + j];
  return out;
};

/** How many rows of length `dimension`; throws `ShapeError` where the data do not divide. */
export const rowsOf = (data: Numbers, dimension: number, path: string): number =>
  Number.isInteger(dimension) && dimension > 0 && data.length % dimension === 0
    ? data.length / dimension
    : raise('ShapeError', path, 'the data do not divide into rows', {
        expected: `a multiple of ${dimension} numbers`,
        got: `${data.length}`,
      });

/** Up to `most` of the indices `0 … n−1`, evenly spread. */
export const spread = (n: number, most: number = MOST_DOTS): number[] =>
  n <= most
    ? Array.from({ length: n }, (_, i) => i)
    : Array.from({ length: most }, (_, i) => Math.floor((i * n) / most));

/** The points of columns `i` and `j` that are finite, at most {@link MOST_DOTS}, with their row numbers. */
export const pointsOf = (
  data: Numbers,
  dimension: number,
  i: number,
  j: number,
): { readonly points: (readonly [number, number])[]; readonly rows: number[] } => {
  const rows = spread(rowsOf(data, dimension, 'points')).filter(
    (r) => Number.isFinite(data[r * dimension + i]) && Number.isFinite(data[r * dimension + j]),
  );
  return { rows, points: rows.map((r) => [data[r * dimension + i], data[r * dimension + j]] as const) };
};

/**
 * One interval for data and samples: all of the data, and the samples' central 98 % as far as one span of the data beyond
 * them. A model that throws a few samples far away does not shrink the picture to a dot.
 */
export const sharedInterval = (data: Numbers, samples: Numbers): Interval => {
  const d = sortedFinite(data);
  const s = sortedFinite(samples);
  if (d.length === 0) return s.length === 0 ? [-1, 1] : padded([quantile(s, 0.01), quantile(s, 0.99)], 0.06);
  const [lo, hi] = [d[0], d[d.length - 1]];
  if (s.length === 0) return padded([lo, hi], 0.06);
  const span = hi > lo ? hi - lo : Math.max(Math.abs(lo), 1);
  return padded(
    [Math.max(Math.min(lo, quantile(s, 0.01)), lo - span), Math.min(Math.max(hi, quantile(s, 0.99)), hi + span)],
    0.06,
  );
};

/** The share of rows that are not finite or lie outside every given column's interval. */
export const shareOutside = (
  data: Numbers,
  dimension: number,
  bounds: readonly { readonly axis: number; readonly interval: Interval }[],
): number => {
  const n = rowsOf(data, dimension, 'data');
  let outside = 0;
  for (let r = 0; r < n; r++)
    if (
      bounds.some(({ axis, interval: [lo, hi] }) => {
        const v = data[r * dimension + axis];
        return !(v >= lo && v <= hi);
      })
    )
      outside++;
  return n === 0 ? 0 : outside / n;
};

/**
 * Two intervals made longer, about their middles, until a unit is as long on both axes of a panel; intervals of very
 * different lengths stay as they are. Returns the panel's height
 * over its width too, kept within `[flattest, tallest]`.
 */
export const equalAspect = (
  x: Interval,
  y: Interval,
  flattest = 0.6,
  tallest = 1.1,
): { readonly x: Interval; readonly y: Interval; readonly ratio: number } => {
  const sx = x[1] - x[0];
  const sy = y[1] - y[0];
  if (Math.max(sx, sy) > 6 * Math.min(sx, sy)) return { x, y, ratio: Math.min(tallest, Math.max(flattest, 0.85)) };
  const ratio = Math.min(tallest, Math.max(flattest, sy / sx));
  const widen = ([lo, hi]: Interval, span: number): Interval => [(lo + hi - span) / 2, (lo + hi + span) / 2];
  return { ratio, x: widen(x, Math.max(sx, sy / ratio)), y: widen(y, Math.max(sy, sx * ratio)) };
};
