import type { Scored } from '../algebra/dist.ts';
import { unitInterval } from '../algebra/support.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map, uniform as uniformNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { onSupport } from './on-support.ts';
import { type Family, inverseCdf, type ScalarFact, scalarFamily } from './scalar-dist.ts';

/** Parameters of {@link kumaraswamy}. */
export interface KumaraswamyOptions {
  /** a > 0: the exponent at 0. */
  readonly a: Argument;
  /** b > 0: the exponent at 1. */
  readonly b: Argument;
}

/** Σₖ 1/k over k ≤ b, continued to real b > 0: ψ(b + 1) + γ. */
const harmonic = (b: Expr): Expr => o.add(o.digamma(o.add(b, 1)), 0.577215664901532861);

/**
 * Kumaraswamy's distribution on (0, 1), elementwise: P(X ≤ x) = 1 − (1 − xᵃ)ᵇ, log p(x) = Σ log ab + (a−1) log x + (b−1) log(1 − xᵃ) nats: a beta distribution with
 * a quantile function. At 0 and 1 the density is its limit where that is finite; an edge with a pole is off the support.
 * Throws `ArgumentError` where a constant parameter is not positive, `ShapeError` where one does not fit the shape. (Kumaraswamy 1980.)
 *
 * @example
 * kumaraswamy([2], { a: 2, b: [0.5, 3] });
 */
export const kumaraswamy = <const S extends Shape>(
  shape: S,
  { a, b }: KumaraswamyOptions,
): Family<S, Exclude<ScalarFact, 'mode'>> => {
  positive('kumaraswamy', 'a', a);
  positive('kumaraswamy', 'b', b);
  const p = fits('kumaraswamy', 'a', toExpr(a), shape);
  const q = fits('kumaraswamy', 'b', toExpr(b), shape);
  const edge = (x: Expr, end: number, c: Expr): Expr => o.and(o.equal(x, end), o.equal(c, 1));
  const inside = (x: Expr): Expr => o.and(o.greater(x, 0), o.less(x, 1));
  const on = (x: Expr): Expr => o.or(inside(x), o.or(edge(x, 0, p), edge(x, 1, q)));
  /** a log x, of another x at the edges. */
  const power = (x: Expr): Expr => o.mul(p, o.log(o.where(inside(x), x, 0.5)));
  /** b log(1 − xᵃ), of another x at the edges. */
  const logSurvival = (x: Expr): Expr => o.mul(q, o.log1mExp(power(x)));
  /** (a−1) log x + (b−1) log(1 − xᵃ), 0 at an edge that is on the support. */
  const shapeOf = (x: Expr): Expr => {
    const y = o.where(inside(x), x, 0.5);
    const inner = o.add(o.mul(o.sub(p, 1), o.log(y)), o.mul(o.sub(q, 1), o.log1mExp(power(x))));
    return o.where(inside(x), inner, 0);
  };
  const r = o.div(1, p);
  /** log E Xⁿ = log b B(1 + n/a, b). */
  const logMoment = (n: number): Expr => o.add(o.log(q), o.logBeta(o.add(1, o.mul(n, r)), q));
  /**
   * log E X² − 2 log E X: of second differences of log-gammas where 1/a is small, of ∫₀ᵇ 2ψ(1+1/a+t) − ψ(1+2/a+t) − ψ(1+t) dt where b is, as it stands
   * elsewhere.
   */
  const gap = (() => {
    const small = o.less(r, 0.5);
    const h = o.where(small, r, 0.25);
    const near = o.sub(o.lgammaCurvature(o.add(1, h), h), o.lgammaCurvature(o.add(o.add(1, q), h), h));
    const brief = o.less(q, 1);
    const b = o.where(brief, q, 1);
    const slope = (t: number): Expr => {
      const at = (n: number): Expr => o.digamma(o.add(1, o.add(o.mul(n, r), o.mul(t, b))));
      return o.sub(o.mul(2, at(1)), o.add(at(2), at(0)));
    };
    const short = o.mul(b, o.addAll(o.legendre.map(([t, w]) => o.mul(w, slope(t)))));
    return o.where(small, near, o.where(brief, short, o.sub(logMoment(2), o.mul(2, logMoment(1)))));
  })();
  const dist = inverseCdf<Exclude<ScalarFact, 'mode' | 'quantile'>>({
    support: unitInterval,
    logDensity: (x) => onSupport(x, on(x), 0.5, (y) => o.add(o.log(o.mul(p, q)), shapeOf(y))),
    facts: {
      mean: o.exp(logMoment(1)),
      variance: o.mul(o.exp(logMoment(2)), o.neg(o.expm1(o.neg(gap)))),
      entropy: o.sub(o.add(o.sub(1, o.div(1, q)), o.mul(o.sub(1, o.div(1, p)), harmonic(q))), o.log(o.mul(p, q))),
      cdf: (x) => o.where(inside(x), o.neg(o.expm1(o.mul(q, o.log1mExp(power(x))))), o.where(o.less(x, 0.5), 0, 1)),
      quantile: (u) => o.exp(o.div(o.log1mExp(o.div(o.log1p(o.neg(u)), q)), p)),
      logCdf: (x) =>
        o.where(inside(x), o.log1mExp(logSurvival(x)), o.where(o.less(x, 0.5), Number.NEGATIVE_INFINITY, 0)),
      logSurvival: (x) => o.where(inside(x), logSurvival(x), o.where(o.less(x, 0.5), 0, Number.NEGATIVE_INFINITY)),
      lowerQuantile: (l) => o.exp(o.div(o.log1mExp(o.div(o.log1mExp(l), q)), p)),
      upperQuantile: (l) => o.exp(o.div(o.log1mExp(o.div(l, q)), p)),
    },
  });
  /** Of log x and log(1 − xᵃ), which are numbers where x rounds to 0 or 1. */
  const scored = (u: Expr): Scored => {
    const rest = o.div(o.log1p(o.neg(u)), q);
    const l = o.div(o.log1mExp(rest), p);
    const shapes = o.add(o.mul(o.sub(p, 1), l), o.mul(o.sub(q, 1), rest));
    return { value: o.exp(l), logDensity: o.add(o.log(o.mul(p, q)), shapes) };
  };
  return scalarFamily(shape, familyOf('kumaraswamy', shape, { a, b }), {
    ...dist,
    scored: (full) => map(scored)(uniformNoise(full)),
  });
};
