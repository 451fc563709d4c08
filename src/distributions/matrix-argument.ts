/** Vectors and matrices as parameters: rows of numbers, or expressions. */
import { type Json, opaque } from '../algebra/spec.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { constant } from '../core/ops/leaves.ts';
import { type Shape, showShape } from '../core/shape.ts';

/** Rows of numbers, or an expression of rank two. */
export type Matrix = readonly (readonly number[])[] | Expr;

/** Whether the entries are known when the distribution is built. */
export const isRows = (a: Matrix): a is readonly (readonly number[])[] => Array.isArray(a);

/** As an expression `[n, m]`. Throws `ShapeError` naming it where rows differ in length or it is not a matrix. */
export const matrixOf = (owner: string, name: string, a: Matrix): Expr => {
  if (!isRows(a))
    return a.shape.length === 2
      ? a
      : raise('ShapeError', owner, `${name} is not a matrix`, { expected: 'a matrix', got: showShape(a.shape) });
  const width = a[0]?.length ?? 0;
  const ragged = a.findIndex((row) => row.length !== width);
  if (width === 0 || ragged >= 0)
    return raise('ShapeError', owner, `${name} is not a matrix`, {
      expected: 'one row or more of one length',
      got: ragged >= 0 ? `row ${ragged} of ${a[ragged].length} numbers after rows of ${width}` : 'no numbers',
    });
  return constant(a.flat(), [a.length, width]);
};

/** Throws `ShapeError` where an expression has another shape. */
export const shaped = (owner: string, name: string, a: Expr, shape: Shape): Expr =>
  a.shape.length === shape.length && a.shape.every((d, i) => d === shape[i])
    ? a
    : raise('ShapeError', owner, `${name} has another shape`, { expected: showShape(shape), got: showShape(a.shape) });

/** Throws `ArgumentError` where rows of numbers are not lower triangular with a positive diagonal. */
export const lowerTriangular = (owner: string, name: string, a: Matrix): void => {
  if (!isRows(a)) return;
  a.forEach((row, i) => {
    const j = row.findIndex((v, k) => (k > i ? v !== 0 : k === i && !(v > 0)) || Number.isNaN(v));
    if (j >= 0)
      raise('ArgumentError', owner, `${name} is not lower triangular with a positive diagonal`, {
        expected: j > i ? `0 in row ${i}, column ${j}` : `a number above 0 in row ${i}, column ${j}`,
        got: `${row[j]}`,
      });
  });
};

/** As JSON; an expression cannot be read back. */
export const matrixSpec = (a: Matrix): Json =>
  isRows(a) ? a : (opaque('expression', 'the parameter is an expression') as Json);
