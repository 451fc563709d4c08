/** Flags as io-ts types from strings: each says what it expects, and a failure names the flag. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { type Failure, failure } from '../core/errors.ts';
import { nearestName } from '../core/names.ts';

/** A type decoded from the text of a flag. `name` is what an error says was expected. */
const fromText = <A>(name: string, parse: (text: string) => A | undefined) =>
  new t.Type<A, string, unknown>(
    name,
    (_u): _u is A => true,
    (u, c) => {
      const value = typeof u === 'string' ? parse(u.trim()) : undefined;
      return value === undefined ? t.failure(u, c) : t.success(value);
    },
    String,
  );

const integer = (s: string): number | undefined =>
  /^[+-]?\d+(_\d+)*(e\d+)?$/i.test(s) && Number.isSafeInteger(Number(s.replaceAll('_', '')))
    ? Number(s.replaceAll('_', ''))
    : undefined;
const number = (s: string): number | undefined => (s !== '' && Number.isFinite(Number(s)) ? Number(s) : undefined);
const where = <A>(value: A | undefined, ok: (a: A) => boolean): A | undefined =>
  value !== undefined && ok(value) ? value : undefined;

/** 1, 2, 3, … */
export const PositiveInteger = fromText('a positive integer', (s) => where(integer(s), (n) => n > 0));
/** 0, 1, 2, … */
export const NaturalNumber = fromText('an integer from 0 up', (s) => where(integer(s), (n) => n >= 0));
/** A number above 0. */
export const PositiveNumber = fromText('a positive number', (s) => where(number(s), (x) => x > 0));
/** A number in (0, 1). */
export const Fraction = fromText('a number between 0 and 1', (s) => where(number(s), (x) => x > 0 && x < 1));
/** `64,64`. */
export const Integers = fromText('positive integers with commas, such as 64,64', (s) => {
  const parts = s.split(',').map((p) => where(integer(p.trim()), (n) => n > 0));
  return parts.every((p): p is number => p !== undefined) ? parts : undefined;
});
/** `name,other name`. */
export const Names = fromText('names with commas, such as age,income', (s) => {
  const parts = s.split(',').map((p) => p.trim());
  return parts.every((p) => p !== '') ? parts : undefined;
});

/** Rows `from … to − 1`. */
export interface Rows {
  readonly from: number;
  readonly to: number;
}
/** `A:B`, rows A to B−1 counted from 0. */
export const RowRange = fromText('rows A:B with A < B, such as 0:8000', (s): Rows | undefined => {
  const [from, to, ...rest] = s.split(':').map((p) => where(integer(p), (n) => n >= 0));
  return from !== undefined && to !== undefined && from < to && rest.length === 0 ? { from, to } : undefined;
});

/** One of some words. */
export const choice = <const W extends string>(words: readonly W[]) =>
  fromText(`one of ${words.join(', ')}`, (s): W | undefined => words.find((w) => w.toLowerCase() === s.toLowerCase()));

/** Any text but the empty one. */
export const Text = fromText('some text', (s) => (s === '' ? undefined : s));
/** A flag that may be given several times. */
export const Texts = t.readonlyArray(t.string, 'texts');
/** A flag without a value. */
export const Switch = t.boolean;

/** `learningRate` as it is typed: `--learning-rate`. */
export const flagName = (key: string): string =>
  key.length === 1 ? `-${key}` : `--${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

const describeError = (e: t.ValidationError): Failure => {
  const entry = e.context[1] ?? e.context[0];
  const expected = entry.type.name;
  const got = String(e.value);
  const words = /^one of (.*)$/.exec(expected)?.[1].split(', ') ?? [];
  const near = nearestName(got, words);
  return failure(
    words.length > 0 ? 'UnknownName' : 'ArgumentError',
    flagName(entry.key),
    words.length > 0
      ? `there is no such choice${near === undefined ? '' : `; did you mean "${near}"?`}`
      : 'the value cannot be used',
    { expected, got: `"${got}"` },
  );
};

/** Decodes the flags of a command; flags that were not given are absent. The first wrong one fails. */
export const decodeOptions = <P extends t.Props>(
  props: P,
  raw: Readonly<Record<string, unknown>>,
): Either<Failure, { readonly [K in keyof P]?: t.TypeOf<P[K]> }> => {
  const decoded = t.partial(props).decode(raw);
  return decoded._tag === 'Left'
    ? left(describeError(decoded.left[0]))
    : right(decoded.right as { readonly [K in keyof P]?: t.TypeOf<P[K]> });
};
