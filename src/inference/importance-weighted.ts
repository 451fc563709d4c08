import { demand } from '../algebra/demand.ts';
import type { AnyDist, Dist } from '../algebra/dist.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { neg, sub } from '../core/ops/elementwise.ts';
import { logSumExp } from '../core/ops/reduce.ts';
import { vmapRandom } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { objectiveKind } from './kinds.ts';
import type { AnyObjective, Objective } from './objective.ts';

/**
 * The importance-weighted bound log (1/k) Σᵢ wᵢ over k independent one-sample bounds log wᵢ on log p(x), a scalar in nats. Its expectation does not fall with k and
 * tends to log p(x). Source: Burda, Grosse & Salakhutdinov (2016, arXiv:1509.00519). Cost: k one-sample bounds.
 *
 * @example
 * const autoencoder = vae([4], { latent: 2, hidden: [8] });
 * value(importanceWeightedDensity(5, autoencoder)(ops.array([0, 1, 0, 1])), { seed: 0 });   // a number in nats
 */
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
export const importanceWeighted = define(
  objectiveKind,
  {
    type: 'importanceWeighted',
    about: 'The bound from k samples (IWAE).',
    required: { samples: positiveInteger, dist: nested(distributionKind) },
    takes: ['samples'],
    build: ({ samples, dist }): AnyObjective<Shape> => importanceWeighted(samples)(dist as never),
    examples: [
      {
        samples: 3,
        dist: {
          type: 'pushforward',
          transport: {
            type: 'stochastic',
            encoder: { type: 'parametrised', family: 'normal', context: [2], event: [1] },
            decoder: { type: 'parametrised', family: 'normal', context: [1], event: [2] },
          },
          base: { type: 'standardNormal', shape: [1] },
        },
      },
    ],
  },
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
    },
);
