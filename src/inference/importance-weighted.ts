import { demand } from '../algebra/demand.ts';
import type { AnyDist, Dist } from '../algebra/dist.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { neg, sub } from '../core/ops/elementwise.ts';
import { logSumExp } from '../core/ops/reduce.ts';
import { vmapRandom } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import type { Objective } from './objective.ts';

/** log (1/k) Σ wᵢ over k independent one-sample bounds log wᵢ on log p(x): a tighter bound, rising to log p(x) with k. */
export const importanceWeightedDensity =
  (k: number, dist: AnyDist) =>
  (x: Expr): D.Draw<Expr> =>
  (scope) =>
  (cursor) => {
    const [[weights], next] = vmapRandom(
      () => (c) => {
        const [l, after] = dist.logDensity(x)(scope)(c);
        return [[l], after];
      },
      { size: k, axis: 'samples' },
    )()(cursor);
    return [sub(logSumExp(weights), Math.log(k)), next];
  };

/**
 * The importance-weighted bound (IWAE, Burda et al. 2016, arXiv:1509.00519): E log (1/k) Σ wᵢ, maximised. k = 1 is `elbo`; the bound rises with k.
 * Throws `ArgumentError` where k is not a positive integer.
 *
 * @example
 * importanceWeighted(50)(realNVP)
 */
export const importanceWeighted =
  (k: number) =>
  <S extends Shape>(dist: Dist<S, { readonly lowerBound: true }>): Objective<S> => {
    if (!Number.isInteger(k) || k < 1)
      return raise('ArgumentError', 'importanceWeighted', 'needs one sample or more', { got: `${k}` });
    const plain = demand<S>('importanceWeighted', dist, 'lowerBound');
    return {
      shape: plain.shape,
      spec: { type: 'importanceWeighted', samples: k, dist: plain.spec },
      evidence: plain.evidence,
      loss: (x) => D.map(neg)(importanceWeightedDensity(k, plain)(x)),
    };
  };
