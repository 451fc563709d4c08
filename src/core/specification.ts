/**
 * Specifications, `{ "type": "affineCoupling", … }`, read by the definition that has their `type`. Which definitions there are stands at the root of whatever is being read, so that a
 * definition far below names another kind ({@link nested}) and knows no table.
 */
import { isRecord, t } from './codec.ts';
import type { Definition, Kind } from './definition.ts';
import { nearestName } from './names.ts';

/** Definitions by kind and type. */
export interface Tables {
  readonly [kind: string]: { readonly [type: string]: Definition };
}

/**
 * Definitions by kind and type; of two with the same name the later one counts.
 *
 * @example
 * tablesOf(definitionsOf({ standardNormal }));
 */
export const tablesOf = (definitions: readonly Definition[]): Tables => {
  const tables: Record<string, Record<string, Definition>> = {};
  for (const definition of definitions) {
    const { name } = definition.kind;
    tables[name] = { ...tables[name], [definition.type]: definition };
  }
  return tables;
};

/** A codec that brings the tables for everything below it. */
interface Bringing {
  readonly tables: Tables;
}

const brings = (type: unknown): type is Bringing => isRecord(type) && isRecord(type.tables);

const tablesAround = (context: t.Context): Tables => {
  const around = context.findLast(({ type }) => brings(type))?.type;
  return brings(around) ? around.tables : {};
};

/** Specifications nested deeper than this are rejected: they are not written by hand. */
const DEEPEST = 400;

const aOrAn = (noun: string): string => `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;

const entriesOf = (kind: Kind<unknown>, tables: Tables): { readonly [type: string]: Definition } =>
  Object.assign({}, ...[...kind.also, kind].map((k) => tables[k.name] ?? {}));

const validateIn = <A>(kind: Kind<A>, tables: Tables, u: unknown, c: t.Context): t.Validation<A> => {
  const { name } = kind;
  if (c.length > DEEPEST) return t.failure(u, c, 'unreadable: nested too deeply');
  if (!isRecord(u)) return t.failure(u, c);
  const entries = entriesOf(kind, tables);
  const known = Object.keys(entries);
  const { type, opaque } = u;
  if (typeof type !== 'string') {
    const slip = type === undefined ? nearestName('type', Object.keys(u)) : undefined;
    return t.failure(
      u,
      c,
      slip === undefined
        ? `'type' is missing: expected the name of ${aOrAn(name)} (${known.join(', ')})`
        : `unknown key '${slip}'; did you mean 'type'?`,
    );
  }
  if (typeof opaque === 'string') return t.failure(u, c, `this ${name} '${type}' cannot be read back: ${opaque}`);
  if (Object.hasOwn(entries, type)) return entries[type].validate(u, c) as t.Validation<A>;
  const other = Object.keys(tables).find((k) => Object.hasOwn(tables[k], type));
  if (other !== undefined) return t.failure(u, c, `'${type}' is ${aOrAn(other)}, but ${aOrAn(name)} is needed here`);
  const near = nearestName(type, known);
  return t.failure(
    u,
    c,
    near === undefined
      ? `unknown ${name} '${type}'; known are ${known.join(', ')}`
      : `unknown ${name} '${type}'; did you mean '${near}'?`,
  );
};

const codec = <A>(kind: Kind<A>, tables?: Tables): t.Type<A, unknown> =>
  Object.assign(
    new t.Type<A, unknown>(
      `${aOrAn(kind.name)}: an object with a type`,
      (u): u is A => (isRecord(u) || typeof u === 'function') && 'spec' in u,
      (u, c) => validateIn(kind, tables ?? tablesAround(c), u, c),
      (a) => (a as { readonly spec: unknown }).spec,
    ),
    tables === undefined ? {} : { tables },
  );

/**
 * The codec of a declaration of some kind inside another declaration: it uses the definitions of the reader that decodes the outer one.
 *
 * @example
 * const fields = { init: nested(kind('rule')) };
 */
export const nested = <A>(kind: Kind<A>): t.Type<A, unknown> => codec(kind);

/**
 * The codec of declarations of a kind, with the definitions for it and for everything in it. Encoding gives the `spec`.
 *
 * @example
 * reader(layerKind, tablesOf(definitionsOf({ leakyRelu, compose })));
 */
export const reader = <A>(kind: Kind<A>, tables: Tables): t.Type<A, unknown> => codec(kind, tables);
