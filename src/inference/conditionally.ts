/** Estimators of conditional distributions: any estimator of a distribution, at each context. */

import type { Conditional } from '../algebra/conditional.ts';
import { type AnyContext, type Context, type ContextValue, contextOfVector, contextParts, contextSize, mapContext, placeholder } from '../algebra/context.ts'; // biome-ignore format: one line
import type { Dist } from '../algebra/dist.ts';
import { forDist, ofContext } from '../algebra/inside-codec.ts';
import { conditionalKind } from '../algebra/kinds.ts';
import { nonNegative } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { uniform } from '../core/random.ts';
import { root } from '../core/scope.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { ofRow } from '../distributions/jointly.ts';
import { objectiveKind } from './kinds.ts';
import { type AnyObjective, maximumLikelihood, type Objective, ofEvents } from './objective.ts';

/** Options of {@link conditionally}. */
export interface ConditionallyOptions {
  /** The chance that a context is replaced by zeros, which say "nothing is known"; default 0. For classifier-free guidance 0.1. */
  readonly drop?: number;
}

/**
 * An estimator of distributions as one of conditional distributions: the loss of a row (x, c) is the estimator's loss of x under p(· | c). What the estimator demands of a
 * distribution, it demands of p: `conditionally(maximumLikelihood)` of a conditional distribution that only has a bound does not compile. Rows are those of `pairs`. With `drop` one
 * network learns p(x | c), and p(x) where the context is dropped (Ho & Salimans 2022, arXiv:2207.12598, algorithm 1), which `guided` needs. Cost: the
 * estimator's. Throws `ArgumentError` where the chance is none.
 *
 * @example
 * const p = conditionalNormal([3], [2]);
 * const objectives = [conditionally(elbo)(p), conditionally(importanceWeighted(5))(p), conditionally(scoreMatching)(p)];   // of rows of 5 numbers
 */
export const conditionally = define(
  objectiveKind,
  {
    type: 'conditionally',
    about: 'Any estimator at each context.',
    required: {},
    validate: ofContext(
      'estimator',
      { dist: nested(conditionalKind) },
      { drop: nonNegative },
      ({ dist, drop }, json, c): AnyObjective<Shape> => {
        const estimator = forDist(nested(objectiveKind), json, 'estimator', c);
        return conditionally(
          (of: Dist<Shape, unknown>) => ofEvents('conditionally', estimator(of)),
          drop === undefined ? {} : { drop },
        )(dist) as never;
      },
    ),
    examples: [
      {
        dist: { type: 'parametrised', family: 'normal', context: [2], event: [1] },
        estimator: { type: 'maximumLikelihood', dist: { type: 'conditioned' } },
        drop: 0.1,
      },
    ],
  },
  <S extends Shape, E>(
    estimator: (dist: Dist<S, E>) => Objective<S>,
    { drop = 0 }: ConditionallyOptions = {},
  ): ((part: Conditional<Context, S, E>) => Objective<readonly [number]>) =>
    (part) => {
      if (!(drop >= 0 && drop <= 1))
        return raise('ArgumentError', 'conditionally', 'drop is a chance', { expected: '0 … 1', got: `${drop}` });
      const { context, event } = part;
      const sample = part.given(placeholder(context, {}))(root);
      // The evidence that the estimator needs is demanded of p, by its name; its spec does not contain p.
      estimator({ ...sample, spec: part.spec });
      const { spec, evidence } = estimator({ ...sample, spec: { type: 'conditioned' } });
      return {
        shape: [sizeOf(event) + contextSize(context)],
        parts: [event, ...contextParts(context).map((p) => p.shape)],
        spec: { type: 'conditionally', dist: part.spec, estimator: spec, ...(drop === 0 ? {} : { drop }) },
        evidence: drop === 0 ? evidence : 'none',
        loss: (row) => (scope) => (cursor) => {
          const { x, c } = ofRow(part, row);
          const value = contextOfVector(context, c) as AnyContext;
          const [u, next] = drop === 0 ? [undefined, cursor] : uniform([])(cursor);
          const kept = (e: Expr): Expr => (u === undefined ? e : o.mul(o.cast(o.lessEqual(drop, u), 'real'), e));
          const dist = part.given(mapContext(value, kept) as ContextValue<Context>)(scope);
          return estimator(dist).loss(x)(scope)(next);
        },
      };
    },
);

/**
 * Maximum likelihood of a conditional distribution: the mean of −log p(x | c) over rows (x, c) of `pairs`, in nats. Needs an exact density; a distribution that is only bounded has
 * `conditionally(elbo)`.
 *
 * @example
 * const [x, y] = [fromRows('x', Float32Array.of(0, 1, 2), [1]), fromRows('y', Float32Array.of(0, 2, 4), [1])];
 * const task = fit({ objective: conditionalLikelihood(conditionalNormal([1], [1])), data: pairs(x, y), steps: 200 });
 */
export const conditionalLikelihood = conditionally(maximumLikelihood);
