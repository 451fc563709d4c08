import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Discrete, type Facts, withFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { type CountChance, constants, countChances, every, onIntegers, poissonLog } from './counts.ts';
import { familyOf } from './family-of.ts';
import { drawPoisson, regimeOf } from './rejection.ts';

/** The largest constant rate: beyond, a float32 uniform number has no digits for single counts. */
export const HIGHEST_RATE = 1e6;

/** Parameters of {@link poisson}. */
export interface PoissonOptions {
  /** Expected counts λ, positive and at most 1e6. */
  readonly rate?: Argument;
}

/**
 * Counts of rare events: log P(k) = k log λ − λ − log k! nats for k = 0, 1, …, by Loader's saddle-point form from k = 10; −∞ elsewhere.
 * Sampled by inverse CDF where λ < 10 and by transformed rejection (PTRS, Hörmann 1993; 16 proposals) beyond.
 * Throws `ArgumentError` where a constant rate is outside (0, 1e6].
 *
 * @example
 * const clicks = (x: Expr) => poisson([1], { rate: exp(f(x)) });
 */
export const poisson = <const S extends Shape>(
  shape: S,
  { rate = 1 }: PoissonOptions = {},
): Dist<S, Exact & Samples> & Facts<'support' | 'mean' | 'variance' | 'mode' | CountChance> & Discrete => {
  every('poisson', 'rate', rate, (v) => v > 0 && v <= HIGHEST_RATE, `rates in (0, ${HIGHEST_RATE}]`);
  const m = fits('poisson', 'rate', toExpr(rate), shape);
  const logM = o.log(m);
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('poisson', shape, { rate }),
    evidence: 'exact',
    logDensity: (x) => D.of(o.sum(onIntegers(x, 0, undefined, (k: Expr) => poissonLog(k, m, logM)))),
    sample: D.fromRandom(drawPoisson(m, regimeOf(constants(rate)))),
  });
  return withFacts(dist, {
    support: { kind: 'integers', low: 0 },
    mean: m,
    variance: m,
    mode: o.floor(m),
    ...countChances({
      cdf: (k) => o.regularisedGammaQ(o.add(k, 1), m),
      logCdf: (k) => o.logRegularisedGammaQ(o.add(k, 1), m),
      logSurvival: (k) => o.logRegularisedGammaP(o.add(k, 1), m),
    }),
  });
};
