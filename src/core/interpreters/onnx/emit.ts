/** From a lowered program to an ONNX graph. One rule per primitive; implicit broadcasting and Gemm are used where they save a copy. */
import { raise } from '../../errors.ts';
import { applyRule, type Expr, type Node, type Op, type RuleTable, topological } from '../../expr.ts';
import { hostType, type Program, slotName } from '../../program.ts';
import { broadcastShapes, range, type Shape, sameShape } from '../../shape.ts';
import { splat } from '../../simplify/constants.ts';
import { blockedConv, fitsBlocks } from './blocked.ts';
import { emitBranches } from './branches.ts';
import { countUses, emitLoop } from './loops.ts';
import { convAttributes, isUpsampling, slices, upsampled } from './pieces.ts';
import { elementType, type Graph, valueInfo } from './schema.ts';
import { constantOf, emit, int64s, type Scope, scalarConstant } from './scope.ts';

const nameOf = (s: Scope, e: Expr): string => {
  const known = s.names.get(e);
  if (known !== undefined) return known;
  const name = applyRule(rules, e, s);
  s.names.set(e, name);
  return name;
};

/** Operands of an elementwise node with needless repetitions left to ONNX's broadcasting. */
const operands = (n: Node<Op>, s: Scope): string[] => {
  const small = n.inputs.map((x) => (splat(x) !== undefined ? undefined : x.op === 'broadcast' ? x.inputs[0] : x));
  const shape = small.reduce<Shape | undefined>(
    (a, x) => (x === undefined || a === undefined ? a : broadcastShapes(a, x.shape)),
    [],
  );
  const enough = shape !== undefined && sameShape(shape, n.shape);
  return n.inputs.map((x, i) => {
    const value = splat(x);
    if (value !== undefined && (enough || i > 0)) return scalarConstant(s, value, x);
    return nameOf(s, enough ? (small[i] ?? x) : x);
  });
};

type Rule = (n: Node<Op>, s: Scope) => string;

const elementwise =
  (op: string): Rule =>
  (n, s) =>
    emit(s, op, operands(n, s))[0];

const plain =
  (op: string): Rule =>
  (n, s) =>
    emit(
      s,
      op,
      n.inputs.map((x) => nameOf(s, x)),
    )[0];

const through: Rule = (n, s) => nameOf(s, n.inputs[0]);
const absent: Rule = (n) => raise('BackendError', 'onnx', `${n.op} should have been lowered or fed`);

const toInt32 = (s: Scope, name: string): string => emit(s, 'Cast', [name], { to: elementType.int32 })[0];

const isMatrixTranspose = (e: Expr): e is Node<'transpose'> & Expr => e.op === 'transpose' && e.shape.length === 2;

/** A 2-D product as `Gemm`, reading transposes in place. */
const gemm = (n: Node<'matmul'>, s: Scope, bias?: string): string => {
  const [a, b] = n.inputs;
  const [ta, tb] = [isMatrixTranspose(a), isMatrixTranspose(b)];
  const inputs = [
    nameOf(s, ta ? a.inputs[0] : a),
    nameOf(s, tb ? b.inputs[0] : b),
    ...(bias === undefined ? [] : [bias]),
  ];
  return emit(s, 'Gemm', inputs, { ...(ta ? { transA: 1 } : {}), ...(tb ? { transB: 1 } : {}) })[0];
};

/** Whether a node is read by one other alone, which may take it in: it is not written yet. */
const isFree = (e: Expr, s: Scope): boolean => s.uses.get(e) === 1 && !s.names.has(e);

/** x W + b with a row b is one `Gemm`. */
const biased = (n: Node<'add'>, s: Scope): string | undefined => {
  for (const [product, other] of [n.inputs, [n.inputs[1], n.inputs[0]]]) {
    if (product.op !== 'matmul' || product.shape.length !== 2 || !isFree(product, s)) continue;
    if (other.op !== 'broadcast' || splat(other) !== undefined) continue;
    const row = other.inputs[0];
    if (row.shape[0] === 1 && row.shape[1] === n.shape[1]) return gemm(product, s, nameOf(s, row));
  }
  return undefined;
};

const conv = (n: Node<'conv2d'>, s: Scope, bias: readonly string[] = []): string => {
  const inputs = [...n.inputs.map((x) => nameOf(s, x)), ...bias];
  return s.block !== undefined && fitsBlocks(n, s.block)
    ? blockedConv(s, n, inputs, s.block)
    : emit(s, 'Conv', inputs, convAttributes(n))[0];
};

/** A convolution plus one number for each channel is one `Conv`. */
const biasedConv = (n: Node<'add'>, s: Scope): string | undefined => {
  const channels = n.shape[1];
  for (const [image, other] of [n.inputs, [n.inputs[1], n.inputs[0]]]) {
    if (image.op !== 'conv2d' || !isFree(image, s) || other.op !== 'broadcast') continue;
    const row = other.inputs[0];
    if (splat(other) !== undefined || !sameShape(row.shape, [1, channels, 1, 1])) continue;
    const bias = emit(s, 'Reshape', [nameOf(s, row.op === 'reshape' ? row.inputs[0] : row), int64s(s, [channels])]);
    return conv(image, s, bias);
  }
  return undefined;
};

const outermost = -(2 ** 31);

const rules: RuleTable<[s: Scope], string> = {
  constant: (n, s) => {
    const value = splat(n as Expr);
    if (value !== undefined && n.shape.length === 0) return scalarConstant(s, value, n as Expr);
    const type = hostType(n.type, s.precision);
    const data = type === 'float32' ? Float32Array.from(n.attributes.data) : n.attributes.data;
    return constantOf(s, `node:${s.shared.count}`, type, n.shape, data);
  },
  variable: absent,
  input: absent,
  parameter: absent,
  noise: absent,
  neg: elementwise('Neg'),
  abs: elementwise('Abs'),
  sign: elementwise('Sign'),
  floor: elementwise('Floor'),
  exp: elementwise('Exp'),
  expm1: absent,
  log: elementwise('Log'),
  log1p: absent,
  sqrt: elementwise('Sqrt'),
  sin: elementwise('Sin'),
  cos: elementwise('Cos'),
  tanh: elementwise('Tanh'),
  sigmoid: elementwise('Sigmoid'),
  softplus: elementwise('Softplus'),
  relu: elementwise('Relu'),
  erf: elementwise('Erf'),
  lgamma: absent,
  polygamma: absent,
  not: elementwise('Not'),
  cast: (n, s) => emit(s, 'Cast', [nameOf(s, n.inputs[0])], { to: elementType[hostType(n.type, s.precision)] })[0],
  add: (n, s) => biased(n, s) ?? biasedConv(n, s) ?? emit(s, 'Add', operands(n, s))[0],
  sub: elementwise('Sub'),
  mul: elementwise('Mul'),
  div: elementwise('Div'),
  pow: elementwise('Pow'),
  max: elementwise('Max'),
  min: elementwise('Min'),
  less: elementwise('Less'),
  lessEqual: elementwise('LessOrEqual'),
  equal: elementwise('Equal'),
  and: elementwise('And'),
  or: elementwise('Or'),
  select: elementwise('Where'),
  sum: (n, s) => emit(s, 'ReduceSum', [nameOf(s, n.inputs[0]), int64s(s, n.attributes.axes)], { keepdims: 0 })[0],
  reduceMax: (n, s) => emit(s, 'ReduceMax', [nameOf(s, n.inputs[0]), int64s(s, n.attributes.axes)], { keepdims: 0 })[0],
  argMax: (n, s) =>
    toInt32(s, emit(s, 'ArgMax', [nameOf(s, n.inputs[0])], { axis: n.attributes.axis, keepdims: 0 })[0]),
  cumsum: (n, s) =>
    emit(s, 'CumSum', [nameOf(s, n.inputs[0]), int64s(s, [n.attributes.axis], [])], {
      reverse: n.attributes.reverse ? 1 : 0,
    })[0],
  argSort: (n, s) => {
    const k = int64s(s, [n.shape[n.attributes.axis]]);
    return toInt32(
      s,
      emit(s, 'TopK', [nameOf(s, n.inputs[0]), k], { axis: n.attributes.axis, largest: 0, sorted: 1 }, 2)[1],
    );
  },
  reshape: (n, s) =>
    emit(s, 'Reshape', [nameOf(s, n.inputs[0]), int64s(s, n.shape)], n.shape.includes(0) ? { allowzero: 1 } : {})[0],
  transpose: (n, s) => emit(s, 'Transpose', [nameOf(s, n.inputs[0])], { perm: n.attributes.permutation })[0],
  broadcast: (n, s) => {
    const value = splat(n as Expr);
    if (value === undefined && isUpsampling(n, s)) return upsampled(s, n, nameOf(s, n.inputs[0]));
    const x = value === undefined ? nameOf(s, n.inputs[0]) : scalarConstant(s, value, n as Expr);
    return emit(s, 'Expand', [x, int64s(s, n.shape)])[0];
  },
  slice: (n, s) => {
    const { start, limit, stride } = n.attributes;
    const axes = range(n.shape.length).filter((i) => n.shape[i] !== n.inputs[0].shape[i]);
    const pick = (v: readonly number[]): number[] => axes.map((a) => v[a]);
    return slices(s, nameOf(s, n.inputs[0]), axes, pick(start), pick(limit), pick(stride));
  },
  pad: (n, s) => emit(s, 'Pad', [nameOf(s, n.inputs[0]), int64s(s, [...n.attributes.low, ...n.attributes.high])])[0],
  concat: (n, s) =>
    emit(
      s,
      'Concat',
      n.inputs.map((x) => nameOf(s, x)),
      { axis: n.attributes.axis },
    )[0],
  reverse: (n, s) => {
    const { axes } = n.attributes;
    const all = (v: number): number[] => axes.map(() => v);
    return slices(s, nameOf(s, n.inputs[0]), axes, all(-1), all(outermost), all(-1));
  },
  gather: (n, s) => emit(s, 'Gather', [nameOf(s, n.inputs[0]), nameOf(s, n.inputs[1])], { axis: n.attributes.axis })[0],
  scatterAdd: (n, s) => {
    const [indices, updates] = n.inputs;
    const at = emit(s, 'Cast', [nameOf(s, indices)], { to: elementType.int64 })[0];
    const column = emit(s, 'Reshape', [at, int64s(s, [...indices.shape, 1])])[0];
    const zeros = emit(s, 'Expand', [scalarConstant(s, 0, n as Expr), int64s(s, n.shape)])[0];
    return emit(s, 'ScatterND', [zeros, column, nameOf(s, updates)], { reduction: 'add' })[0];
  },
  matmul: (n, s) => (n.shape.length === 2 ? gemm(n, s) : plain('MatMul')(n, s)),
  triangularSolve: absent,
  conv2d: (n, s) => conv(n, s),
  conv2dInputGradient: (n, s) => {
    const { stride, padding } = n.attributes;
    const [g, w] = n.inputs;
    const extra = [0, 1].map(
      (i) => n.shape[2 + i] - (stride[i] * (g.shape[2 + i] - 1) + w.shape[2 + i] - padding[i][0] - padding[i][1]),
    );
    return emit(s, 'ConvTranspose', [nameOf(s, g), nameOf(s, w)], { ...convAttributes(n), output_padding: extra })[0];
  },
  conv2dKernelGradient: absent,
  stopGradient: through,
  label: through,
  batchMean: through,
  advance: through,
  scan: absent,
  cond: absent,
  custom: absent,
  project: (n, s) => {
    const loop = n.inputs[0] as Expr & (Node<'scan'> | Node<'cond'>);
    const emitBodies = loop.op === 'scan' ? emitLoop : emitBranches;
    if (!s.names.has(loop)) s.names.set(loop, emitBodies(loop as never, s, { nameOf, prepare }).join('\n'));
    return s.names.get(loop)!.split('\n')[n.attributes.index];
  },
};

/** Names a node early, in topological order, so that recursion stays shallow; nodes that a user may absorb wait. */
const prepare = (e: Expr, s: Scope): void => {
  const lazy =
    e.op === 'scan' ||
    e.op === 'cond' ||
    e.op === 'broadcast' ||
    e.op === 'constant' ||
    e.op === 'transpose' ||
    e.op === 'matmul' ||
    e.op === 'conv2d' ||
    (e.op === 'reshape' && splat(e) !== undefined);
  if (!lazy) nameOf(s, e);
};

/**
 * The ONNX graph of a lowered program, and the names its slots and outputs have in it. With `block` (`channelBlock`) it is for this machine only, and
 * encoded with `blockedDomain`.
 */
export const emitGraph = (
  p: Program,
  slotNames: (name: string, i: number) => string = (_, i) => `in_${i}`,
  outputNames: (i: number) => string = (i) => `out_${i}`,
  block?: number,
): { readonly graph: Graph; readonly inputs: ReadonlyMap<string, string>; readonly outputs: readonly string[] } => {
  const inputs = new Map(p.slots.map((slot, i) => [slot.name, slotNames(slot.name, i)] as const));
  const scope: Scope = {
    precision: p.precision,
    nodes: [],
    names: new Map(),
    uses: countUses(p.outputs),
    ...(block === undefined ? {} : { block }),
    above: new Map(),
    kernels: new Map(),
    shared: { constants: new Map(), count: 0 },
  };
  const order = topological(p.outputs);
  for (const e of order)
    if (e.op === 'input' || e.op === 'parameter' || e.op === 'noise') scope.names.set(e, inputs.get(slotName(e))!);
  for (const e of order) prepare(e, scope);
  const outputs = p.outputs.map((e, i) => {
    const name = outputNames(i);
    scope.nodes.push({ opType: 'Identity', input: [nameOf(scope, e)], output: [name], name, attribute: [] });
    return valueInfo(name, hostType(e.type, p.precision), e.shape);
  });
  return {
    graph: {
      name: 'pushforward',
      node: scope.nodes,
      input: p.slots.map((slot) => valueInfo(inputs.get(slot.name)!, hostType(slot.type, p.precision), slot.shape)),
      output: outputs,
      initializer: [...scope.shared.constants.values()],
    },
    inputs,
    outputs: outputs.map((o) => o.name),
  };
};
