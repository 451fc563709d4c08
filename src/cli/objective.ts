/** The one place where a run chooses its estimator: by name, by what the registry says of the model, or by the distribution's evidence. In programs types do. */
import { type Either, left, map, right, tryCatch } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { capabilityOf } from '../algebra/capability.ts';
import { gives } from '../algebra/demand.ts';
import type { AnyDist, Dist } from '../algebra/dist.ts';
import { type Failure, failure, raise, toFailure } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import { dynamicallyBinarised } from '../inference/binarise.ts';
import { conditionally } from '../inference/conditionally.ts';
import { type AnyObjective, isBatchObjective, type Objective } from '../inference/objective.ts';
import { conditionalObjective, conditioned, type ModelEntry, models, objectiveNamed } from '../models/index.ts';
import type { Parts } from './data-source.ts';
import { orThrow } from './failures.ts';
import type { TrainingRecord } from './training-record.ts';

/** The estimator of a distribution with a density or a bound, where nobody says. */
const byEvidence = (dist: AnyDist): string | undefined =>
  gives(dist, 'exactLogDensity') ? 'maximumLikelihood' : gives(dist, 'meanBound') ? 'elbo' : undefined;

const byName = (
  name: string | undefined,
  dist: AnyDist,
  modules: readonly object[],
): Either<Failure, AnyObjective<Shape>> =>
  name === undefined
    ? left(
        failure(
          'ArgumentError',
          '--objective',
          'the distribution has no density to be trained by: say which estimator',
          {
            expected: 'a name (see: pushforward objectives)',
            got: `${dist.spec.type}, whose log-density is ${dist.evidence}`,
          },
        ),
      )
    : objectiveNamed(name, modules)(dist);

/** The objective where its loss is one of single events. */
const ofEvents = (name: string, objective: AnyObjective<Shape>): Objective<Shape> =>
  isBatchObjective(objective)
    ? raise('ArgumentError', '--objective', `${name} is a loss of whole batches, in which contexts differ`)
    : objective;

/** What is minimised when a distribution is trained as a record says. */
export const trainingObjective = (
  dist: AnyDist,
  { objective, model }: Pick<TrainingRecord, 'objective' | 'model'>,
  { train, test }: Parts,
  entry: ModelEntry | undefined = models[model],
  modules: readonly object[] = [],
): Either<Failure, AnyObjective<Shape>> => {
  const part = capabilityOf(conditioned, dist);
  if (part !== undefined)
    return tryCatch(
      () =>
        objective === undefined
          ? conditionalObjective(entry ?? { name: model }, part)
          : conditionally((l: Dist<Shape, unknown>) =>
              ofEvents(objective, orThrow(objectiveNamed(objective, modules)(l))),
            )(part),
      toFailure('ArgumentError', '--objective'),
    ) as Either<Failure, AnyObjective<Shape>>;
  const own = entry?.objective;
  const chosen =
    objective === undefined && own !== undefined
      ? right(own(dist))
      : byName(objective ?? byEvidence(dist), dist, modules);
  return train.levels !== undefined && test.levels !== train.levels
    ? pipe(chosen, map(dynamicallyBinarised(train.levels)))
    : chosen;
};
