import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import { positives } from '../algebra/support.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { type Declared, familyOf } from './family-of.ts';
import { logGamma, positiveFinite, supported } from './gamma-draws.ts';

/** Facts of the gamma distribution and its kin. */
export type GammaFacts = Facts<'support' | 'mean' | 'variance' | 'mode' | 'entropy' | 'cdf' | 'logCdf' | 'logSurvival'>;

/** Parameters of {@link gamma}; each is a number, an array of the event's shape, or an expression that broadcasts to it. */
export interface GammaOptions {
  /** The shape parameter a, positive. */
  readonly concentration: Argument;
  /** The rate b = 1/scale, positive; default 1. */
  readonly rate?: Argument;
}

const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);

/** The gamma distribution with given parameter expressions: χ² is one too. */
export const gammaOf = <S extends Shape>(
  shape: S,
  a: Expr,
  b: Expr,
  declared: Declared,
): Dist<S, Exact & Samples> & GammaFacts => {
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...declared,
    evidence: 'exact',
    logDensity: (x) => D.of(supported(o.less(0, x), x, 1, (z) => o.sub(o.gammaKernel(a, o.mul(b, z)), o.log(z)))),
    sample: pipe(
      D.fromRandom(logGamma(a)),
      D.map((l) => o.exp(o.sub(l, o.log(b)))),
    ),
    sampleAndLogDensity: pipe(
      D.fromRandom(logGamma(a)),
      D.map((l) => ({ value: o.exp(o.sub(l, o.log(b))), logDensity: logDensityOfLog(a, b, l) })),
    ),
  });
  return withFacts(dist, {
    support: positives,
    mean: o.div(a, b),
    variance: o.div(a, o.square(b)),
    mode: o.div(o.relu(o.sub(a, 1)), b),
    // a − log b + log Γ(a) + (1−a) ψ(a), the large terms cancelled on paper.
    entropy: o.sum(
      o.add(
        o.add(o.sub(o.mul(0.5, o.log(a)), o.log(b)), HALF_LOG_2PI),
        o.add(o.stirlingRemainder(a), o.mul(o.sub(1, a), o.digammaRemainder(a))),
      ),
    ),
    cdf: (x) => o.regularisedGammaP(a, o.mul(b, x)),
    logCdf: (x) => o.logRegularisedGammaP(a, o.mul(b, x)),
    logSurvival: (x) => o.logRegularisedGammaQ(a, o.mul(b, x)),
  });
};

/** The log-density at x = eˡ / b, finite where x itself underflows to 0. */
const logDensityOfLog = (a: Expr, b: Expr, l: Expr): Expr => o.sum(o.add(o.sub(o.gammaKernelOfLog(a, l), l), o.log(b)));

/**
 * The gamma distribution with independent coordinates: log p(x) = Σ a log b + (a−1) log x − b x − log Γ(a) nats for x > 0, −∞ elsewhere (and at 0, which has
 * no mass). Computed by deviances, so it keeps its digits for large a.
 *
 * Samples are reparameterised: by the rate exactly, by the concentration along the path that keeps the cdf (Figurnov et al. 2018), first
 * derivatives only. For a concentration of 0.01 one sample in a thousand is below 1e-308 and rounds to 0 (four in ten in float32);
 * `sampleAndLogDensity` still gives its log-density. Facts: the mode is 0 where a ≤ 1; the entropy is a + log Γ(a) + (1−a) ψ(a) − log b.
 * Throws `ArgumentError` where a constant parameter is not positive, `ShapeError` where a parameter does not fit the shape.
 *
 * @example
 * const waiting = gamma([1], { concentration: 3, rate: 0.5 });   // waiting.mean is 6
 */
export const gamma = <const S extends Shape>(
  shape: S,
  { concentration, rate = 1 }: GammaOptions,
): Dist<S, Exact & Samples> & GammaFacts => {
  positiveFinite('gamma', 'concentration', concentration);
  positiveFinite('gamma', 'rate', rate);
  return gammaOf(
    shape,
    fits('gamma', 'concentration', toExpr(concentration), shape),
    fits('gamma', 'rate', toExpr(rate), shape),
    familyOf('gamma', shape, { concentration, rate }),
  );
};
