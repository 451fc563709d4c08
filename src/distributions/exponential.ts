import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { byHazard, type EveryFact, type Family, type ScalarDist, scalarFamily } from './scalar-dist.ts';

/** Parameters of {@link exponential}. */
export interface ExponentialOptions {
  /** Events per unit of x, positive; default 1. */
  readonly rate?: Argument;
}

/**
 * The exponential distribution on x ≥ 0, elementwise: log p(x) = Σ log rateᵢ − rateᵢ xᵢ nats; mean 1/rate, P(X ≤ x) = −expm1(−rate x).
 * Throws `ArgumentError` where a constant rate is not positive, `ShapeError` where it does not fit the shape.
 *
 * @example
 * exponential([2], { rate: [1, 0.5] });
 */
export const exponential = <const S extends Shape>(shape: S, { rate = 1 }: ExponentialOptions = {}): Family<S> => {
  positive('exponential', 'rate', rate);
  const r = fits('exponential', 'rate', toExpr(rate), shape);
  const dist: ScalarDist<EveryFact> = byHazard({
    support: { kind: 'nonNegative' },
    on: (x: Expr) => o.greaterEqual(x, 0),
    safe: 1,
    cumulative: (x) => o.mul(r, x),
    logHazard: () => o.log(r),
    logHazardAt: () => o.log(r),
    inverse: (e) => o.div(e, r),
    facts: { mean: o.div(1, r), variance: o.div(1, o.square(r)), mode: 0, entropy: o.sub(1, o.log(r)) },
  });
  return scalarFamily(shape, familyOf('exponential', shape, { rate }), dist);
};
