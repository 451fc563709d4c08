import { reals } from '../algebra/support.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { normal as normalNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { familyOf } from './family-of.ts';
import { type EveryFact, type Family, type LocationScale, locationScale, type ScalarDist, scalarFamily } from './scalar-dist.ts'; // biome-ignore format: one line

/** N(0, 1): log p(z) = −½ z² − ½ log 2π nats. */
export const standardNormalScalar: ScalarDist<EveryFact> = {
  support: reals,
  logDensity: o.standardNormalLogDensity,
  draw: normalNoise,
  facts: {
    mean: 0,
    variance: 1,
    mode: 0,
    entropy: 0.5 + 0.5 * Math.log(2 * Math.PI),
    cdf: o.normalCdf,
    quantile: o.normalQuantile,
    logCdf: o.normalLogCdf,
    logSurvival: (z: Expr) => o.normalLogCdf(o.neg(z)),
    lowerQuantile: o.normalQuantileOfLog,
    upperQuantile: (l: Expr) => o.neg(o.normalQuantileOfLog(l)),
  },
};

/**
 * The standard normal distribution N(0, I) over events of a shape: log p(x) = −½ ‖x‖² − ½ D log 2π nats.
 *
 * @example
 * const base = standardNormal([2]);   // Dist<readonly [2], Exact & Samples> with every fact
 */
export const standardNormal = <const S extends Shape>(shape: S): Family<S> =>
  scalarFamily(shape, familyOf('standardNormal', shape, {}), standardNormalScalar);

/** Parameters of {@link normal}; `scale` are standard deviations, positive. */
export interface NormalOptions extends LocationScale {}

/**
 * The normal distribution with independent coordinates, N(loc, diag scale²): log p(x) = Σ −½ ((xᵢ − locᵢ)/scaleᵢ)² − log scaleᵢ − ½ log 2π nats.
 * Parameters may be expressions, so that conditioning is application: `(c) => normal([2], { loc: f(c) })`.
 * Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where a parameter does not fit the shape.
 *
 * @example
 * normal([2], { loc: [1, -2], scale: 0.5 }).cdf;
 */
export const normal = <const S extends Shape>(shape: S, { loc = 0, scale = 1 }: NormalOptions = {}): Family<S> =>
  scalarFamily(
    shape,
    familyOf('normal', shape, { loc, scale }),
    locationScale('normal', shape, { loc, scale }, standardNormalScalar),
  );
