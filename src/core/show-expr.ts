/** Expressions as text. */
import type { Expr, Node } from './expr.ts';
import { showShape, sizeOf } from './shape.ts';
import { topological } from './topological.ts';

/** Options of {@link showExpr}. */
export interface ShowOptions {
  /** Longest line of an expression that is not cut into named parts, in characters (default 72). */
  readonly width?: number;
  /** Lines at most (default 40): the last ones, with a count of those left out. */
  readonly lines?: number;
}

/** A piece of text, and how tightly it binds. */
interface Piece {
  readonly text: string;
  readonly level: number;
}

const ATOM = 9;
const INFIX: { readonly [op: string]: readonly [symbol: string, level: number] } = {
  or: ['|', 1],
  and: ['&', 2],
  equal: ['=', 3],
  less: ['<', 3],
  lessEqual: ['<=', 3],
  add: ['+', 4],
  sub: ['-', 4],
  mul: ['*', 5],
  div: ['/', 5],
  pow: ['^', 7],
};
/** Whether a node is left out: repetition that constructors insert (a number with more axes too), and the mark of a layer's place. */
const silent = (e: Expr): boolean =>
  e.op === 'broadcast' || e.op === 'label' || (e.op === 'reshape' && sizeOf(e.shape) === 1);

const within = ({ text, level }: Piece, least: number): string => (level < least ? `(${text})` : text);

/** A number with seven digits at most. */
const digits = (v: number): string => `${Number(v.toPrecision(7))}`;

const nested = (data: ArrayLike<number>, shape: readonly number[]): string => {
  let at = 0;
  const part = (axis: number): string =>
    axis === shape.length ? digits(data[at++]) : `[${Array.from({ length: shape[axis] }, () => part(axis + 1)).join(', ')}]`;
  return part(0);
}; // biome-ignore format: one idea

const leaf = (e: Expr): string | undefined => {
  switch (e.op) {
    case 'constant': {
      const { data } = e.attributes;
      const same = data.length > 8 && data.every((v) => v === data[0]);
      return data.length <= 8 ? nested(data, e.shape) : `constant${showShape(e.shape)}${same ? `(${digits(data[0])})` : ''}`;
    }
    case 'variable':
      return `x${e.attributes.id}`;
    case 'input':
    case 'parameter':
      return /^[\w./]+$/.test(e.attributes.name) ? e.attributes.name : JSON.stringify(e.attributes.name);
    case 'noise':
      return `${e.attributes.dist}(${e.attributes.path})`;
    default:
      return undefined;
  }
}; // biome-ignore format: one idea

const attribute = (name: string, v: unknown): readonly string[] =>
  typeof v === 'number' || typeof v === 'string' || typeof v === 'boolean'
    ? [`${name} ${v}`]
    : Array.isArray(v) && v.flat(2).every((n) => typeof n === 'number' || typeof n === 'string')
      ? [`${name} [${v.join(', ')}]`]
      : [];

const call = (e: Expr, inputs: readonly Piece[]): Piece => {
  const details = Object.entries(e.attributes as object).flatMap(([name, v]) => attribute(name, v));
  const shape = e.op === 'reshape' ? [showShape(e.shape)] : details;
  return { text: `${e.op}(${[...inputs.map((p) => p.text), ...shape].join(', ')})`, level: ATOM };
};

/** `0:1, 0:6:2`: from, to (not reached) and step of each axis. */
const ranges = ({ attributes: { start, limit, stride } }: Node<'slice'>): string =>
  start.map((from, i) => `${from}:${limit[i]}${stride[i] === 1 ? '' : `:${stride[i]}`}`).join(', ');

const piece = (e: Expr, inputs: readonly Piece[]): Piece => {
  const own = leaf(e);
  if (own !== undefined) return { text: own, level: own.startsWith('-') ? 6 : ATOM };
  if (silent(e)) return inputs[0];
  const infix = INFIX[e.op];
  if (infix !== undefined) {
    const [symbol, level] = infix;
    const [a, b] = inputs;
    return { text: `${within(a, level === 7 || level === 3 ? level + 1 : level)} ${symbol} ${within(b, level + 1)}`, level };
  }
  if (e.op === 'neg') return { text: `-${within(inputs[0], 8)}`, level: 6 };
  if (e.op === 'not') return { text: `!${within(inputs[0], ATOM)}`, level: 8 };
  if (e.op === 'slice') return { text: `${within(inputs[0], ATOM)}[${ranges(e)}]`, level: ATOM };
  if (e.op === 'project') return { text: `${within(inputs[0], ATOM)}.${e.attributes.index}`, level: ATOM };
  return call(e, inputs);
}; // biome-ignore format: one idea

/** How often each node is read by others that are shown. */
const usersOf = (order: readonly Expr[]): ReadonlyMap<Expr, number> => {
  const users = new Map<Expr, number>();
  for (const e of order.toReversed())
    for (const x of e.inputs) users.set(x, (users.get(x) ?? 0) + (silent(e) ? (users.get(e) ?? 1) : 1));
  return users;
};

/** The text of the last node with no part named, where it fits the width; no text is longer than that, however much is shared. */
const inline = (order: readonly Expr[], width: number): Piece | undefined => {
  const pieces = new Map<Expr, Piece | undefined>();
  for (const e of order) {
    const inputs = e.inputs.map((x) => pieces.get(x));
    const made = inputs.every((p) => p !== undefined) ? piece(e, inputs as readonly Piece[]) : undefined;
    pieces.set(e, made !== undefined && made.text.length <= width ? made : undefined);
  }
  return pieces.get(order[order.length - 1]);
};

/**
 * An expression as text, for people: infix where it fits one line (`width`), else a line `%n = …` for each part that is read more than once or is long; the
 * last `lines` of them, with a count of what is left out. Repetitions that broadcasting inserts and labels of layers are not shown; bodies of loops
 * neither. Element type and shape stand at the end. It is what `String(e)` and the inspector print. Cost: one pass over the graph.
 *
 * @example
 * showExpr(add(mul(2, input('x', [3])), 1));   // 2 * x + 1 : real [3]
 */
export const showExpr = (e: Expr, { width = 72, lines = 40 }: ShowOptions = {}): string => {
  const order = topological([e]);
  const kind = ` : ${e.type} ${showShape(e.shape)}`;
  const short = inline(order, width);
  if (short !== undefined) return short.text + kind;
  const users = usersOf(order);
  const pieces = new Map<Expr, Piece>();
  const all: string[] = [];
  for (const x of order) {
    const made = piece(x, x.inputs.map((y) => pieces.get(y)!)); // biome-ignore format: one call
    const named = x !== e && leaf(x) === undefined && !silent(x) && ((users.get(x) ?? 0) > 1 || made.text.length > width);
    if (named) all.push(`%${all.length + 1} = ${made.text}`);
    pieces.set(x, named ? { text: `%${all.length}`, level: ATOM } : made);
  }
  all.push(pieces.get(e)!.text + kind);
  const left = all.length - Math.max(1, lines);
  return (left <= 0 ? all : [`… ${left} lines more (${order.length} nodes)`, ...all.slice(left)]).join('\n');
}; // biome-ignore format: one idea

/** What every node can do: print itself. */
export const printed = {
  toString(this: Expr): string {
    return showExpr(this);
  },
  [Symbol.for('nodejs.util.inspect.custom')](this: Expr): string {
    return showExpr(this, { lines: 12 });
  },
};
