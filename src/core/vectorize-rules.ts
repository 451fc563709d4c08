/**
 * Vectorisation, primitive by primitive: the node for one example becomes a node for `size` examples, whose inputs may be mapped (a
 * leading axis of that size) or shared. A rule is called only where some input is mapped, and returns a mapped value.
 */
import { raise } from './errors.ts';
import { type Conv2dAttributes, type Expr, makeNode, type Node, type Op, type RuleTable } from './expr.ts';
import * as o from './ops/index.ts';
import { range, type Shape } from './shape.ts';

/** An input of a vectorised node: with a leading example axis, or shared by all examples. */
export interface Lane {
  readonly value: Expr;
  readonly mapped: boolean;
}

/** What a vectorisation is over. */
export interface Mapping {
  readonly size: number;
  /** The name collectives refer to. */
  readonly axis: string;
  /** Whether each example draws noise of this path independently. */
  readonly fresh: (path: string) => boolean;
}

type Rule<O extends Op> = (node: Node<O>, lanes: readonly Lane[], m: Mapping) => Expr;

/** The lane with a leading axis, by repetition where it is shared. */
export const mapped = (lane: Lane, size: number): Expr =>
  lane.mapped ? lane.value : o.broadcastTo(lane.value, [size, ...lane.value.shape]);

const nodeOver = (n: Node<Op>, inputs: readonly Expr[], m: Mapping, attributes: object = n.attributes): Expr =>
  makeNode(n.op, inputs, attributes as never, [m.size, ...n.shape], n.type);

/** Elementwise: the same primitive on arrays with the example axis in front. */
const elementwise: Rule<Op> = (n, lanes, m) => nodeOver(n, lanes.map((l) => mapped(l, m.size)), m); // biome-ignore format: one idea

const shift = (axes: readonly number[]): number[] => axes.map((a) => a + 1);
const withZero = (xs: readonly number[]): number[] => [0, ...xs];

const leaf = (): never => raise('ArgumentError', 'vmap', 'a leaf has no inputs');

const along =
  (attributes: (n: Node<Op>) => object): Rule<Op> =>
  (n, [x], m) =>
    nodeOver(n, [x.value], m, attributes(n));

/** Examples folded into another axis: `[B, n, …]` → `[B·n, …]`. */
const fold = (x: Expr, lead = 1): Expr =>
  o.reshape(x, [x.shape.slice(0, lead + 1).reduce((a, b) => a * b, 1), ...x.shape.slice(lead + 1)]);

const matmulRule: Rule<'matmul'> = (n, [a, b], m) => {
  if (a.mapped && b.mapped) return o.matmul(a.value, b.value);
  if (n.shape.length > 2) return o.matmul(mapped(a, m.size), mapped(b, m.size));
  if (a.mapped) {
    const [rows, k] = a.value.shape.slice(1);
    const y = o.matmul(o.reshape(a.value, [m.size * rows, k]), b.value);
    return o.reshape(y, [m.size, ...n.shape]);
  }
  const [k, columns] = b.value.shape.slice(1);
  if (n.shape[0] === 1) {
    const y = o.matmul(a.value, o.reshape(o.transpose(b.value, [1, 0, 2]), [k, m.size * columns]));
    return o.reshape(o.transpose(o.reshape(y, [1, m.size, columns]), [1, 0, 2]), [m.size, ...n.shape]);
  }
  const y = o.matmul(o.reshape(o.transpose(b.value), [m.size * columns, k]), o.transpose(a.value));
  return o.transpose(o.reshape(y, [m.size, columns, n.shape[0]]));
};

const gatherRule: Rule<'gather'> = (n, [x, i]) => {
  const { axis } = n.attributes;
  if (!i.mapped) return o.gather(x.value, i.value, axis + 1);
  if (!x.mapped) {
    const y = o.gather(x.value, i.value, axis); // x[:axis] ++ [B] ++ indices ++ rest
    return o.moveAxis(y, axis, 0);
  }
  const inFront = o.moveAxis(x.value, axis + 1, 1); // [B, n, …]
  const size = inFront.shape[1];
  const flat = o.gather(fold(inFront), offsets(i.value, size)); // [B, indices…, rest…]
  const rank = i.value.shape.length - 1;
  const rest = range(n.shape.length - rank);
  return o.transpose(flat, [
    0,
    ...rest.slice(0, axis).map((k) => 1 + rank + k),
    ...range(rank).map((k) => 1 + k),
    ...rest.slice(axis).map((k) => 1 + rank + k),
  ]);
};

/** Indices into B arrays of `size` elements laid end to end. */
const offsets = (indices: Expr, size: number): Expr => {
  const b = indices.shape[0];
  const shape = [b, ...indices.shape.slice(1).map(() => 1)];
  return o.add(
    indices,
    o.constant(
      Int32Array.from({ length: b }, (_, k) => k * size),
      shape,
      'int32',
    ),
  );
};

const scatterRule: Rule<'scatterAdd'> = (n, [i, u], m) => {
  const { axis, size } = n.attributes;
  if (!i.mapped) return o.scatterAdd(i.value, u.value, size, axis + 1);
  const updates = mapped(u, m.size); // [B, outer…, indices…, inner…]
  const rank = i.value.shape.length - 1;
  const outer = range(axis).map((k) => 1 + k);
  const at = range(rank).map((k) => 1 + axis + k);
  const inner = range(updates.shape.length - 1 - axis - rank).map((k) => 1 + axis + rank + k);
  const inFront = o.transpose(updates, [0, ...at, ...outer, ...inner]);
  const flat = o.scatterAdd(offsets(i.value, size), inFront, m.size * size, 0); // [B·size, outer…, inner…]
  return o.moveAxis(o.reshape(flat, [m.size, size, ...flat.shape.slice(1)]), 1, axis + 1);
};

/** One matrix shared by all examples is one system with more columns: its inverse, where a backend forms one, is formed once. */
const triangularRule: Rule<'triangularSolve'> = (n, [a, b], m) => {
  if (a.mapped || n.shape.length !== 2) return o.triangularSolve(mapped(a, m.size), mapped(b, m.size), n.attributes);
  const [rows, columns] = n.shape;
  const side = o.reshape(o.transpose(b.value, [1, 0, 2]), [rows, m.size * columns]);
  const solved = o.reshape(o.triangularSolve(a.value, side, n.attributes), [rows, m.size, columns]);
  return o.transpose(solved, [1, 0, 2]);
};

/** `[B, N, C, …]` → `[N, B·C, …]`: examples become groups of channels. */
const toGroups = (x: Expr): Expr => {
  const [b, n, c, h, w] = x.shape;
  return o.reshape(o.transpose(x, [1, 0, 2, 3, 4]), [n, b * c, h, w]);
};
const fromGroups = (x: Expr, b: number): Expr => {
  const [n, bc, h, w] = x.shape;
  return o.transpose(o.reshape(x, [n, b, bc / b, h, w]), [1, 0, 2, 3, 4]);
};
const grouped = (a: Conv2dAttributes, b: number): Conv2dAttributes => ({ ...a, groups: a.groups * b });

const convRule: Rule<'conv2d'> = (n, [x, w], m) => {
  if (!w.mapped) return o.reshape(o.conv2d(fold(x.value), w.value, n.attributes), [m.size, ...n.shape]);
  const y = o.conv2d(toGroups(mapped(x, m.size)), fold(w.value), grouped(n.attributes, m.size));
  return fromGroups(y, m.size);
};

const convInputRule: Rule<'conv2dInputGradient'> = (n, [g, w], m) => {
  if (!w.mapped) {
    const shape: Shape = [m.size * n.shape[0], ...n.shape.slice(1)];
    return o.reshape(o.conv2dInputGradient(fold(g.value), w.value, shape, n.attributes), [m.size, ...n.shape]);
  }
  const [nn, c, h, wd] = n.shape;
  const y = o.conv2dInputGradient(
    toGroups(mapped(g, m.size)),
    fold(w.value),
    [nn, m.size * c, h, wd],
    grouped(n.attributes, m.size),
  );
  return fromGroups(y, m.size);
};

const convKernelRule: Rule<'conv2dKernelGradient'> = (n, [x, g], m) => {
  const [oc, ic, h, w] = n.shape;
  const y = o.conv2dKernelGradient(
    toGroups(mapped(x, m.size)),
    toGroups(mapped(g, m.size)),
    [m.size * oc, ic, h, w],
    grouped(n.attributes, m.size),
  );
  return o.reshape(y, [m.size, ...n.shape]);
};

/** What reads a buffer is vectorised; what the buffer becomes is one value for all examples. */
const advanceRule = (n: Node<'advance'>, [value, next]: readonly Lane[]): Expr =>
  next.mapped
    ? raise(
        'ArgumentError',
        n.attributes.name,
        'the next value of a buffer depends on single examples: reduce it with batchMean',
      )
    : makeNode('advance', [value.value, next.value], n.attributes, value.value.shape, n.type);

/** The vectorisation rule of every primitive (`scan` and `project` are handled in `vectorize.ts`). */
export const vectorizeRules: RuleTable<[lanes: readonly Lane[], m: Mapping], Expr> = {
  constant: leaf,
  variable: leaf,
  input: leaf,
  parameter: leaf,
  noise: leaf,
  neg: elementwise,
  abs: elementwise,
  sign: elementwise,
  floor: elementwise,
  exp: elementwise,
  expm1: elementwise,
  log: elementwise,
  log1p: elementwise,
  sqrt: elementwise,
  sin: elementwise,
  cos: elementwise,
  tanh: elementwise,
  sigmoid: elementwise,
  softplus: elementwise,
  relu: elementwise,
  erf: elementwise,
  lgamma: elementwise,
  polygamma: elementwise,
  not: elementwise,
  cast: elementwise,
  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  pow: elementwise,
  max: elementwise,
  min: elementwise,
  less: elementwise,
  lessEqual: elementwise,
  equal: elementwise,
  and: elementwise,
  or: elementwise,
  select: elementwise,
  stopGradient: elementwise,
  label: elementwise,
  sum: along((n) => ({ axes: shift((n as Node<'sum'>).attributes.axes) })),
  reduceMax: along((n) => ({ axes: shift((n as Node<'reduceMax'>).attributes.axes) })),
  argMax: along((n) => ({ axis: (n as Node<'argMax'>).attributes.axis + 1 })),
  cumsum: along((n) => ({ ...n.attributes, axis: (n as Node<'cumsum'>).attributes.axis + 1 })),
  argSort: along((n) => ({ axis: (n as Node<'argSort'>).attributes.axis + 1 })),
  reshape: (n, [x], m) => o.reshape(x.value, [m.size, ...n.shape]),
  transpose: (n, [x]) => o.transpose(x.value, withZero(shift(n.attributes.permutation))),
  broadcast: (n, [x], m) => o.broadcastTo(x.value, [m.size, ...n.shape]),
  slice: (n, [x], m) =>
    o.slice(x.value, withZero(n.attributes.start), [m.size, ...n.attributes.limit], [1, ...n.attributes.stride]),
  pad: (n, [x]) =>
    o.pad(x.value, withZero(n.attributes.low), withZero(n.attributes.high), withZero(n.attributes.interior)),
  concat: (n, lanes, m) =>
    o.concat(
      lanes.map((l) => mapped(l, m.size)),
      n.attributes.axis + 1,
    ),
  reverse: (n, [x]) => o.reverse(x.value, shift(n.attributes.axes)),
  gather: gatherRule,
  scatterAdd: scatterRule,
  matmul: matmulRule,
  triangularSolve: triangularRule,
  conv2d: convRule,
  conv2dInputGradient: convInputRule,
  conv2dKernelGradient: convKernelRule,
  batchMean: elementwise,
  advance: advanceRule,
  scan: () => raise('ArgumentError', 'vmap', 'a scan is handled by vectorize'),
  cond: () => raise('ArgumentError', 'vmap', 'a cond is handled by vectorize'),
  custom: () => raise('ArgumentError', 'vmap', 'a custom derivative is handled by vectorize'),
  project: () => raise('ArgumentError', 'vmap', 'a projection belongs to its scan'),
};
