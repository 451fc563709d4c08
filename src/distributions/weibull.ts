import { positives } from '../algebra/support.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { byHazard, type EveryFact, edgePower, type Family, type ScalarDist, scalarFamily } from './scalar-dist.ts';

/** The Euler–Mascheroni constant γ. */
const EULER = 0.577215664901532861;

/** Parameters of {@link weibull}. */
export interface WeibullOptions {
  /** The shape k > 0: below 1 the density has a pole at 0, at 1 the distribution is exponential, at 2 Rayleigh's. */
  readonly concentration: Argument;
  /** λ > 0; default 1. */
  readonly scale?: Argument;
}

/** The Weibull distribution of shape k and scale λ, each of the event's shape. */
export const weibullScalar = (k: Expr, scale: Expr): ScalarDist<EveryFact> => {
  const r = o.div(1, k);
  const logGamma = (n: number): Expr => o.lgamma(o.add(1, o.mul(n, r)));
  const mean = o.mul(scale, o.exp(logGamma(1)));
  const humped = o.greater(k, 1);
  return byHazard({
    support: positives,
    on: (x) => o.greaterEqual(x, 0),
    safe: scale,
    cumulative: (x) => {
      const inside = o.greater(x, 0);
      return o.where(inside, o.exp(o.mul(k, o.log(o.where(inside, o.div(x, scale), 1)))), 0);
    },
    logHazard: (x) => o.add(o.log(o.div(k, scale)), edgePower(o.sub(k, 1), o.div(x, scale))),
    logHazardAt: (e) => o.add(o.log(o.div(k, scale)), o.mul(o.sub(1, r), o.log(e))),
    inverse: (e) => o.mul(scale, o.exp(o.mul(r, o.log(e)))),
    facts: {
      mean,
      // Γ(1 + 2/k) − Γ(1 + 1/k)², as a multiple of the square.
      variance: o.mul(o.square(mean), o.expm1(o.lgammaCurvature(o.add(1, r), r))),
      mode: o.where(humped, o.mul(scale, o.exp(o.mul(r, o.log1p(o.neg(o.where(humped, r, 0.5)))))), 0),
      entropy: o.add(o.add(o.mul(EULER, o.sub(1, r)), 1), o.log(o.mul(scale, r))),
    },
  });
};

/**
 * The Weibull distribution on x > 0, elementwise: log p(x) = Σ log(k/λ) + (k−1) log(x/λ) − (x/λ)ᵏ nats. At x = 0 the density is its limit where that is
 * finite; for k < 1, where it has a pole there, 0 is off the support.
 * Throws `ArgumentError` where a constant parameter is not positive, `ShapeError` where one does not fit the shape. (Weibull 1951.)
 *
 * @example
 * weibull([2], { concentration: 1.5, scale: [1, 2] });
 */
export const weibull = <const S extends Shape>(shape: S, { concentration, scale = 1 }: WeibullOptions): Family<S> => {
  positive('weibull', 'concentration', concentration);
  positive('weibull', 'scale', scale);
  const k = fits('weibull', 'concentration', toExpr(concentration), shape);
  const s = fits('weibull', 'scale', toExpr(scale), shape);
  return scalarFamily(shape, familyOf('weibull', shape, { concentration, scale }), weibullScalar(k, s));
};
