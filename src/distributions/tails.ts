/** Both tails of a distribution in logarithms, and the chance of a window from the side where it keeps its digits. */
import type { AllFacts, Facts, TailFact } from '../algebra/facts.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { log1mExpOrNone, logOrNone } from './scalar-dist.ts';

/** The distribution's own tails, or what its cdf and quantile say of them: as far as those keep their digits. */
export const tailsOf = (dist: Facts<'cdf' | 'quantile'> & Partial<AllFacts>): Facts<TailFact> => ({
  logCdf: dist.logCdf ?? ((x) => logOrNone(dist.cdf(x))),
  logSurvival: dist.logSurvival ?? ((x) => logOrNone(o.sub(1, dist.cdf(x)))),
  lowerQuantile: dist.lowerQuantile ?? ((l) => dist.quantile(o.exp(o.array(l)))),
  upperQuantile: dist.upperQuantile ?? ((l) => dist.quantile(o.neg(o.expm1(o.array(l))))),
});

/** A window seen from the nearer tail: the upper one where less lies above `low` than below `high`. */
export interface Window {
  readonly upper: Expr;
  /** log of the chance beyond the window's inner end (nearer the middle of the distribution), counted from the tail. */
  readonly whole: Expr;
  /** log of what lies beyond its outer end, as a part of `whole`: −∞ where nothing does. */
  readonly rest: Expr;
  /** log P(low < X ≤ high) in nats. */
  readonly mass: Expr;
}

/** The window (low, high] of a distribution; an end that is left out does not cut. Chances are subtracted in that tail alone: log(S(low) − S(high)) or log(F(high) − F(low)). */
export const windowOf = (tails: Facts<TailFact>, low: Expr | undefined, high: Expr | undefined): Window => {
  const none = o.scalar(Number.NEGATIVE_INFINITY);
  const all = o.scalar(0);
  const [above, below] = [low ? tails.logSurvival(low) : all, high ? tails.logCdf(high) : all];
  const upper = o.lessEqual(above, below);
  const whole = o.where(upper, above, below);
  const beyond = o.where(upper, high ? tails.logSurvival(high) : none, low ? tails.logCdf(low) : none);
  const some = o.less(Number.NEGATIVE_INFINITY, whole);
  const rest = o.where(some, o.sub(beyond, o.where(some, whole, 0)), 0);
  return { upper, whole, rest, mass: o.add(whole, log1mExpOrNone(rest)) };
};

/** log(eᵃ + eᵇ), −∞ where both are. */
const logAdd = (a: Expr, b: Expr): Expr => {
  const top = o.max(a, b);
  const some = o.less(Number.NEGATIVE_INFINITY, top);
  const gap = o.where(some, o.sub(o.min(a, b), o.where(some, top, 0)), Number.NEGATIVE_INFINITY);
  return o.add(top, o.log1p(o.exp(gap)));
};

/**
 * The point of a window with eᵖ of its mass between it and the window's inner end, and e^q = 1 − eᵖ beyond it: whole · (1 − eᵖ m) = whole · (rest + e^q m),
 * whichever keeps its digits, m = 1 − rest.
 */
export const pointOf = (tails: Facts<TailFact>, w: Window, p: Expr, q: Expr): Expr => {
  const logM = log1mExpOrNone(w.rest);
  const taken = o.exp(o.add(p, logM));
  const near = o.less(taken, 0.5);
  const part = o.where(near, o.log1p(o.neg(o.where(near, taken, 0))), logAdd(w.rest, o.add(q, logM)));
  // Rounding may not make a chance of more than one.
  const l = o.min(0, o.add(w.whole, part));
  return o.where(w.upper, tails.upperQuantile(l), tails.lowerQuantile(l));
};
