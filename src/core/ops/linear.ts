/** Matrix products and triangular systems. */
import { raise } from '../errors.ts';
import { type Expr, makeNode } from '../expr.ts';
import { broadcastShapes, sameShape, showShape } from '../shape.ts';
import { mul } from './elementwise.ts';
import { eye } from './indexing.ts';
import { sum } from './reduce.ts';
import { broadcastTo, reshape } from './structure.ts';

/**
 * Matrix product of `[…, m, k]` and `[…, k, n]`: `[…, m, n]`; leading axes broadcast. Throws `ShapeError` where the shapes do not fit. Cost: O(m k n) each.
 *
 * @example
 * value(ops.matmul(ops.array([[1, 2]]), ops.array([[3], [4]])));   // [[11]]
 */
export const matmul = (a: Expr, b: Expr): Expr => {
  const [ra, rb] = [a.shape.length, b.shape.length];
  const batch = ra < 2 || rb < 2 ? undefined : broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (batch === undefined || a.shape[ra - 1] !== b.shape[rb - 2])
    return raise('ShapeError', '', 'matmul: shapes do not fit', {
      expected: '[…, m, k] × […, k, n]',
      got: `${showShape(a.shape)} × ${showShape(b.shape)}`,
    });
  const x = broadcastTo(a, [...batch, ...a.shape.slice(-2)]);
  const y = broadcastTo(b, [...batch, ...b.shape.slice(-2)]);
  return makeNode('matmul', [x, y], {}, [...batch, a.shape[ra - 2], b.shape[rb - 1]], 'real');
};

/**
 * x W for a vector `[k]` and a matrix `[k, n]`: `[n]`.
 *
 * @example
 * value(ops.vecmat(ops.array([1, 2]), ops.eye(2)));   // [1, 2]
 */
export const vecmat = (x: Expr, w: Expr): Expr =>
  reshape(matmul(reshape(x, [1, -1]), w), [w.shape[w.shape.length - 1]]);

/**
 * A x for a matrix `[m, k]` and a vector `[k]`: `[m]`.
 *
 * @example
 * value(ops.matvec(ops.eye(2), ops.array([1, 2])));   // [1, 2]
 */
export const matvec = (a: Expr, x: Expr): Expr =>
  reshape(matmul(a, reshape(x, [-1, 1])), [a.shape[a.shape.length - 2]]);

/**
 * Σᵢ aᵢ bᵢ over all elements.
 *
 * @example
 * value(ops.dot(ops.array([1, 2]), ops.array([3, 4])));   // 11
 */
export const dot = (a: Expr, b: Expr): Expr => sum(mul(a, b));

/** Options of {@link triangularSolve}. */
export interface TriangularOptions {
  /** Which triangle of A is read (default: the lower). */
  readonly lower?: boolean;
  /** Take the diagonal to be 1 and do not read it. */
  readonly unit?: boolean;
  /** Solve Aᵀ X = B. */
  readonly transpose?: boolean;
}

/**
 * Solves A X = B for triangular A `[…, n, n]` and B `[…, n, m]`. The other triangle is not read. Throws `ShapeError` where the shapes do not fit. Cost: O(n² m).
 *
 * @example
 * value(ops.triangularSolve(ops.array([[2, 0], [1, 1]]), ops.array([[2], [3]])));   // [[1], [2]]
 */
export const triangularSolve = (a: Expr, b: Expr, options: TriangularOptions = {}): Expr => {
  const { lower = true, unit = false, transpose = false } = options;
  const n = a.shape[a.shape.length - 1];
  const ok =
    a.shape.length >= 2 &&
    a.shape[a.shape.length - 2] === n &&
    b.shape.length === a.shape.length &&
    b.shape[b.shape.length - 2] === n &&
    sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return ok
    ? makeNode('triangularSolve', [a, b], { lower, unit, transpose }, b.shape, 'real')
    : raise('ShapeError', '', 'triangularSolve: shapes do not fit', {
        expected: '[…, n, n] and […, n, m]',
        got: `${showShape(a.shape)} and ${showShape(b.shape)}`,
      });
};

/**
 * The inverse of a unit triangular matrix `[n, n]` (lower by default); the diagonal and the other triangle are not read. Cost: O(n³).
 *
 * @example
 * value(ops.unitTriangularInverse(ops.array([[1, 0], [2, 1]])));   // [[1, 0], [-2, 1]]
 */
export const unitTriangularInverse = (a: Expr, lower = true): Expr =>
  triangularSolve(a, broadcastTo(eye(a.shape[a.shape.length - 1]), a.shape), { lower, unit: true });
