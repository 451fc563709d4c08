import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Discrete, type Facts, withFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { uniform as uniformNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { finite, onIntegers } from './counts.ts';
import { familyOf } from './family-of.ts';

/** Parameters of {@link geometric}. */
export interface GeometricOptions {
  /** log p/(1−p) of success in one trial. */
  readonly logits?: Argument;
}

/**
 * Failures before the first success of chance p = σ(l): log P(k) = log p + k log (1−p) nats for k = 0, 1, …; −∞ elsewhere. Sampled by inverse
 * CDF, ⌊log u / log (1−p)⌋. SciPy counts trials: its `geom` is this plus one. Throws `ArgumentError` where a constant logit is not finite.
 *
 * @example
 * const waits = geometric([1], { logits: -2 });
 */
export const geometric = <const S extends Shape>(
  shape: S,
  { logits = 0 }: GeometricOptions = {},
): Dist<S, Exact & Samples> & Facts<'support' | 'mean' | 'variance' | 'mode' | 'entropy' | 'cdf'> & Discrete => {
  finite('geometric', 'logits', logits);
  const l = fits('geometric', 'logits', toExpr(logits), shape);
  const logP = o.logSigmoid(l);
  const logQ = o.logSigmoid(o.neg(l));
  const odds = o.exp(o.neg(l));
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('geometric', shape, { logits }),
    evidence: 'exact',
    logDensity: (x) => D.of(o.sum(onIntegers(x, 0, undefined, (k) => o.add(logP, o.mul(k, logQ))))),
    sample: pipe(
      D.fromRandom(uniformNoise(shape)),
      D.map((u) => o.floor(o.div(o.log(u), logQ))),
    ),
  });
  return withFacts(dist, {
    support: { kind: 'integers', low: 0 },
    mean: odds,
    variance: o.mul(odds, o.add(1, odds)),
    mode: o.broadcastTo(o.scalar(0), shape),
    entropy: o.neg(o.sum(o.add(logP, o.mul(odds, logQ)))),
    cdf: (x: Expr) => {
      const inside = o.greaterEqual(x, 0);
      const k = o.floor(o.where(inside, x, 0));
      return o.where(inside, o.neg(o.expm1(o.mul(o.add(k, 1), logQ))), 0);
    },
  });
};
