/** Functions of square matrices as expressions: products of reflections, QR, and the exponential. Each is differentiable, and O(n³). */
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';

/** H₁ H₂ … Hₘ with Hₖ = I − 2 v vᵀ / vᵀv along row k of `vectors [m, n]`: orthogonal for any vectors that are not 0. O(m n²). */
export const reflections = (vectors: Expr): Expr => {
  const [m, n] = vectors.shape;
  const { carry } = o.scan({
    length: m,
    init: [o.eye(n)],
    xs: [vectors],
    body: ([q], [v]) => {
      const row = o.reshape(v, [1, n]);
      const along = o.matmul(q, o.transpose(row));
      return { carry: [o.sub(q, o.mul(o.div(2, o.sum(o.square(v))), o.matmul(along, row)))] };
    },
  });
  return carry[0];
};

/** What {@link triangulate} finds. */
export interface Triangulated {
  /** Qᵀ of what was beside A. */
  readonly beside: Expr;
  /** R, upper triangular (what is below its diagonal is rounding). */
  readonly upper: Expr;
  /** log |det A| = Σ log |Rₖₖ|. */
  readonly logDet: Expr;
}

/**
 * A = Q R by Householder reflections (Golub & Van Loan, §5.2), with Qᵀ applied to the columns of `beside [n, m]` at the same time. It needs no
 * pivots, so that its derivatives have no jumps. One loop of n steps, O(n² (n + m)).
 */
export const triangulate = (a: Expr, beside: Expr = o.broadcastTo(0, [a.shape[0], 0])): Triangulated => {
  const n = a.shape[0];
  const width = n + beside.shape[1];
  const { carry, ys } = o.scan({
    length: n,
    init: [beside.shape[1] === 0 ? a : o.concat([a, beside], 1)],
    xs: [o.eye(n), o.triangle(o.broadcastTo(1, [n, n]), false)],
    body: ([m], [unit, tail]) => {
      const whole = o.mul(tail, o.matvec(o.sliceAxis(m, 1, 0, n), unit));
      // Only a column whose square would not be a number is scaled; one of zeros is left alone.
      const size = o.stopGradient(o.reduceMax(o.abs(whole)));
      const some = o.less(0, size);
      const odd = o.and(some, o.or(o.less(size, 1e-12), o.less(1e12, size)));
      const scale = o.where(odd, size, 1);
      const column = o.where(o.broadcastTo(some, [n]), o.div(whole, scale), unit);
      const squared = o.sum(o.square(column));
      const length = o.sqrt(squared);
      const here = o.dot(column, unit);
      // The reflection takes the column to −sign(here) |column| along the axis: no digits cancel in v.
      const v = o.add(column, o.mul(unit, o.where(o.less(here, 0), o.neg(length), length)));
      const along = o.matmul(o.reshape(v, [1, n]), m);
      const change = o.matmul(o.reshape(v, [n, 1]), along);
      const factor = o.where(some, o.div(2, o.sum(o.square(v))), 0);
      const logSize = o.add(o.mul(0.5, o.log(squared)), o.log(scale));
      return {
        carry: [o.sub(m, o.mul(factor, change))],
        ys: [o.where(some, logSize, Number.NEGATIVE_INFINITY)],
      };
    },
  });
  return {
    upper: o.sliceAxis(carry[0], 1, 0, n),
    beside: o.sliceAxis(carry[0], 1, n, width),
    logDet: o.sum(ys[0]),
  };
};

const SQUARINGS = 6;

/**
 * e^{A} by scaling and squaring: the Taylor polynomial of degree 12 at A / 2⁶ (five products), squared six times. Full double precision for
 * ‖A‖ up to about 16; a rotation needs π.
 */
export const matrixExponential = (a: Expr): Expr => {
  const x = o.mul(2 ** -SQUARINGS, a);
  const x2 = o.matmul(x, x);
  const [x3, x4] = [o.matmul(x2, x), o.matmul(x2, x2)];
  const powers = [o.eye(a.shape[0]), x, x2, x3];
  let factorial = 1;
  const coefficients = Array.from({ length: 13 }, (_, k) => {
    factorial *= k === 0 ? 1 : k;
    return 1 / factorial;
  });
  const block = (from: number): Expr => o.addAll(powers.map((p, k) => o.mul(coefficients[from + k], p)));
  const high = o.add(block(8), o.mul(coefficients[12], x4));
  let y = o.add(block(0), o.matmul(x4, o.add(block(4), o.matmul(x4, high))));
  for (let i = 0; i < SQUARINGS; i++) y = o.matmul(y, y);
  return y;
};
