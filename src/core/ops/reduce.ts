/** Reductions and orderings along axes. Without axes, over all of them. */
import { raise } from '../errors.ts';
import { type Expr, makeNode } from '../expr.ts';
import { sizeOf } from '../shape.ts';
import { stopGradient } from './control.ts';
import { abs, add, div, exp, less, log, mul, sub, where } from './elementwise.ts';
import { scalar } from './leaves.ts';
import { axesOf, axisOf, broadcastTo, reshape } from './structure.ts';

type Axes = number | readonly number[];

const reduced = (x: Expr, axes: readonly number[]): number[] => x.shape.filter((_, i) => !axes.includes(i));

/**
 * Sum over axes (all by default), which are removed. Throws `ShapeError` for bool or an axis that does not exist.
 *
 * @example
 * value(ops.sum(ops.array([[1, 2], [3, 4]]), 0));   // [4, 6]
 */
export const sum = (x: Expr, axes?: Axes): Expr => {
  const at = axesOf('sum', axes, x.shape.length);
  if (x.type === 'bool')
    return raise('ShapeError', '', 'sum: wrong element type', { expected: 'real or int32', got: 'bool' });
  return at.length === 0 ? x : makeNode('sum', [x], { axes: at }, reduced(x, at), x.type);
};

/**
 * Mean over axes (all by default), which are removed.
 *
 * @example
 * value(ops.mean(ops.array([1, 2, 3])));   // 2
 */
export const mean = (x: Expr, axes?: Axes): Expr => {
  const total = sum(x, axes);
  return mul(total, sizeOf(total.shape) / sizeOf(x.shape));
};

/**
 * Largest element over axes (all by default), which are removed; ties share the gradient.
 *
 * @example
 * value(ops.reduceMax(ops.array([1, 3, 2])));   // 3
 */
export const reduceMax = (x: Expr, axes?: Axes): Expr => {
  const at = axesOf('reduceMax', axes, x.shape.length);
  return at.length === 0 ? x : makeNode('reduceMax', [x], { axes: at }, reduced(x, at), x.type);
};

/**
 * Broadcasts a reduced array back to the shape of `like`: reduced axes return with size 1 and are repeated.
 *
 * @example
 * const x = ops.array([[1, 2], [3, 4]]);
 * value(ops.restoreAxes(ops.sum(x, 1), x, 1));   // [[3, 3], [7, 7]]
 */
export const restoreAxes = (y: Expr, like: Expr, axes?: Axes): Expr => {
  const at = axesOf('restoreAxes', axes, like.shape.length);
  return broadcastTo(
    reshape(
      y,
      like.shape.map((d, i) => (at.includes(i) ? 1 : d)),
    ),
    like.shape,
  );
};

/**
 * log Σ eˣ over axes (all by default), without overflow; −∞ where every element is −∞.
 *
 * @example
 * value(ops.logSumExp(ops.array([1000, 1000])));   // 1000 + log 2
 */
export const logSumExp = (x: Expr, axes?: Axes): Expr => {
  const peak = stopGradient(reduceMax(x, axes));
  const shift = where(less(abs(peak), scalar(Number.POSITIVE_INFINITY)), peak, 0);
  return add(log(sum(exp(sub(x, restoreAxes(shift, x, axes))), axes)), shift);
};

/**
 * eˣ / Σ eˣ along an axis, without overflow.
 *
 * @example
 * value(ops.softmax(ops.array([0, 0])));   // [0.5, 0.5]
 */
export const softmax = (x: Expr, axis = -1): Expr => {
  const at = axisOf('softmax', axis, x.shape.length);
  const weights = exp(sub(x, restoreAxes(stopGradient(reduceMax(x, at)), x, at)));
  return div(weights, restoreAxes(sum(weights, at), weights, at));
};

/**
 * Index of the largest element along an axis (the first of ties), int32.
 *
 * @example
 * value(ops.argMax(ops.array([1, 3, 2])));   // 1
 */
export const argMax = (x: Expr, axis = -1): Expr => {
  const at = axisOf('argMax', axis, x.shape.length);
  return makeNode('argMax', [x], { axis: at }, reduced(x, [at]), 'int32');
};

/**
 * Running sums along an axis, inclusive; from the end with `reverse`.
 *
 * @example
 * value(ops.cumsum(ops.array([1, 2, 3])));   // [1, 3, 6]
 */
export const cumsum = (x: Expr, axis = -1, reverse = false): Expr =>
  makeNode('cumsum', [x], { axis: axisOf('cumsum', axis, x.shape.length), reverse }, x.shape, x.type);

/**
 * The int32 indices that sort an axis ascending; equal elements keep their order.
 *
 * @example
 * value(ops.argSort(ops.array([3, 1, 2])));   // [1, 2, 0]
 */
export const argSort = (x: Expr, axis = -1): Expr =>
  makeNode('argSort', [x], { axis: axisOf('argSort', axis, x.shape.length) }, x.shape, 'int32');
