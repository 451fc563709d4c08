/**
 * Objectives: what training minimises, as a function of one event, in nats. Estimators derive them from declarations and demand the
 * evidence they need: `maximumLikelihood` of a distribution that only has a bound is a compile error that says so.
 */

import { demand } from '../algebra/demand.ts';
import type { AnyDist, Dist } from '../algebra/dist.ts';
import type { Evidence } from '../algebra/evidence.ts';
import { distributionKind } from '../algebra/kinds.ts';
import type { Spec } from '../algebra/spec.ts';
import { finite } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { mul, neg } from '../core/ops/elementwise.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { objectiveKind } from './kinds.ts';

/** A loss for one event: a scalar over parameters and noise, whose mean over data (and noise) is minimised. */
export interface Objective<in out S extends Shape> {
  readonly shape: S;
  readonly spec: Spec;
  readonly loss: (x: Expr) => D.Draw<Expr>;
  /** What −loss says about log p(x): `exact` where it is log p(x) itself. */
  readonly evidence: Evidence;
  /** Shapes of the parts whose flattened elements lie side by side in an event, where it has several: data of other parts are refused. */
  readonly parts?: readonly Shape[];
}

/**
 * A loss for a whole batch `[B, …shape]`: a loss for each event, `[B]`, or one number for the batch (a moment discrepancy, a rank statistic). For what
 * compares events with each other, or moves buffers that all events share.
 *
 * @example
 * // The loss minus a moving average of itself: the same gradient, a centred number.
 * const plain = maximumLikelihood(pipe(standardNormal([2]), pushforward(affine())));
 * const centred = {
 *   shape: plain.shape,
 *   spec: opaque('centred', 'an example'),
 *   evidence: 'none',
 *   batchLoss: (batch) => (scope) => (cursor) => {
 *     const { now, become } = buffer('average', { initial: random.of(ops.scalar(0)) })(scope);
 *     const [[losses], next] = draw.vmapDraw((x) => draw.map((l) => [l])(plain.loss(x)))(batch)(scope)(cursor);
 *     return [become(ops.add(ops.mul(0.9, now), ops.mul(0.1, ops.mean(losses))), ops.sub(losses, now)), next];
 *   },
 * };
 */
export interface BatchObjective<in out S extends Shape> {
  readonly shape: S;
  readonly parts?: readonly Shape[];
  readonly spec: Spec;
  readonly evidence: Evidence;
  readonly batchLoss: (batch: Expr) => D.Draw<Expr>;
}

/** The loss that a move minimises: one per event, or one per batch. */
export type AnyObjective<S extends Shape> = Objective<S> | BatchObjective<S>;

/**
 * Whether the loss of an objective is one number for a whole batch (`batchLoss`) rather than one for each event (`loss`).
 *
 * @example
 * isBatchObjective(maximumLikelihood(dist));   // false
 */
export const isBatchObjective = <S extends Shape>(objective: AnyObjective<S>): objective is BatchObjective<S> =>
  'batchLoss' in objective;

/**
 * The objective itself where its loss is that of single events. Throws `ArgumentError`, with `owner` in the message, where it is a loss of whole batches.
 *
 * @example
 * ofEvents('my objective', maximumLikelihood(dist));
 */
export const ofEvents = <S extends Shape>(owner: string, objective: AnyObjective<S>): Objective<S> =>
  isBatchObjective(objective)
    ? raise('ArgumentError', '', `${owner}: the objective is a loss of whole batches`, {
        expected: 'an objective of one event',
        got: objective.spec.type,
      })
    : objective;

const negativeLog = <S extends Shape>(estimator: string, dist: AnyDist & { readonly shape: S }): Objective<S> => ({
  shape: dist.shape,
  spec: { type: estimator, dist: dist.spec },
  evidence: dist.evidence,
  loss: (x) => D.map(neg)(dist.logDensity(x)),
});

/**
 * Maximum likelihood: the mean of −log p(x). Needs an exact density (one computed up to the error of a solver counts, and says so); a distribution that is only
 * bounded has `elbo` instead.
 *
 * @example
 * fit({ objective: maximumLikelihood(realNVP), data, optimizer: adam() })
 */
export const maximumLikelihood = define(
  objectiveKind,
  {
    type: 'maximumLikelihood',
    about: 'The mean of −log p(x): of distributions with an exact density.',
    required: { dist: nested(distributionKind) },
    takes: [],
    build: ({ dist }): AnyObjective<Shape> => maximumLikelihood(dist as never),
    examples: [{ dist: { type: 'standardNormal', shape: [2] } }],
  },
  <S extends Shape>(dist: Dist<S, { readonly exactLogDensity: true }>): Objective<S> =>
    negativeLog('maximumLikelihood', demand<S>('maximumLikelihood', dist, 'exactLogDensity')),
);

/**
 * The negative evidence lower bound, the mean over the data of −log w(x) in nats, where log w(x) = log p(x, z) − log q(z | x), z ~ q(z | x), is a one-sample bound:
 * E log w(x) ≤ log p(x). Equal to maximum likelihood where the log-density is exact or an unbiased estimate. Source: the estimator SGVB-A of Kingma & Welling
 * (2014, arXiv:1312.6114). Cost: one pass of encoder and decoder a step. Throws `ArgumentError` where the distribution has no bound on its log-density.
 *
 * @example
 * fit({ objective: elbo(vae([2], { latent: 1 })), data, steps: 100 });
 */
export const elbo = define(
  objectiveKind,
  {
    type: 'elbo',
    about: 'The mean of the negative bound.',
    required: { dist: nested(distributionKind) },
    takes: [],
    build: ({ dist }): AnyObjective<Shape> => elbo(dist as never),
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
      },
    ],
  },
  <S extends Shape>(dist: Dist<S, { readonly meanBound: true }>): Objective<S> =>
    negativeLog('elbo', demand<S>('elbo', dist, 'meanBound')),
);

/**
 * An objective times a number: the loss of event x is weight · loss(x). From JSON, a loss of whole batches is an `ArgumentError`.
 *
 * @example
 * const half = weighted(0.5, maximumLikelihood(dist));
 */
export const weighted = define(
  objectiveKind,
  {
    type: 'weighted',
    about: 'An objective times a number.',
    takes: ['weight', 'objective'],
    required: { weight: finite, objective: nested(objectiveKind) },
    build: ({ weight, objective }): AnyObjective<Shape> => weighted(weight, ofEvents('weighted', objective)),
    examples: [{ weight: 0.5, objective: { type: 'maximumLikelihood', dist: { type: 'standardNormal', shape: [2] } } }],
  },
  <S extends Shape>(weight: number, objective: Objective<S>): Objective<S> => ({
    ...objective,
    spec: { type: 'weighted', weight, objective: objective.spec },
    evidence: 'none',
    loss: (x) => D.map((l: Expr) => mul(weight, l))(objective.loss(x)),
  }),
);
