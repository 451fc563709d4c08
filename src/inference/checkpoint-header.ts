/** The metadata of a checkpoint, in every format that was ever written. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { Json, Spec } from '../algebra/spec.ts';
import { decode, isRecord, list, natural, strict, t, text, that } from '../core/codec.ts';
import type { Failure } from '../core/errors.ts';

/**
 * The version of the checkpoint layout that this library writes. Format 3 stores slots by their owners, validations, the best state and the stage; 2 added
 * buffers; 1 is the first. All of them are read; {@link loadCheckpoint} returns a `FileError` for a newer one.
 *
 * @example
 * const { metadata } = toSafetensors({ state: fitted.last, spec: dist.spec });
 * JSON.parse(metadata.pushforward).format === CHECKPOINT_FORMAT;   // true
 */
export const CHECKPOINT_FORMAT = 3;

const specCodec = that(
  'a specification: an object with a type',
  (u): u is Spec => isRecord(u) && typeof u.type === 'string',
);
const number = that('a number', (u): u is number => typeof u === 'number');
const record = that('an object', (u): u is { readonly [key: string]: Json } => isRecord(u));
const orNull = <C extends t.Mixed>(codec: C): t.UnionC<[C, t.NullC]> => t.union([codec, t.null]);

const common = { format: natural, version: text, seed: number, step: natural, parameters: list(text), spec: specCodec, training: record }; // biome-ignore format: one record

const header = strict({
  ...common,
  slots: list(strict({ name: text, parameters: list(text) })),
  average: list(text),
  buffers: list(text),
  validations: list(t.tuple([natural, orNull(number)])),
  ended: orNull(number),
  best: orNull(strict({ step: natural, value: number, parameters: list(text), buffers: list(text) })),
  stage: orNull(strict({ name: text, index: natural, previous: orNull(list(text)) })),
});

/** The contents of a checkpoint besides its arrays. */
export type Header = t.TypeOf<typeof header>;

/** Formats 1 and 2: every slot has all parameters. */
const earlier = strict({ ...common, slots: list(text), averaged: t.boolean }, { carried: list(text) });

/** Reads the metadata of a checkpoint; those of earlier formats are brought to the present one. */
export const readHeader = (json: unknown): E.Either<Failure, Header> =>
  isRecord(json) && typeof json.format === 'number' && json.format < 3
    ? pipe(
        decode(earlier, json),
        E.map(
          ({ slots, averaged, carried = [], ...rest }): Header => ({
            ...rest,
            slots: slots.map((name) => ({ name, parameters: rest.parameters })),
            average: averaged ? rest.parameters : [],
            buffers: carried,
            validations: [],
            best: null,
            ended: null,
            stage: null,
          }),
        ),
      )
    : decode(header, json);
