/** The `onnx` interpreters: programs become ONNX graphs, run by ONNX Runtime on its CPU, WebGPU or CUDA provider. */
import { availableParallelism } from 'node:os';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { PushforwardError, raise } from '../../errors.ts';
import type { Expr } from '../../expr.ts';
import { structuralHash } from '../../hash.ts';
import { expm1BySeries, log1pBySeries, signByComparison, sinByQuadrants, tanhByExpm1 } from '../../lower/eager.ts';
import {
  convByTaps,
  erfBySeries,
  expm1ByTanh,
  inputGradientByConv,
  interiorByReshape,
  kernelGradientByTaps,
  type Lowering,
  lgammaByStirling,
  log1pByLog,
  lower,
  mergedTranspose,
  polygammaBySeries,
  sigmoidByExp,
  softplusByExp,
  triangularSolveByInverse,
} from '../../lower/index.ts';
import * as o from '../../ops/index.ts';
import {
  type Backend,
  checkFeeds,
  type Executable,
  type Feeds,
  hostType,
  type Precision,
  type Program,
  program,
} from '../../program.ts';
import { sameShape } from '../../shape.ts';
import { splat } from '../../simplify/constants.ts';
import { simplify } from '../../simplify/index.ts';
import { castTensor, type Tensor, type TensorData } from '../../tensor.ts';
import { blockedDomain, channelBlock } from './blocked.ts';
import { emitGraph } from './emit.ts';
import { refusal } from './refusal.ts';
import { encodeModel } from './schema.ts';
import { kept, sessionOptions } from './sessions.ts';
import { squeezed } from './squeeze.ts';
import { unrolled } from './unroll.ts';

/** ONNX Runtime's execution providers that ship with, or fetch for, onnxruntime-node. */
export type Provider = 'cpu' | 'webgpu' | 'cuda';

/** The sums of the columns of a matrix as a product with a row: of ones, or of what each row is multiplied by. */
const columnSums = (x: Expr): Expr => {
  const rows = x.shape[0];
  const factor = x.op === 'mul' ? x.inputs.findIndex((v) => v.op === 'broadcast' && sameShape(v.inputs[0].shape, [rows, 1])) : -1; // biome-ignore format: one line
  return factor < 0
    ? o.matmul(o.broadcastTo(1, [1, rows]), x)
    : o.matmul(o.reshape(x.inputs[factor].inputs[0], [1, rows]), x.inputs[1 - factor]);
};

/** A product, turned or reshaped as it may be. */
const isProduct = (e: Expr): boolean =>
  e.op === 'matmul' || e.op === 'conv2d' || ((e.op === 'reshape' || e.op === 'transpose') && isProduct(e.inputs[0]));

/**
 * The gradient that passes a ReLU, as a product with zeros and ones: half the time of `Where`. Only for what comes from a product, whose elements are
 * finite where anything is; other gradients, such as that of a square root at 0, must be dropped, not multiplied by 0.
 */
const throughRelu = (c: Expr, a: Expr, b: Expr): Expr | undefined =>
  c.op === 'less' && splat(c.inputs[0]) === 0 && c.inputs[1].op === 'relu' && splat(b) === 0 && isProduct(a)
    ? o.mul(a, o.cast(c, 'real'))
    : undefined;

/** What ONNX lacks, in terms of what it has. */
const lowering = (precision: Precision): Lowering => ({
  log1p: (_, x) => log1pByLog(x),
  expm1: (_, x) => expm1ByTanh(x),
  transpose: (n, x) => mergedTranspose(n, x),
  matmul: (n, a, b) =>
    n.shape.length > 2 && n.shape.slice(0, -2).every((d) => d === 1)
      ? o.reshape(o.matmul(o.reshape(a, a.shape.slice(-2)), o.reshape(b, b.shape.slice(-2))), n.shape)
      : // Aᵀ b as bᵀ A, which turns no matrix.
        n.shape.length === 2 && b.shape[1] === 1 && a.op === 'transpose' && b.shape[0] > 1
        ? o.reshape(o.matmul(o.reshape(b, [1, b.shape[0]]), a.inputs[0]), n.shape)
        : undefined,
  // Column sums as a product with a row of ones: ONNX Runtime's own reduction along the rows wakes its threads for little work.
  sum: (n, x) => {
    const { axes } = n.attributes;
    const rows = axes.reduce((r, a) => r * x.shape[a], 1);
    const columns = x.shape.slice(axes.length).reduce((a, b) => a * b, 1);
    return n.type === 'real' &&
      rows >= 32 &&
      columns > 0 &&
      axes.length < x.shape.length &&
      axes.every((a) => a < axes.length)
      ? o.reshape(columnSums(x.shape.length === 2 ? x : o.reshape(x, [rows, columns])), n.shape)
      : undefined;
  },
  sigmoid: (_, x) => sigmoidByExp(x),
  softplus: (_, x) => softplusByExp(x),
  erf: (_, x) => (precision === 'float64' ? erfBySeries(x) : undefined),
  select: (n, c, a, b) => (n.type === 'bool' ? o.or(o.and(c, a), o.and(o.not(c), b)) : throughRelu(c, a, b)),
  lgamma: (_, x) => lgammaByStirling(x),
  polygamma: (n, x) => polygammaBySeries(n.attributes.order, x),
  triangularSolve: (n, a, b) => triangularSolveByInverse(n, a, b),
  conv2dKernelGradient: (n, x, g) => kernelGradientByTaps(n, x, g),
  conv2d: (n, x, w) => (precision === 'float64' ? convByTaps(n, x, w) : undefined),
  conv2dInputGradient: (n, g, w) =>
    // `ConvTranspose` is the quicker one where few channels come out, `Conv` with flipped kernels elsewhere.
    precision === 'float64' || (n.attributes.stride.every((s) => s === 1) && w.shape[1] >= 8)
      ? inputGradientByConv(n, g, w)
      : undefined,
  pad: (n, x) => (n.attributes.interior.some((k) => k > 0) ? interiorByReshape(n, x) : undefined),
  scatterAdd: (n, i, u) => {
    const { axis, size } = n.attributes;
    if (axis === 0) return undefined;
    const rank = i.shape.length;
    const outer = u.shape.slice(0, axis).map((_, k) => k);
    const at = i.shape.map((_, k) => axis + k);
    const inner = u.shape.slice(axis + rank).map((_, k) => axis + rank + k);
    const front = o.scatterAdd(i, o.transpose(u, [...at, ...outer, ...inner]), size, 0);
    return o.moveAxis(front, 0, axis);
  },
});

const truths = (a: Expr, b: Expr): Expr => o.add(o.cast(a, 'real'), o.cast(b, 'real'));

/** What the conformance suite found wrong or coarse in a provider of ONNX Runtime 1.30. */
const onProvider: { readonly [P in Provider]: Lowering } = {
  cpu: {},
  cuda: {},
  webgpu: {
    // WGSL asks for an absolute error of 2⁻¹¹ in sin and cos, of 2⁻²¹ in log near 1; tanh and erf keep no digit near 0.
    sin: (_, x) => sinByQuadrants(x, false),
    cos: (_, x) => sinByQuadrants(x, true),
    tanh: (_, x) => tanhByExpm1(x),
    expm1: (_, x) => expm1BySeries(x),
    log1p: (_, x) => log1pBySeries(x),
    erf: (_, x) => erfBySeries(x),
    // `And` of arrays is wrong where they are broadcast or large, and there is no `Or`: truth values are counted.
    and: (_, a, b) => o.less(1, truths(a, b)),
    or: (_, a, b) => o.less(0, truths(a, b)),
    // There is no `Sign`.
    sign: (n, x) => (n.type === 'real' ? signByComparison(x) : undefined),
    // `ConvTranspose` is wrong for groups with strides.
    conv2dInputGradient: (n, g, w) => (n.attributes.groups > 1 ? inputGradientByConv(n, g, w) : undefined),
  },
};

/** Nodes that a loop may become, copied out. WebGPU runs none: what one carries and reads crosses the bus in every iteration. */
const unrolledNodes: { readonly [P in Provider]: number } = { cpu: 0, cuda: 0, webgpu: 5000 };

/** Simplified and lowered for ONNX: what `emit` accepts. Slots keep their order. */
export const prepareProgram = (
  p: Program,
  provider: Provider = 'cpu',
  unroll: number = unrolledNodes[provider],
): Program => {
  const once = simplify(p.outputs, { keepStops: false });
  const flat = unroll > 0 ? unrolled(once, unroll) : once;
  const lowered = lower(flat, { ...lowering(p.precision), ...onProvider[provider] });
  const plain = simplify(lowered, { keepStops: false });
  const outputs = provider === 'cpu' ? simplify(squeezed(plain)) : plain;
  return { ...program(outputs, p.precision) };
};

type Runtime = typeof import('onnxruntime-node');
let runtime: Promise<Runtime> | undefined;

/** ONNX Runtime, loaded at first use. */
export const loadRuntime = (): Promise<Runtime> => {
  runtime ??= import('onnxruntime-node').then((m) => (m.default ?? m) as Runtime);
  return runtime;
};

/** Sessions by the hash of the simplified program. */
const cache = new Map<string, Promise<InferenceSession>>();

/** A program that is ready to be fed. Its expressions are not kept. */
interface Compiled {
  readonly ready: Program;
  readonly inputs: ReadonlyMap<string, string>;
  readonly outputs: readonly string[];
  readonly session: InferenceSession;
}

/** The same by the hash of the program as it was given: found again it is not simplified once more. */
const compiled = new Map<string, Promise<Compiled>>();

/** Number of compiled sessions held. */
export const cachedSessions = (): number => cache.size;

/** Releases every compiled session. */
export const releaseSessions = async (): Promise<void> => {
  const all = [...cache.values()];
  cache.clear();
  compiled.clear();
  for (const s of all) await (await s).release();
};

const keyOf = (settings: string, p: Program): string =>
  `${settings}/${structuralHash(p.outputs)}/${p.slots.map((s) => s.name).join(',')}`;

const toOrt = (ort: Runtime, t: Tensor): OrtTensor =>
  new ort.Tensor(t.type as 'float32', t.data as Float32Array, t.shape);

const defaultThreads = (): number => Math.min(4, availableParallelism());

/** Options of the onnx interpreters. */
export interface OnnxOptions {
  /** Threads inside one operator (default: the machine's, at most 4). Results do not depend on it. */
  readonly threads?: number;
  /** Let idle threads spin between operators (default: no). It gains a fifth on an idle machine and loses half on a busy one. */
  readonly spinning?: boolean;
  /**
   * Nodes that a loop may become by copying out its iterations (default: 5000 on WebGPU, which takes up to a second to compile; 0, none, on the others,
   * which run loops). Values are the same.
   */
  readonly unroll?: number;
}

/** An `onnx` interpreter on one provider. Sessions are cached by the structural hash of the program. */
export const onnx = (
  provider: Provider = 'cpu',
  { threads = defaultThreads(), spinning = false, unroll = unrolledNodes[provider] }: OnnxOptions = {},
): Backend => ({
  name: `onnx-${provider}`,
  precisions: provider === 'cpu' ? ['float32', 'float64'] : ['float32'],
  compile: async (p): Promise<Executable> => {
    const settings = `${provider}/${threads}${spinning ? 's' : ''}/${p.precision}`;
    const ort = await loadRuntime();
    const make = async (): Promise<Compiled> => {
      const ready = prepareProgram(p, provider, unroll);
      const block = provider === 'cpu' && p.precision === 'float32' ? await channelBlock(ort) : undefined;
      const { graph, inputs, outputs } = emitGraph(ready, undefined, undefined, block);
      const encoded = (): Uint8Array => encodeModel(graph, {}, block === undefined ? [] : [blockedDomain]);
      const options = sessionOptions(provider, threads, spinning, ready.outputs);
      const session = await kept(cache, keyOf(settings, ready), () =>
        ort.InferenceSession.create(encoded(), options).catch((e: unknown) =>
          raise('BackendError', `onnx-${provider}`, refusal(provider, e)),
        ),
      );
      return { ready: { ...ready, outputs: [] }, inputs, outputs, session };
    };
    const { ready, inputs, outputs, session } = await kept(compiled, keyOf(`${settings}/${unroll}`, p), make);
    return {
      program: p,
      run: async (feeds: Feeds) => {
        const bad = checkFeeds(ready, feeds);
        if (bad !== undefined) throw new PushforwardError(bad);
        const given: Record<string, OrtTensor> = {};
        for (const s of ready.slots)
          given[inputs.get(s.name)!] = toOrt(ort, castTensor(feeds[s.name], hostType(s.type, p.precision)));
        const results = await session.run(given, outputs as string[]);
        return outputs.map((name, i) => ({
          shape: p.outputs[i].shape,
          type: hostType(p.outputs[i].type, p.precision),
          data: results[name].data as TensorData,
        }));
      },
      dispose: async () => {},
    };
  },
});

/** The bytes of a self-contained ONNX model of a program, with readable input and output names. */
export const exportOnnx = (
  p: Program,
  names: { readonly inputs?: Readonly<Record<string, string>>; readonly outputs: readonly string[] },
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array => {
  const ready = prepareProgram(p);
  const { graph } = emitGraph(
    ready,
    (name) => names.inputs?.[name] ?? name,
    (i) => names.outputs[i],
  );
  return encodeModel(graph, metadata);
};
