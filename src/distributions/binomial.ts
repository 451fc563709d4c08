import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Discrete, type Facts, withFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { type CountChance, constants, countChances, finite, onIntegers } from './counts.ts';
import { familyOf } from './family-of.ts';
import { binomialLog, drawBinomial, regimeOf } from './rejection.ts';

/** The largest number of trials: beyond, float32 counts have no digits left for single successes. */
export const MOST_TRIALS = 2 ** 24;

/** Throws `ArgumentError` unless `total` is a whole number from 1 to {@link MOST_TRIALS}. */
export const checkTotal = (owner: string, total: number): void => {
  if (!Number.isInteger(total) || total < 1 || total > MOST_TRIALS)
    raise('ArgumentError', owner, 'total is not a number of trials', {
      expected: `an integer from 1 to ${MOST_TRIALS}`,
      got: `${total}`,
    });
};

/** Parameters of {@link binomial}. */
export interface BinomialOptions {
  /** Number of trials, an integer from 1 to 2²⁴. */
  readonly total: number;
  /** log p/(1−p) of each coordinate. */
  readonly logits?: Argument;
}

/**
 * Number of successes in `total` trials of chance p = σ(l): log P(k) = log C(n, k) + k log p + (n−k) log (1−p) nats, by Loader's saddle-point
 * form, so its error does not grow with n; −∞ off 0 … n. Sampled by inverse CDF where n min(p, 1−p) < 10 and by transformed rejection
 * (BTRS, Hörmann 1993; 16 proposals) beyond. Throws `ArgumentError` for another total or logits that are not finite.
 *
 * @example
 * const heads = binomial([1], { total: 10, logits: 0 });
 */
export const binomial = <const S extends Shape>(
  shape: S,
  { total, logits = 0 }: BinomialOptions,
): Dist<S, Exact & Samples> & Facts<'support' | 'mean' | 'variance' | 'mode' | CountChance> & Discrete => {
  checkTotal('binomial', total);
  finite('binomial', 'logits', logits);
  const l = fits('binomial', 'logits', toExpr(logits), shape);
  const n = o.broadcastTo(o.scalar(total), shape);
  const logP = o.logSigmoid(l);
  const logQ = o.logSigmoid(o.neg(l));
  const p = o.sigmoid(l);
  const means = total < 20 ? [0] : constants(logits)?.map((v) => total / (1 + Math.exp(Math.abs(v))));
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('binomial', shape, { total, logits }),
    evidence: 'exact',
    logDensity: (x) => D.of(o.sum(onIntegers(x, 0, total, (k: Expr) => binomialLog(k, n, logP, logQ)))),
    sample: D.fromRandom(drawBinomial(n, l, regimeOf(means))),
  });
  return withFacts(dist, {
    support: { kind: 'integers', low: 0, high: total },
    mean: o.mul(total, p),
    variance: o.mul(total, o.mul(p, o.sigmoid(o.neg(l)))),
    mode: o.min(total, o.floor(o.mul(total + 1, p))),
    ...countChances(
      {
        cdf: (k) => o.regularisedBeta(o.sub(total, k), o.add(k, 1), o.sigmoid(o.neg(l)), p),
        logCdf: (k) => o.logRegularisedBeta(o.sub(total, k), o.add(k, 1), o.sigmoid(o.neg(l)), p),
        logSurvival: (k) => o.logRegularisedBeta(o.add(k, 1), o.sub(total, k), p, o.sigmoid(o.neg(l))),
      },
      total,
    ),
  });
};
