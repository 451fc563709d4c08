import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import type { Spec } from '../algebra/spec.ts';
import { reals } from '../algebra/support.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { evaluateProgram } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { program } from '../core/program.ts';
import { map } from '../core/random.ts';
import { sizeOf } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr, toSpec } from './argument.ts';
import { lowRankScatter, type Scatter, trilScatter } from './elliptical.ts';
import { isRows, type Matrix, matrixOf, matrixSpec, shaped } from './matrix-argument.ts';
import { type NormalOptions, normal } from './normal.ts';
import type { Family } from './scalar-dist.ts';

/** A normal distribution of vectors, with what is known of it in closed form. */
export type VectorNormal = Dist<readonly [number], Exact & Samples> &
  Facts<'support' | 'mean' | 'variance' | 'covariance' | 'mode' | 'entropy'>;

const LOG_TWO_PI = Math.log(2 * Math.PI);

const vectorNormal = (
  spec: Spec,
  loc: Argument,
  scatter: Scatter,
  scale: { readonly [name: string]: Expr },
): VectorNormal => {
  const owner = spec.type;
  const { size } = scatter;
  const m = fits(owner, 'loc', toExpr(loc), [size]);
  const peak = o.neg(o.add(scatter.halfLogDet, 0.5 * size * LOG_TWO_PI));
  const dist = distribution<readonly [number], Exact & Samples>({
    shape: [size],
    spec,
    family: { name: owner, parameters: { loc: m, ...scale } },
    evidence: 'exact',
    logDensity: (x) => D.of(o.add(o.mul(-0.5, scatter.squaredLength(o.sub(x, m))), peak)),
    sample: D.fromRandom(map((e: typeof m) => o.add(m, e))(scatter.spread)),
  });
  return withFacts(dist, {
    support: reals,
    mean: m,
    variance: scatter.variance,
    covariance: scatter.matrix,
    mode: m,
    entropy: o.sub(0.5 * size, peak),
  });
};

/** Parameters of {@link multivariateNormal}: where it is, and one of two ways to say how it spreads. */
export type MultivariateNormalOptions = {
  /** `[D]`; default 0. */
  readonly loc?: Argument;
} & (
  | {
      /** L `[D, D]`, lower triangular with a positive diagonal: rows of numbers, or an expression (whose upper triangle is not read). */
      readonly scaleTril: Matrix;
      readonly covariance?: undefined;
    }
  | {
      /** L Lᵀ `[D, D]`, symmetric and positive definite: rows of numbers, or an expression (whose upper triangle is not read). L is its Cholesky factor, in O(D³). */
      readonly covariance: Matrix;
      readonly scaleTril?: undefined;
    }
);

/** Throws `ArgumentError` where rows of numbers are not symmetric (to nine digits) and positive definite. */
const covariant = (rows: Matrix): void => {
  if (!isRows(rows)) return;
  rows.forEach((row, i) =>
    row.forEach((v, j) => {
      if (!(Math.abs(v - rows[j][i]) <= 1e-9 * Math.sqrt(Math.abs(row[i] * rows[j][j]))))
        raise('ArgumentError', 'multivariateNormal', 'covariance is not symmetric', {
          expected: `${rows[j][i]} in row ${i}, column ${j}`,
          got: `${v}`,
        });
    }),
  );
  const [{ data }] = evaluateProgram(program([o.diagonal(o.cholesky(matrixOf('multivariateNormal', 'covariance', rows)))], 'float64'), {}); // biome-ignore format: one idea
  const bad = Array.from(data).findIndex((v) => !(v > 0));
  if (bad >= 0)
    raise('ArgumentError', 'multivariateNormal', 'covariance is not positive definite', {
      expected: 'a variance above 0 of each coordinate given the ones before it',
      got: `none of coordinate ${bad}`,
    });
};

/**
 * The normal distribution N(loc, L Lᵀ) of vectors `[D]`: log p(x) = −½ ‖L⁻¹(x − loc)‖² − Σ log Lᵢᵢ − ½ D log 2π nats, by a triangular solve in O(D²).
 * Throws `ArgumentError` where rows of numbers are not lower triangular with a positive diagonal (a covariance: not symmetric and positive definite),
 * `ShapeError` where shapes do not fit.
 *
 * @example
 * multivariateNormal({ loc: [1, 2], scaleTril: [[1, 0], [0.5, 2]] }).covariance;
 * multivariateNormal({ loc: [1, 2], covariance: [[1, 0.5], [0.5, 4.25]] }).entropy;
 */
export const multivariateNormal = ({ loc = 0, scaleTril, covariance }: MultivariateNormalOptions): VectorNormal => {
  const owner = 'multivariateNormal';
  if ((scaleTril === undefined) === (covariance === undefined))
    return raise('ArgumentError', owner, 'how it spreads is said in one way', {
      expected: 'scaleTril or covariance',
      got: scaleTril === undefined ? 'neither' : 'both',
    });
  if (covariance !== undefined) {
    const full = matrixOf(owner, 'covariance', covariance);
    shaped(owner, 'covariance', full, [full.shape[0], full.shape[0]]);
    covariant(covariance);
    const l = o.cholesky(full);
    const spec = { type: owner, loc: toSpec(loc), covariance: matrixSpec(covariance) };
    return vectorNormal(spec, loc, trilScatter(owner, l), { scaleTril: l });
  }
  const given = scaleTril as Matrix;
  return vectorNormal(
    { type: 'multivariateNormal', loc: toSpec(loc), scaleTril: matrixSpec(given) },
    loc,
    trilScatter(owner, given),
    { scaleTril: matrixOf(owner, 'scaleTril', given) },
  );
};

/** Parameters of {@link lowRankNormal}. */
export interface LowRankNormalOptions {
  /** `[D]`; default 0. */
  readonly loc?: Argument;
  /** F `[D, r]`, meant for r ≤ 32. */
  readonly factor: Matrix;
  /** d `[D]`, positive: variances (not deviations) of the part of each coordinate that is its own. */
  readonly diagonal: Argument;
}

/**
 * The normal distribution N(loc, F Fᵀ + diag d) of vectors `[D]`, of factor analysis: density by Woodbury's identity and the determinant lemma in
 * O(D r² + r³); no D×D matrix is made unless `covariance` is asked for.
 * Throws `ArgumentError` where a constant of the diagonal is not positive, `ShapeError` where shapes do not fit.
 *
 * @example
 * lowRankNormal({ factor: [[1], [2], [0.5]], diagonal: [0.1, 0.2, 0.3] }).entropy;
 */
export const lowRankNormal = ({ loc = 0, factor, diagonal }: LowRankNormalOptions): VectorNormal => {
  positive('lowRankNormal', 'diagonal', diagonal);
  const f = matrixOf('lowRankNormal', 'factor', factor);
  const d = fits('lowRankNormal', 'diagonal', toExpr(diagonal), [f.shape[0]]);
  return vectorNormal(
    { type: 'lowRankNormal', loc: toSpec(loc), factor: matrixSpec(factor), diagonal: toSpec(diagonal) },
    loc,
    lowRankScatter(f, d),
    { factor: f, diagonal: d },
  );
};

/**
 * The normal distribution N(loc, diag scale²) of vectors `[D]`, D being the length of `loc` or `scale`: {@link normal} with its covariance matrix beside it.
 * Throws `ShapeError` where neither is a vector, and what {@link normal} throws.
 *
 * @example
 * diagonalNormal({ loc: [0, 1], scale: 0.5 }).covariance;
 */
export const diagonalNormal = ({
  loc = 0,
  scale = 1,
}: NormalOptions): Family<readonly [number]> & Facts<'covariance'> => {
  const size = Math.max(...[loc, scale].map((a) => (toExpr(a).shape.length === 1 ? sizeOf(toExpr(a).shape) : 0)));
  if (size === 0)
    return raise('ShapeError', 'diagonalNormal', 'loc and scale do not say the dimension', {
      expected: 'a vector',
      got: 'two numbers',
    });
  const dist = normal<readonly [number]>([size], { loc, scale });
  return withFacts(dist, { covariance: o.mul(o.eye(size), o.reshape(dist.variance, [size, 1])) });
};
