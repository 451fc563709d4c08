import { reals } from '../algebra/support.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { familyOf } from './family-of.ts';
import { type EveryFact, type Family, inverseCdf, type LocationScale, locationScale, type ScalarDist, scalarFamily } from './scalar-dist.ts'; // biome-ignore format: one line

/** log P(Z ≤ z): z − log 2 below 0. */
const logCdf = (z: Expr): Expr => {
  const low = o.less(z, 0);
  return o.where(low, o.sub(z, Math.LN2), o.log1p(o.mul(-0.5, o.exp(o.neg(o.where(low, 0, z))))));
};

/** The z with log P(Z ≤ z) = l. */
const lowerQuantile = (l: Expr): Expr => {
  const low = o.less(l, -Math.LN2);
  return o.where(low, o.add(l, Math.LN2), o.neg(o.add(Math.LN2, o.log1mExp(o.where(low, -0.5, l)))));
};

/** The standard Laplace distribution: log p(z) = −|z| − log 2 nats. */
export const standardLaplace: ScalarDist<EveryFact> = inverseCdf({
  support: reals,
  logDensity: (z) => o.sub(-Math.LN2, o.abs(z)),
  facts: {
    mean: 0,
    variance: 2,
    mode: 0,
    entropy: 1 + Math.LN2,
    cdf: (z: Expr) => {
      const tail = o.mul(0.5, o.exp(o.neg(o.abs(z))));
      return o.where(o.less(z, 0), tail, o.sub(1, tail));
    },
    // Each tail from its own end: 1 − u is exact where u is above ½.
    quantile: (u: Expr) => {
      const size = o.neg(o.log(o.mul(2, o.min(u, o.sub(1, u)))));
      return o.where(o.less(u, 0.5), o.neg(size), size);
    },
    logCdf,
    logSurvival: (z: Expr) => logCdf(o.neg(z)),
    lowerQuantile,
    upperQuantile: (l: Expr) => o.neg(lowerQuantile(l)),
  },
});

/**
 * The Laplace distribution, elementwise: log p(x) = Σ −|xᵢ − locᵢ|/scaleᵢ − log 2 scaleᵢ nats; variance 2 scale².
 * Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where a parameter does not fit the shape.
 * (Laplace 1774.)
 *
 * @example
 * laplace([2], { loc: [0, 1], scale: 0.5 });
 */
export const laplace = <const S extends Shape>(shape: S, { loc = 0, scale = 1 }: LocationScale = {}): Family<S> =>
  scalarFamily(
    shape,
    familyOf('laplace', shape, { loc, scale }),
    locationScale('laplace', shape, { loc, scale }, standardLaplace),
  );
