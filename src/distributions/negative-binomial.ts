import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Discrete, type Facts, withFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import { type CountChance, countChances, deviance, finite, onIntegers, stirlingError } from './counts.ts';
import { familyOf } from './family-of.ts';
import { drawGamma, drawPoisson } from './rejection.ts';

/** Parameters of {@link negativeBinomial}. */
export interface NegativeBinomialOptions {
  /** Failures that end the count, r > 0; need not be whole. */
  readonly total: Argument;
  /** log p/(1−p) of success in one trial. */
  readonly logits?: Argument;
}

/**
 * Successes of chance p = σ(l) before `total` failures (TFP's and PyTorch's convention): log P(k) = log Γ(k+r) − log k! − log Γ(r) +
 * r log (1−p) + k log p nats for k = 0, 1, …, in Loader's form r/(r+k) · Binomial(k; r+k, p); −∞ elsewhere. Mean r p/(1−p). A Poisson distribution
 * whose rate is gamma-distributed, and sampled so (means up to 1e6). SciPy: `nbinom(r, 1−p)`. Throws `ArgumentError` where a constant total
 * is not positive or a constant logit not finite.
 *
 * @example
 * const overdispersed = negativeBinomial([1], { total: 2.5, logits: 1 });
 */
export const negativeBinomial = <const S extends Shape>(
  shape: S,
  { total, logits = 0 }: NegativeBinomialOptions,
): Dist<S, Exact & Samples> & Facts<'support' | 'mean' | 'variance' | 'mode' | CountChance> & Discrete => {
  positive('negativeBinomial', 'total', total);
  finite('negativeBinomial', 'total', total);
  finite('negativeBinomial', 'logits', logits);
  const r = fits('negativeBinomial', 'total', toExpr(total), shape);
  const l = fits('negativeBinomial', 'logits', toExpr(logits), shape);
  const [logP, logQ] = [o.logSigmoid(l), o.logSigmoid(o.neg(l))];
  const odds = o.exp(l);
  const logP0 = o.mul(r, logQ);
  const logPk = (x: Expr): Expr => {
    const none = o.equal(x, 0);
    const k = o.where(none, 1, x);
    const n = o.add(k, r);
    const logN = o.log(n);
    const errors = o.sub(stirlingError(n), o.add(stirlingError(k), stirlingError(r)));
    const misfit = o.add(
      deviance(k, o.mul(n, o.exp(logP)), o.add(logN, logP)),
      deviance(r, o.mul(n, o.exp(logQ)), o.add(logN, logQ)),
    );
    const scale = o.mul(0.5, o.sub(o.sub(o.log(r), o.log(k)), o.add(logN, Math.log(2 * Math.PI))));
    return o.where(none, logP0, o.add(o.sub(errors, misfit), scale));
  };
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('negativeBinomial', shape, { total, logits }),
    evidence: 'exact',
    logDensity: (x) => D.of(o.sum(onIntegers(x, 0, undefined, logPk))),
    sample: D.fromRandom(
      pipe(
        drawGamma(r),
        R.chain((g) => drawPoisson(o.mul(g, odds))),
      ),
    ),
  });
  return withFacts(dist, {
    support: { kind: 'integers', low: 0 },
    mean: o.mul(r, odds),
    variance: o.mul(o.mul(r, odds), o.add(1, odds)),
    mode: o.max(0, o.floor(o.mul(o.sub(r, 1), odds))),
    ...countChances({
      cdf: (k) => o.regularisedBeta(r, o.add(k, 1), o.sigmoid(o.neg(l)), o.sigmoid(l)),
      logCdf: (k) => o.logRegularisedBeta(r, o.add(k, 1), o.sigmoid(o.neg(l)), o.sigmoid(l)),
      logSurvival: (k) => o.logRegularisedBeta(o.add(k, 1), r, o.sigmoid(l), o.sigmoid(o.neg(l))),
    }),
  });
};
