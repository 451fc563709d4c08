/** What a case declares, without a training step: names, noise, initial values. The same on every machine. */
import { type Either, isRight, left, right } from 'fp-ts/lib/Either.js';
import type { AnyDist } from '../../src/algebra/dist.ts';
import { toFailure } from '../../src/core/errors.ts';
import { reference } from '../../src/core/interpreters/index.ts';
import type { Shape } from '../../src/core/shape.ts';
import { type AnyObjective, distPrograms } from '../../src/inference/index.ts';
import { initialOf, leavesOf, noiseLines } from './adapter.ts';
import { arrayLines } from './bits.ts';
import type { Case } from './cases.ts';
import { BATCH, eventData, firstRows } from './events.ts';
import { type Listings, listed } from './records.ts';
import type { Value } from './rule.ts';

/** The distribution and the objective of a case, or why there is none. */
export const objectiveOf = (
  c: Case,
): Either<string, { readonly dist: AnyDist; readonly objective: AnyObjective<Shape> }> => {
  try {
    const dist = c.dist();
    const objective = c.objective(dist);
    if (!isRight(objective)) return left(objective.left.message);
    leavesOf(objective.right, BATCH);
    return right({ dist, objective: objective.right });
  } catch (e) {
    return left(toFailure('ArgumentError', c.name)(e).message);
  }
};

/**
 * The hashes of three lists: parameters in order, each with its shape and the bits of its initial value at seed 0; the noise of a training step on a batch;
 * (with `sampling`) the noise of four samples and their densities. Nothing where the objective does not take the distribution.
 */
export const declaration = async (c: Case, table: Listings, sampling: boolean): Promise<Value | undefined> => {
  const made = objectiveOf(c);
  if (!isRight(made)) return undefined;
  const { dist, objective } = made.right;
  const { noise } = leavesOf(objective, BATCH);
  const initial = await initialOf(objective, firstRows(eventData(c.event), BATCH));
  return {
    initial: listed(table, arrayLines(initial)),
    noise: listed(table, noise),
    ...(sampling ? { sampling: listed(table, samplingNoise(dist)) } : {}),
  };
};

const samplingNoise = (dist: AnyDist): string[] => {
  const programs = distPrograms(dist, 4, reference);
  return (['sample', 'logDensity'] as const).flatMap((kind) =>
    noiseLines(programs[kind]()).map((line) => `${kind} ${line}`),
  );
};
