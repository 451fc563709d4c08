import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, dist } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Discrete, type Facts, withFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { uniform as uniformNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { finite, onCoins } from './counts.ts';
import { familyOf } from './family-of.ts';

/** Parameters of {@link bernoulli}. */
export interface BernoulliOptions {
  /** log p/(1−p) of each coordinate: any real number. */
  readonly logits?: Argument;
}

/**
 * Coin flips: events of zeros and ones, P(xᵢ = 1) = σ(lᵢ). log P(x) = Σ xᵢ lᵢ − softplus(lᵢ) nats, computed as −softplus(∓l), which keeps
 * every digit where P is next to one; −∞ where an element is neither 0 nor 1. Throws `ArgumentError` where a constant logit is not finite.
 *
 * @example
 * const decoder = (z: Expr) => bernoulli([784], { logits: f(z) });
 */
export const bernoulli = <const S extends Shape>(
  shape: S,
  { logits = 0 }: BernoulliOptions = {},
): Dist<S, Exact & Samples> & Facts<'support' | 'mean' | 'variance' | 'mode' | 'entropy' | 'cdf'> & Discrete => {
  finite('bernoulli', 'logits', logits);
  const l = fits('bernoulli', 'logits', toExpr(logits), shape);
  const p = o.sigmoid(l);
  const q = o.sigmoid(o.neg(l));
  const law = dist<S, Exact & Samples>({
    shape,
    ...familyOf('bernoulli', shape, { logits }),
    evidence: 'exact',
    logDensity: (x) => D.of(onCoins(x, (k) => o.neg(o.sum(o.softplus(o.mul(o.sub(1, o.mul(2, k)), l)))))),
    sample: pipe(
      D.fromRandom(uniformNoise(shape)),
      D.map((u) => o.cast(o.less(u, p), 'real')),
    ),
  });
  return withFacts(law, {
    support: { kind: 'integers', low: 0, high: 1 },
    mean: p,
    variance: o.mul(p, q),
    mode: o.cast(o.greater(l, 0), 'real'),
    entropy: o.sum(o.add(o.mul(p, o.softplus(o.neg(l))), o.mul(q, o.softplus(l)))),
    cdf: (x: Expr) => o.where(o.less(x, 0), 0, o.where(o.less(x, 1), q, 1)),
  });
};
