import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map, normal as normalNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import type { Argument } from './argument.ts';
import { familyOf } from './family-of.ts';
import { onSupport } from './on-support.ts';
import { type EveryFact, type Family, locationScale, logOrNone, type ScalarDist, scalarFamily } from './scalar-dist.ts';

const quantile = (u: Expr): Expr => o.mul(Math.SQRT2, o.erfInverse(u));

/** log 2 Φ(−z) for z ≥ 0. */
const logSurvival = (z: Expr): Expr => o.add(Math.LN2, o.normalLogCdf(o.neg(o.relu(z))));

/** Where the chance above is eˡ, for l away from 0. */
const upper = (l: Expr): Expr => o.neg(o.normalQuantileOfLog(o.sub(l, Math.LN2)));

/** `small` of logarithms below log ½, `large` of those above. */
const fromEnd = (l: Expr, small: (l: Expr) => Expr, large: (l: Expr) => Expr): Expr => {
  const low = o.less(l, -Math.LN2);
  return o.where(low, small(o.where(low, l, -1)), large(o.where(low, -0.5, l)));
};

/** |z| for a standard normal z: log p = log 2 − ½ z² − ½ log 2π nats on z ≥ 0. */
export const standardHalfNormal: ScalarDist<EveryFact> = {
  support: { kind: 'nonNegative' },
  logDensity: (z) => onSupport(z, o.greaterEqual(z, 0), 1, (y) => o.add(Math.LN2, o.standardNormalLogDensity(y))),
  draw: (shape) => map(o.abs)(normalNoise(shape)),
  facts: {
    mean: Math.sqrt(2 / Math.PI),
    variance: 1 - 2 / Math.PI,
    mode: 0,
    entropy: 0.5 + 0.5 * Math.log(Math.PI / 2),
    cdf: (z: Expr) => o.erf(o.mul(Math.SQRT1_2, o.relu(z))),
    quantile,
    logCdf: (z: Expr) => {
      const far = o.less(1, z);
      const near = logOrNone(o.erf(o.mul(Math.SQRT1_2, o.relu(o.where(far, 1, z)))));
      return o.where(far, o.log1mExp(logSurvival(o.where(far, z, 1))), near);
    },
    logSurvival,
    lowerQuantile: (l: Expr) => fromEnd(l, (u) => quantile(o.exp(u)), (u) => upper(o.log1mExp(u))), // biome-ignore format: one line
    upperQuantile: (l: Expr) => fromEnd(l, upper, (u) => quantile(o.neg(o.expm1(u)))),
  },
};

/** Parameters of {@link halfNormal}. */
export interface HalfNormalOptions {
  /** Standard deviation of the normal distribution that is folded, positive; default 1. */
  readonly scale?: Argument;
}

/**
 * The distribution of |x| for x ~ N(0, scale²), elementwise: log p(x) = Σ log 2 + log N(xᵢ; 0, scaleᵢ²) nats on x ≥ 0.
 * Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where it does not fit the shape.
 *
 * @example
 * halfNormal([2], { scale: [1, 2] });
 */
export const halfNormal = <const S extends Shape>(shape: S, { scale = 1 }: HalfNormalOptions = {}): Family<S> =>
  scalarFamily(
    shape,
    familyOf('halfNormal', shape, { scale }),
    locationScale('halfNormal', shape, { scale }, standardHalfNormal),
  );
