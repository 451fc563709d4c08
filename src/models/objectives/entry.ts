/** What the table of estimators knows of one. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import type { Law } from '../../algebra/dist.ts';
import type { Evidence } from '../../algebra/evidence.ts';
import { type Failure, failure } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import type { AnyObjective } from '../../inference/objective.ts';

/** An estimator by name: what turns a declaration into something to minimise. */
export interface ObjectiveEntry {
  readonly description: string;
  /** Authors, year, arXiv number; none for textbook estimators. */
  readonly paper?: string;
  /** The number it takes, as in `importanceWeighted:50`. */
  readonly number?: { readonly means: string; readonly default: number; readonly integer: boolean };
  /** The objective, or the sentence that says what the law lacks. */
  readonly of: (law: Law, number: number) => Either<Failure, AnyObjective<Shape>>;
}

/** Estimators by name. */
export interface ObjectiveTable {
  readonly [name: string]: ObjectiveEntry;
}

/** The law where its evidence is one of those wanted, else a sentence: what types say when a program is compiled, said when a command is run. */
export const demand = (
  estimator: string,
  law: Law,
  wanted: readonly Evidence[],
  advice: string,
): Either<Failure, Law> =>
  wanted.includes(law.evidence)
    ? right(law)
    : left(
        failure('ArgumentError', estimator, advice, {
          expected: `a log-density that is ${wanted.join(' or ')}`,
          got: `${law.spec.type}, whose log-density is ${law.evidence}`,
        }),
      );
