/** Score-function gradients: for posteriors that cannot be reparameterised, such as coin flips. */

import { pipe } from 'fp-ts/lib/function.js';
import { demand } from '../../algebra/demand.ts';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import { asConstants } from '../../algebra/trace.ts';
import { buffer } from '../../core/buffer.ts';
import { nonNegative, oneOf, positiveInteger } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { type Cursor, of } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { objectiveKind } from '../kinds.ts';
import type { AnyObjective, BatchObjective, Objective } from '../objective.ts';
import { logJointOf, logPosteriorOf, ofBound, sampleCount, traced, valueWithGradientOf } from './samples.ts';

/** Options of {@link scoreFunction}. */
export interface ScoreFunctionOptions {
  /** k, draws from the posterior; default 1 without a baseline, 2 with that of the others. */
  readonly samples?: number;
  /** The baseline subtracted from a draw's log w: nothing, or the mean of the other draws' (Mnih & Rezende 2016; Kool et al. 2019), which needs k ≥ 2. */
  readonly baseline?: 'none' | 'leaveOneOut';
}

/** log w, log p(x, z) and log q(z | x) of k draws that are constants to every derivative. */
const scored = (dist: AnyDist, k: number) =>
  traced(dist, k, asConstants, (t) => [t.logDensity, logJointOf(t), logPosteriorOf(t)]);

/** (1/k) Σ log wᵢ whose gradient is (1/k) Σ [∂ log p(x, zᵢ) + (log wᵢ − bᵢ) ∂ log q(zᵢ | x)]. */
const reinforced = ([logWeights, logJoints, logPosteriors]: readonly Expr[], baseline: Expr): Expr => {
  const signal = o.stopGradient(o.sub(logWeights, baseline));
  // log p(x, z) is log w + log q: in the posterior's parameters the two cancel.
  return valueWithGradientOf(o.mean(logWeights), o.mean(o.add(logJoints, o.mul(signal, logPosteriors))));
};

/** The mean of the others, `[k]`. */
const ofTheOthers = (values: Expr): Expr => o.div(o.sub(o.sum(values), values), values.shape[0] - 1);

/**
 * The evidence lower bound with score-function gradients for posteriors (REINFORCE, Williams 1992; Paisley et al. 2012; Mnih & Gregor 2014):
 *
 *     ∇_φ = E (log w − b) ∂_φ log q(z | x; φ)
 *
 * right for any posterior that can be sampled and scored, discrete ones too, at the price of variance; a baseline b that does not depend on the draw
 * takes some back and keeps the mean. Throws `ArgumentError` where the mean of the other draws is requested with one draw.
 *
 * @example
 * const objective = scoreFunction({ samples: 4, baseline: 'leaveOneOut' })(vae([2]));
 */
export const scoreFunction = define(
  objectiveKind,
  {
    type: 'scoreFunction',
    about: 'The bound with score-function gradients.',
    required: { dist: nested(distributionKind) },
    optional: { samples: positiveInteger, baseline: oneOf(['none', 'leaveOneOut']) },
    takes: [],
    build: ({ dist, ...options }): AnyObjective<Shape> => scoreFunction(options)(dist as never),
    examples: [
      {
        dist: {
          type: 'pushforward',
          transport: {
            type: 'stochastic',
            encoder: { type: 'parametrised', family: 'normal', context: [2], event: [1] },
            decoder: { type: 'parametrised', family: 'normal', context: [1], event: [2] },
          },
          base: { type: 'standardNormal', shape: [1] },
        },
        samples: 2,
        baseline: 'leaveOneOut',
      },
    ],
  },
  ({
    baseline = 'none',
    samples = baseline === 'none' ? 1 : 2,
  }: ScoreFunctionOptions = {}): (<S extends Shape>(dist: Dist<S, { readonly meanBound: true }>) => Objective<S>) => {
    sampleCount('scoreFunction', samples, baseline === 'none' ? 1 : 2);
    return (dist) =>
      ofBound(dist, 'meanBound', { type: 'scoreFunction', samples, baseline }, (plain, x) =>
        pipe(
          scored(plain, samples)(x),
          D.map((all) => reinforced(all, baseline === 'none' ? o.scalar(0) : ofTheOthers(all[0]))),
        ),
      );
  },
);

/** Options of {@link scoreFunctionWithAverage}. */
export interface MovingAverageOptions {
  readonly samples?: number;
  /** How much of the old average stays at each step; default 0.9. */
  readonly decay?: number;
}

/**
 * {@link scoreFunction} whose baseline is a moving average of the batch's mean log w over the steps of training (Mnih & Gregor 2014, §2.3): it is
 * carried from step to step, saved and resumed with the parameters. Throws `ArgumentError` where the decay is not in [0, 1).
 *
 * @example
 * const objective = scoreFunctionWithAverage({ decay: 0.9 })(vae([2]));
 */
export const scoreFunctionWithAverage = define(
  objectiveKind,
  {
    type: 'scoreFunctionWithAverage',
    about: 'The bound with score-function gradients over a moving average.',
    required: { dist: nested(distributionKind) },
    optional: { samples: positiveInteger, decay: nonNegative },
    takes: [],
    build: ({ dist, ...options }): AnyObjective<Shape> => scoreFunctionWithAverage(options)(dist as never),
    examples: [
      {
        dist: {
          type: 'pushforward',
          transport: {
            type: 'stochastic',
            encoder: { type: 'parametrised', family: 'normal', context: [2], event: [1] },
            decoder: { type: 'parametrised', family: 'normal', context: [1], event: [2] },
          },
          base: { type: 'standardNormal', shape: [1] },
        },
        samples: 2,
        decay: 0.5,
      },
    ],
  },
  ({
    samples = 1,
    decay = 0.9,
  }: MovingAverageOptions = {}): (<S extends Shape>(
    dist: Dist<S, { readonly meanBound: true }>,
  ) => BatchObjective<S>) => {
    sampleCount('scoreFunctionWithAverage', samples);
    if (!(decay >= 0 && decay < 1))
      raise('ArgumentError', 'scoreFunctionWithAverage', 'the decay of an average is from 0 to below 1', {
        got: `${decay}`,
      });
    return (dist) => {
      const plain = demand<(typeof dist)['shape']>('scoreFunctionWithAverage', dist, 'meanBound');
      return {
        shape: plain.shape as never,
        spec: { type: 'scoreFunctionWithAverage', samples, decay, dist: plain.spec },
        evidence: plain.evidence,
        batchLoss: (batch) => (scope) => (cursor) => {
          const zero = { initial: of<Cursor, Expr>(o.scalar(0)) };
          const average = buffer('average', zero)(scope);
          // The weight that the average has gathered stands beside it: before the first step it is 0 and there is no baseline.
          const gathered = buffer('gathered', zero)(scope);
          const baseline = o.div(average.now, o.max(gathered.now, 1e-12));
          const [[losses], next] = D.vmapDraw((x) =>
            pipe(
              scored(plain, samples)(x),
              D.map((all) => [o.neg(reinforced(all, baseline))]),
            ),
          )(batch)(scope)(cursor);
          const later = o.add(o.mul(decay, average.now), o.mul(1 - decay, o.neg(o.mean(losses))));
          const more = o.add(o.mul(decay, gathered.now), 1 - decay);
          return [gathered.become(more, average.become(later, losses)), next];
        },
      };
    };
  },
);
