import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import { unitInterval } from '../algebra/support.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { logGamma, positiveFinite, supported } from './gamma-draws.ts';

/** Parameters of {@link beta}; both positive. */
export interface BetaOptions {
  readonly alpha: Argument;
  readonly beta: Argument;
}

/** S(a) − (a − k) T(a). */
const spread = (a: Expr, k: number): Expr => o.sub(o.stirlingRemainder(a), o.mul(o.sub(a, k), o.digammaRemainder(a)));

/**
 * The beta distribution on (0, 1) with independent coordinates: log p(x) = Σ (α−1) log x + (β−1) log(1−x) − log B(α, β) nats, −∞ off (0, 1) and at its ends.
 *
 * Samples are G₁/(G₁+G₂) of two gamma variables, divided as logarithms, with right first derivatives by both parameters (each along the
 * path of its own gamma variable). Values may round to 0 or 1 where a parameter is small; `sampleAndLogDensity` still gives their log-density.
 * Facts: the mode is (α−1)/(α+β−2) where both exceed 1; else the end with the smaller parameter (0 where both are
 * one number below 1: the density has poles at both ends), ½ where both are 1.
 * Throws `ArgumentError` where a constant parameter is not positive, `ShapeError` where a parameter does not fit the shape.
 *
 * @example
 * const share = beta([1], { alpha: 2, beta: 5 });
 */
export const beta = <const S extends Shape>(
  shape: S,
  options: BetaOptions,
): Dist<S, Exact & Samples> &
  Facts<'support' | 'mean' | 'variance' | 'mode' | 'entropy' | 'cdf' | 'logCdf' | 'logSurvival'> => {
  positiveFinite('beta', 'alpha', options.alpha);
  positiveFinite('beta', 'beta', options.beta);
  const a = fits('beta', 'alpha', toExpr(options.alpha), shape);
  const b = fits('beta', 'beta', toExpr(options.beta), shape);
  const n = o.add(a, b);
  /** log x and log (1 − x). */
  const logs = pipe(
    D.fromRandom(R.both(R.fork(logGamma(a)), R.fork(logGamma(b)))),
    // log σ(±(log G₁ − log G₂)): smooth where they are equal, and neither end is lost.
    D.map(([p, q]) => [o.logSigmoid(o.sub(p, q)), o.logSigmoid(o.sub(q, p))] as const),
  );
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('beta', shape, { alpha: options.alpha, beta: options.beta }),
    evidence: 'exact',
    logDensity: (x) =>
      D.of(
        supported(o.and(o.less(0, x), o.less(x, 1)), x, 0.5, (z) => {
          const rest = o.sub(1, z);
          return o.sub(o.betaKernel(a, b, z, rest), o.add(o.log(z), o.log(rest)));
        }),
      ),
    sample: D.map(([p]: readonly [ReturnType<typeof o.exp>, unknown]) => o.exp(p))(logs),
    sampleAndLogDensity: pipe(
      logs,
      D.map(([p, q]) => ({
        value: o.exp(p),
        logDensity: o.sum(o.sub(o.betaKernelOfLogs(a, b, p, q), o.add(p, q))),
      })),
    ),
  });
  const inner = o.and(o.less(1, a), o.less(1, b));
  const room = o.where(inner, o.sub(n, 2), 1);
  const end = o.mul(0.5, o.add(1, o.sign(o.sub(a, b))));
  return withFacts(dist, {
    support: unitInterval,
    mean: o.div(a, n),
    variance: o.div(o.mul(o.div(a, n), o.div(b, n)), o.add(n, 1)),
    mode: o.where(inner, o.div(o.sub(a, 1), room), o.where(o.and(o.equal(a, b), o.less(a, 1)), 0, end)),
    // log B(a,b) − (a−1) ψ(a) − (b−1) ψ(b) + (n−2) ψ(n), the large terms cancelled on paper.
    entropy: o.sum(
      o.add(
        o.mul(0.5, o.sub(o.add(o.log(o.div(a, n)), o.log(o.div(b, n))), o.sub(o.log(n), Math.log(2 * Math.PI)))),
        o.sub(o.add(spread(a, 1), spread(b, 1)), spread(n, 2)),
      ),
    ),
    cdf: (x) => o.regularisedBeta(a, b, x),
    logCdf: (x) => o.logRegularisedBeta(a, b, x),
    logSurvival: (x) => o.logRegularisedBeta(b, a, o.sub(1, x), x),
  });
};
