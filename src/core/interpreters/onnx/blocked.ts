/**
 * Convolutions in ONNX Runtime's own layout for this machine (`com.microsoft.nchwc`): channels in blocks as wide as a vector register, `[N, C/B, H, W, B]`,
 * kernels as `[O/B, C/B, h, w, B, B]`. Its kernels there run 1.1 to 2.8 times as fast as its `Conv` (32 to 128 channels, batch 64), reordering included, but ONNX Runtime itself uses them
 * only where the kernel is a constant, which no kernel that is being trained is.
 */
import type { Expr, Node } from '../../expr.ts';
import { convAttributes } from './pieces.ts';
import { encodeModel, type Graph, valueInfo } from './schema.ts';
import { emit, int64s, type Scope } from './scope.ts';

/** The domain of the operators in blocked layout. */
export const blockedDomain = 'com.microsoft.nchwc';

/** Whether a convolution can be done in blocks of `block` channels. */
export const fitsBlocks = (n: Node<'conv2d'>, block: number): boolean =>
  n.attributes.groups === 1 && n.inputs[1].shape[0] % block === 0 && n.inputs[1].shape[1] % block === 0;

/** A kernel `[O, C, h, w]` in the order that blocks are read in: turned once, outside of the loops that close over it. */
const blockedKernel = (inner: Scope, kernel: string, [o, c, h, w]: readonly number[], b: number): string => {
  const s = inner.above.get(kernel) ?? inner;
  const known = s.kernels.get(kernel);
  if (known !== undefined) return known;
  const cut = emit(s, 'Reshape', [kernel, int64s(s, [o / b, b, c / b, b, h * w])])[0];
  const turned = emit(s, 'Transpose', [cut], { perm: [0, 2, 4, 3, 1] })[0];
  const made = emit(s, 'Reshape', [turned, int64s(s, [o, c, h, w])])[0];
  s.kernels.set(kernel, made);
  return made;
};

/** A convolution of `[N, C, H, W]` by way of blocks of `block` channels; a third name is that of its biases. */
export const blockedConv = (
  s: Scope,
  n: Node<'conv2d'> & { readonly inputs: readonly Expr[] },
  [x, kernel, ...bias]: readonly string[],
  block: number,
): string => {
  const { shape } = n.inputs[1];
  const inputs = [
    emit(s, 'ReorderInput', [x], {}, 1, blockedDomain)[0],
    blockedKernel(s, kernel, shape, block),
    ...bias,
  ];
  const y = emit(s, 'Conv', inputs, convAttributes(n), 1, blockedDomain)[0];
  return emit(s, 'ReorderOutput', [y], { channels: shape[0] }, 1, blockedDomain)[0];
};

type Runtime = typeof import('onnxruntime-node');

const CHANNELS = 32;

/** The model of the trial: a 1×1 convolution of one place, its kernel written for blocks of `block` channels. */
const trial = (block: number): Uint8Array => {
  const s: Scope = {
    precision: 'float32',
    nodes: [],
    names: new Map(),
    uses: new Map(),
    above: new Map(),
    kernels: new Map(),
    shared: { constants: new Map(), count: 0 },
  };
  const x = emit(s, 'ReorderInput', ['x'], {}, 1, blockedDomain)[0];
  const kernel = blockedKernel(s, 'kernel', [CHANNELS, CHANNELS, 1, 1], block);
  const y = emit(s, 'Conv', [x, kernel], { kernel_shape: [1, 1] }, 1, blockedDomain)[0];
  const out = emit(s, 'ReorderOutput', [y], { channels: CHANNELS }, 1, blockedDomain)[0];
  const graph: Graph = {
    name: 'trial',
    node: s.nodes,
    input: [valueInfo('x', 'float32', [1, CHANNELS, 1, 1]), valueInfo('kernel', 'float32', [CHANNELS, CHANNELS, 1, 1])],
    output: [valueInfo(out, 'float32', [1, CHANNELS, 1, 1])],
    initializer: [...s.shared.constants.values()],
  };
  return encodeModel(graph, {}, [blockedDomain]);
};

/** Whether the runtime's blocks are `block` channels wide: the trial's answer is Σ_c w[o, c] x[c] exactly, since all numbers are small integers. */
const fits = async (ort: Runtime, block: number): Promise<boolean> => {
  try {
    const session = await ort.InferenceSession.create(trial(block), { intraOpNumThreads: 1, logSeverityLevel: 4 });
    const x = Float32Array.from({ length: CHANNELS }, (_, c) => c + 1);
    const kernel = Float32Array.from({ length: CHANNELS ** 2 }, (_, i) => (i * 7919) % 101);
    const results = await session.run({
      x: new ort.Tensor('float32', x, [1, CHANNELS, 1, 1]),
      kernel: new ort.Tensor('float32', kernel, [CHANNELS, CHANNELS, 1, 1]),
    });
    await session.release();
    const y = Object.values(results)[0].data as Float32Array;
    return y.every((v, o) => v === x.reduce((sum, xc, c) => sum + kernel[o * CHANNELS + c] * xc, 0));
  } catch {
    return false;
  }
};

let found: Promise<number | undefined> | undefined;

/**
 * Channels in a block on this machine, or nothing where the runtime has no such kernels: ONNX Runtime does not say, so that a small convolution
 * is tried, once in a process (5 ms).
 */
export const channelBlock = (ort: Runtime): Promise<number | undefined> => {
  found ??= (async () => {
    for (const block of [16, 8]) if (await fits(ort, block)) return block;
    return undefined;
  })();
  return found;
};
