import { reals } from '../algebra/support.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { familyOf } from './family-of.ts';
import { type Family, inverseCdf, type LocationScale, locationScale, type ScalarDist, type ScalarFact, scalarFamily } from './scalar-dist.ts'; // biome-ignore format: one line

/** log(1 + z²), without the square where it would overflow. */
const logOnePlusSquare = (z: Expr): Expr => {
  const a = o.abs(z);
  const far = o.greater(a, 1);
  const f = o.where(far, a, 1);
  const n = o.where(far, 0, z);
  const r = o.div(1, f);
  return o.where(far, o.add(o.mul(2, o.log(f)), o.log1p(o.square(r))), o.log1p(o.square(n)));
};

/** P(Z ≤ z): ½ + atan(z)/π, which cancels in the left tail; there it is atan(−1/z)/π. */
const cdf = (z: Expr): Expr => {
  const left = o.less(z, -1);
  const tail = o.atan(o.div(-1, o.where(left, z, -1)));
  return o.where(left, o.mul(1 / Math.PI, tail), o.add(0.5, o.mul(1 / Math.PI, o.atan(o.where(left, 0, z)))));
};

/** tan π(u − ½), from the nearer of the middle and the end. */
const quantile = (u: Expr): Expr => {
  const q = o.sub(u, 0.5);
  const middle = o.less(o.abs(q), 0.25);
  const c = o.mul(Math.PI, o.where(middle, q, 0));
  const t = o.mul(Math.PI, o.where(middle, 0.25, o.min(u, o.sub(1, u))));
  return o.where(middle, o.div(o.sin(c), o.cos(c)), o.mul(o.sign(q), o.div(o.cos(t), o.sin(t))));
};

/** log P(Z ≤ z), from the nearer tail. */
const logCdf = (z: Expr): Expr => {
  const low = o.less(z, 0);
  return o.where(low, o.log(cdf(o.where(low, z, -1))), o.log1p(o.neg(cdf(o.neg(o.where(low, 0, z))))));
};

/** The z with log P(Z ≤ z) = l, from the nearer tail. */
const lowerQuantile = (l: Expr): Expr => {
  const low = o.less(l, -Math.LN2);
  const tail = quantile(o.where(low, o.exp(o.where(low, l, -1)), o.neg(o.expm1(o.where(low, -0.5, l)))));
  return o.where(low, tail, o.neg(tail));
};

/** The standard Cauchy distribution: log p(z) = −log π − log(1 + z²) nats. */
export const standardCauchy: ScalarDist<Exclude<ScalarFact, 'mean' | 'variance'>> = inverseCdf({
  support: reals,
  logDensity: (z) => o.sub(-Math.log(Math.PI), logOnePlusSquare(z)),
  facts: {
    mode: 0,
    entropy: Math.log(4 * Math.PI),
    cdf,
    quantile,
    logCdf,
    logSurvival: (z: Expr) => logCdf(o.neg(z)),
    lowerQuantile,
    upperQuantile: (l: Expr) => o.neg(lowerQuantile(l)),
  },
});

/**
 * The Cauchy distribution, elementwise: log p(x) = Σ −log(π scaleᵢ) − log(1 + zᵢ²) nats, z = (x − loc)/scale. It has no mean and no variance, so none
 * can be asked for: `cauchy([1]).mean` does not compile.
 * Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where a parameter does not fit the shape.
 *
 * @example
 * cauchy([1], { loc: 2 }).entropy;   // log 4π
 */
export const cauchy = <const S extends Shape>(
  shape: S,
  { loc = 0, scale = 1 }: LocationScale = {},
): Family<S, Exclude<ScalarFact, 'mean' | 'variance'>> =>
  scalarFamily(
    shape,
    familyOf('cauchy', shape, { loc, scale }),
    locationScale('cauchy', shape, { loc, scale }, standardCauchy),
  );
