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
import { coinLogits } from './chances.ts';
import { onCoins } from './counts.ts';
import { familyOf } from './family-of.ts';

/** Parameters of {@link bernoulli}: the chances of ones, said in one of two ways. */
export type BernoulliOptions =
  | {
      /** log p/(1−p) of each coordinate: any real number; default 0. */
      readonly logits?: Argument;
      readonly probs?: undefined;
    }
  | {
      /** p of each coordinate, in (0, 1); where it is next to one, logits keep more digits. */
      readonly probs: Argument;
      readonly logits?: undefined;
    };

/**
 * Coin flips: events of zeros and ones, P(xᵢ = 1) = σ(lᵢ). log P(x) = Σ xᵢ lᵢ − softplus(lᵢ) nats, computed as −softplus(∓l), which keeps
 * every digit where P is next to one; −∞ where an element is neither 0 nor 1. Throws `ArgumentError` where a constant logit is not finite, or a constant
 * probability not in (0, 1).
 *
 * @example
 * const decoder = (z: Expr) => bernoulli([784], { logits: f(z) });
 * const coin = bernoulli([1], { probs: 0.3 });
 */
export const bernoulli = <const S extends Shape>(
  shape: S,
  options: BernoulliOptions = {},
): Dist<S, Exact & Samples> & Facts<'support' | 'mean' | 'variance' | 'mode' | 'entropy' | 'cdf'> & Discrete => {
  const { logits, spec } = coinLogits('bernoulli', shape, options);
  const l = fits('bernoulli', 'logits', toExpr(logits), shape);
  const p = o.sigmoid(l);
  const q = o.sigmoid(o.neg(l));
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('bernoulli', shape, { logits }),
    ...spec,
    evidence: 'exact',
    logDensity: (x) => D.of(onCoins(x, (k) => o.neg(o.sum(o.softplus(o.mul(o.sub(1, o.mul(2, k)), l)))))),
    sample: pipe(
      D.fromRandom(uniformNoise(shape)),
      D.map((u) => o.cast(o.less(u, p), 'real')),
    ),
  });
  return withFacts(dist, {
    support: { kind: 'integers', low: 0, high: 1 },
    mean: p,
    variance: o.mul(p, q),
    mode: o.cast(o.greater(l, 0), 'real'),
    entropy: o.sum(o.add(o.mul(p, o.softplus(o.neg(l))), o.mul(q, o.softplus(l)))),
    cdf: (x: Expr) => o.where(o.less(x, 0), 0, o.where(o.less(x, 1), q, 1)),
  });
};
