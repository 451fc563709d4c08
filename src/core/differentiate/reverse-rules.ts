/**
 * Reverse mode, primitive by primitive: from a node and the cotangent of its value, the cotangents of its inputs.
 *
 * A rule writes its answer as an ordinary expression of the node's inputs (or of the node itself), so what it returns can be
 * differentiated again: there is no tape and no saved array that a second derivative could mistake for a constant.
 */
import { raise } from '../errors.ts';
import type { Expr, Node, Op, RuleTable } from '../expr.ts';
import * as o from '../ops/index.ts';
import { range, sizeOf } from '../shape.ts';
import { splat } from '../simplify/constants.ts';

/** Cotangent of each input; `undefined` is zero. `needs[i]` says whether input i's is wanted at all. */
export type Cotangents = readonly (Expr | undefined)[];
type Rule<O extends Op> = (node: Node<O>, g: Expr, needs: readonly boolean[]) => Cotangents;

const self = (node: Node<Op>): Expr => node as Expr;
const none = (): Cotangents => [];

/** A unary rule from f′ written with the operand x and the value y. */
const derivative =
  (f: (x: Expr, y: Expr) => Expr) =>
  (node: Node<Op>, g: Expr): Cotangents => [o.mul(g, f(node.inputs[0], self(node)))];

const binary =
  (da: (g: Expr, a: Expr, b: Expr, y: Expr) => Expr, db: (g: Expr, a: Expr, b: Expr, y: Expr) => Expr) =>
  (node: Node<Op>, g: Expr, needs: readonly boolean[]): Cotangents => {
    const [a, b] = node.inputs;
    return [needs[0] ? da(g, a, b, self(node)) : undefined, needs[1] ? db(g, a, b, self(node)) : undefined];
  };

const masked = (condition: Expr, g: Expr): Expr => o.where(condition, g, 0);

const inversePermutation = (p: readonly number[]): number[] => range(p.length).map((i) => p.indexOf(i));

const axesOfBroadcast = (node: Node<Op>): number[] =>
  range(node.shape.length).filter((i) => node.inputs[0].shape[i] !== node.shape[i]);

const untile = (node: Node<Op>, g: Expr): Expr => o.reshape(o.sum(g, axesOfBroadcast(node)), node.inputs[0].shape);

const concatRule: Rule<'concat'> = (node, g, needs) => {
  let at = 0;
  return node.inputs.map((x, i) => {
    const from = at;
    at += x.shape[node.attributes.axis];
    return needs[i] ? o.sliceAxis(g, node.attributes.axis, from, at) : undefined;
  });
};

const sliceRule: Rule<'slice'> = (node, g) => {
  const { start, stride } = node.attributes;
  const x = node.inputs[0];
  const high = x.shape.map((d, i) =>
    node.shape[i] === 0 ? d - start[i] : d - start[i] - (1 + (node.shape[i] - 1) * stride[i]),
  );
  return [o.pad(g, start, high, stride.map((s) => s - 1))]; // biome-ignore format: one idea
};

const padRule: Rule<'pad'> = (node, g) => {
  const { low, high, interior } = node.attributes;
  return [o.slice(g, low, node.shape.map((d, i) => d - high[i]), interior.map((n) => n + 1))]; // biome-ignore format: one idea
};

const triangularRule: Rule<'triangularSolve'> = (node, g, needs) => {
  const { lower, unit, transpose } = node.attributes;
  const gb = o.triangularSolve(node.inputs[0], g, { lower, unit, transpose: !transpose });
  const outer = transpose ? o.matmul(self(node), o.transpose(gb)) : o.matmul(gb, o.transpose(self(node)));
  return [needs[0] ? o.neg(o.triangle(outer, lower, unit)) : undefined, needs[1] ? gb : undefined];
};

/** The reverse rule of every primitive except `scan` and `project`, which `reverse.ts` handles together. */
export const reverseRules: RuleTable<[g: Expr, needs: readonly boolean[]], Cotangents> = {
  constant: none,
  variable: none,
  input: none,
  parameter: none,
  noise: none,
  neg: (_, g) => [o.neg(g)],
  abs: derivative((x) => o.sign(x)),
  sign: none,
  floor: none,
  exp: derivative((_, y) => y),
  expm1: derivative((x) => o.exp(x)),
  log: (n, g) => [o.div(g, n.inputs[0])],
  log1p: (n, g) => [o.div(g, o.add(1, n.inputs[0]))],
  sqrt: (n, g) => [o.div(o.mul(0.5, g), self(n))],
  sin: derivative((x) => o.cos(x)),
  cos: derivative((x) => o.neg(o.sin(x))),
  tanh: derivative((_, y) => o.sub(1, o.square(y))),
  sigmoid: derivative((_, y) => o.mul(y, o.sub(1, y))),
  softplus: derivative((x) => o.sigmoid(x)),
  // The mask is read off the value, so that the operand need not be kept (and a product before it can be fused).
  relu: (n, g) => [masked(o.less(0, self(n)), g)],
  erf: derivative((x) => o.mul(2 / Math.sqrt(Math.PI), o.exp(o.neg(o.square(x))))),
  lgamma: derivative((x) => o.digamma(x)),
  polygamma: (n, g) => [o.mul(g, o.polygamma(n.attributes.order + 1, n.inputs[0]))],
  not: none,
  cast: none,
  add: binary(
    (g) => g,
    (g) => g,
  ),
  sub: binary(
    (g) => g,
    (g) => o.neg(g),
  ),
  mul: binary(
    (g, _, b) => o.mul(g, b),
    (g, a) => o.mul(g, a),
  ),
  div: binary(
    (g, _, b) => o.div(g, b),
    (g, _, b, y) => o.neg(o.div(o.mul(g, y), b)),
  ),
  pow: binary(
    (g, a, b) => o.mul(g, powSlope(a, b)),
    (g, a, _, y) => o.mul(g, o.mul(y, o.log(o.where(o.less(0, a), a, 1)))),
  ),
  max: binary(
    (g, a, b) => masked(o.lessEqual(b, a), g),
    (g, a, b) => masked(o.less(a, b), g),
  ),
  min: binary(
    (g, a, b) => masked(o.lessEqual(a, b), g),
    (g, a, b) => masked(o.less(b, a), g),
  ),
  less: none,
  lessEqual: none,
  equal: none,
  and: none,
  or: none,
  select: (n, g, needs) => [
    undefined,
    needs[1] ? o.where(n.inputs[0], g, 0) : undefined,
    needs[2] ? o.where(n.inputs[0], 0, g) : undefined,
  ],
  sum: (n, g) => [o.restoreAxes(g, n.inputs[0], n.attributes.axes)],
  reduceMax: (n, g) => {
    const x = n.inputs[0];
    const hit = o.cast(o.equal(x, o.restoreAxes(self(n), x, n.attributes.axes)), 'real');
    const share = o.div(g, o.sum(hit, n.attributes.axes));
    return [o.mul(hit, o.restoreAxes(share, x, n.attributes.axes))];
  },
  argMax: none,
  cumsum: (n, g) => [o.cumsum(g, n.attributes.axis, !n.attributes.reverse)],
  argSort: none,
  reshape: (n, g) => [o.reshape(g, n.inputs[0].shape)],
  transpose: (n, g) => [o.transpose(g, inversePermutation(n.attributes.permutation))],
  broadcast: (n, g) => [untile(n, g)],
  slice: sliceRule,
  pad: padRule,
  concat: concatRule,
  reverse: (n, g) => [o.reverse(g, n.attributes.axes)],
  gather: (n, g) => [o.scatterAdd(n.inputs[1], g, n.inputs[0].shape[n.attributes.axis], n.attributes.axis), undefined],
  scatterAdd: (n, g) => [undefined, o.gather(g, n.inputs[0], n.attributes.axis)],
  matmul: binary(
    (g, _, b) => o.matmul(g, o.transpose(b)),
    (g, a) => o.matmul(o.transpose(a), g),
  ),
  triangularSolve: triangularRule,
  conv2d: (n, g, needs) => {
    const [x, w] = n.inputs;
    return [
      needs[0] ? o.conv2dInputGradient(g, w, x.shape, n.attributes) : undefined,
      needs[1] ? o.conv2dKernelGradient(x, g, w.shape, n.attributes) : undefined,
    ];
  },
  conv2dInputGradient: (n, h, needs) => {
    const [g, w] = n.inputs;
    return [
      needs[0] ? o.conv2d(h, w, n.attributes) : undefined,
      needs[1] ? o.conv2dKernelGradient(h, g, w.shape, n.attributes) : undefined,
    ];
  },
  conv2dKernelGradient: (n, v, needs) => {
    const [x, g] = n.inputs;
    return [
      needs[0] ? o.conv2dInputGradient(g, v, x.shape, n.attributes) : undefined,
      needs[1] ? o.conv2d(x, v, n.attributes) : undefined,
    ];
  },
  stopGradient: none,
  label: (_, g) => [g],
  batchMean: (n, g) => [o.batchMean(g, n.attributes.axis)],
  advance: (_, g) => [g],
  scan: () => raise('ArgumentError', 'vjp', 'a scan has no single cotangent'),
  cond: () => raise('ArgumentError', 'vjp', 'a cond has no single cotangent'),
  custom: () => raise('ArgumentError', 'vjp', 'a custom derivative has no single cotangent'),
  project: () => raise('ArgumentError', 'vjp', 'a projection belongs to its scan'),
};

/**
 * ∂(aᵇ)/∂a = b aᵇ⁻¹. A constant exponent stays a constant, so that derivatives of a², a³ … end in an exact 0 and are right at a = 0,
 * where 0 · 0⁻¹ would be NaN.
 */
export const powSlope = (a: Expr, b: Expr): Expr => {
  const c = splat(b);
  if (c === undefined) return o.mul(b, o.pow(a, o.sub(b, 1)));
  return c === 0 || c === 1 ? o.broadcastTo(c, a.shape) : o.mul(c, o.pow(a, c - 1));
};

/** Whether a cotangent can flow into an expression at all. */
export const isReal = (e: Expr): boolean => e.type === 'real' && sizeOf(e.shape) > 0;
