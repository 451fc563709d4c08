import { reals } from '../algebra/support.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { onSupport } from './on-support.ts';
import { type EveryFact, type Family, inverseCdf, logOrNone, type ScalarDist, scalarFamily } from './scalar-dist.ts';

/** Parameters of {@link triangular}: low ≤ mode ≤ high, low < high. */
export interface TriangularOptions {
  /** Default 0. */
  readonly low?: Argument;
  readonly mode: Argument;
  /** Default 1. */
  readonly high?: Argument;
}

/** √x for x ≥ 0, with gradient 0 at 0. */
const root = (x: Expr): Expr => {
  const some = o.greater(x, 0);
  return o.where(some, o.sqrt(o.where(some, x, 1)), 0);
};

/**
 * The triangular distribution, whose density rises linearly from `low` to `mode` and falls to `high`, elementwise: with w = high − low,
 * log p(x) = Σ log 2/w + log min((x − low)/(mode − low), (high − x)/(high − mode)) nats, −∞ outside and at an end that is not the mode.
 * Throws `ArgumentError` where numbers are out of order, `ShapeError` where a parameter does not fit the shape.
 *
 * @example
 * triangular([2], { low: -1, mode: 0, high: 3 });
 */
export const triangular = <const S extends Shape>(
  shape: S,
  { low = 0, mode, high = 1 }: TriangularOptions,
): Family<S> => {
  if (typeof low === 'number' && typeof high === 'number' && !(low < high))
    return raise('ArgumentError', 'triangular', 'the bounds are out of order', {
      expected: 'low < high',
      got: `${low}, ${high}`,
    });
  const modes = typeof mode === 'number' ? [mode] : Array.isArray(mode) ? (mode as readonly number[]) : [];
  const off = modes.find((m) => (typeof low === 'number' && !(m >= low)) || (typeof high === 'number' && !(m <= high)));
  if (off !== undefined)
    return raise('ArgumentError', 'triangular', 'the mode is outside the bounds', {
      expected: 'low ≤ mode ≤ high',
      got: `${off}`,
    });
  const a = fits('triangular', 'low', toExpr(low), shape);
  const c = fits('triangular', 'mode', toExpr(mode), shape);
  const b = fits('triangular', 'high', toExpr(high), shape);
  const [w, l, r] = [o.sub(b, a), o.sub(c, a), o.sub(b, c)];
  /** Whether x is on the rising side (which may be empty). */
  const rising = (x: Expr): Expr => o.less(x, c);
  /** A length where it is positive, 1 where it is not. */
  const some = (x: Expr): Expr => o.where(o.greater(x, 0), x, 1);
  const height = (x: Expr): Expr =>
    o.where(rising(x), o.div(o.sub(x, a), some(l)), o.where(o.equal(x, c), 1, o.div(o.sub(b, x), some(r))));
  /** Where a chance lies below on the rising side, and above on the falling one; and the logarithms of those chances. */
  const left = (u: Expr): Expr => o.add(a, root(o.mul(u, o.mul(w, l))));
  const right = (u: Expr): Expr => o.sub(b, root(o.mul(u, o.mul(w, r))));
  const logSquare = (d: Expr, side: Expr): Expr => o.sub(o.mul(2, logOrNone(d)), o.log(o.mul(w, some(side))));
  const logLeft = (x: Expr): Expr => logSquare(o.sub(x, a), l);
  const logRight = (x: Expr): Expr => logSquare(o.sub(b, x), r);
  const dist: ScalarDist<EveryFact> = inverseCdf({
    support: typeof low === 'number' && typeof high === 'number' ? { kind: 'interval', low, high } : reals,
    logDensity: (x) => {
      const inside = o.and(o.lessEqual(a, x), o.lessEqual(x, b));
      const h = height(o.where(inside, x, c));
      return onSupport(h, o.and(inside, o.greater(h, 0)), 1, (y) => o.sub(o.log(y), o.log(o.mul(0.5, w))));
    },
    facts: {
      mean: o.div(o.add(a, o.add(b, c)), 3),
      variance: o.div(o.add(o.square(l), o.add(o.mul(l, r), o.square(r))), 18),
      mode: c,
      entropy: o.add(0.5, o.log(o.mul(0.5, w))),
      cdf: (x) => {
        const y = o.max(a, o.min(x, b));
        const up = o.div(o.square(o.sub(y, a)), o.mul(w, some(l)));
        return o.where(rising(y), up, o.sub(1, o.div(o.square(o.sub(b, y)), o.mul(w, some(r)))));
      },
      quantile: (u) =>
        o.where(
          o.less(u, o.div(l, w)),
          o.add(a, root(o.mul(u, o.mul(w, l)))),
          o.sub(b, root(o.mul(o.sub(1, u), o.mul(w, r)))),
        ),
      logCdf: (x) => o.where(rising(x), logLeft(x), o.log1p(o.neg(o.exp(logRight(o.where(rising(x), b, x)))))),
      logSurvival: (x) => o.where(rising(x), o.log1p(o.neg(o.exp(logLeft(o.where(rising(x), x, a))))), logRight(x)),
      lowerQuantile: (v) => o.where(o.less(v, o.log(o.div(l, w))), left(o.exp(v)), right(o.neg(o.expm1(v)))),
      upperQuantile: (v) => o.where(o.less(v, o.log(o.div(r, w))), right(o.exp(v)), left(o.neg(o.expm1(v)))),
    },
  });
  return scalarFamily(shape, familyOf('triangular', shape, { low, mode, high }), dist);
};
