import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { withFacts } from '../algebra/facts.ts';
import { positives } from '../algebra/support.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import type { GammaFacts } from './gamma.ts';
import { logGamma, positiveFinite, supported } from './gamma-draws.ts';

/** Parameters of {@link inverseGamma}. */
export interface InverseGammaOptions {
  /** The shape parameter a, positive. */
  readonly concentration: Argument;
  /** The scale s, positive; default 1. */
  readonly scale?: Argument;
}

/**
 * The inverse-gamma distribution with independent coordinates, of s/Y for Y ∼ Gamma(a, 1): log p(x) = Σ a log s − log Γ(a) − (a+1) log x − s/x nats for x > 0,
 * −∞ elsewhere. Samples are reparameterised as those of `gamma`; for concentrations below about 0.05 some overflow to ∞;
 * `sampleAndLogDensity` still gives their log-density.
 * Facts: the mean is +∞ where a ≤ 1, the variance +∞ where a ≤ 2.
 * Throws `ArgumentError` where a constant parameter is not positive, `ShapeError` where a parameter does not fit the shape.
 *
 * @example
 * const prior = inverseGamma([1], { concentration: 3, scale: 2 });   // mean 1
 */
export const inverseGamma = <const S extends Shape>(
  shape: S,
  { concentration, scale = 1 }: InverseGammaOptions,
): Dist<S, Exact & Samples> & GammaFacts => {
  positiveFinite('inverseGamma', 'concentration', concentration);
  positiveFinite('inverseGamma', 'scale', scale);
  const a = fits('inverseGamma', 'concentration', toExpr(concentration), shape);
  const s = fits('inverseGamma', 'scale', toExpr(scale), shape);
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('inverseGamma', shape, { concentration, scale }),
    evidence: 'exact',
    logDensity: (x) => D.of(supported(o.less(0, x), x, 1, (z) => o.sub(o.gammaKernel(a, o.div(s, z)), o.log(z)))),
    sample: pipe(
      D.fromRandom(logGamma(a)),
      D.map((l) => o.exp(o.sub(o.log(s), l))),
    ),
    sampleAndLogDensity: pipe(
      D.fromRandom(logGamma(a)),
      D.map((l) => {
        const logX = o.sub(o.log(s), l);
        return { value: o.exp(logX), logDensity: o.sum(o.sub(o.gammaKernelOfLog(a, l), logX)) };
      }),
    ),
  });
  const [a1, a2] = [o.sub(a, 1), o.sub(a, 2)];
  const over = (d: ReturnType<typeof o.sub>) => o.where(o.less(0, d), d, 1);
  /** s/x, ∞ where x is not positive. */
  const reciprocal = (x: Expr): Expr =>
    o.where(o.less(0, x), o.div(s, o.where(o.less(0, x), x, 1)), Number.POSITIVE_INFINITY);
  return withFacts(dist, {
    support: positives,
    mean: o.where(o.less(0, a1), o.div(s, over(a1)), Number.POSITIVE_INFINITY),
    variance: o.where(o.less(0, a2), o.div(o.square(o.div(s, over(a1))), over(a2)), Number.POSITIVE_INFINITY),
    mode: o.div(s, o.add(a, 1)),
    // a + log s + log Γ(a) − (1+a) ψ(a), the large terms cancelled on paper.
    entropy: o.sum(
      o.add(
        o.add(o.sub(o.log(s), o.mul(1.5, o.log(a))), 0.5 * Math.log(2 * Math.PI)),
        o.sub(o.stirlingRemainder(a), o.mul(o.add(1, a), o.digammaRemainder(a))),
      ),
    ),
    cdf: (x) => o.regularisedGammaQ(a, reciprocal(x)),
    logCdf: (x) => o.logRegularisedGammaQ(a, reciprocal(x)),
    logSurvival: (x) => o.logRegularisedGammaP(a, reciprocal(x)),
  });
};
