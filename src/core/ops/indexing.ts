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

/** Slices of x at int32 `indices` along an axis: shape `x[:axis] ++ indices ++ x[axis+1:]`. Indices outside are undefined. */
export const gather = (x: Expr, indices: Expr, axis = 0): Expr => {
  const a = axisOf('gather', axis, x.shape.length);
  needInt('gather', indices);
  const shape = [...x.shape.slice(0, a), ...indices.shape, ...x.shape.slice(a + 1)];
  return makeNode('gather', [x, indices], { axis: a }, shape, x.type);
};

/** Zeros with `size` elements at `axis`, plus `updates` at `indices` (repeated indices add up): the transpose of `gather`. */
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

/** `out[…, i, …] = x[…, indices[…, i, …], …]` along an axis; the other axes agree. */
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

/** Elements of an axis in ascending order; differentiable as the permutation it is. */
export const sort = (x: Expr, axis = -1): Expr => takeAlong(x, argSort(x, axis), axis);

/** 1 where the last axis equals the index, else 0: shape `indices ++ [depth]`. */
export const oneHot = (indices: Expr, depth: number): Expr => {
  const shape = [...needInt('oneHot', indices).shape, depth];
  return cast(
    equal(broadcastTo(expandDims(indices, indices.shape.length), shape), broadcastTo(iota(depth), shape)),
    'real',
  );
};

/** The diagonal of the last two axes of `[…, n, n]`. */
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

/** Zeroes a triangle of the last two axes: keeps i ≥ j + offset (`lower`) or i ≤ j − offset. */
export const triangle = (x: Expr, lower: boolean, strict = false): Expr => {
  const [n, m] = x.shape.slice(-2);
  const keep = Float64Array.from({ length: n * m }, (_, k) => {
    const i = Math.floor(k / m);
    const j = k % m;
    return (lower ? (strict ? i > j : i >= j) : strict ? i < j : i <= j) ? 1 : 0;
  });
  return mul(x, constant(keep, [n, m]));
};

/** Identity matrix `[n, n]`. */
export const eye = (n: number): Expr =>
  n === 0
    ? scalar(0)
    : constant(
        Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0)),
        [n, n],
      );
