/** Score matching without noise: the Fisher divergence ½ E‖s − ∇ log p‖² up to a constant of the data, by integrating by parts. */

import { pipe } from 'fp-ts/lib/function.js';
import { oneOf, positiveInteger } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import { divergence, vjp } from '../../core/differentiate/index.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import { knownOptions } from '../../core/known-options.ts';
import * as o from '../../core/ops/index.ts';
import { vmapRandom } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import { objectiveKind } from '../kinds.ts';
import type { AnyObjective, Objective } from '../objective.ts';
import { type Projection, rademacher } from './projection.ts';
import { type HasScore, type ScoreModel, scoreModel, sourceSpec } from './score-model.ts';
import { oneSource, projectionsByName, scoredFields } from './source-codec.ts';

const objective = <S extends Shape>(
  spec: Objective<S>['spec'],
  { shape, score }: ScoreModel<S>,
  loss: (s: Expr, x: Expr) => D.Draw<Expr>,
): Objective<S> => ({
  shape,
  spec,
  evidence: 'none',
  loss: (x) => pipe(score(x), D.chain((s) => loss(s, x))), // biome-ignore format: one idea
});

const half = (s: Expr): Expr => o.mul(0.5, o.dot(s, s));

/**
 * Score matching (Hyvärinen 2005, equation 4): the mean of tr ∂s/∂x + ½‖s‖², which is ½ E‖s − ∇ log p‖² − ½ E‖∇ log p‖² for data of a smooth distribution p. It
 * takes distributions known up to a constant, and fields. Cost: D derivatives of the score for an event of D numbers.
 *
 * @example
 * fit({ objective: scoreMatching(energy([2])), data, steps: 10, batchSize: 10 });   // a task
 */
export const scoreMatching = define(
  objectiveKind,
  {
    type: 'scoreMatching',
    about: 'Score matching by the trace of the score’s Jacobian.',
    optional: scoredFields,
    takes: ['of'],
    build: ({ dist, model }): AnyObjective<Shape> =>
      scoreMatching(oneSource('scoreMatching', { dist, model }) as never),
    examples: [
      { model: { type: 'scoreNetwork', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } } },
      { dist: { type: 'energy', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } } },
    ],
  },
  <S extends Shape>(source: HasScore<S>): Objective<S> => {
    const model = scoreModel(source);
    return objective({ type: 'scoreMatching', ...sourceSpec(source) }, model, (s, x) =>
      D.of(o.add(divergence(s, x), half(s))),
    );
  },
);

/** How sliced score matching looks. */
export interface SlicedOptions<P extends Projection> {
  /** The distribution of the directions; default {@link rademacher}. */
  readonly projection?: P;
  /** Directions drawn for one event; default 1. */
  readonly projections?: number;
}

/** The mean over directions of a number made from vᵀ ∂s/∂x v and vᵀ s. */
const alongDirections = (owner: string, options: SlicedOptions<Projection>) => {
  const known = { projection: true, projections: true } as const;
  const { projection = rademacher, projections = 1 } = knownOptions(owner, options, known);
  if (!Number.isInteger(projections) || projections < 1)
    return raise('ArgumentError', owner, 'needs one direction or more', { got: `${projections}` });
  return (s: Expr, x: Expr, f: (curvature: Expr, slope: Expr) => Expr): D.Draw<Expr> =>
    () =>
    (cursor) => {
      const [[values], next] = vmapRandom(
        () => (c) => {
          const [v, after] = projection.draw(x.shape)(c);
          return [[f(o.dot(vjp([s], [x], [v])[0], v), o.dot(v, s))], after];
        },
        { size: projections, axis: 'directions' },
      )()(cursor);
      return [o.mean(values), next];
    };
};

const slicedSpec = (
  type: string,
  { projection = rademacher, projections = 1 }: SlicedOptions<Projection>,
  source: HasScore<Shape>,
) => ({ type, projection: projection.name, projections, ...sourceSpec(source) });

/**
 * Sliced score matching (Song et al. 2019, arXiv:1905.07088, equation 6): the mean of vᵀ ∂s/∂x v + ½ (vᵀ s)² over random directions v. With directions
 * whose second moment is I its expectation is {@link scoreMatching}'s; on the {@link sphere} that over D: either has the same minimiser. Cost: one
 * derivative of the score for each direction, whatever the dimension. Throws `ArgumentError` where there is no direction.
 *
 * @example
 * slicedScoreMatching({ projection: sphere })(energy([2]));
 */
export const slicedScoreMatching = define(
  objectiveKind,
  {
    type: 'slicedScoreMatching',
    about: 'Score matching along random directions.',
    optional: {
      ...scoredFields,
      projection: oneOf(['rademacher', 'gaussian', 'sphere']),
      projections: positiveInteger,
    },
    takes: [],
    build: ({ dist, model, projection = 'rademacher', projections = 1 }): AnyObjective<Shape> =>
      slicedScoreMatching({ projection: projectionsByName[projection], projections })(
        oneSource('slicedScoreMatching', { dist, model }) as never,
      ),
    examples: [
      {
        model: { type: 'scoreNetwork', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } },
        projection: 'gaussian',
        projections: 2,
      },
      { dist: { type: 'energy', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } } },
    ],
  },
  (options: SlicedOptions<Projection> = {}) => {
    const along = alongDirections('slicedScoreMatching', options);
    return <S extends Shape>(source: HasScore<S>): Objective<S> => {
      const model = scoreModel(source);
      return objective(slicedSpec('slicedScoreMatching', options, source), model, (s, x) =>
        along(s, x, (curvature, slope) => o.add(curvature, o.mul(0.5, o.square(slope)))),
      );
    };
  },
);

/**
 * Sliced score matching with variance reduction (equation 8): vᵀ ∂s/∂x v + ½‖s‖². The second term is no longer sliced, so directions must have second
 * moment I: the {@link sphere} does not compile here (the two terms would have different weights). Throws `ArgumentError` where there is no direction.
 *
 * @example
 * varianceReducedSlicedScoreMatching({ projection: gaussian })(energy([2]));
 */
export const varianceReducedSlicedScoreMatching = define(
  objectiveKind,
  {
    type: 'varianceReducedSlicedScoreMatching',
    about: 'Sliced score matching, one part of it in closed form.',
    optional: { ...scoredFields, projection: oneOf(['rademacher', 'gaussian']), projections: positiveInteger },
    takes: [],
    build: ({ dist, model, projection = 'rademacher', projections = 1 }): AnyObjective<Shape> =>
      varianceReducedSlicedScoreMatching({ projection: projectionsByName[projection], projections })(
        oneSource('varianceReducedSlicedScoreMatching', { dist, model }) as never,
      ),
    examples: [
      {
        model: { type: 'scoreNetwork', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } },
        projection: 'gaussian',
        projections: 2,
      },
      { dist: { type: 'energy', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } } },
    ],
  },
  (options: SlicedOptions<Projection<'E[v vᵀ] = I'>> = {}) => {
    const type = 'varianceReducedSlicedScoreMatching';
    const along = alongDirections(type, options);
    return <S extends Shape>(source: HasScore<S>): Objective<S> => {
      const model = scoreModel(source);
      return objective(slicedSpec(type, options, source), model, (s, x) =>
        pipe(
          along(s, x, (curvature) => curvature),
          D.map((trace) => o.add(trace, half(s))),
        ),
      );
    };
  },
);
