/** The contexts of the conditional distributions that are being read: what `{ "type": "context" }` stands for inside them. */

import { isRecord, positiveInteger, shapeCodec, t } from '../core/codec.ts';
import { raise } from '../core/errors.ts';
import { type AnyContext, type Context, contextParts } from './context.ts';
import type { AnyDist } from './dist.ts';

/** Innermost first. */
let around: readonly AnyContext[] = [];

/** The contexts of the conditional distributions around what is being read now. */
export const contextsAround = (): readonly AnyContext[] => around;

/** Reads inside a conditional distribution: `contexts` are its context and those further out. */
export const readingInside = <A>(contexts: readonly AnyContext[], read: () => A): A => {
  const before = around;
  around = contexts;
  try {
    return read();
  } finally {
    around = before;
  }
};

/** The distribution that an estimator of `conditionally` is read for. */
let conditioned: AnyDist | undefined;

/** Reads an estimator for a distribution: `{ "type": "conditioned" }` is that distribution. */
export const readingFor = <A>(dist: AnyDist, read: () => A): A => {
  const before = conditioned;
  conditioned = dist;
  try {
    return read();
  } finally {
    conditioned = before;
  }
};

/** What `{ "type": "conditioned" }` stands for. Throws `SpecError` outside an estimator of `conditionally`. */
export const conditionedDist = (): AnyDist =>
  conditioned ??
  raise(
    'SpecError',
    '',
    "'conditioned' is the distribution at a context: it stands inside an estimator of 'conditionally'",
  );

const valueAt = (value: AnyContext | undefined, field: readonly string[]): AnyContext | undefined =>
  field.reduce<AnyContext | undefined>(
    (v, name) => (v === undefined || 'op' in v ? undefined : (v as { readonly [k: string]: AnyContext })[name]),
    value,
  );

/** What a specification `{ "type": "context", "field": …, "up": … }` stands for; a failure is a sentence. */
export const contextFound = (u: { readonly [key: string]: unknown }): AnyContext | string => {
  const { field = '', up = 0 } = u;
  if (u.outside === true) return 'cannot be read back: the context of a conditional distribution that is not around it';
  const extra = Object.keys(u).find((k) => !['type', 'field', 'up'].includes(k));
  if (extra !== undefined) return `unknown key '${extra}'`;
  if (typeof field !== 'string' || !(typeof up === 'number' && Number.isInteger(up) && up >= 0))
    return 'a context has the name of a field, and how many conditional distributions further out it is';
  const whole = around[up];
  if (whole === undefined) return 'there is no context here: it stands inside a conditional distribution';
  const value = valueAt(whole, field === '' ? [] : field.split('/'));
  return value ?? `the context has no field '${field}'`;
};

/** A context's value: that of the conditional distribution around, a field of it, or a struct of these. */
export const contextValueCodec: t.Type<AnyContext> = new t.Type<AnyContext>(
  'a context',
  (u): u is AnyContext => isRecord(u),
  (u, c) => {
    if (!isRecord(u)) return t.failure(u, c);
    if (typeof u.opaque === 'string') return t.failure(u, c, `cannot be read back: ${u.opaque}`);
    if (u.type === 'struct' && isRecord(u.fields)) {
      const fields: { [name: string]: AnyContext } = {};
      for (const [name, inner] of Object.entries(u.fields)) {
        const read = contextValueCodec.validate(inner, [...c, { key: name, type: contextValueCodec }]);
        if (read._tag === 'Left') return read;
        fields[name] = read.right;
      }
      return t.success(fields);
    }
    if (u.type !== 'context') return t.failure(u, c);
    const value = contextFound(u);
    return typeof value === 'string' ? t.failure(u, c, value) : t.success(value);
  },
  t.identity,
);

/** What a conditional distribution is given: a shape, `{ "classes": K }`, or a struct of these. */
export const contextCodec: t.Type<Context> = new t.Type<Context>(
  'a context: a shape, { classes: K }, or a struct of contexts',
  (u): u is Context => Array.isArray(u) || isRecord(u),
  (u, c) => {
    if (Array.isArray(u)) return shapeCodec.validate(u, c);
    if (!isRecord(u)) return t.failure(u, c);
    if ('classes' in u && !isRecord(u.classes) && !Array.isArray(u.classes)) {
      const count = positiveInteger.validate(u.classes, [...c, { key: 'classes', type: positiveInteger }]);
      return count._tag === 'Left' ? count : t.success({ classes: count.right });
    }
    const fields: { [name: string]: Context } = {};
    for (const [name, inner] of Object.entries(u)) {
      const read = contextCodec.validate(inner, [...c, { key: name, type: contextCodec }]);
      if (read._tag === 'Left') return read;
      fields[name] = read.right;
    }
    return contextParts(fields).length === 0 ? t.failure(u, c, 'a context of nothing') : t.success(fields);
  },
  t.identity,
);
