/**
 * Structs: records and arrays, nested as deep as need be, whose leaves are expressions of any type. What a loop carries, a kernel keeps, a buffer holds or
 * an event of several parts is made of is one struct; the functions here are all that takes one apart or puts one together, so no part needs a name that
 * holds another name.
 */
import { raise } from './errors.ts';
import type { Expr } from './expr.ts';
import { where } from './ops/elementwise.ts';

/** A record of structs. */
export interface StructRecord {
  readonly [key: string]: Struct;
}

/** An expression, or an array or a record of structs. */
export type Struct = Expr | readonly Struct[] | StructRecord;

/**
 * Whether a struct is a single expression. A record may have a field called `op`: its value is a struct, never the tag of a primitive.
 *
 * @example
 * isExpr(scalar(1));             // true
 * isExpr({ op: scalar(1) });     // false: a record
 */
export const isExpr = (s: Struct): s is Expr => typeof (s as { readonly op?: unknown } | undefined)?.op === 'string';

const isList = (s: Struct): s is readonly Struct[] => Array.isArray(s);

/** One step further in. As in JSON pointers (RFC 6901), `/` in a key is written `~1` and `~` is written `~0`, so that no two places share a path. */
const inner = (path: string | undefined, key: string): string => {
  const segment = key.replaceAll('~', '~0').replaceAll('/', '~1');
  return path === undefined ? segment : `${path}/${segment}`;
};

/** The parts of what is no leaf, in order. Throws `ArgumentError` where there is neither an expression nor a struct (JavaScript without types). */
const partsOf = (s: Exclude<Struct, Expr>, path: string | undefined): readonly (readonly [string, Struct])[] =>
  typeof s === 'object' && s !== null && !ArrayBuffer.isView(s)
    ? Object.entries(s)
    : raise('ArgumentError', path ?? '', 'the leaves of a struct are expressions', { got: `${s}` });

const mapFrom = (s: Struct, path: string | undefined, f: (leaf: Expr, path: string) => Expr): Struct => {
  if (isExpr(s)) return f(s, path ?? '');
  const parts = partsOf(s, path).map(([k, v]) => [k, mapFrom(v, inner(path, k), f)] as const);
  return isList(s) ? parts.map(([, v]) => v) : Object.fromEntries(parts);
};

/**
 * The same structure with f of every leaf. f also receives the leaf's path (see {@link pathsOf}). Keeps the laws of a functor: the identity maps to the identity,
 * a composition to the composition.
 *
 * @example
 * mapStruct({ x: scalar(1), more: [scalar(2)] }, (e) => mul(2, e));
 */
export const mapStruct = <S extends Struct>(s: S, f: (leaf: Expr, path: string) => Expr): S =>
  mapFrom(s, undefined, f) as S;

/**
 * The leaves in order of declaration (JavaScript's: keys that are natural numbers come first). The inverse of {@link like}.
 *
 * @example
 * const [x, y] = leaves({ x: scalar(1), more: [scalar(2)] });
 */
export const leaves = (s: Struct): readonly Expr[] => {
  const out: Expr[] = [];
  mapFrom(s, undefined, (e) => {
    out.push(e);
    return e;
  });
  return out;
};

/**
 * Where each leaf is, in the order of {@link leaves}: keys and indices joined by `/`; the path of a struct that is a leaf is `''`. For names and messages.
 *
 * @example
 * pathsOf({ position: scalar(1), kernels: [{ momentum: scalar(2) }] });   // ['position', 'kernels/0/momentum']
 */
export const pathsOf = (s: Struct): readonly string[] => {
  const out: string[] = [];
  mapFrom(s, undefined, (e, path) => {
    out.push(path);
    return e;
  });
  return out;
};

/**
 * The structure of `template` with other leaves, in the order of {@link leaves}. Throws `ShapeError` where there are more or fewer than places for them.
 *
 * @example
 * like({ x: scalar(0), more: [scalar(0)] }, [scalar(1), scalar(2)]);   // { x: 1, more: [2] }
 */
export const like = <S extends Struct>(template: S, values: readonly Expr[]): S => {
  let at = 0;
  const made = mapStruct(template, (e) => values[at++] ?? e);
  return at === values.length
    ? made
    : raise('ShapeError', '', 'a struct and its leaves differ in number', {
        expected: `${at}`,
        got: `${values.length}`,
      });
};

interface Difference {
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

const kindOf = (s: Struct): string =>
  isExpr(s)
    ? 'an expression'
    : isList(s)
      ? `an array of ${s.length}`
      : `a record of {${Object.keys(s ?? {}).join(', ')}}`;

/** Where two structures differ first, if they do. Records of the same keys in another order are the same. */
const differenceOf = (a: Struct, b: Struct, path?: string): Difference | undefined => {
  if (isExpr(a) && isExpr(b)) return undefined;
  const different = { path: path ?? '', expected: kindOf(a), got: kindOf(b) };
  if (isExpr(a) || isExpr(b) || isList(a) !== isList(b)) return different;
  const [mine, others] = [partsOf(a, path), new Map(partsOf(b, path))];
  if (mine.length !== others.size || mine.some(([k]) => !others.has(k))) return different;
  for (const [k, v] of mine) {
    const found = differenceOf(v, others.get(k) as Struct, inner(path, k));
    if (found !== undefined) return found;
  }
  return undefined;
};

/**
 * Whether two structs have the same arrays and records (lengths and keys) at the same places, whatever their leaves and the order of keys.
 *
 * @example
 * sameStructure({ a: ops.scalar(1) }, { a: ops.scalar(2) });   // true
 */
export const sameStructure = (a: Struct, b: Struct): boolean => differenceOf(a, b) === undefined;

const at = (s: Struct, key: string): Struct => (s as StructRecord)[key];

const zipFrom = (
  a: Struct,
  b: Struct,
  path: string | undefined,
  f: (x: Expr, y: Expr, path: string) => Expr,
): Struct => {
  if (isExpr(a)) return f(a, b as Expr, path ?? '');
  const parts = partsOf(a, path).map(([k, v]) => [k, zipFrom(v, at(b, k), inner(path, k), f)] as const);
  return isList(a) ? parts.map(([, v]) => v) : Object.fromEntries(parts);
};

/**
 * f of the leaves at each place of two structs, in the structure (and the order) of the first. Throws `ShapeError`, with the path, where the structures differ.
 *
 * @example
 * zipStruct({ x: scalar(1), y: scalar(2) }, { y: scalar(3), x: scalar(4) }, add);   // { x: 5, y: 5 }
 */
export const zipStruct = <S extends Struct>(a: S, b: S, f: (x: Expr, y: Expr, path: string) => Expr): S => {
  const found = differenceOf(a, b);
  if (found !== undefined) raise('ShapeError', found.path, 'two structures differ', found);
  return zipFrom(a, b, undefined, f) as S;
};

/**
 * The leaves of `s` in the order in which `template` declares them. Throws `ShapeError`, with the path, where the structures differ.
 *
 * @example
 * leavesAs({ x: scalar(0), y: scalar(0) }, { y: scalar(2), x: scalar(1) });   // [1, 2]
 */
export const leavesAs = <S extends Struct>(template: S, s: S): readonly Expr[] =>
  leaves(zipStruct(template, s, (_, e) => e));

/**
 * `flag ? a : b`, leaf by leaf; `flag` is a bool scalar, or broadcasts with every leaf. Throws `ShapeError`, with the path, where the structures differ.
 *
 * @example
 * selectStruct(less(scalar(1), scalar(2)), { x: scalar(1) }, { x: scalar(2) });   // { x: 1 }
 */
export const selectStruct = <S extends Struct>(flag: Expr, a: S, b: S): S =>
  zipStruct(a, b, (x, y) => where(flag, x, y));
