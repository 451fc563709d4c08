import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { byHazard, type EveryFact, type Family, type ScalarDist, scalarFamily } from './scalar-dist.ts';

/** Parameters of {@link pareto}. */
export interface ParetoOptions {
  /** The tail's exponent α > 0: P(X > x) = (scale/x)^α. */
  readonly concentration: Argument;
  /** The least value, positive; default 1. */
  readonly scale?: Argument;
}

/** `value` where α > n, ∞ elsewhere; `value` sees an α above n everywhere. */
const above = (a: Expr, n: number, value: (a: Expr) => Expr): Expr => {
  const finite = o.greater(a, n);
  return o.where(finite, value(o.where(finite, a, n + 1)), Number.POSITIVE_INFINITY);
};

/**
 * The Pareto distribution on x ≥ scale, elementwise: log p(x) = Σ log(α/scale) − (α+1) log(x/scale) nats. The mean is ∞ for α ≤ 1 and the variance for
 * α ≤ 2. Throws `ArgumentError` where a constant parameter is not positive, `ShapeError` where one does not fit the shape. (Pareto 1896.)
 *
 * @example
 * pareto([2], { concentration: 3, scale: [1, 2] });
 */
export const pareto = <const S extends Shape>(shape: S, { concentration, scale = 1 }: ParetoOptions): Family<S> => {
  positive('pareto', 'concentration', concentration);
  positive('pareto', 'scale', scale);
  const a = fits('pareto', 'concentration', toExpr(concentration), shape);
  const s = fits('pareto', 'scale', toExpr(scale), shape);
  // log(x/scale), with its digits next to the least value.
  const logRatio = (x: Expr): Expr => o.log1p(o.div(o.sub(x, s), s));
  const dist: ScalarDist<EveryFact> = byHazard({
    support: typeof scale === 'number' ? { kind: 'above', low: scale } : { kind: 'positive' },
    on: (x) => o.greaterEqual(x, s),
    safe: s,
    cumulative: (x) => o.mul(a, logRatio(x)),
    logHazard: (x) => o.sub(o.log(o.div(a, s)), logRatio(x)),
    logHazardAt: (e) => o.sub(o.log(o.div(a, s)), o.div(e, a)),
    inverse: (e) => o.mul(s, o.exp(o.div(e, a))),
    facts: {
      mean: above(a, 1, (b) => o.div(o.mul(b, s), o.sub(b, 1))),
      variance: above(a, 2, (b) => o.div(o.mul(o.square(o.div(s, o.sub(b, 1))), b), o.sub(b, 2))),
      mode: s,
      entropy: o.add(o.log(o.div(s, a)), o.add(1, o.div(1, a))),
    },
  });
  return scalarFamily(shape, familyOf('pareto', shape, { concentration, scale }), dist);
};
