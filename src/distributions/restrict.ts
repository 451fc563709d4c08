import { having } from '../algebra/capability.ts';
import { demand } from '../algebra/demand.ts';
import { type AnyDist, type Dist, distribution } from '../algebra/dist.ts';
import type { Unnormalised } from '../algebra/evidence.ts';
import { withFacts } from '../algebra/facts.ts';
import { type Support, showSupport } from '../algebra/support.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { isInteger } from './counts.ts';
import { countable, digitsOf, type Enumerable, type Enumeration, enumerating } from './energy-enumerated.ts';

/** Sets of events, coordinate by coordinate: an interval or integers `low … high`. */
export type Box =
  | Extract<Support, { readonly kind: 'interval' }>
  | { readonly kind: 'integers'; readonly low: number; readonly high: number };

const inside = (x: Expr, on: Box): Expr =>
  on.kind === 'integers' ? isInteger(x, on.low, on.high) : o.and(o.greaterEqual(x, on.low), o.lessEqual(x, on.high));

/** All of some conditions. */
const every = (conditions: Expr): Expr => o.equal(o.sum(o.cast(o.not(conditions), 'real')), 0);

/**
 * A distribution on a box alone: log f(x) where every coordinate is in the interval (or among the integers) given, −∞ elsewhere, known up to a constant. On an
 * interval any energy becomes integrable; on integers it becomes a discrete distribution, whose log Z `logPartition` sums where it has no more than 2²⁰
 * states, and which kernels that follow gradients are refused. It stands where the distribution stands. Throws `ArgumentError` where
 * low < high does not hold, or the ends of the integers are not integers.
 *
 * @example
 * const boxed = restrict({ kind: 'interval', low: -4, high: 4 })(energy([2]));
 * const spins = enumerated(restrict({ kind: 'integers', low: 0, high: 1 })(energy([8])));   // 256 states: exact
 */
export const restrict =
  <B extends Box>(on: B) =>
  <S extends Shape>(dist: Dist<S, Unnormalised>): Dist<S, Unnormalised> & { readonly support: B } & Enumerable => {
    const { low, high } = on;
    if (
      !(low < high && Number.isFinite(high - low)) ||
      (on.kind === 'integers' && !(Number.isInteger(low) && Number.isInteger(high)))
    )
      return raise(
        'ArgumentError',
        'restrict',
        'a box has two finite ends in order (integers have integers for ends)',
        {
          expected: 'low < high',
          got: showSupport(on),
        },
      );
    const plain = demand<S>('restrict', dist, 'unnormalisedLogDensity');
    const boxed = distribution<S, Unnormalised>({
      shape: plain.shape,
      spec: { type: 'restrict', on: { ...on }, dist: plain.spec },
      evidence: 'unnormalised',
      logDensity: (x) => {
        const within = inside(x, on);
        return D.map((l: Expr) => o.where(every(within), l, Number.NEGATIVE_INFINITY))(
          plain.logDensity(o.where(within, x, low)),
        );
      },
    });
    return withFacts(having(enumerating, () => lattice(plain, on))(boxed), { support: on });
  };

const lattice = (dist: AnyDist, on: Box): Enumeration => {
  if (on.kind !== 'integers')
    return raise('ArgumentError', 'restrict', 'an interval has no states to sum over', { got: showSupport(on) });
  const n = sizeOf(dist.shape);
  const levels = on.high - on.low + 1;
  const event = (k: Expr): Expr => o.reshape(o.add(on.low, digitsOf(k, levels, n)), dist.shape);
  return {
    states: countable('restrict', levels ** n, `${n} coordinates of ${levels} levels`),
    logWeight: (k) => dist.logDensity(event(k)),
    given: (k) => D.of(event(k)),
  };
};
