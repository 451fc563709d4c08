/** A number is one call: expressions, and whatever runs to one, as plain numbers on the `reference` interpreter. */

import { raise } from '../errors.ts';
import { type Expr, type Node, substitute, topological } from '../expr.ts';
import { kindOf } from '../kind-of.ts';
import { knownOptions } from '../known-options.ts';
import { asTensor, type HostArray, type Nested, toNested } from '../nested.ts';
import { initialValues } from '../parameters.ts';
import { noiseFeeds, type Program, program } from '../program.ts';
import { type Cursor, start } from '../random.ts';
import { open } from '../reading.ts';
import { root, type Scope } from '../scope.ts';
import type { Tensor } from '../tensor.ts';
import { evaluateProgram } from './reference/index.ts';

/** Options of {@link value}. */
export interface ValueOptions {
  /** Which noise is drawn: needed where any is. A draw at a seed is the first of the samples that `run` draws at it. */
  readonly seed?: number;
  /** Values of the parameters by name, as `fit` gives them; names that are not asked for are let pass. Without: initial values (at `seed`, or 0). */
  readonly parameters?: { readonly [name: string]: HostArray };
}

/**
 * What {@link value} computes: an expression, what a scope (and noise) makes one, an estimate of `kl` and its kind, a number; records and arrays of these. What
 * they hold is read when it is computed.
 */
export type Valuable = number | object;

/** The type of the numbers: those of an estimate are scalars, those of an expression what is asked for (unchecked: a shape is no part of its type). */
export type ValueOf<X, A extends Nested = Nested> = [X] extends [Expr]
  ? A
  : X extends number | { readonly evidence: string; readonly value: unknown }
    ? number
    : X extends (scope: Scope) => infer R
      ? R extends (cursor: Cursor) => readonly [infer B, Cursor]
        ? ValueOf<B, A>
        : ValueOf<R, A>
      : { readonly [K in keyof X]: ValueOf<X[K], A> };

/** What was found of something valuable: its structure, and its expressions in order. */
type Found = number | Expr | readonly Found[] | { readonly [key: string]: Found };

const isExpr = (x: unknown): x is Expr => typeof (x as Expr | null | undefined)?.op === 'string';

const strange = (path: string, x: unknown): never =>
  raise('ArgumentError', path === '' ? 'value' : `value/${path}`, 'there is no number in this', {
    expected: 'an expression, a Scoped or a Draw of one, an estimate, or records and arrays of these',
    got: kindOf(x),
  });

/** Runs what depends on a scope and on noise. A part of a record has a stream of noise of its own; a draw alone has that of `runDraw`. */
const found = (x: unknown, path: string): Found => {
  const inner = (key: string): string => (path === '' ? key : `${path}/${key}`);
  if (typeof x === 'number' || isExpr(x)) return x;
  if (typeof x === 'function') {
    const made: unknown = x({ ...root, reading: open(undefined, root.path) });
    if (typeof made !== 'function') return found(made, path);
    const drawn: unknown = made(start(path === '' ? 'noise' : `noise/${path}`));
    return Array.isArray(drawn) ? found(drawn[0], path) : strange(path, x);
  }
  if (Array.isArray(x)) return x.map((part, i) => found(part, inner(`${i}`)));
  if (typeof x !== 'object' || x === null || ArrayBuffer.isView(x)) return strange(path, x);
  const { evidence, value: estimated } = x as { readonly evidence?: unknown; readonly value?: unknown };
  if (typeof evidence === 'string' && estimated !== undefined) return found(estimated, path);
  return Object.fromEntries(Object.entries(x).map(([key, part]) => [key, found(part, inner(key))]));
};

const expressions = (f: Found): readonly Expr[] =>
  typeof f === 'number' ? [] : isExpr(f) ? [f] : Object.values(f).flatMap(expressions);

const filled = (f: Found, numbers: ReadonlyMap<Expr, Nested>): unknown => {
  if (typeof f === 'number') return f;
  if (isExpr(f)) return numbers.get(f);
  if (Array.isArray(f)) return f.map((part: Found) => filled(part, numbers));
  return Object.fromEntries(Object.entries(f).map(([key, part]) => [key, filled(part, numbers)]));
};

type Leaf = Node<'parameter'> & Expr;

/** The expressions with initial values in place of parameters. */
const initially = (outputs: readonly Expr[], leaves: readonly Leaf[]): readonly Expr[] => {
  const values = initialValues(leaves);
  values.forEach((v, i) => {
    if (topological([v]).some((e) => e.op === 'batchMean'))
      raise('ArgumentError', leaves[i].attributes.name, 'a parameter that starts from data has no initial value without them', { expected: '{ parameters } with its value' }); // biome-ignore format: one sentence
  });
  return substitute(outputs, new Map(leaves.map((p, i) => [p, values[i]])));
};

const arrays = (given: NonNullable<ValueOptions['parameters']>, leaves: readonly Leaf[]): Record<string, Tensor> =>
  Object.fromEntries(
    leaves.map(({ attributes: { name } }) => {
      const array = Object.hasOwn(given, name) ? given[name] : undefined;
      if (array === undefined)
        return raise('ArgumentError', name, 'value: nothing is given for this parameter', { got: `values of ${Object.keys(given).join(', ') || 'none'}` }); // biome-ignore format: one sentence
      return [name, asTensor(array, name)];
    }),
  );

/** Refuses what has no value: free inputs, and noise without a seed. */
const closed = (p: Program, seed: number | undefined): void => {
  const free = topological(p.outputs).flatMap((e) => (e.op === 'input' ? [e.attributes.name] : []));
  if (free.length > 0)
    raise('ArgumentError', 'value', 'an expression with free inputs has no value', { expected: 'none', got: [...new Set(free)].join(', ') }); // biome-ignore format: one sentence
  if (seed === undefined && p.slots.some((s) => s.noise !== undefined))
    raise('ArgumentError', 'value', 'this draws noise: say which by a seed', { expected: '{ seed: 0 }', got: 'no seed' }); // biome-ignore format: one sentence
  if (seed !== undefined && !Number.isSafeInteger(seed))
    raise('ArgumentError', 'value', 'a seed is an integer', { got: `${seed}` });
};

/**
 * The numbers of an expression, at once, in float64 on the `reference` interpreter: a number for shape `[]`, nested plain arrays for others; booleans are 0 and 1.
 * A `Scoped` or `Draw` is run at the outermost place, an estimate (`kl`, `entropy`) gives its scalar in nats, a record or array the same record or array of
 * numbers (each draw in it with noise of its own). Parameters have their initial values, as `fit` draws them at this seed before it rounds them to float32,
 * unless `parameters` says others.
 *
 * An expression does not say its shape in its type: the type of the result is what the caller expects (`const h: number = value(entropy)`), unchecked.
 *
 * Throws `ArgumentError` where inputs are free (with their names), where noise is drawn and there is no seed, where a parameter is missing from `parameters`
 * or starts from data, and where there is no expression. Cost: one evaluation in plain loops; compiled programs for many rows are those of `run`.
 *
 * @example
 * value(ops.mul(3, ops.array([1, 2])));                             // [3, 6]
 * value(draw.fromRandom(random.normal([2])), { seed: 0 });           // two numbers
 * value({ a: ops.exp(0), b: [ops.scalar(2)] });                      // { a: 1, b: [2] }
 */
export const value = <const X extends Valuable, A extends Nested = Nested>(
  x: X,
  options: ValueOptions = {},
): ValueOf<X, A> => {
  const { seed, parameters } = knownOptions('value', options, { seed: true, parameters: true });
  const structure = found(x, '');
  const outputs = [...new Set(expressions(structure))];
  const asked = program(outputs, 'float64');
  closed(asked, seed);
  const leaves = topological(asked.outputs).filter((e): e is Leaf => e.op === 'parameter');
  const p = parameters === undefined ? program(initially(asked.outputs, leaves), 'float64') : asked;
  const results = evaluateProgram(p, {
    ...noiseFeeds(p, { seed: seed ?? 0 }),
    ...(parameters === undefined ? {} : arrays(parameters, leaves)),
  });
  return filled(structure, new Map(outputs.map((e, i) => [e, toNested(results[i])]))) as ValueOf<X, A>;
};
