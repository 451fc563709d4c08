/** What the table of estimators knows of one. */
import { type Either, tryCatch } from 'fp-ts/lib/Either.js';
import type { AnyDist } from '../../algebra/dist.ts';
import { type Failure, toFailure } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import type { AnyObjective } from '../../inference/objective.ts';

/** An estimator by name: what turns a declaration into something to minimise. */
export interface ObjectiveEntry {
  readonly description: string;
  /** Authors, year, arXiv number; none for textbook estimators. */
  readonly paper?: string;
  /** The number it takes, as in `importanceWeighted:50`. */
  readonly number?: { readonly means: string; readonly default: number; readonly integer: boolean };
  /** The objective, or the sentence that says what the distribution lacks. */
  readonly of: (dist: AnyDist, number: number) => Either<Failure, AnyObjective<Shape>>;
}

/** Estimators by name. */
export interface ObjectiveTable {
  readonly [name: string]: ObjectiveEntry;
}

/** An entry whose estimator says itself what a distribution lacks: a sentence, where the compiler would say it of a program. */
export const estimator = (
  name: string,
  make: (dist: never, number: number) => AnyObjective<Shape>,
  rest: Omit<ObjectiveEntry, 'of'>,
): ObjectiveEntry => ({
  ...rest,
  of: (dist, number) => tryCatch(() => make(dist as never, number), toFailure('ArgumentError', name)),
});
