/**
 * Codecs at the borders: io-ts from one place, records that refuse unknown keys, and errors as one sentence with the JSON path:
 *
 *     transport.layers[1].conditioner.hidden[0]: expected a positive integer, got "64"
 */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { type Failure, failure } from './errors.ts';
import { nearestName } from './names.ts';

export * as t from 'io-ts';

/** An error of validation that may carry a failure of its own (a builder's), which then keeps its tag. */
export interface CodecError extends t.ValidationError {
  readonly failure?: Failure;
}

/**
 * Whether a value is a plain object: what a JSON object parses to; arrays and null are not.
 *
 * @example
 * codecs.isRecord({ a: 1 });   // true
 */
export const isRecord = (u: unknown): u is { readonly [key: string]: unknown } =>
  typeof u === 'object' && u !== null && !Array.isArray(u);

/**
 * A value as an error message shows it: short JSON, numbers as they are.
 *
 * @example
 * codecs.showJson([1, 2]);   // '[1,2]'
 */
export const showJson = (u: unknown): string => {
  if (u === undefined) return 'nothing';
  if (typeof u === 'number') return `${u}`;
  let text: string | undefined;
  try {
    text = JSON.stringify(u);
  } catch {
    text = undefined;
  }
  if (text === undefined) return typeof u === 'object' ? 'an object' : `a ${typeof u}`;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

/**
 * The codec of values that satisfy a predicate; encoding is the identity. The name completes `expected …` in messages.
 *
 * @example
 * const even = codecs.that('an even number', (u) => codecs.integer.is(u) && u % 2 === 0);
 * even.is(4);   // true
 */
export const that = <A>(name: string, is: (u: unknown) => u is A): t.Type<A> =>
  new t.Type<A>(name, is, (u, c) => (is(u) ? t.success(u) : t.failure(u, c)), t.identity);

/**
 * The codec of finite numbers.
 *
 * @example
 * codecs.finite.is(Number.NaN);   // false
 */
export const finite = that('a number', (u): u is number => typeof u === 'number' && Number.isFinite(u));
/**
 * The codec of finite numbers above 0.
 *
 * @example
 * codecs.positiveNumber.is(0);   // false
 */
export const positiveNumber = that('a positive number', (u): u is number => finite.is(u) && u > 0);
/**
 * The codec of finite numbers from 0.
 *
 * @example
 * codecs.nonNegative.is(0);   // true
 */
export const nonNegative = that('a number from 0', (u): u is number => finite.is(u) && u >= 0);
/**
 * The codec of safe integers.
 *
 * @example
 * codecs.integer.is(1.5);   // false
 */
export const integer = that('an integer', (u): u is number => Number.isSafeInteger(u));
/**
 * The codec of the integers 1, 2, 3, …
 *
 * @example
 * codecs.positiveInteger.is(0);   // false
 */
export const positiveInteger = that('a positive integer', (u): u is number => integer.is(u) && u > 0);
/**
 * The codec of the integers 0, 1, 2, …
 *
 * @example
 * codecs.natural.is(0);   // true
 */
export const natural = that('an integer from 0', (u): u is number => integer.is(u) && u >= 0);
/**
 * The codec of `true` and `false`.
 *
 * @example
 * codecs.boolean.is(true);   // true
 */
export const boolean = that('true or false', (u): u is boolean => typeof u === 'boolean');
/**
 * The codec of strings.
 *
 * @example
 * codecs.text.is('a');   // true
 */
export const text = that('a text', (u): u is string => typeof u === 'string');
/**
 * The codec of one of several strings.
 *
 * @example
 * codecs.oneOf(['relu', 'tanh']).is('tanh');   // true
 */
export const oneOf = <const S extends readonly string[]>(names: S): t.Type<S[number]> =>
  that(`one of ${names.join(', ')}`, (u): u is S[number] => typeof u === 'string' && names.includes(u));
/**
 * The codec of lists whose items follow a codec.
 *
 * @example
 * codecs.list(codecs.finite).is([1, 2]);   // true
 */
export const list = <A, O>(
  item: t.Type<A, O>,
  name = `a list, each ${item.name}`,
): t.Type<readonly A[], readonly O[]> => t.readonlyArray(item, name);
/**
 * The codec of shapes: lists of positive integers, the sizes of the axes of an event.
 *
 * @example
 * codecs.shapeCodec.is([28, 28]);   // true
 */
export const shapeCodec = list(positiveInteger, 'a shape: a list of positive integers');

/** What a record of codecs decodes to: keys that must be there, and keys that may. */
export type Fields<R extends t.Props, O extends t.Props> = { readonly [K in keyof R]: t.TypeOf<R[K]> } & {
  readonly [K in keyof O]?: t.TypeOf<O[K]>;
};

/**
 * The message for an unknown key, with the nearest known one.
 *
 * @example
 * codecs.unknownKey('hiden', ['hidden']);   // "unknown key 'hiden'; did you mean 'hidden'?"
 */
export const unknownKey = (key: string, known: readonly string[], what = 'key'): string => {
  const near = nearestName(key, known);
  if (near !== undefined) return `unknown ${what} '${key}'; did you mean '${near}'?`;
  return `unknown ${what} '${key}'; ${known.length === 0 ? 'none is expected here' : `known are ${known.join(', ')}`}`;
};

/** What keys were called in files of before: read as the new ones, never written. */
const formerKeys: { readonly [key: string]: string } = { dist: 'law', dists: 'laws' };

/** A record whose keys of before are said as they are now. */
const renamed = (
  u: { readonly [key: string]: unknown },
  known: readonly string[],
): { readonly [key: string]: unknown } => {
  const former = known.filter(
    (k) => Object.hasOwn(formerKeys, k) && !Object.hasOwn(u, k) && Object.hasOwn(u, formerKeys[k]),
  );
  return former.length === 0
    ? u
    : Object.fromEntries(Object.entries(u).map(([k, v]) => [former.find((n) => formerKeys[n] === k) ?? k, v]));
};

/**
 * The codec of records with exactly these keys: a missing or unknown key is an error that names it (and the nearest known one). Keys in `ignored` are accepted and left
 * out.
 *
 * @example
 * codecs.decode(codecs.strict({ hidden: codecs.positiveInteger }), { hiden: 3 });   // left: unknown key 'hiden'
 */
export const strict = <R extends t.Props, O extends t.Props = Record<never, never>>(
  required: R,
  optional: O = {} as O,
  { name = 'an object', ignored = [] }: { readonly name?: string; readonly ignored?: readonly string[] } = {},
): t.Type<Fields<R, O>> => {
  const props: t.Props = { ...optional, ...required };
  const known = Object.keys(props);
  const validate: t.Validate<unknown, Fields<R, O>> = (given, c) => {
    if (!isRecord(given)) return t.failure(given, c);
    const u = renamed(given, known);
    const errors: t.Errors = [];
    const values: [string, unknown][] = [];
    for (const key of Object.keys(u))
      if (!known.includes(key) && !ignored.includes(key))
        errors.push({
          value: u,
          context: c,
          message: unknownKey(
            key,
            known.filter((k) => !Object.hasOwn(u, k)),
          ),
        });
    for (const key of known) {
      if (!Object.hasOwn(u, key)) {
        if (Object.hasOwn(required, key))
          errors.push({ value: u, context: c, message: `'${key}' is missing: expected ${props[key].name}` });
        continue;
      }
      const value = props[key].validate(
        u[key],
        t.appendContext(c, Object.hasOwn(given, key) ? key : formerKeys[key], props[key], u[key]),
      );
      if (E.isLeft(value)) errors.push(...value.left);
      else values.push([key, value.right]);
    }
    return errors.length > 0 ? t.failures(errors) : t.success(Object.fromEntries(values) as Fields<R, O>);
  };
  const encode = (a: Fields<R, O>): Fields<R, O> =>
    Object.fromEntries(Object.entries(a).map(([k, v]) => [k, v === undefined ? v : props[k].encode(v)])) as Fields<
      R,
      O
    >;
  return new t.Type(name, (u): u is Fields<R, O> => E.isRight(validate(u, [])), validate, encode);
};

/**
 * The JSON path of the context of an io-ts error: `transport.layers[1]`; members of unions and intersections add no key.
 *
 * @example
 * codecs.jsonPath([{ key: '', type: codecs.finite }, { key: 'loc', type: codecs.finite }]);   // 'loc'
 */
export const jsonPath = (context: t.Context, start = ''): string =>
  context.slice(1).reduce((path, { key }, i) => {
    const parent = context[i];
    const { _tag } = parent.type as { readonly _tag?: string };
    if (_tag === 'UnionType' || _tag === 'IntersectionType') return path;
    if (Array.isArray(parent.actual)) return `${path}[${key}]`;
    return joinPath(path, key);
  }, start);

/**
 * `path.key`, with the key in brackets and quotes where it is not a plain name.
 *
 * @example
 * codecs.joinPath('transport', 'layers');   // 'transport.layers'
 */
export const joinPath = (path: string, key: string): string =>
  !/^[\w$]+$/.test(key) ? `${path}[${JSON.stringify(key)}]` : path === '' ? key : `${path}.${key}`;

/**
 * The errors of a validation as one `SpecError`: an unknown key first, since it often explains the others.
 *
 * @example
 * const result = codecs.finite.decode('1');
 * if (result._tag === 'Left') codecs.decodeFailure(result.left)._tag;   // 'SpecError'
 */
export const decodeFailure = (errors: readonly CodecError[], start = ''): Failure => {
  const first =
    errors.find((e) => e.message?.startsWith('unknown')) ??
    errors.reduce((a, b) => (b.context.length > a.context.length ? b : a));
  const path = jsonPath(first.context, start);
  if (first.failure !== undefined) return { ...first.failure, path };
  const expected = first.context[first.context.length - 1]?.type.name ?? 'another value';
  return failure('SpecError', path, first.message ?? `expected ${expected}, got ${showJson(first.value)}`);
};

/**
 * Decodes a value by a codec. Returns a `SpecError` with the path of the part that does not fit; `start` is put in front of that path.
 *
 * @example
 * codecs.decode(codecs.positiveInteger, 3);   // right(3)
 */
export const decode = <A>(codec: t.Decoder<unknown, A>, json: unknown, start = ''): E.Either<Failure, A> =>
  E.mapLeft((errors: t.Errors) => decodeFailure(errors, start))(codec.decode(json));

/**
 * Parses JSON. Returns a `SpecError` that says where the text stops being JSON.
 *
 * @example
 * codecs.parseJson('{"a": 1}');   // right({ a: 1 })
 */
export const parseJson = (source: string, path = ''): E.Either<Failure, unknown> =>
  E.tryCatch(
    () => JSON.parse(source) as unknown,
    (e) => failure('SpecError', path, `not JSON: ${e instanceof Error ? e.message : String(e)}`),
  );
