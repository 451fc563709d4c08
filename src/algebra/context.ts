/**
 * Contexts: what a conditional distribution is given. A vector, an image or a sequence by its shape, a class by the number of classes, or a struct of these.
 *
 * In specifications a network or a parameter that reads the context says so: `{ "type": "context" }`, with the `field` of a struct, and `up` where the
 * context is that of a conditional distribution further out.
 */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { isExpr } from '../core/struct.ts';
import { type Json, opaque, type Spec } from './spec.ts';

/** One of so many classes, given as a one-hot vector; zeros say "no class". */
export interface Classes {
  readonly classes: number;
}

/** What is given: an array of some shape, a class, or a struct of contexts. */
export type Context = Shape | Classes | { readonly [name: string]: Context };

/** What a distribution is given for a context C: an expression of its shape (`[K]` for a class), a struct of them for a struct. */
export type ContextValue<C> = C extends Shape | Classes ? Expr : { readonly [K in keyof C]: ContextValue<C[K]> };

/** A context's value where its type is not known. */
export type AnyContext = Expr | { readonly [name: string]: AnyContext };

/**
 * The context of one of K classes. Throws `ArgumentError` where K is no positive integer.
 *
 * @example
 * const digits = conditional(classes(10), (c) => conditionalNormal([10], [2]).given(c));
 */
export const classes = (count: number): Classes =>
  Number.isInteger(count) && count >= 1
    ? { classes: count }
    : raise('ArgumentError', 'classes', 'the number of classes is a positive integer', { got: `${count}` });

const isShape = (c: Context): c is Shape => Array.isArray(c);

/** Whether a context is one of classes. */
export const isClasses = (c: Context): c is Classes => !isShape(c) && typeof c.classes === 'number';

/** One array of a context: its place in the struct (none where the context is no struct) and its shape. */
export interface ContextPart {
  readonly field: readonly string[];
  readonly shape: Shape;
}

/**
 * The arrays of a context, in the order of its fields.
 *
 * @example
 * contextParts({ age: [1], place: [2] }).map((p) => p.field);   // [['age'], ['place']]
 */
export const contextParts = (c: Context, field: readonly string[] = []): readonly ContextPart[] =>
  isShape(c)
    ? [{ field, shape: c }]
    : isClasses(c)
      ? [{ field, shape: [c.classes] }]
      : Object.entries(c).flatMap(([name, inner]) => contextParts(inner as Context, [...field, name]));

/**
 * Numbers in a context.
 *
 * @example
 * contextSize({ age: [1], kind: classes(3) });   // 4
 */
export const contextSize = (c: Context): number => contextParts(c).reduce((n, p) => n + sizeOf(p.shape), 0);

/** A context in words. */
export const showContext = (c: Context): string =>
  isShape(c)
    ? showShape(c)
    : isClasses(c)
      ? `one of ${c.classes} classes`
      : `{ ${Object.entries(c).map(([name, inner]) => `${name}: ${showContext(inner as Context)}`).join(', ')} }`; // biome-ignore format: one sentence

/** The arrays of a context's value, in the order of its fields. */
export const arraysOf = (c: AnyContext): readonly Expr[] => (isExpr(c) ? [c] : Object.values(c).flatMap(arraysOf));

/**
 * A context's value as one vector: its arrays flattened, side by side.
 *
 * @example
 * contextVector({ age: ops.constant([30]), place: ops.constant([0.5, 0.2]) });   // an expression [3]
 */
export const contextVector = (c: AnyContext): Expr => {
  const flat = arraysOf(c).map((e) => o.reshape(e, [sizeOf(e.shape)]));
  return flat.length === 1 ? flat[0] : o.concat(flat);
};

/** Another value of the same arrangement, array by array. */
export const mapContext = <V extends AnyContext>(value: V, f: (e: Expr) => Expr): V =>
  (isExpr(value)
    ? f(value)
    : Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mapContext(v as AnyContext, f)]))) as V;

const built = <C extends Context>(c: C, make: (part: ContextPart) => Expr, field: readonly string[] = []): ContextValue<C> =>
  (isShape(c) || isClasses(c)
    ? make(contextParts(c, field)[0])
    : Object.fromEntries(Object.entries(c).map(([k, inner]) => [k, built(inner as Context, make, [...field, k])]))) as ContextValue<C>; // biome-ignore format: one idea

/**
 * A context's value from {@link contextVector}.
 *
 * @example
 * contextOfVector({ age: [1], place: [2] }, ops.constant([30, 0.5, 0.2]));   // { age: [1], place: [2] } of expressions
 */
export const contextOfVector = <C extends Context>(c: C, vector: Expr): ContextValue<C> => {
  let at = 0;
  return built(c, ({ shape }) => {
    const from = at;
    at += sizeOf(shape);
    const part = from === 0 && at === vector.shape[0] ? vector : o.sliceAxis(vector, 0, from, at);
    return o.reshape(part, shape);
  });
};

/**
 * A context of zeros: "nothing is known".
 *
 * @example
 * noContext(classes(3));   // zeros [3]: no class
 */
export const noContext = <C extends Context>(c: C): ContextValue<C> => built(c, ({ shape }) => o.broadcastTo(0, shape));

/** Whether arrays fit a context; throws `ShapeError` where they do not. */
export const checkContext = (owner: string, c: Context, value: AnyContext): void => {
  const expected = contextParts(c);
  const got = arraysOf(value);
  const fits =
    expected.length === got.length && expected.every((p, i) => showShape(p.shape) === showShape(got[i].shape));
  if (!fits)
    raise('ShapeError', owner, 'the context does not fit', {
      expected: showContext(c),
      got: got.map((e) => showShape(e.shape)).join(', '),
    });
};

interface Mark {
  readonly owner: object;
  readonly field: readonly string[];
}

/** Which expressions (and structs of them) are the context of a conditional distribution that is being declared. */
const marks = new WeakMap<object, Mark>();

/** Specifications of marked expressions, until the conditional distribution that owns the mark is declared. */
const free = new WeakMap<object, Mark>();

const marked = <V extends AnyContext>(value: V, owner: object, field: readonly string[] = []): V => {
  marks.set(value, { owner, field });
  if (!isExpr(value)) for (const [k, v] of Object.entries(value)) marked(v as AnyContext, owner, [...field, k]);
  return value;
};

/** The value that a conditional distribution is declared at: inputs that know whose context they are. */
export const placeholder = <C extends Context>(c: C, owner: object): ContextValue<C> =>
  marked(built(c, ({ field, shape }) => o.input(['context', ...field].join('/'), shape)) as AnyContext, owner) as ContextValue<C>; // biome-ignore format: one idea

/** Whether a value is the context (or a field of it) of a conditional distribution that is being declared. */
export const isPlaceholder = (value: AnyContext): boolean =>
  marks.has(value) || (!isExpr(value) && Object.values(value).every(isPlaceholder));

/** A context's value in a specification. An expression that is not the context itself cannot be read back. */
export const contextSpec = (value: AnyContext): Json => {
  const mark = marks.get(value);
  if (mark !== undefined) {
    const ref = { type: 'context', outside: true };
    free.set(ref, mark);
    return ref;
  }
  return isExpr(value)
    ? (opaque('expression', 'the context is an expression') as Json)
    : { type: 'struct', fields: Object.fromEntries(Object.entries(value).map(([k, v]) => [k, contextSpec(v)])) };
};

/** A specification in which what reads the owner's context says so; specifications that do not are the same objects. */
export const bindContext = <J extends Json>(spec: J, owner: object, up = 0): J => {
  if (spec === null || typeof spec !== 'object') return spec;
  const mark = free.get(spec);
  if (mark !== undefined) {
    const bound: Json = {
      type: 'context',
      ...(mark.field.length === 0 ? {} : { field: mark.field.join('/') }),
      ...(up === 0 ? {} : { up }),
    };
    return mark.owner !== owner ? spec : (bound as J);
  }
  if (Array.isArray(spec)) {
    const next: readonly Json[] = spec.map((s: Json) => bindContext(s, owner, up));
    return next.every((s, i) => s === spec[i]) ? spec : (next as J);
  }
  const record = spec as { readonly [key: string]: Json };
  const inner = record.type === 'conditional' ? up + 1 : up;
  const entries = Object.entries(record).map(
    ([k, v]) => [k, bindContext(v, owner, k === 'dist' ? inner : up)] as const,
  );
  return entries.every(([k, v]) => v === record[k]) ? spec : (Object.fromEntries(entries) as J);
};

/** The spec of a part that reads a context. */
export const givenSpec = (key: 'dist' | 'network', of: Spec, context: AnyContext): Spec => ({
  type: 'given',
  [key]: of,
  context: contextSpec(context),
});
