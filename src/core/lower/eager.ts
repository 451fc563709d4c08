/** Lowerings for eager kernel libraries (TensorFlow.js): what one of their backends lacks or computes badly. */
import type { Expr, Node } from '../expr.ts';
import * as o from '../ops/index.ts';
import { range } from '../shape.ts';

/** −1, 0 or 1 by two comparisons; NaN stays NaN (kernels named `Sign` give 0). */
export const signByComparison = (x: Expr): Expr => o.where(o.less(0, x), 1, o.where(o.less(x, 0), -1, x));

const oddFactorials = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800];

/**
 * sin x with a small *relative* error near 0, for kernels with a small absolute error only: the Maclaurin series to x¹¹ for |x| < 1,
 * `sin` itself elsewhere, of an argument inside `stopGradient`: a finished program has no other, so that lowering knows where to end.
 */
export const sinNearZero = (x: Expr): Expr => {
  const near = o.less(o.abs(x), 1);
  const n = o.where(near, x, 0);
  const n2 = o.mul(n, n);
  let series: Expr = o.scalar(oddFactorials[oddFactorials.length - 1]);
  for (let k = oddFactorials.length - 2; k >= 0; k--) series = o.add(o.mul(series, n2), oddFactorials[k]);
  return o.where(near, o.mul(n, series), o.sin(o.stopGradient(o.where(near, 1, x))));
};

const taylor = (x: Expr, coefficients: readonly number[]): Expr =>
  coefficients
    .slice(0, -1)
    .reduceRight<Expr>((y, c) => o.add(o.mul(y, x), c), o.scalar(coefficients[coefficients.length - 1]));

const factorials = range(14).map((n) => range(n).reduce((p, k) => p * (k + 1), 1));
const quarter = [1.5703125, 4.837512969970703e-4, 7.54978995489188e-8] as const;

/**
 * sin x (or cos x) from its argument reduced to |r| ≤ π/4 by Cody and Waite's three-part π/2, then Taylor's series: for kernels that
 * keep the 11 bits WGSL asks for. Good to rounding for |x| < 10⁵.
 */
export const sinByQuadrants = (x: Expr, cosine: boolean): Expr => {
  const turns = o.floor(o.add(o.mul(x, 2 / Math.PI), 0.5));
  const r = quarter.reduce<Expr>((y, c) => o.sub(y, o.mul(turns, c)), x);
  const r2 = o.mul(r, r);
  const series = (first: number): Expr => taylor(r2, range(6).map((k) => (k % 2 === 0 ? 1 : -1) / factorials[2 * k + first])); // biome-ignore format: one idea
  const n = cosine ? o.add(turns, 1) : turns;
  const quadrant = o.sub(n, o.mul(4, o.floor(o.mul(n, 0.25))));
  const half = o.floor(o.mul(quadrant, 0.5));
  const odd = o.sub(quadrant, o.mul(2, half));
  return o.mul(o.sub(1, o.mul(2, half)), o.where(o.less(0.5, odd), series(0), o.mul(r, series(1))));
};

/** eˣ − 1: Taylor series to x¹³ for |x| < 1, directly elsewhere. */
export const expm1BySeries = (x: Expr): Expr => {
  const near = o.less(o.abs(x), 1);
  const n = o.where(near, x, 0);
  return o.where(near, o.mul(n, taylor(n, factorials.slice(1).map((f) => 1 / f))), o.sub(o.exp(x), 1)); // biome-ignore format: one idea
};

/**
 * log(1 + x) where `log` has a small absolute error only (WGSL near 1): 2 artanh(x / (2 + x)) by its series to the 17th power for
 * |x| < ½, the logarithm itself elsewhere. For single precision.
 */
export const log1pBySeries = (x: Expr): Expr => {
  const near = o.less(o.abs(x), 0.5);
  const n = o.where(near, x, 0);
  const s = o.div(n, o.add(2, n));
  const s2 = o.mul(s, s);
  let series: Expr = o.scalar(1 / 17);
  for (let k = 15; k >= 1; k -= 2) series = o.add(o.mul(series, s2), 1 / k);
  return o.where(near, o.mul(o.mul(2, s), series), o.log(o.add(1, x)));
};

/** tanh x = −t / (t + 2) with t = e^{−2|x|} − 1, by its sign: every digit near 0. */
export const tanhByExpm1 = (x: Expr): Expr => {
  const t = expm1BySeries(o.mul(-2, o.abs(x)));
  const size = o.neg(o.div(t, o.add(t, 2)));
  return o.where(o.less(x, 0), o.neg(size), size);
};

/**
 * Ascending order without a sort: the rank of an element is the number of those before it, and position k holds the element of rank
 * k. Quadratic in the length of the axis; equal elements keep their order.
 */
export const argSortByRanks = (n: Node<'argSort'>, x: Expr): Expr => {
  const { axis } = n.attributes;
  const length = n.shape[axis];
  const last = n.shape.length - 1;
  const rows = o.moveAxis(x.type === 'bool' ? o.cast(x, 'real') : x, axis, last);
  const square = [...rows.shape, length];
  const mine = o.broadcastTo(o.expandDims(rows, last + 1), square);
  const other = o.broadcastTo(o.expandDims(rows, last), square);
  const places = Float64Array.from({ length: length * length }, (_, k) =>
    k % length < Math.floor(k / length) ? 1 : 0,
  );
  const earlier = o.broadcastTo(o.constant(Uint8Array.from(places), [length, length], 'bool'), square);
  const before = o.or(o.less(other, mine), o.and(o.equal(other, mine), earlier));
  const rank = o.sum(o.cast(before, 'real'), last + 1);
  const k = o.constant(range(length), [length, 1]);
  const here = o.cast(o.equal(o.broadcastTo(k, square), o.broadcastTo(o.expandDims(rank, last), square)), 'real');
  const order = o.sum(o.mul(here, o.constant(range(length), [length])), last + 1);
  return o.moveAxis(o.cast(order, 'int32'), last, axis);
};

/** Running sums by doubling: y ← y + (y moved by 2ᵏ places), ⌈log₂ n⌉ times. */
export const cumsumByDoubling = (n: Node<'cumsum'>, x: Expr): Expr => {
  const { axis, reverse } = n.attributes;
  const length = n.shape[axis];
  const zero = n.shape.map(() => 0);
  const at = (by: number): number[] => n.shape.map((_, i) => (i === axis ? by : 0));
  let y = x;
  for (let s = 1; s < length; s *= 2) {
    const rest = reverse ? o.sliceAxis(y, axis, s, length) : o.sliceAxis(y, axis, 0, length - s);
    y = o.add(y, reverse ? o.pad(rest, zero, at(s)) : o.pad(rest, at(s), zero));
  }
  return y;
};

/** An operation on integers as one on reals: exact below 2²⁴. */
export const throughReals = (x: Expr, f: (y: Expr) => Expr): Expr => o.cast(f(o.cast(x, 'real')), x.type);

/** A strided slice as one gather for each strided axis, after a plain slice. */
export const stridesByGather = (n: Node<'slice'>, x: Expr): Expr => {
  const { start, limit, stride } = n.attributes;
  const cut = o.slice(x, start, limit);
  return stride.reduce<Expr>((y, step, axis) => {
    if (step === 1 || y.shape[axis] <= 1) return y;
    const at = range(n.shape[axis]).map((i) => i * step);
    return o.gather(y, o.constant(at, [at.length], 'int32'), axis);
  }, cut);
};

const channels = (x: Expr, axis: number, group: number, groups: number): Expr => {
  const width = x.shape[axis] / groups;
  return o.sliceAxis(x, axis, group * width, (group + 1) * width);
};

/** A grouped convolution as one plain convolution for each group. */
export const groupsBySlices = (n: Node<'conv2d'>, x: Expr, w: Expr): Expr => {
  const { groups, stride, padding } = n.attributes;
  return o.concat(
    range(groups).map((g) => o.conv2d(channels(x, 1, g, groups), channels(w, 0, g, groups), { stride, padding })),
    1,
  );
};

/** The input gradient of a grouped convolution, group by group. */
export const inputGradientGroupsBySlices = (n: Node<'conv2dInputGradient'>, dy: Expr, w: Expr): Expr => {
  const { groups } = n.attributes;
  const shape = n.shape.map((d, i) => (i === 1 ? d / groups : d));
  return o.concat(
    range(groups).map((g) =>
      o.conv2dInputGradient(channels(dy, 1, g, groups), channels(w, 0, g, groups), shape, {
        ...n.attributes,
        groups: 1,
      }),
    ),
    1,
  );
};

/** The kernel gradient of a grouped convolution, group by group. */
export const kernelGradientGroupsBySlices = (n: Node<'conv2dKernelGradient'>, x: Expr, dy: Expr): Expr => {
  const { groups } = n.attributes;
  const shape = n.shape.map((d, i) => (i === 0 ? d / groups : d));
  return o.concat(
    range(groups).map((g) =>
      o.conv2dKernelGradient(channels(x, 1, g, groups), channels(dy, 1, g, groups), shape, {
        ...n.attributes,
        groups: 1,
      }),
    ),
    0,
  );
};
