/** What a training run was asked for, as plain data: it travels in the checkpoint, so that a run can be resumed and evaluated without flags. */
import { type Either, mapLeft } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { decode } from '../core/codec.ts';
import { type Failure, failure } from '../core/errors.ts';
import { DataRecord } from './data-source.ts';
import { optimizerNames, scheduleNames } from './training-optimizer.ts';

/** One of some words. */
const word = <W extends string>(words: readonly W[]): t.Type<W> =>
  t.keyof(Object.fromEntries(words.map((w) => [w, null])) as Record<W, null>);

/** A training run, declared. */
export const TrainingRecord = t.intersection([
  t.type({
    /** The name of the model, or the path of its specification. */
    model: t.string,
    data: DataRecord,
    steps: t.number,
    batchSize: t.number,
    learningRate: t.number,
    schedule: word(scheduleNames),
    backend: t.string,
  }),
  t.partial({
    /** The optimiser, where it is not Adam. */
    optimizer: word(optimizerNames),
    /** Steps of a linear rise in front of the schedule. */
    warmUp: t.number,
    /** λ of decoupled weight decay. */
    weightDecay: t.number,
    /** Largest norm of the gradient. */
    clip: t.number,
    /** Decay of the average of the parameters, where one is kept. */
    ema: t.number,
    /** The estimator, where it is not the model's own: `importanceWeighted:50`. */
    objective: t.string,
    /** Validations without a better loss that end training. */
    patience: t.number,
  }),
]);
export type TrainingRecord = t.TypeOf<typeof TrainingRecord>;

/** Reads the record out of a checkpoint's metadata. */
export const readTraining = (json: unknown, path: string): Either<Failure, TrainingRecord> =>
  mapLeft((f: Failure) =>
    failure(
      'SpecError',
      path,
      `the checkpoint does not say how it was trained by this program: ${f.path}: ${f.message}`,
    ),
  )(decode(TrainingRecord, json));
