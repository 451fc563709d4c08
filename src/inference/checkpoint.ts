/**
 * Checkpoints: a training state with the declaration it belongs to, in one safetensors file. Parameters stand under their own names, the
 * optimiser's vectors under `optimizer/<slot>` (flat, in the order of `parameters`), the average under `average/<name>`, what an objective
 * carries under `carried/<name>`; everything else is JSON in the metadata. Reading gives back every bit that was written.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Json, Spec } from '../algebra/spec.ts';
import { decode, isRecord, list, natural, parseJson, strict, t, text, that } from '../core/codec.ts';
import { type Failure, failure, PushforwardError, raise, sentence, toFailure } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { libraryVersion } from '../core/version.ts';

export { libraryVersion };

import type { TrainingState } from './fit.ts';
import { readSafetensors, type Safetensors, writeSafetensors } from './safetensors.ts';

/** Version of the layout described above: 2 for a file with carried arrays, 1 (which older versions read too) for one without. */
export const CHECKPOINT_FORMAT = 2;

const OPTIMIZER = 'optimizer/';
const AVERAGE = 'average/';
const CARRIED = 'carried/';

/** What is kept besides the numbers: optimiser, batch size, scaling of the data, the end of the history, … */
export type TrainingRecord = { readonly [key: string]: Json };

/** What {@link saveCheckpoint} writes. */
export interface CheckpointParts {
  readonly state: TrainingState;
  /** The law's `spec`. */
  readonly spec: Spec;
  readonly training?: TrainingRecord;
}

/** What {@link loadCheckpoint} reads. */
export interface Checkpoint extends Required<CheckpointParts> {
  /** The version of the library that wrote it. */
  readonly version: string;
  readonly format: number;
}

const specCodec = that(
  'a specification: an object with a type',
  (u): u is Spec => isRecord(u) && typeof u.type === 'string',
);

/** The metadata of versions 1 and 2. */
const header = strict(
  {
    format: natural,
    version: text,
    seed: that('a number', (u): u is number => typeof u === 'number'),
    step: natural,
    parameters: list(text),
    slots: list(text),
    averaged: t.boolean,
    spec: specCodec,
    training: that('an object', (u): u is TrainingRecord => isRecord(u)),
  },
  { carried: list(text) },
);

/** The key of the metadata that makes a safetensors file a checkpoint. */
const KEY = 'pushforward';

const prefixed = (prefix: string, tensors: Readonly<Record<string, Tensor>>): [string, Tensor][] =>
  Object.entries(tensors).map(([name, x]) => [prefix + name, x]);

/** A checkpoint as named arrays and texts. Throws `ArgumentError` where a parameter's name is taken by the optimiser, the average or what is carried. */
export const toSafetensors = ({ state, spec, training = {} }: CheckpointParts): Safetensors => {
  const { parameters, slots, average, carried, seed, step } = state;
  const all = [
    ...Object.entries(parameters),
    ...prefixed(OPTIMIZER, slots),
    ...(average === undefined ? [] : prefixed(AVERAGE, average)),
    ...prefixed(CARRIED, carried ?? {}),
  ];
  const names = new Set<string>();
  for (const [name] of all) {
    if (names.has(name)) raise('ArgumentError', name, 'two arrays of the checkpoint have this name');
    names.add(name);
  }
  const record: t.TypeOf<typeof header> = {
    format: carried === undefined ? 1 : CHECKPOINT_FORMAT,
    version: libraryVersion(),
    seed,
    step,
    parameters: Object.keys(parameters),
    slots: Object.keys(slots),
    averaged: average !== undefined,
    ...(carried === undefined ? {} : { carried: Object.keys(carried) }),
    spec,
    training,
  };
  return { tensors: Object.fromEntries(all), metadata: { [KEY]: JSON.stringify(record) } };
};

const notThere = (name: string): never => raise('FileError', '', `the checkpoint lacks '${name}'`);

/** Named arrays and texts as a checkpoint, checked: nothing missing, nothing left over, sizes that agree. */
export const fromSafetensors = ({ tensors, metadata }: Safetensors): E.Either<Failure, Checkpoint> =>
  pipe(
    Object.hasOwn(metadata, KEY)
      ? parseJson(metadata[KEY])
      : E.left(failure('FileError', '', `not a checkpoint of pushforward: its metadata have no '${KEY}'`)),
    E.chain((json) =>
      isRecord(json) && typeof json.format === 'number' && json.format > CHECKPOINT_FORMAT
        ? E.left(
            failure('FileError', '', 'the checkpoint was written by a newer version of pushforward', {
              expected: `format ${CHECKPOINT_FORMAT}`,
              got: `format ${json.format} of version ${String(json.version)}`,
            }),
          )
        : decode(header, json),
    ),
    E.chain((h) => E.tryCatch(() => checked(h, tensors), toFailure('FileError'))),
  );

const checked = (
  { seed, step, averaged, spec, training, version, format, ...names }: t.TypeOf<typeof header>,
  tensors: Readonly<Record<string, Tensor>>,
): Checkpoint => {
  const rest = new Map(Object.entries(tensors));
  const take = (name: string): Tensor => {
    const found = rest.get(name) ?? notThere(name);
    rest.delete(name);
    return found;
  };
  const taken = (prefix: string, all: readonly string[]): Record<string, Tensor> =>
    Object.fromEntries(all.map((name) => [name, take(prefix + name)]));
  const parameters = taken('', names.parameters);
  const slots = taken(OPTIMIZER, names.slots);
  const average = averaged ? taken(AVERAGE, names.parameters) : undefined;
  const carried = names.carried === undefined ? undefined : taken(CARRIED, names.carried);
  for (const name of rest.keys()) raise('FileError', '', `the checkpoint has an array '${name}' that nothing asks for`);
  const size = Object.values(parameters).reduce((n, p) => n + sizeOf(p.shape), 0);
  for (const [name, x] of Object.entries(slots))
    if (!sameShape(x.shape, [size]))
      raise('FileError', '', `'${OPTIMIZER}${name}' does not fit the parameters`, {
        expected: showShape([size]),
        got: showShape(x.shape),
      });
  for (const [name, x] of Object.entries(average ?? {}))
    if (!sameShape(x.shape, parameters[name].shape))
      raise('FileError', '', `'${AVERAGE}${name}' does not fit the parameter`, {
        expected: showShape(parameters[name].shape),
        got: showShape(x.shape),
      });
  return {
    state: {
      step,
      seed,
      parameters,
      slots,
      ...(average === undefined ? {} : { average }),
      ...(carried === undefined ? {} : { carried }),
    },
    spec,
    training,
    version,
    format,
  };
};

/** Writes a checkpoint. The file that was there stays whole until the new one is on the disk. */
export const saveCheckpoint = (path: string, parts: CheckpointParts): TE.TaskEither<Failure, void> =>
  pipe(
    TE.fromEither(E.tryCatch(() => toSafetensors(parts), toFailure('FileError', path))),
    TE.chain(({ tensors, metadata }) => writeSafetensors(path, tensors, metadata)),
  );

/**
 * What `fit` calls to save its state; throws the failure, which then ends training.
 *
 * @example
 * const checkpoint = { every: 500, save: saveTo('runs/moons.safetensors', { spec: law.spec }) };   // an option of fit
 */
export const saveTo =
  (path: string, parts: Omit<CheckpointParts, 'state'>) =>
  async (state: TrainingState): Promise<void> => {
    const saved = await saveCheckpoint(path, { ...parts, state })();
    if (E.isLeft(saved)) throw new PushforwardError(saved.left);
  };

/** Reads a checkpoint; `readLaw(checkpoint.spec)` gives the law again. Everything that is not right is a `FileError`. */
export const loadCheckpoint = (path: string): TE.TaskEither<Failure, Checkpoint> =>
  pipe(
    readSafetensors(path),
    TE.chainEitherK((file) =>
      E.mapLeft((f: Failure) => failure('FileError', path, sentence(f)))(fromSafetensors(file)),
    ),
  );
