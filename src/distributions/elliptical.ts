/**
 * Elliptical distributions: x = loc + L z for z from a spherical distribution (whose density depends on ‖z‖² alone). One square root of the scale matrix says how to
 * whiten, how to spread, and log |det L|; every elliptical family is a spherical distribution and one of these.
 */
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map, normal as normalNoise, type Random } from '../core/random.ts';
import { lowerTriangular, type Matrix, matrixOf, shaped } from './matrix-argument.ts';

/** A scale matrix Σ `[D, D]` by its use. */
export interface Scatter {
  readonly size: number;
  /** vᵀ Σ⁻¹ v of a vector `[D]`: a sum of squares, so nothing cancels. */
  readonly squaredLength: (v: Expr) => Expr;
  /** ½ log det Σ. */
  readonly halfLogDet: Expr;
  /** A draw from N(0, Σ). */
  readonly spread: Random<Expr>;
  /** Σ. */
  readonly matrix: Expr;
  /** The diagonal of Σ. */
  readonly variance: Expr;
}

/** Σ = L Lᵀ for lower triangular L `[D, D]`: a triangular solve, O(D²). Errors name `owner` and `scaleTril`. */
export const trilScatter = (owner: string, scaleTril: Matrix): Scatter => {
  const full = matrixOf(owner, 'scaleTril', scaleTril);
  const size = full.shape[0];
  shaped(owner, 'scaleTril', full, [size, size]);
  lowerTriangular(owner, 'scaleTril', scaleTril);
  const l = o.triangle(full, true);
  return {
    size,
    squaredLength: (v) => o.sum(o.square(o.triangularSolve(l, o.reshape(v, [size, 1])))),
    halfLogDet: o.sum(o.log(o.abs(o.diagonal(l)))),
    spread: map((e: Expr) => o.matvec(l, e))(normalNoise([size])),
    matrix: o.matmul(l, o.transpose(l)),
    variance: o.sum(o.square(l), 1),
  };
};

/**
 * Σ = F Fᵀ + diag d for F `[D, r]` and d `[D]` positive, in O(D r² + r³): with C = I + Fᵀ d⁻¹ F (r×r, its Cholesky factor), det Σ = det C ∏ d
 * (the determinant lemma) and, by Woodbury's identity, vᵀ Σ⁻¹ v = ‖d^{−½}(v − F w)‖² + ‖w‖² at w = C⁻¹ Fᵀ d⁻¹ v, which is a sum of squares where
 * the usual form is a difference.
 */
export const lowRankScatter = (factor: Expr, diagonal: Expr): Scatter => {
  const [size, rank] = factor.shape;
  const column = o.reshape(diagonal, [size, 1]);
  const weighted = o.div(factor, column);
  const c = o.cholesky(o.add(o.eye(rank), o.matmul(o.transpose(factor), weighted)));
  const latent = (v: Expr): Expr => {
    const b = o.matmul(o.transpose(weighted), o.reshape(v, [size, 1]));
    return o.triangularSolve(c, o.triangularSolve(c, b), { transpose: true });
  };
  return {
    size,
    squaredLength: (v) => {
      const w = latent(v);
      const rest = o.sub(v, o.reshape(o.matmul(factor, w), [size]));
      return o.add(o.sum(o.div(o.square(rest), diagonal)), o.sum(o.square(w)));
    },
    halfLogDet: o.add(o.sum(o.log(o.diagonal(c))), o.mul(0.5, o.sum(o.log(diagonal)))),
    spread: map((e: Expr) =>
      o.add(
        o.matvec(factor, o.sliceAxis(e, 0, 0, rank)),
        o.mul(o.sqrt(diagonal), o.sliceAxis(e, 0, rank, rank + size)),
      ),
    )(normalNoise([rank + size])),
    matrix: o.add(o.matmul(factor, o.transpose(factor)), o.mul(o.eye(size), column)),
    variance: o.add(o.sum(o.square(factor), 1), diagonal),
  };
};
