/**
 * Local rewrites. Each looks at one node whose inputs are already simple and returns an equal expression, or nothing. A rule may
 * reorder exact arithmetic on constants but never drops a NaN or an infinity (`0 · x` stays).
 */
import type { Expr, Node, Op } from '../expr.ts';
import { makeNode } from '../expr.ts';
import * as o from '../ops/index.ts';
import { binaryFunctions, unaryFunctions } from '../scalar.ts';
import { range, sameShape, sizeOf } from '../shape.ts';
import { joinPads } from './axes.ts';
import { fill, isBinary, isElementwise, isUnary, splat } from './constants.ts';
import { broadcastRule, concatRule, reshapeRule, reverseRule, sliceRule, transposeRule } from './structure-rules.ts';

type Rewrite<O extends Op> = (n: Node<O>) => Expr | undefined;

const foldConstants: Rewrite<Op> = (n) => {
  if (isUnary(n.op)) {
    const x = splat(n.inputs[0]);
    return x === undefined ? undefined : fill(unaryFunctions[n.op](x), n.shape, n.type);
  }
  if (isBinary(n.op)) {
    const [a, b] = n.inputs.map(splat);
    return a === undefined || b === undefined ? undefined : fill(binaryFunctions[n.op](a, b), n.shape, n.type);
  }
  return undefined;
};

/** op(broadcast x) = broadcast(op x): work is done once, on the small array. */
const hoistBroadcast: Rewrite<Op> = (n) => {
  if (!isElementwise(n as Expr) || n.inputs.length === 0) return undefined;
  const small = n.inputs.map((x) => (splat(x) !== undefined ? x : x.op === 'broadcast' ? x.inputs[0] : undefined));
  if (small.some((s) => s === undefined)) return undefined;
  const shapes = n.inputs.filter((x) => splat(x) === undefined).map((x) => x.inputs[0].shape);
  if (shapes.length === 0 || shapes.some((s) => !sameShape(s, shapes[0])) || sizeOf(shapes[0]) === sizeOf(n.shape))
    return undefined;
  const inputs = n.inputs.map((x) => {
    const value = splat(x);
    return value === undefined ? x.inputs[0] : fill(value, shapes[0], x.type);
  });
  return o.broadcastTo(makeNode(n.op, inputs, n.attributes as never, shapes[0], n.type), n.shape);
};

/** c · x as (c, x), for a constant c. */
const scaled = (e: Expr): readonly [number, Expr] | undefined => {
  if (e.op === 'neg') return [-1, e.inputs[0]];
  if (e.op !== 'mul') return undefined;
  const [a, b] = e.inputs.map(splat);
  return a !== undefined ? [a, e.inputs[1]] : b !== undefined ? [b, e.inputs[0]] : undefined;
};

/** Whether c (d x) = (c d) x but for rounding: not where c d, or d x for an ordinary x, leaves the range of single precision. */
const joinable = (c: number, d: number): boolean => {
  const ordinary = (v: number): boolean => Math.abs(v) > 1e-12 && Math.abs(v) < 1e12;
  return Math.abs(d) === 1 || (ordinary(c) && ordinary(d));
};

const addRule: Rewrite<'add'> = (n) => {
  const [a, b] = n.inputs;
  if (splat(a) === 0) return b;
  if (splat(b) === 0) return a;
  if (b.op === 'neg') return o.sub(a, b.inputs[0]);
  if (a.op === 'neg') return o.sub(b, a.inputs[0]);
  return joinPads(a, b) ?? joinPads(b, a);
};

const subRule: Rewrite<'sub'> = (n) => {
  const [a, b] = n.inputs;
  if (splat(b) === 0) return a;
  if (splat(a) === 0) return o.neg(b);
  return b.op === 'neg' ? o.add(a, b.inputs[0]) : undefined;
};

/** x σ(y), σ written out, as x / (1 + e⁻ʸ): one pass and one rounding less. SiLU is that. */
const overSigmoid = (x: Expr, { op, inputs: [one, d] }: Expr): Expr | undefined =>
  op === 'div' && splat(one) === 1 && d.op === 'add' && d.inputs.some((e) => e.op === 'exp') && d.inputs.some((e) => splat(e) === 1) ? o.div(x, d) : undefined; // biome-ignore format: one line

/** x (x − 1) where x was a truth value: what a check for zeros and ones asks of a drawn coin. */
const isZeroOfCoin = (x: Expr, y: Expr): boolean =>
  x.op === 'cast' && x.inputs[0].type === 'bool' && y.op === 'sub' && y.inputs[0] === x && splat(y.inputs[1]) === 1;

const mulRule: Rewrite<'mul'> = (n) => {
  if (n.type !== 'real') return undefined;
  const [a, b] = n.inputs;
  if (isZeroOfCoin(a, b) || isZeroOfCoin(b, a)) return fill(0, n.shape, n.type);
  const [ca, cb] = [splat(a), splat(b)];
  const [c, x] = ca !== undefined ? [ca, b] : [cb, a];
  if (c === undefined) {
    if (a.op === 'neg' && b.op === 'neg') return o.mul(a.inputs[0], b.inputs[0]);
    return overSigmoid(a, b) ?? overSigmoid(b, a);
  }
  if (c === 1) return x;
  if (c === -1) return o.neg(x);
  const inner = scaled(x);
  if (inner !== undefined) return joinable(c, inner[0]) ? o.mul(c * inner[0], inner[1]) : undefined;
  // c ((d u) v) = (c d) (u v)
  if (x.op !== 'mul') return undefined;
  const [u, v] = x.inputs.map(scaled);
  if (u !== undefined && joinable(c, u[0])) return o.mul(c * u[0], o.mul(u[1], x.inputs[1]));
  return v !== undefined && joinable(c, v[0]) ? o.mul(c * v[0], o.mul(x.inputs[0], v[1])) : undefined;
};

const negRule: Rewrite<'neg'> = (n) => {
  const x = n.inputs[0];
  if (x.op === 'neg') return x.inputs[0];
  if (x.op === 'sub') return o.sub(x.inputs[1], x.inputs[0]);
  const inner = x.op === 'mul' && x.type === 'real' ? scaled(x) : undefined;
  return inner === undefined ? undefined : o.mul(-inner[0], inner[1]);
};

const divRule: Rewrite<'div'> = (n) => {
  const c = splat(n.inputs[1]);
  if (c === 1) return n.inputs[0];
  // Division by a power of two is exact as a product, where 1 / c is a normal number in single precision too.
  const power = c === undefined ? Number.NaN : Math.log2(Math.abs(c));
  return c !== undefined && Number.isInteger(power) && Math.abs(power) < 126 ? o.mul(n.inputs[0], 1 / c) : undefined;
};

const powRule: Rewrite<'pow'> = (n) => {
  const [x, y] = n.inputs;
  const c = splat(y);
  return c === 1
    ? x
    : c === 2
      ? o.mul(x, x)
      : c === 0.5
        ? o.sqrt(x)
        : c === -1
          ? o.div(1, x)
          : c === 0
            ? fill(1, n.shape, 'real')
            : undefined;
};

const sumRule: Rewrite<'sum'> = (n) => {
  const x = n.inputs[0];
  const { axes } = n.attributes;
  if (x.op === 'sum') {
    const kept = range(x.inputs[0].shape.length).filter((i) => !x.attributes.axes.includes(i));
    return o.sum(x.inputs[0], [...x.attributes.axes, ...axes.map((a) => kept[a])]);
  }
  if (axes.every((a) => x.shape[a] === 1)) return o.reshape(x, n.shape);
  if (x.op === 'broadcast' && x.type === 'real') {
    const from = x.inputs[0];
    const spread = axes.filter((a) => from.shape[a] !== x.shape[a]);
    if (spread.length > 0) {
      const count = spread.reduce((c, a) => c * x.shape[a], 1);
      const partial = o.broadcastTo(from, x.shape.map((d, i) => (spread.includes(i) ? 1 : d))); // biome-ignore format: one idea
      return o.mul(o.sum(partial, axes), count);
    }
  }
  return undefined;
};

const selectRule: Rewrite<'select'> = (n) => {
  const c = splat(n.inputs[0]);
  if (c !== undefined) return c ? n.inputs[1] : n.inputs[2];
  return n.inputs[1] === n.inputs[2] ? n.inputs[1] : undefined;
};

const castRule: Rewrite<'cast'> = (n) => {
  const c = splat(n.inputs[0]);
  return c === undefined ? undefined : fill(n.type === 'bool' ? (c === 0 ? 0 : 1) : Math.trunc(c), n.shape, n.type);
};

const perOp: { readonly [O in Op]?: Rewrite<O> } = {
  add: addRule,
  sub: subRule,
  mul: mulRule,
  neg: negRule,
  div: divRule,
  pow: powRule,
  sum: sumRule,
  reshape: reshapeRule,
  transpose: transposeRule,
  broadcast: broadcastRule,
  slice: sliceRule,
  concat: concatRule,
  reverse: reverseRule,
  select: selectRule,
  cast: castRule,
};

/** The first rewrite that applies to a node, or nothing. */
export const rewrite = (e: Expr): Expr | undefined =>
  foldConstants(e) ?? (perOp[e.op] as Rewrite<Op> | undefined)?.(e) ?? hoistBroadcast(e);
