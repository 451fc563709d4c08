/** The one place where a law's evidence chooses its estimator at run time; in programs the type does. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import type { Dist, Law } from '../algebra/dist.ts';
import type { Bound, Evidence, Exact, Unbiased } from '../algebra/evidence.ts';
import { type Failure, failure } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import { elbo, maximumLikelihood, type Objective } from '../inference/objective.ts';

type Estimator = (law: Law) => Either<Failure, Objective<Shape>>;

const refused =
  (why: string): Estimator =>
  (law) =>
    left(failure('ArgumentError', law.spec.type, `the law cannot be trained by its density: ${why}`));

const estimators: { readonly [E in Evidence]: Estimator } = {
  exact: (law) => right(maximumLikelihood(law as unknown as Dist<Shape, Exact>)),
  bound: (law) => right(elbo(law as unknown as Dist<Shape, Bound>)),
  // The mean of an unbiased estimate of −log p has the gradient of −log p in the mean.
  unbiased: (law) => right(elbo(law as unknown as Dist<Shape, Unbiased & Bound>)),
  unnormalised: refused('it is known only up to a constant'),
  none: refused('it has none'),
};

/** Maximum likelihood of an exact law, the evidence lower bound of a bounded one; a failure of any other. */
export const trainingObjective: Estimator = (law) => estimators[law.evidence](law);
