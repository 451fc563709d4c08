/** Indexing by integer arrays: gather and its transpose scatter-add; take-along-axis, sort and one-hot built from them. */
import { raise } from '../errors.ts';
import { type Expr, makeNode } from '../expr.ts';
import { range, sameShape, showShape, sizeOf } from '../shape.ts';
import { add, cast, equal, mul } from './elementwise.ts';
import { constant, iota, scalar } from './leaves.ts';
import { argSort } from './reduce.ts';
import { axisOf, broadcastTo, expandDims, moveAxis, reshape } from './structure.ts';

const needInt = (op: string, i: Expr): Expr =>
  i.type === 'int32' ? i : raise('ShapeError', '', `${op}: indices must be int32`, { expected: 'int32', got: i.type });

/**
 * Slices of x at int32 `indices` along an axis: shape `x[:axis] ++ indices ++ x[axis+1:]`. Indices outside are undefined.
 *
 * @example
 * value(ops.gather(ops.array([10, 20, 30]), ops.iota(2)));   // [10, 20]
 */
export const gather = (x: Expr, indices: Expr, axis = 0): Expr => {
  const a = axisOf('gather', axis, x.shape.length);
  needInt('gather', indices);
  const shape = [...x.shape.slice(0, a), ...indices.shape, ...x.shape.slice(a + 1)];
  return makeNode('gather', [x, indices], { axis: a }, shape, x.type);
};

/**
 * Zeros with `size` elements at `axis`, plus `updates` at `indices` (repeated indices add up): the transpose of `gather`.
 *
 * @example
 * value(ops.scatterAdd(ops.iota(2), ops.array([10, 20]), 3));   // [10, 20, 0]
 */
export const scatterAdd = (indices: Expr, updates: Expr, size: number, axis = 0): Expr => {
  needInt('scatterAdd', indices);
  const a = axisOf('scatterAdd', axis, updates.shape.length - indices.shape.length + 1);
  const outer = updates.shape.slice(0, a);
  const inner = updates.shape.slice(a + indices.shape.length);
  const shape = [...outer, ...indices.shape, ...inner];
  if (!sameShape(updates.shape, shape))
    return raise('ShapeError', '', 'scatterAdd: updates do not fit the indices', {
      expected: showShape(shape),
      got: showShape(updates.shape),
    });
  return makeNode('scatterAdd', [indices, updates], { axis: a, size }, [...outer, size, ...inner], updates.type);
};

/**
 * `out[…, i, …] = x[…, indices[…, i, …], …]` along an axis; the other axes agree.
 *
 * @example
 * value(ops.takeAlong(ops.array([[1, 2], [3, 4]]), ops.cast(ops.array([[1], [0]]), 'int32')));   // [[2], [3]]
 */
export const takeAlong = (x: Expr, indices: Expr, axis = -1): Expr => {
  const a = axisOf('takeAlong', axis, x.shape.length);
  const last = x.shape.length - 1;
  const xs = moveAxis(x, a, last);
  const is = moveAxis(needInt('takeAlong', indices), a, last);
  const n = xs.shape[last];
  const rows = sizeOf(xs.shape) / n;
  const offsets = constant(
    Int32Array.from({ length: rows }, (_, i) => i * n),
    [rows, 1],
    'int32',
  );
  const flat = add(reshape(is, [rows, is.shape[last]]), offsets);
  return moveAxis(reshape(gather(reshape(xs, [rows * n]), flat), is.shape), last, a);
};

/**
 * Elements of an axis in ascending order; the derivative is that of the permutation. Cost: O(n log n) along the axis.
 *
 * @example
 * value(ops.sort(ops.array([3, 1, 2])));   // [1, 2, 3]
 */
export const sort = (x: Expr, axis = -1): Expr => takeAlong(x, argSort(x, axis), axis);

/**
 * 1 where the last axis equals the index, else 0: shape `indices ++ [depth]`.
 *
 * @example
 * value(ops.oneHot(ops.iota(2), 3));   // [[1, 0, 0], [0, 1, 0]]
 */
export const oneHot = (indices: Expr, depth: number): Expr => {
  const shape = [...needInt('oneHot', indices).shape, depth];
  return cast(
    equal(broadcastTo(expandDims(indices, indices.shape.length), shape), broadcastTo(iota(depth), shape)),
    'real',
  );
};

/**
 * The diagonal of the last two axes of `[…, n, n]`.
 *
 * @example
 * value(ops.diagonal(ops.array([[1, 2], [3, 4]])));   // [1, 4]
 */
export const diagonal = (x: Expr): Expr => {
  const n = x.shape[x.shape.length - 1];
  const lead = x.shape.slice(0, -2);
  const at = constant(
    Int32Array.from(range(n), (i) => i * (n + 1)),
    [n],
    'int32',
  );
  return gather(reshape(x, [...lead, n * n]), at, lead.length);
};

/**
 * One triangle of the last two axes, with zeros elsewhere: keeps i ≥ j (`lower`) or i ≤ j; with `strict` without the diagonal.
 *
 * @example
 * value(ops.triangle(ops.array([[1, 2], [3, 4]]), true));   // [[1, 0], [3, 4]]
 */
export const triangle = (x: Expr, lower: boolean, strict = false): Expr => {
  const [n, m] = x.shape.slice(-2);
  const keep = Float64Array.from({ length: n * m }, (_, k) => {
    const i = Math.floor(k / m);
    const j = k % m;
    return (lower ? (strict ? i > j : i >= j) : strict ? i < j : i <= j) ? 1 : 0;
  });
  return mul(x, constant(keep, [n, m]));
};

/**
 * The identity matrix `[n, n]`.
 *
 * @example
 * value(ops.eye(2));   // [[1, 0], [0, 1]]
 */
export const eye = (n: number): Expr =>
  n === 0
    ? scalar(0)
    : constant(
        Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0)),
        [n, n],
      );
