import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map, normal as normalNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, toSpec } from './argument.ts';
import { onSupport } from './on-support.ts';
import { type EveryFact, type Family, locationScale, type ScalarLaw, scalarFamily } from './scalar-law.ts';

/** |z| for a standard normal z: log p = log 2 − ½ z² − ½ log 2π nats on z ≥ 0. */
export const standardHalfNormal: ScalarLaw<EveryFact> = {
  support: { kind: 'nonNegative' },
  logDensity: (z) => onSupport(z, o.greaterEqual(z, 0), 1, (y) => o.add(Math.LN2, o.standardNormalLogDensity(y))),
  draw: (shape) => map(o.abs)(normalNoise(shape)),
  facts: {
    mean: Math.sqrt(2 / Math.PI),
    variance: 1 - 2 / Math.PI,
    mode: 0,
    entropy: 0.5 + 0.5 * Math.log(Math.PI / 2),
    cdf: (z: Expr) => o.erf(o.mul(Math.SQRT1_2, o.relu(z))),
    quantile: (u: Expr) => o.mul(Math.SQRT2, o.erfInverse(u)),
  },
};

/** Parameters of {@link halfNormal}. */
export interface HalfNormalOptions {
  /** Standard deviation of the normal law that is folded, positive; default 1. */
  readonly scale?: Argument;
}

/**
 * The law of |x| for x ~ N(0, scale²), elementwise: log p(x) = Σ log 2 + log N(xᵢ; 0, scaleᵢ²) nats on x ≥ 0.
 * Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where it does not fit the shape.
 *
 * @example
 * halfNormal([2], { scale: [1, 2] });
 */
export const halfNormal = <const S extends Shape>(shape: S, { scale = 1 }: HalfNormalOptions = {}): Family<S> =>
  scalarFamily(
    shape,
    { type: 'halfNormal', shape, scale: toSpec(scale) },
    locationScale('halfNormal', shape, { scale }, standardHalfNormal),
  );
