/** The table of estimators: what `train --objective` can say, and what the documentation lists. A family of estimators is a file. */
import { chain, type Either, left, right } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { AnyDist } from '../algebra/dist.ts';
import { type Definition, definitionsOf } from '../core/definition.ts';
import { type Failure, failure } from '../core/errors.ts';
import { unknownName } from '../core/names.ts';
import type { Shape } from '../core/shape.ts';
import { objectiveKind } from '../inference/kinds.ts';
import type { AnyObjective } from '../inference/objective.ts';
import { definitions } from './codec.ts';
import { ddpmObjectives } from './objectives/ddpm.ts';
import { densityObjectives } from './objectives/densities.ts';
import { energyObjectives } from './objectives/energies.ts';
import { estimator, type ObjectiveEntry, type ObjectiveTable } from './objectives/entry.ts';
import { latentObjectives } from './objectives/latent.ts';
import { scoreObjectives } from './objectives/scores.ts';

export type { ObjectiveEntry, ObjectiveTable } from './objectives/entry.ts';

/** The estimators among definitions that ask for a distribution and for nothing else: each is a word of its own. */
const defined = (definitions: readonly Definition[]): ObjectiveTable =>
  Object.fromEntries(
    definitions
      .filter(({ kind, required }) => kind.name === objectiveKind.name && Object.keys(required).join() === 'dist')
      .map((d) => [
        d.type,
        estimator(d.type, (dist) => d.build({ dist }) as AnyObjective<Shape>, { description: d.about ?? d.type }),
      ]),
  );

/**
 * Every estimator by name: those of definitions, and words for their usual settings.
 *
 * @example
 * Object.keys(objectives);   // maximumLikelihood, elbo, …
 */
export const objectives: ObjectiveTable = {
  ...defined(definitions),
  ...densityObjectives,
  ...latentObjectives,
  ...scoreObjectives,
  ...ddpmObjectives,
  ...energyObjectives,
};

/** An estimator as a person writes it, `elbo` or `importanceWeighted:50`, read. */
interface Written {
  readonly name: string;
  readonly entry: ObjectiveEntry;
  readonly number: number;
}

const written = (text: string, table: ObjectiveTable): Either<Failure, Written> => {
  const [word, digits, ...rest] = text.split(':').map((s) => s.trim());
  const name = Object.keys(table).find((k) => k.toLowerCase() === word.toLowerCase());
  if (name === undefined) return left(unknownName('objective', 'objective', word, Object.keys(table)));
  const entry = table[name];
  const { number } = entry;
  if (digits === undefined) return right({ name, entry, number: number?.default ?? 1 });
  const value = Number(digits);
  const usable = rest.length === 0 && digits !== '' && Number.isFinite(value) && value > 0;
  return number !== undefined && usable && (!number.integer || Number.isInteger(value))
    ? right({ name, entry, number: value })
    : left(
        failure(
          'ArgumentError',
          'objective',
          number === undefined ? `${name} takes no number` : 'the number cannot be used',
          {
            expected: number === undefined ? name : `${name}:<${number.means}>`,
            got: text,
          },
        ),
      );
};

/**
 * The objective of a distribution by an estimator's name, `elbo` or `importanceWeighted:50`. `UnknownName` with the nearest name, or `ArgumentError` where the
 * distribution lacks what the estimator needs: what the types of a program say, for a command line.
 *
 * @example
 * objectiveNamed('importanceWeighted:8')(dist)   // Either<Failure, Objective>
 */
export const objectiveNamed =
  (text: string, extra: readonly object[] = []) =>
  (dist: AnyDist): Either<Failure, AnyObjective<Shape>> =>
    pipe(
      written(text, extra.length === 0 ? objectives : { ...objectives, ...defined(definitionsOf(...extra)) }),
      chain(({ entry, number }) => entry.of(dist, number)),
    );
