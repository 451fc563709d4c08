/** Closed forms of KL(p ‖ q) between normal distributions of vectors, however their covariances are given. */
import type { AnyDist } from '../algebra/dist.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { lowRankScatter } from './elliptical.ts';
import { type KlPair, type KlTable, parameter } from './kl-table.ts';

/** N(mean, Σ) of vectors `[D]` by what a divergence needs. */
interface Gaussian {
  readonly mean: Expr;
  /** A `[D, n]` with A Aᵀ = Σ. */
  readonly root: Expr;
  /** ½ log det Σ. */
  readonly halfLogDet: Expr;
  /** Σ over the columns a of a matrix `[D, m]` of aᵀ Σ⁻¹ a: a sum of squares. */
  readonly squares: (columns: Expr) => Expr;
}

const diagonalOf = (v: Expr): Expr => o.mul(o.eye(v.shape[0]), o.reshape(v, [v.shape[0], 1]));

const ofTriangle = (mean: Expr, scaleTril: Expr): Gaussian => ({
  mean,
  root: o.triangle(scaleTril, true),
  halfLogDet: o.sum(o.log(o.diagonal(scaleTril))),
  squares: (columns) => o.sum(o.square(o.triangularSolve(scaleTril, columns))),
});

const ofScales = (mean: Expr, scale: Expr): Gaussian => ({
  mean,
  root: diagonalOf(scale),
  halfLogDet: o.sum(o.log(scale)),
  squares: (columns) => o.sum(o.square(o.div(columns, o.reshape(scale, [scale.shape[0], 1])))),
});

/** By Woodbury's identity, column by column: see `lowRankScatter`. */
const ofFactor = (mean: Expr, factor: Expr, diagonal: Expr): Gaussian => {
  const [size, rank] = factor.shape;
  const column = o.reshape(diagonal, [size, 1]);
  const weighted = o.transpose(o.div(factor, column));
  const c = o.cholesky(o.add(o.eye(rank), o.matmul(weighted, factor)));
  return {
    mean,
    root: o.concat([factor, diagonalOf(o.sqrt(diagonal))], 1),
    halfLogDet: lowRankScatter(factor, diagonal).halfLogDet,
    squares: (columns) => {
      const w = o.triangularSolve(c, o.triangularSolve(c, o.matmul(weighted, columns)), { transpose: true });
      const rest = o.sub(columns, o.matmul(factor, w));
      return o.add(o.sum(o.div(o.square(rest), column)), o.sum(o.square(w)));
    },
  };
};

const gaussianOf = (dist: AnyDist): Gaussian | undefined => {
  if (dist.shape.length !== 1) return undefined;
  if (dist.family?.name === 'standardNormal')
    return ofScales(o.broadcastTo(0, dist.shape), o.broadcastTo(1, dist.shape));
  const [mean, tril, factor, diagonal, scale] = ['loc', 'scaleTril', 'factor', 'diagonal', 'scale'].map((name) =>
    parameter(dist, name),
  );
  if (mean === undefined) return undefined;
  if (tril !== undefined) return ofTriangle(mean, tril);
  if (factor !== undefined && diagonal !== undefined) return ofFactor(mean, factor, diagonal);
  return scale === undefined ? undefined : ofScales(mean, scale);
};

/** ½ (tr Σ₂⁻¹Σ₁ + (m₁−m₂)ᵀ Σ₂⁻¹ (m₁−m₂) − D) + ½ log |Σ₂|/|Σ₁|, with tr Σ₂⁻¹Σ₁ as the squares of the columns of a root of Σ₁. */
const normalVectors: KlPair = (p, q) => {
  const [a, b] = [gaussianOf(p), gaussianOf(q)];
  if (a === undefined || b === undefined) return undefined;
  const d = p.shape[0];
  const gap = o.reshape(o.sub(a.mean, b.mean), [d, 1]);
  const squares = o.sub(o.add(b.squares(a.root), b.squares(gap)), d);
  return D.of(o.add(o.mul(0.5, squares), o.sub(b.halfLogDet, a.halfLogDet)));
};

/** ½ (‖L₂⁻¹L₁‖² + ‖L₂⁻¹(m₁−m₂)‖² − D) + log |L₂|/|L₁|. */
const multivariateNormals: KlPair = (p, q) => {
  const d = p.shape[0];
  const [l1, l2] = [p, q].map((dist) => parameter(dist, 'scaleTril'));
  const [m1, m2] = [p, q].map((dist) => parameter(dist, 'loc'));
  if (!l1 || !l2 || !m1 || !m2) return undefined;
  const gap = o.triangularSolve(l2, o.reshape(o.sub(m1, m2), [d, 1]));
  const mixed = o.triangularSolve(l2, o.triangle(l1, true));
  const squares = o.sub(o.add(o.sum(o.square(mixed)), o.sum(o.square(gap))), d);
  const logs = o.sum(o.log(o.div(o.diagonal(l2), o.diagonal(l1))));
  return D.of(o.add(o.mul(0.5, squares), logs));
};

const full = ['multivariateNormal', 'lowRankNormal'];
const byAxes = ['normal', 'standardNormal'];

/** Normal distributions of vectors: full, low-rank and by axes, each with each (by axes alone is a sum over coordinates: see `klPairs`). */
export const ellipticalPairs: KlTable = {
  ...Object.fromEntries(
    full.flatMap((a) =>
      [...full, ...byAxes].flatMap((b) => [
        [`${a}/${b}`, normalVectors],
        [`${b}/${a}`, normalVectors],
      ]),
    ),
  ),
  'multivariateNormal/multivariateNormal': multivariateNormals,
};
