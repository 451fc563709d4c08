import { raise } from '../errors.ts';
import type { Expr } from '../expr.ts';
import { showShape } from '../shape.ts';
import { scan } from './control.ts';
import { div, mul, sqrt, sub } from './elementwise.ts';
import { eye, triangle } from './indexing.ts';
import { constant } from './leaves.ts';
import { dot, matmul, matvec } from './linear.ts';
import { broadcastTo, reshape, transpose } from './structure.ts';

/**
 * The lower triangular L `[n, n]` with L Lᵀ = A and a positive diagonal, for a symmetric positive definite A `[n, n]`; its lower triangle is read.
 * One column an iteration of a `scan`, each taken off the rest (right-looking): O(n³) work, meant for n up to 32 or so. Not a number where A is
 * not positive definite; throws `ShapeError` where it is not a square matrix. (Golub & Van Loan, Matrix Computations, §4.2.)
 *
 * @example
 * const l = cholesky(add(eye(2), constant([1, 1, 1, 1], [2, 2])));
 */
export const cholesky = (a: Expr): Expr => {
  const n = a.shape[0];
  if (a.shape.length !== 2 || a.shape[1] !== n)
    return raise('ShapeError', '', 'cholesky: not a square matrix', { expected: '[n, n]', got: showShape(a.shape) });
  const { ys } = scan({
    length: n,
    init: [a],
    // Row k of the first picks column k; row k of the second keeps what is not above its diagonal.
    xs: [eye(n), triangle(broadcastTo(constant([1], [1, 1]), [n, n]), false)],
    body: ([rest], [pick, below]) => {
      const column = matvec(rest, pick);
      const l = div(mul(below, column), sqrt(dot(pick, column)));
      return { carry: [sub(rest, matmul(reshape(l, [n, 1]), reshape(l, [1, n])))], ys: [l] };
    },
  });
  return transpose(ys[0]);
};
