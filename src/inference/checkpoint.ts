/**
 * Checkpoints: a training state with the declaration it belongs to, in one safetensors file. Parameters stand under their own names, an
 * optimiser's vectors under `optimizer/<slot>` (flat, in the order that the metadata give), averages under `average/<name>`, buffers under
 * `carried/<name>`, the best that validation knows under `best/<name>`, the stage before under `previous/<name>`; everything else is JSON in the metadata.
 * Reading gives back every bit that was written.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Json, Spec } from '../algebra/spec.ts';
import { isRecord, parseJson } from '../core/codec.ts';
import { type Failure, failure, PushforwardError, raise, sentence, toFailure } from '../core/errors.ts';
import type { Feeds } from '../core/program.ts';
import { sizeOf } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { libraryVersion } from '../core/version.ts';
import { CHECKPOINT_FORMAT, type Header, readHeader } from './checkpoint-header.ts';
import { readSafetensors, type Safetensors, writeSafetensors } from './safetensors.ts';
import type { TrainingState } from './training/state.ts';

export { CHECKPOINT_FORMAT, libraryVersion };

const OPTIMIZER = 'optimizer/';
const AVERAGE = 'average/';
const BUFFERS = 'carried/';
const BEST = 'best/';
const BEST_BUFFERS = 'best-carried/';
const PREVIOUS = 'previous/';

/** Metadata saved with the arrays: optimiser, batch size, scaling of the data, the end of the history, … */
export type TrainingRecord = { readonly [key: string]: Json };

/** What {@link saveCheckpoint} writes. */
export interface CheckpointParts {
  readonly state: TrainingState;
  /** The distribution's `spec`. */
  readonly spec: Spec;
  readonly training?: TrainingRecord;
}

/** What {@link loadCheckpoint} reads. */
export interface Checkpoint extends Required<CheckpointParts> {
  /** The version of the library that wrote it. */
  readonly version: string;
  readonly format: number;
}

/** The key of the metadata that makes a safetensors file a checkpoint. */
const KEY = 'pushforward';

const prefixed = (prefix: string, tensors: Feeds = {}): [string, Tensor][] =>
  Object.entries(tensors).map(([name, x]) => [prefix + name, x]);

/** Arrays one after the other. */
const flat = (tensors: Feeds): Tensor => {
  const all = Object.values(tensors);
  const data = new Float32Array(all.reduce((n, t) => n + t.data.length, 0));
  let at = 0;
  for (const t of all) {
    data.set(t.data, at);
    at += t.data.length;
  }
  return { shape: [data.length], type: 'float32', data };
};

/**
 * A checkpoint as named arrays and metadata texts: parameters under their own names, the flat vectors of the optimiser under `optimizer/<slot>`, averages under
 * `average/<name>`, buffers under `carried/<name>`; everything else is JSON in the metadata. Throws `ArgumentError` where two arrays have the same name.
 * Cost: copies the optimiser's vectors once.
 *
 * @example
 * const { tensors, metadata } = toSafetensors({ state: fitted.last, spec: dist.spec });
 */
export const toSafetensors = ({ state, spec, training = {} }: CheckpointParts): Safetensors => {
  const {
    parameters,
    slots,
    average = {},
    buffers = {},
    validations = [],
    best,
    ended = Number.NaN,
    stage,
    seed,
    step,
  } = state;
  const all = [
    ...Object.entries(parameters),
    ...Object.entries(slots).map(([slot, of]) => [OPTIMIZER + slot, flat(of)] as const),
    ...prefixed(AVERAGE, average),
    ...prefixed(BUFFERS, buffers),
    ...prefixed(BEST, best?.parameters),
    ...prefixed(BEST_BUFFERS, best?.buffers),
    ...prefixed(PREVIOUS, stage?.previous),
  ];
  const names = new Set<string>();
  for (const [name] of all) {
    if (names.has(name)) raise('ArgumentError', name, 'two arrays of the checkpoint have this name');
    names.add(name);
  }
  const header: Header = {
    format: CHECKPOINT_FORMAT,
    version: libraryVersion(),
    seed,
    step,
    parameters: Object.keys(parameters),
    slots: Object.entries(slots).map(([name, of]) => ({ name, parameters: Object.keys(of) })),
    average: Object.keys(average),
    buffers: Object.keys(buffers),
    validations: validations.map((v) => [v.step, Number.isFinite(v.value) ? v.value : null]),
    best: best === undefined ? null : { step: best.step, value: best.value, parameters: Object.keys(best.parameters), buffers: Object.keys(best.buffers) }, // biome-ignore format: one record
    ended: Number.isFinite(ended) ? ended : null,
    stage: stage === undefined ? null : { name: stage.name, index: stage.index, previous: stage.previous === undefined ? null : Object.keys(stage.previous) }, // biome-ignore format: one record
    spec,
    training,
  };
  return { tensors: Object.fromEntries(all), metadata: { [KEY]: JSON.stringify(header) } };
};

const notThere = (name: string): never => raise('FileError', '', `the checkpoint lacks '${name}'`);

/**
 * The checkpoint in named arrays and metadata texts: the inverse of {@link toSafetensors}, bit for bit. Returns a `FileError` where the metadata are not those
 * of a checkpoint, an array is missing or unexpected, sizes disagree, or a newer version of the library wrote it.
 *
 * @example
 * const checkpoint = fromSafetensors(toSafetensors({ state: fitted.last, spec: dist.spec }));   // right({ state, spec, … })
 */
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
        : readHeader(json),
    ),
    E.chain((h) => E.tryCatch(() => checked(h, tensors), toFailure('FileError'))),
  );

const checked = (h: Header, tensors: Feeds): Checkpoint => {
  const rest = new Map(Object.entries(tensors));
  const take = (name: string): Tensor => {
    const found = rest.get(name) ?? notThere(name);
    rest.delete(name);
    return found;
  };
  const taken = (prefix: string, all: readonly string[]): Record<string, Tensor> =>
    Object.fromEntries(all.map((name) => [name, take(prefix + name)]));
  const parameters = taken('', h.parameters);
  const like = (name: string, x: Tensor, prefix: string): void => {
    const known = parameters[name];
    if (known !== undefined && known.shape.join() !== x.shape.join())
      raise('FileError', '', `'${prefix}${name}' does not fit the parameter`, {
        expected: `[${known.shape.join(', ')}]`,
        got: `[${x.shape.join(', ')}]`,
      });
  };
  /** The arrays inside a flat one. */
  const inside = (name: string, order: readonly string[]): Feeds => {
    const whole = take(OPTIMIZER + name);
    const sizes = order.map((p) => sizeOf((parameters[p] ?? notThere(p)).shape));
    const total = sizes.reduce((a, b) => a + b, 0);
    if (whole.shape.length !== 1 || whole.shape[0] !== total)
      raise('FileError', '', `'${OPTIMIZER}${name}' does not fit the parameters`, {
        expected: `[${total}]`,
        got: `[${whole.shape.join(', ')}]`,
      });
    let at = 0;
    return Object.fromEntries(
      order.map((p, i) => {
        at += sizes[i];
        const data = whole.data.subarray(at - sizes[i], at) as Tensor['data'];
        return [p, { shape: parameters[p].shape, type: whole.type, data }];
      }),
    );
  };
  const slots = Object.fromEntries(h.slots.map((s) => [s.name, inside(s.name, s.parameters)]));
  const average = taken(AVERAGE, h.average);
  const buffers = taken(BUFFERS, h.buffers);
  const best = h.best === null ? undefined : { step: h.best.step, value: h.best.value, parameters: taken(BEST, h.best.parameters), buffers: taken(BEST_BUFFERS, h.best.buffers) }; // biome-ignore format: one record
  const stage = h.stage === null ? undefined : { name: h.stage.name, index: h.stage.index, ...(h.stage.previous === null ? {} : { previous: taken(PREVIOUS, h.stage.previous) }) }; // biome-ignore format: one record
  for (const name of rest.keys()) raise('FileError', '', `the checkpoint has an array '${name}' that nothing asks for`);
  for (const [name, x] of Object.entries(average)) like(name, x, AVERAGE);
  for (const [name, x] of Object.entries(best?.parameters ?? {})) like(name, x, BEST);
  return {
    state: {
      step: h.step,
      seed: h.seed,
      parameters,
      slots,
      ...(h.average.length === 0 ? {} : { average }),
      ...(h.buffers.length === 0 ? {} : { buffers }),
      ...(h.validations.length === 0
        ? {}
        : { validations: h.validations.map(([step, value]) => ({ step, value: value ?? Number.NaN })) }),
      ...(best === undefined ? {} : { best }),
      ...(h.ended === null ? {} : { ended: h.ended }),
      ...(stage === undefined ? {} : { stage }),
    },
    spec: h.spec,
    training: h.training,
    version: h.version,
    format: h.format,
  };
};

/**
 * Writes a checkpoint to a safetensors file, atomically: an existing file stays whole until the new one is on disk. Returns a `FileError` where the file cannot be
 * written, and an `ArgumentError` where two arrays have the same name. Nothing is written before the task is run.
 *
 * @example
 * const save = saveCheckpoint('runs/moons.safetensors', { state: fitted.last, spec: dist.spec });   // await save() writes the file
 */
export const saveCheckpoint = (path: string, parts: CheckpointParts): TE.TaskEither<Failure, void> =>
  pipe(
    TE.fromEither(E.tryCatch(() => toSafetensors(parts), toFailure('FileError', path))),
    TE.chain(({ tensors, metadata }) => writeSafetensors(path, tensors, metadata)),
  );

/**
 * A function that saves the training state to one file, for the option `checkpoint` of `fit`. It throws the failure of {@link saveCheckpoint}, which ends training.
 *
 * @example
 * const checkpoint = { every: 500, save: saveTo('runs/moons.safetensors', { spec: dist.spec }) };   // an option of fit
 */
export const saveTo =
  (path: string, parts: Omit<CheckpointParts, 'state'>) =>
  async (state: TrainingState): Promise<void> => {
    const saved = await saveCheckpoint(path, { ...parts, state })();
    if (E.isLeft(saved)) throw new PushforwardError(saved.left);
  };

/**
 * Reads a checkpoint; `readDist(checkpoint.spec)` reconstructs the distribution, `checkpoint.state` resumes training. Returns a `FileError` with the path where
 * the file is missing, damaged, or not a checkpoint.
 *
 * @example
 * const load = loadCheckpoint('runs/moons.safetensors');   // await load() reads the file
 */
export const loadCheckpoint = (path: string): TE.TaskEither<Failure, Checkpoint> =>
  pipe(
    readSafetensors(path),
    TE.chainEitherK((file) =>
      E.mapLeft((f: Failure) => failure('FileError', path, sentence(f)))(fromSafetensors(file)),
    ),
  );
