/** The `reference` interpreter: float64, plain loops, nothing clever. It is the oracle of every distribution. */
import { PushforwardError, raise } from '../../errors.ts';
import { applyRule, type Expr, type Node, type Op, type RuleTable, topological } from '../../expr.ts';
import { type Backend, checkFeeds, type Feeds, hostType, type Program, slotName } from '../../program.ts';
import { binaryFunctions, mapBinary, mapUnary, polygamma, unaryFunctions } from '../../scalar.ts';
import { type Shape, sizeOf, stridesOf } from '../../shape.ts';
import { allocate, castTensor, type Tensor, type TensorData, type TensorType } from '../../tensor.ts';
import { concatInto, forEachLine, gatherInto, place, reduce, scatterInto, view } from './arrays.ts';
import { conv2dInputInto, conv2dInto, conv2dKernelInto, matmulInto, triangularSolveInto } from './linear.ts';

const typeOf = (n: Node<Op>): TensorType => hostType(n.type, 'float64');
const fresh = (n: Node<Op>): TensorData => allocate(typeOf(n), sizeOf(n.shape));
const result = (n: Node<Op>, data: TensorData): Tensor => ({ shape: n.shape, type: typeOf(n), data });

type Kernel = (n: Node<Op>, inputs: readonly Tensor[]) => Tensor;

const unary =
  (name: keyof typeof unaryFunctions): Kernel =>
  (n, [x]) =>
    result(n, mapUnary(unaryFunctions[name], x, fresh(n)));

const binary =
  (name: keyof typeof binaryFunctions): Kernel =>
  (n, [a, b]) =>
    result(n, mapBinary(binaryFunctions[name], a, b, fresh(n)));

const same: Kernel = (n, [x]) => result(n, x.data);
const leaf: Kernel = (n) => raise('BackendError', 'reference', `${n.op} has no value of its own`);

const strided = (n: Node<Op>, x: Tensor, strides: readonly number[], start: number): Tensor =>
  result(n, view(x, n.shape, strides, start, fresh(n)));

const lines = (
  n: Node<Op>,
  x: Tensor,
  axis: number,
  f: (start: number, stride: number, line: number, out: TensorData) => void,
): Tensor => {
  const out = fresh(n);
  forEachLine(x.shape, axis, (start, stride, line) => {
    f(start, stride, line, out);
  });
  return result(n, out);
};

const rules: RuleTable<[inputs: readonly Tensor[]], Tensor> = {
  constant: (n) =>
    castTensor({ shape: n.shape, type: n.type === 'real' ? 'float64' : n.type, data: n.attributes.data }, typeOf(n)),
  variable: leaf,
  input: leaf,
  parameter: leaf,
  noise: leaf,
  neg: unary('neg'),
  abs: unary('abs'),
  sign: unary('sign'),
  floor: unary('floor'),
  exp: unary('exp'),
  expm1: unary('expm1'),
  log: unary('log'),
  log1p: unary('log1p'),
  sqrt: unary('sqrt'),
  sin: unary('sin'),
  cos: unary('cos'),
  tanh: unary('tanh'),
  sigmoid: unary('sigmoid'),
  softplus: unary('softplus'),
  relu: unary('relu'),
  erf: unary('erf'),
  lgamma: unary('lgamma'),
  polygamma: (n, [x]) => result(n, mapUnary(polygamma(n.attributes.order), x, fresh(n))),
  not: unary('not'),
  cast: (n, [x]) => result(n, mapUnary(n.type === 'bool' ? (v) => (v !== 0 ? 1 : 0) : Math.trunc, x, fresh(n))),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  pow: binary('pow'),
  max: binary('max'),
  min: binary('min'),
  less: binary('less'),
  lessEqual: binary('lessEqual'),
  equal: binary('equal'),
  and: binary('and'),
  or: binary('or'),
  select: (n, [c, a, b]) => {
    const out = fresh(n);
    for (let i = 0; i < out.length; i++) out[i] = c.data[i] ? a.data[i] : b.data[i];
    return result(n, out);
  },
  sum: (n, [x]) =>
    result(
      n,
      reduce(x, n.attributes.axes, 0, (a, b) => a + b, fresh(n)),
    ),
  reduceMax: (n, [x]) =>
    result(
      n,
      reduce(x, n.attributes.axes, n.type === 'real' ? Number.NEGATIVE_INFINITY : -(2 ** 31), Math.max, fresh(n)),
    ),
  argMax: (n, [x]) =>
    lines(n, x, n.attributes.axis, (start, stride, line, out) => {
      let best = 0;
      for (let i = 1; i < x.shape[n.attributes.axis]; i++)
        if (x.data[start + i * stride] > x.data[start + best * stride]) best = i;
      out[line] = best;
    }),
  cumsum: (n, [x]) =>
    lines(n, x, n.attributes.axis, (start, stride, _, out) => {
      const length = x.shape[n.attributes.axis];
      let total = 0;
      for (let k = 0; k < length; k++) {
        const i = n.attributes.reverse ? length - 1 - k : k;
        total += x.data[start + i * stride];
        out[start + i * stride] = total;
      }
    }),
  argSort: (n, [x]) =>
    lines(n, x, n.attributes.axis, (start, stride, _, out) => {
      const order = Array.from({ length: x.shape[n.attributes.axis] }, (_v, i) => i);
      order.sort((i, j) => x.data[start + i * stride] - x.data[start + j * stride]);
      order.forEach((i, k) => {
        out[start + k * stride] = i;
      });
    }),
  reshape: same,
  transpose: (n, [x]) => {
    const strides = stridesOf(x.shape);
    return strided(n, x, n.attributes.permutation.map((a) => strides[a]), 0); // biome-ignore format: one idea
  },
  broadcast: (n, [x]) => {
    const strides = stridesOf(x.shape);
    return strided(n, x, x.shape.map((d, i) => (d === n.shape[i] ? strides[i] : 0)), 0); // biome-ignore format: one idea
  },
  slice: (n, [x]) => {
    const strides = stridesOf(x.shape);
    const start = n.attributes.start.reduce((s, v, i) => s + v * strides[i], 0);
    return strided(n, x, strides.map((s, i) => s * n.attributes.stride[i]), start); // biome-ignore format: one idea
  },
  pad: (n, [x]) => {
    const strides = stridesOf(n.shape);
    const start = n.attributes.low.reduce((s, v, i) => s + v * strides[i], 0);
    return result(n, place(x, strides.map((s, i) => s * (n.attributes.interior[i] + 1)), start, fresh(n))); // biome-ignore format: one idea
  },
  concat: (n, parts) => result(n, concatInto(parts, n.attributes.axis, n.shape, fresh(n))),
  reverse: (n, [x]) => {
    const strides = stridesOf(x.shape);
    const start = n.attributes.axes.reduce((s, a) => s + (x.shape[a] - 1) * strides[a], 0);
    return strided(n, x, strides.map((s, i) => (n.attributes.axes.includes(i) ? -s : s)), start); // biome-ignore format: one idea
  },
  gather: (n, [x, i]) => result(n, gatherInto(x, i, n.attributes.axis, fresh(n))),
  scatterAdd: (n, [i, u]) => result(n, scatterInto(i, u, n.attributes.axis, n.attributes.size, fresh(n))),
  matmul: (n, [a, b]) => result(n, matmulInto(a, b, fresh(n))),
  triangularSolve: (n, [a, b]) => result(n, triangularSolveInto(a, b, n.attributes, fresh(n))),
  conv2d: (n, [x, w]) => result(n, conv2dInto(x, w, n.shape, n.attributes, fresh(n))),
  conv2dInputGradient: (n, [g, w]) => result(n, conv2dInputInto(g, w, n.shape, n.attributes, fresh(n))),
  conv2dKernelGradient: (n, [x, g]) => result(n, conv2dKernelInto(x, g, n.shape, n.attributes, fresh(n))),
  stopGradient: same,
  label: same,
  batchMean: same,
  advance: same,
  scan: leaf,
  cond: leaf,
  custom: leaf,
  project: leaf,
};

const row = (x: Tensor, i: number, shape: Shape): Tensor => {
  const size = sizeOf(shape);
  return { shape, type: x.type, data: x.data.subarray(i * size, (i + 1) * size) };
};

const runScan = (n: Node<'scan'>, inputs: readonly Tensor[]): Tensor[] => {
  const { length, carries, sequences, until, body } = n.attributes;
  const closure = inputs.slice(carries + sequences);
  let carry = inputs.slice(0, carries);
  const ys: Tensor[] = body.results.slice(carries, until ? -1 : undefined).map((r) => ({
    shape: [length, ...r.shape],
    type: typeOf(r),
    data: allocate(typeOf(r), length * sizeOf(r.shape)),
  }));
  for (let i = 0; i < length; i++) {
    const xs = inputs.slice(carries, carries + sequences).map((x) => row(x, i, x.shape.slice(1)));
    const args = [...carry, ...xs, ...closure];
    const out = evaluateWith(body.results, new Map(body.variables.map((v, k) => [v, args[k]] as const)));
    carry = out.slice(0, carries);
    ys.forEach((y, k) => {
      const row = out[carries + k];
      y.data.set(row.data as never, i * row.data.length);
    });
    if (until && out[out.length - 1].data[0]) break;
  }
  return [...carry, ...ys];
};

/** The branch taken, and no other. */
const runCond = (n: Node<'cond'>, [flag, ...closure]: readonly Tensor[]): Tensor[] => {
  const { variables, results } = n.attributes.branches[flag.data[0] ? 0 : 1];
  return evaluateWith(results, new Map(variables.map((v, i) => [v, closure[i]] as const)));
};

/** Values of expressions given values for some of their nodes. */
const evaluateWith = (outputs: readonly Expr[], known: ReadonlyMap<Expr, Tensor>): Tensor[] => {
  const values = new Map<Expr, Tensor>(known);
  const loops = new Map<Expr, Tensor[]>();
  for (const e of topological(outputs, (x) => known.has(x))) {
    if (values.has(e)) continue;
    if (e.op === 'scan') loops.set(e, runScan(e, e.inputs.map((x) => values.get(x)!))); // biome-ignore format: one idea
    else if (e.op === 'cond') loops.set(e, runCond(e, e.inputs.map((x) => values.get(x)!))); // biome-ignore format: one idea
    else if (e.op === 'project') values.set(e, loops.get(e.inputs[0])![e.attributes.index]);
    else values.set(e, applyRule(rules, e, e.inputs.map((x) => values.get(x)!))); // biome-ignore format: one idea
  }
  return outputs.map((e) => values.get(e)!);
};

/** Runs a program at once. Throws `BackendError` where a feed is missing or does not fit. */
export const evaluateProgram = (p: Program, feeds: Feeds): Tensor[] => {
  const bad = checkFeeds(p, feeds);
  if (bad !== undefined) throw new PushforwardError(bad);
  const known = new Map<Expr, Tensor>();
  for (const e of topological(p.outputs))
    if (e.op === 'input' || e.op === 'parameter' || e.op === 'noise')
      known.set(e, castTensor(feeds[slotName(e)], typeOf(e)));
  return evaluateWith(p.outputs, known);
};

/** The reference interpreter. */
export const reference: Backend = {
  name: 'reference',
  precisions: ['float64'],
  compile: async (p) => ({
    program: p,
    run: async (feeds) => evaluateProgram(p, feeds),
    dispose: async () => {},
  }),
};
