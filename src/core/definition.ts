/**
 * Definitions: what a constructor is called and what it takes, said once, beside it. Reading it back from JSON, naming it on the command line, listing it, checking its options
 * in plain JavaScript and drawing random ones for property tests all read the same record.
 *
 * A definition is a value: it sits on the constructor it defines, and {@link definitionsOf} collects those of whatever is handed to it (the exports of a folder, or of a module of
 * one's own). Importing a file registers nothing.
 *
 * @example
 * const stretch = define(
 *   layerKind,
 *   { type: 'stretch', about: 'x times a factor.', takes: ['factor'], required: { factor: positiveNumber }, examples: [{ factor: 2 }] },
 *   (factor: number) => ({ ...scale(factor), spec: { type: 'stretch', factor } }),
 * );
 * readTransport({ type: 'stretch', factor: 2 }, [stretch]);   // Either<Failure, Layer>
 */
import * as E from 'fp-ts/lib/Either.js';
import { type CodecError, type Fields, strict, t } from './codec.ts';
import { failure, raise, toFailure } from './errors.ts';
import { knownOptions } from './known-options.ts';
import type { Shape } from './shape.ts';

/** A kind of declaration (layer, distribution, network …): the word that messages use, and kinds whose members do as well. */
export interface Kind<A> {
  readonly name: string;
  readonly also: readonly Kind<unknown>[];
  /** Type only. */
  readonly member?: A;
}

/**
 * A kind of declarations (layer, distribution, objective, …), with the word that messages use for it. `also` names kinds whose declarations are accepted as well.
 *
 * @example
 * const ruleKind = kind('rule');
 */
export const kind = <A>(name: string, { also = [] }: { readonly also?: readonly Kind<unknown>[] } = {}): Kind<A> => ({
  name,
  also,
});

/** Arguments as JSON, for which a constructor makes something that its laws can be run on. */
export interface Example {
  readonly [field: string]: unknown;
}

/** Shapes that a layer's examples fit: vectors of any size, or these. */
export type Shapes = 'vectors' | readonly Shape[];

/** A region that random compositions know. */
export type Region = 'reals' | 'unit' | 'positive';

/** Where data and latents of a layer lie: in such regions, anywhere (a permutation), or in a place of its own that nothing else maps to. */
export type Regions = 'any' | 'own' | readonly [Region, Region];

/** What is known of a constructor. */
export interface Definition<A = unknown> {
  readonly kind: Kind<A>;
  /** Its name in JSON. */
  readonly type: string;
  /** What it makes, in one sentence. */
  readonly about?: string;
  /** Codecs of arguments that must be given, and of those that may. */
  readonly required: t.Props;
  readonly optional: t.Props;
  /** Options that JSON cannot hold (functions, expressions), each with the reason. */
  readonly unreadable: Readonly<Record<string, string>>;
  readonly examples: readonly Example[];
  /** Where the examples of a layer act; default any shape whose last axis is 2 or more. */
  readonly shapes?: Shapes;
  /** The regions of data and latents of a layer; default the reals on both sides. */
  readonly regions?: Regions;
  readonly validate: t.Validate<unknown, A>;
  /** What fields that are read already make. */
  readonly build: (fields: Readonly<Record<string, unknown>>) => A;
}

/** What has definitions. */
export interface Defined {
  readonly definitions: readonly Definition[];
}

/**
 * Whether a value carries definitions, so that its declarations can be read from JSON.
 *
 * @example
 * isDefined(standardNormal);   // true
 */
export const isDefined = (u: unknown): u is Defined =>
  (typeof u === 'function' || (typeof u === 'object' && u !== null)) &&
  'definitions' in u &&
  Array.isArray(u.definitions);

/** What is said of a constructor; what is not said is empty. */
export interface Declaration<A, R extends t.Props, O extends t.Props> {
  readonly type: string;
  readonly about?: string;
  readonly required?: R;
  readonly optional?: O;
  /** Arguments by position, by their names in JSON; the rest are options, in one record behind them. */
  readonly takes?: readonly string[];
  readonly unreadable?: Readonly<Record<string, string>>;
  readonly examples?: readonly Example[];
  readonly shapes?: Shapes;
  readonly regions?: Regions;
  /** What JSON's fields build, where they are not the arguments of the constructor. */
  readonly build?: (fields: Fields<R, O>) => A;
  /** How JSON is read, where that is not field by field. */
  readonly validate?: t.Validate<unknown, A>;
}

type AnyConstructor = (...args: never[]) => unknown;

const broken = (value: unknown, context: t.Context, error: unknown): t.Validation<never> => {
  const { path, ...f } = toFailure('SpecError')(error);
  const full = failure(f._tag, '', path === '' ? f.message : `${path}: ${f.message}`, {
    ...(f.expected === undefined ? {} : { expected: f.expected }),
    ...(f.got === undefined ? {} : { got: f.got }),
  });
  const one: CodecError = { value, context, message: full.message, failure: full };
  return t.failures([one]);
};

/** Validates the fields of a specification and builds from them; what the builder throws becomes a failure at the JSON path. */
export const fieldsOf = <A, R extends t.Props, O extends t.Props>(
  required: R,
  optional: O,
  build: (fields: Fields<R, O>) => A,
): t.Validate<unknown, A> => {
  const fields = strict(required, optional, { ignored: ['type'] });
  return (u, c) =>
    E.chain((a: Fields<R, O>): t.Validation<A> => {
      try {
        return t.success(build(a));
      } catch (e) {
        return broken(u, c, e);
      }
    })(fields.validate(u, c));
};

/** {@link define}. */
export type Define = <
  A,
  F extends object,
  R extends t.Props = Record<never, never>,
  O extends t.Props = Record<never, never>,
>(
  of: Kind<A>,
  declaration: Declaration<A, R, O>,
  make: F,
) => F & Defined;

interface AnyDeclaration extends Omit<Declaration<unknown, t.Props, t.Props>, 'build'> {
  readonly build?: (fields: never) => unknown;
}

/** A record of options: a declaration is an argument of its own. */
const isOptions = (u: unknown): u is object => {
  if (typeof u !== 'object' || u === null) return false;
  const prototype: unknown = Object.getPrototypeOf(u);
  return (prototype === Object.prototype || prototype === null) && !('spec' in u);
};

/** The function, asked first whether its options are known. */
const checking = <F extends AnyConstructor>(owner: string, f: F, position: number, known: readonly string[]): F => {
  const checked = (...args: Parameters<F>): unknown => {
    if (isOptions(args[position])) knownOptions(owner, args[position], known);
    return f(...args);
  };
  return checked as F;
};

const defining = (of: Kind<unknown>, declaration: AnyDeclaration, make: object): Defined => {
  const {
    type,
    about,
    takes,
    required = {},
    optional = {},
    unreadable = {},
    examples = [],
    build,
    validate,
    shapes,
    regions,
  } = declaration;
  const positions = takes ?? [];
  const options = Object.keys({ ...required, ...optional }).filter((k) => !positions.includes(k));
  const byPosition = (fields: Readonly<Record<string, unknown>>): unknown => {
    const rest = Object.fromEntries(Object.entries(fields).filter(([k]) => !positions.includes(k)));
    return (make as AnyConstructor)(...([...positions.map((k) => fields[k]), ...(options.length === 0 ? [] : [rest])] as never[])); // biome-ignore format: one call
  };
  const makes = (build as typeof byPosition | undefined) ?? byPosition;
  const definition: Definition = {
    kind: of,
    type,
    ...(about === undefined ? {} : { about }),
    required,
    optional,
    unreadable,
    examples,
    ...(shapes === undefined ? {} : { shapes }),
    ...(regions === undefined ? {} : { regions }),
    validate: validate ?? fieldsOf(required, optional, makes),
    build: makes,
  };
  // A constructor that is built in a way of its own is checked where it says its positions.
  const known = [...options, ...Object.keys(unreadable)];
  const asked = takes !== undefined || (build === undefined && validate === undefined);
  const value =
    typeof make === 'function' && asked
      ? checking(type, make as AnyConstructor, positions.length, known)
      : typeof make === 'function'
        ? (...args: never[]) => (make as AnyConstructor)(...args)
        : { ...make };
  return Object.assign(value, {
    definitions: [...(isDefined(make) ? make.definitions : []), definition],
  });
};

/**
 * A constructor (or a constant) with its definition. It is what it was, the same types and arguments, but that an option of another name is refused, with the nearest name. What has a
 * definition already gets one more.
 *
 * Throws, when it is called, `ArgumentError` for an unknown option.
 *
 * @example
 * const bend = define(
 *   layerKind,
 *   { type: 'bend', optional: { slope: positiveNumber }, examples: [{ slope: 0.3 }] },
 *   ({ slope = 0.5 }: { readonly slope?: number } = {}) => ({ ...leakyRelu({ slope }), spec: { type: 'bend', slope } }),
 * );
 * bend({ slope: 0.2 });
 */
export const define = defining as Define;

/**
 * A constant with its definition.
 *
 * @example
 * const half = defineValue(layerKind, { type: 'half', about: 'x / 2.', examples: [{}] }, { ...scale(2), spec: { type: 'half' } });
 */
export const defineValue = <A, V extends A & object>(
  of: Kind<A>,
  { type, about, examples }: Pick<Definition, 'type' | 'about' | 'examples'>,
  value: V,
): V & Defined => {
  const definition: Definition<A> = {
    kind: of,
    type,
    ...(about === undefined ? {} : { about }),
    required: {},
    optional: {},
    unreadable: {},
    examples,
    validate: fieldsOf({}, {}, (): A => made),
    build: () => made,
  };
  const made: V & Defined = { ...value, definitions: [definition] };
  return made;
};

/**
 * Definitions of whatever is handed over: constructors, lists of them, or the exports of a module. Throws `ArgumentError` where two have one kind and one name.
 *
 * @example
 * definitionsOf({ leakyRelu, exp }).map((d) => d.type);   // ['leakyRelu', 'leakyRelu', 'exp', 'exp']: each a layer, and the map that it applies
 */
export const definitionsOf = (...sources: readonly object[]): readonly Definition[] => {
  const found = new Map<string, Definition>();
  for (const source of sources)
    for (const value of isDefined(source) ? [source] : Object.values(source))
      if (isDefined(value))
        for (const definition of value.definitions) {
          const name = `${definition.kind.name} '${definition.type}'`;
          const before = found.get(name);
          if (before !== undefined && before !== definition)
            raise('ArgumentError', 'definitionsOf', `there are two definitions of the ${name}`);
          found.set(name, definition);
        }
  return [...found.values()];
};
