import { reals } from '../algebra/support.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { type EveryFact, type Family, inverseCdf, logOrNone, type ScalarDist, scalarFamily } from './scalar-dist.ts';

/** Bounds of {@link uniform}. */
export interface UniformOptions {
  readonly low?: Argument;
  readonly high?: Argument;
}

/**
 * The uniform distribution on the box ∏ [lowᵢ, highᵢ]: log p(x) = −Σ log (highᵢ − lowᵢ) nats inside, −∞ outside (with gradient 0, never NaN). Its mode is
 * any event of the box: here the centre. The support is an interval where the bounds are numbers, else said to be the reals.
 * Throws `ArgumentError` where constant bounds are out of order, `ShapeError` where a bound does not fit the shape.
 *
 * @example
 * uniform([2], { low: -1, high: 1 }).variance;
 */
export const uniform = <const S extends Shape>(shape: S, { low = 0, high = 1 }: UniformOptions = {}): Family<S> => {
  if (typeof low === 'number' && typeof high === 'number' && !(low < high))
    return raise('ArgumentError', 'uniform', 'the bounds are out of order', {
      expected: 'low < high',
      got: `${low}, ${high}`,
    });
  const a = fits('uniform', 'low', toExpr(low), shape);
  const b = fits('uniform', 'high', toExpr(high), shape);
  const width = o.sub(b, a);
  const inside = (x: Expr): Expr => o.and(o.lessEqual(a, x), o.lessEqual(x, b));
  const middle = o.mul(0.5, o.add(a, b));
  const dist: ScalarDist<EveryFact> = inverseCdf({
    support: typeof low === 'number' && typeof high === 'number' ? { kind: 'interval', low, high } : reals,
    logDensity: (x) => o.where(inside(x), o.neg(o.log(width)), Number.NEGATIVE_INFINITY),
    facts: {
      mean: middle,
      variance: o.div(o.square(width), 12),
      mode: middle,
      entropy: o.log(width),
      cdf: (x) => o.div(o.sub(o.max(a, o.min(x, b)), a), width),
      quantile: (u) => o.add(a, o.mul(width, u)),
      logCdf: (x) => logOrNone(o.div(o.sub(o.min(x, b), a), width)),
      logSurvival: (x) => logOrNone(o.div(o.sub(b, o.max(a, x)), width)),
      lowerQuantile: (l) => o.add(a, o.mul(width, o.exp(l))),
      upperQuantile: (l) => o.sub(b, o.mul(width, o.exp(l))),
    },
  });
  return scalarFamily(shape, familyOf('uniform', shape, { low, high }), dist);
};
