import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { byHazard, type Chances, type Family, type ScalarDist, scalarFamily } from './scalar-dist.ts';

/** Parameters of {@link gompertz}. */
export interface GompertzOptions {
  /** η > 0. */
  readonly concentration: Argument;
  /** b > 0: the hazard grows by e in 1/b; default 1. */
  readonly rate?: Argument;
}

/**
 * Gompertz's distribution of mortality on x ≥ 0, whose hazard is η b e^{bx}: log p(x) = Σ log(η b) + b x − η expm1(b x) nats, elementwise. Its mean,
 * variance and entropy need the exponential integral and are not among its facts.
 * Throws `ArgumentError` where a constant parameter is not positive, `ShapeError` where one does not fit the shape. (Gompertz 1825.)
 *
 * @example
 * gompertz([2], { concentration: 0.1, rate: 2 });
 */
export const gompertz = <const S extends Shape>(
  shape: S,
  { concentration, rate = 1 }: GompertzOptions,
): Family<S, 'mode' | Chances> => {
  positive('gompertz', 'concentration', concentration);
  positive('gompertz', 'rate', rate);
  const c = fits('gompertz', 'concentration', toExpr(concentration), shape);
  const b = fits('gompertz', 'rate', toExpr(rate), shape);
  const humped = o.less(c, 1);
  const dist: ScalarDist<'mode' | Chances> = byHazard({
    support: { kind: 'nonNegative' },
    on: (x) => o.greaterEqual(x, 0),
    safe: 0,
    cumulative: (x) => o.mul(c, o.expm1(o.mul(b, x))),
    logHazard: (x) => o.add(o.log(o.mul(c, b)), o.mul(b, x)),
    logHazardAt: (e) => o.add(o.log(o.mul(c, b)), o.log1p(o.div(e, c))),
    inverse: (e) => o.div(o.log1p(o.div(e, c)), b),
    facts: { mode: o.where(humped, o.neg(o.div(o.log(o.where(humped, c, 1)), b)), 0) },
  });
  return scalarFamily(shape, familyOf('gompertz', shape, { concentration, rate }), dist);
};
