import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import { positives } from '../algebra/support.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { logGamma, positiveFinite, supported } from './gamma-draws.ts';

/** Parameters of {@link fisherF}: degrees of freedom, positive. */
export interface FisherFOptions {
  readonly numerator: Argument;
  readonly denominator: Argument;
}

/**
 * Fisher's F distribution with independent coordinates, of (χ²_m / m) / (χ²_n / n): log p(x) = Σ ½m log w + ½n log(1−w) − log x − log B(½m, ½n) nats for x > 0,
 * w = m x / (m x + n); −∞ elsewhere. Samples are a quotient of gamma variables, taken as logarithms, with right first derivatives.
 * Facts: the mean is +∞ where n ≤ 2, the variance +∞ where n ≤ 4, the mode 0 where m ≤ 2.
 * Throws `ArgumentError` where constant degrees are not positive, `ShapeError` where they do not fit the shape.
 *
 * @example
 * const ratio = fisherF([1], { numerator: 5, denominator: 10 });   // mean 1.25
 */
export const fisherF = <const S extends Shape>(
  shape: S,
  { numerator, denominator }: FisherFOptions,
): Dist<S, Exact & Samples> &
  Facts<'support' | 'mean' | 'variance' | 'mode' | 'entropy' | 'cdf' | 'logCdf' | 'logSurvival'> => {
  positiveFinite('fisherF', 'numerator', numerator);
  positiveFinite('fisherF', 'denominator', denominator);
  const m = fits('fisherF', 'numerator', toExpr(numerator), shape);
  const n = fits('fisherF', 'denominator', toExpr(denominator), shape);
  const [a, b] = [o.mul(0.5, m), o.mul(0.5, n)];
  const shares = (x: Expr): readonly [Expr, Expr] => {
    const odds = o.mul(o.div(m, n), x);
    return [o.div(1, o.add(1, o.div(1, odds))), o.div(1, o.add(1, odds))];
  };
  /** log (m x / n), of which x itself may be 0 or ∞ in floats. */
  const logOdds = pipe(
    D.fromRandom(R.both(R.fork(logGamma(a)), R.fork(logGamma(b)))),
    D.map(([p, q]) => o.sub(p, q)),
  );
  const logX = (odds: Expr): Expr => o.add(odds, o.sub(o.log(n), o.log(m)));
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('fisherF', shape, { numerator, denominator }),
    evidence: 'exact',
    logDensity: (x) => D.of(supported(o.less(0, x), x, 1, (z) => o.sub(o.betaKernel(a, b, ...shares(z)), o.log(z)))),
    sample: D.map((l: Expr) => o.exp(l))(D.map(logX)(logOdds)),
    sampleAndLogDensity: D.map((odds: Expr) => {
      const shares = o.betaKernelOfLogs(a, b, o.logSigmoid(odds), o.logSigmoid(o.neg(odds)));
      return { value: o.exp(logX(odds)), logDensity: o.sum(o.sub(shares, logX(odds))) };
    })(logOdds),
  });
  const [n2, n4] = [o.sub(n, 2), o.sub(n, 4)];
  const over = (d: Expr): Expr => o.where(o.less(0, d), d, 1);
  const ratio = o.div(n, over(n2));
  const sum = o.add(a, b);
  // log B(a,b) + log n/m + (1−a) ψ(a) − (1+b) ψ(b) + (a+b) ψ(a+b), the large terms cancelled on paper.
  const entropy = o.add(
    o.add(
      o.mul(0.5, o.sub(o.log(o.div(sum, a)), o.sub(o.log(b), Math.log(2 * Math.PI)))),
      o.sub(o.add(o.stirlingRemainder(a), o.stirlingRemainder(b)), o.stirlingRemainder(sum)),
    ),
    o.add(
      o.sub(o.mul(o.sub(1, a), o.digammaRemainder(a)), o.mul(o.add(1, b), o.digammaRemainder(b))),
      o.mul(sum, o.digammaRemainder(sum)),
    ),
  );
  const at = (x: Expr, none: number, f: (w: Expr, rest: Expr) => Expr): Expr => {
    const inside = o.less(0, x);
    return o.where(inside, f(...shares(o.where(inside, x, 1))), none);
  };
  return withFacts(dist, {
    support: positives,
    mean: o.where(o.less(0, n2), ratio, Number.POSITIVE_INFINITY),
    variance: o.where(
      o.less(0, n4),
      o.div(o.mul(o.mul(2, o.square(ratio)), o.div(o.add(m, n2), m)), over(n4)),
      Number.POSITIVE_INFINITY,
    ),
    mode: o.mul(o.div(o.relu(o.sub(m, 2)), m), o.div(n, o.add(n, 2))),
    entropy: o.sum(entropy),
    cdf: (x) => at(x, 0, (w, rest) => o.regularisedBeta(a, b, w, rest)),
    logCdf: (x) => at(x, Number.NEGATIVE_INFINITY, (w, rest) => o.logRegularisedBeta(a, b, w, rest)),
    logSurvival: (x) => at(x, 0, (w, rest) => o.logRegularisedBeta(b, a, rest, w)),
  });
};
