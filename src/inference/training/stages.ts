/** Training in stages: a sequence of games whose data or first values come from the result of the one before. */

import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Failure, failure } from '../../core/errors.ts';
import { knownOptions } from '../../core/known-options.ts';
import type { Feeds } from '../../core/program.ts';
import type { Shape } from '../../core/shape.ts';
import { fit } from './fit.ts';
import type { FitOptions, Fitted } from './fit-options.ts';
import type { Stage, TrainingState } from './state.ts';

/** The options of one stage: those of `fit`, except resumption and observers. */
export type StageOptions<S extends Shape> = Omit<
  FitOptions<S>,
  'resume' | 'checkpoint' | 'signal' | 'onProgress' | 'stage'
>;

/** One stage of a training. */
export interface StageDeclaration<S extends Shape = Shape> {
  readonly name: string;
  /**
   * What to fit, given the parameters that the stage before ended with (nothing in the first). It must be a function of them alone: a resumed run asks again.
   */
  readonly fit: (previous: Feeds) => StageOptions<S> | Promise<StageOptions<S>>;
}

/** The observers of all stages, and the state to resume from. */
export interface StagesOptions<S extends Shape> extends Pick<FitOptions<S>, 'checkpoint' | 'signal' | 'onProgress'> {
  /** A state that any stage saved: that stage goes on, those before are not run again. */
  readonly resume?: TrainingState;
}

/** What came of each stage that was run, in order; the last is the result. */
export interface StagesFitted extends Fitted {
  readonly stages: readonly { readonly name: string; readonly fitted: Fitted }[];
}

/**
 * Fits stages in order: distillation (a teacher, then students), reflow (a flow, then one on its own pairs), progressive growing. Each stage is a `fit`: every state
 * it saves names its stage and carries the result of the one before, so a resumed run equals one that was not stopped, bit for bit. An
 * interruption or failure ends at the stage where it happened.
 *
 * @example
 * const teacher = maximumLikelihood(pipe(standardNormal([2]), pushforward(affine())));
 * const twice = fitStages([
 *   { name: 'teacher', fit: () => ({ objective: teacher, data, steps: 100 }) },
 *   { name: 'again', fit: (previous) => ({ objective: teacher, data, steps: 50, initial: previous }) },
 * ]);
 */
export const fitStages =
  <S extends Shape>(
    stages: readonly StageDeclaration<S>[],
    options: StagesOptions<S> = {},
  ): TaskEither<Failure, StagesFitted> =>
  async () => {
    const { resume, ...watching } = knownOptions('fitStages', options, { checkpoint: true, signal: true, onProgress: true, resume: true }); // biome-ignore format: one line
    const at = resume?.stage ?? { name: stages[0]?.name ?? '', index: 0 };
    const unknown = stages[at.index]?.name !== at.name || (resume !== undefined && resume.stage === undefined);
    if (unknown)
      return E.left(
        failure('ArgumentError', 'stages', 'the state to resume is of no stage here', {
          expected: stages.map((s) => `'${s.name}'`).join(', ') || 'one stage or more',
          got: resume?.stage === undefined ? 'a state without a stage' : `stage ${at.index + 1}, '${at.name}'`,
        }),
      );
    const done: { readonly name: string; readonly fitted: Fitted }[] = [];
    let previous: Feeds = at.previous ?? {};
    for (let index = at.index; index < stages.length; index++) {
      const { name } = stages[index];
      const stage: Stage = { name, index, ...(index === 0 ? {} : { previous }) };
      const going = index === at.index && resume !== undefined ? { resume } : {};
      const fitted = await fit<S>({ ...(await stages[index].fit(previous)), ...watching, ...going, stage })();
      if (E.isLeft(fitted)) return E.left({ ...fitted.left, path: `${name}/${fitted.left.path}` });
      done.push({ name, fitted: fitted.right });
      if (fitted.right.ending === 'interrupted') break;
      previous = fitted.right.parameters;
    }
    return E.right({ ...done[done.length - 1].fitted, stages: done });
  };
