/** Matrix products and convolutions. TensorFlow.js convolves NHWC data with HWIO kernels: arrays are transposed around it. */
import type { Conv2dAttributes, Expr, Node } from '../../expr.ts';
import { sizeOf } from '../../shape.ts';
import { type Emitted, plain, type Rule, unrepeated } from './emitted.ts';
import { fillOf, type Kernels, reshapeTo } from './kernels.ts';
import type { TfTensor } from './runtime.ts';

const zeros = (n: Node<'matmul'> | Node<'conv2d'>): Emitted => ({
  operands: [],
  kernel: (k) => fillOf(k, n.shape, 0, n.type),
});

const isMatrixTranspose = (e: Expr): boolean => {
  if (e.op !== 'transpose') return false;
  const { permutation: p } = e.attributes;
  const r = p.length;
  return r >= 2 && p[r - 1] === r - 2 && p[r - 2] === r - 1 && p.slice(0, -2).every((a, i) => a === i);
};

/** `[batch, rows, columns]`. */
const asBatch = (k: Kernels, x: TfTensor): TfTensor =>
  reshapeTo(k, x, [sizeOf(x.shape.slice(0, -2)), ...x.shape.slice(-2)]);

/** The shape under which a buffer of the wasm backend was first a right factor. */
const rightShapes = new WeakMap<object, string>();

/**
 * The wasm backend keeps a packed copy of each right factor under the identity of its *buffer*, and uses it again when the buffer comes
 * back in another shape, writing outside its memory. Reshaped tensors share buffers: a second shape gets a buffer of its own.
 */
const unsharedRight = (k: Kernels, b: TfTensor): TfTensor => {
  const shape = b.shape.join('x');
  const known = rightShapes.get(b.dataId);
  if (known === undefined) rightShapes.set(b.dataId, shape);
  return known === undefined || known === shape ? b : k.run('Tile', { x: b }, { reps: [1, 1, 1] });
};

/** Batched products. Transposes of the last two axes are read in place; a factor repeated over the batch is not repeated. */
export const matmul: Rule<'matmul'> = (n, c) => {
  if (n.inputs.some((x) => sizeOf(x.shape) === 0)) return zeros(n);
  const factors = n.inputs.map((x) => {
    const e = unrepeated(x);
    return isMatrixTranspose(e) ? { e: unrepeated(e.inputs[0]), turned: true } : { e, turned: false };
  });
  const [a, b] = factors;
  const columns = a.e.shape[a.e.shape.length - (a.turned ? 2 : 1)];
  const one = sizeOf(b.e.shape.slice(0, -2)) === 1 && !a.turned;
  return {
    operands: factors.map((f) => f.e),
    kernel: (k, xs) => {
      const left = asBatch(k, xs[0]);
      const flat = one ? reshapeTo(k, left, [1, left.size / columns, columns]) : left;
      const right = c.backend === 'wasm' ? unsharedRight(k, asBatch(k, xs[1])) : asBatch(k, xs[1]);
      const product = k.run('BatchMatMul', { a: flat, b: right }, { transposeA: a.turned, transposeB: b.turned });
      // A left factor shared by the batch next to a single right one: repeat the product.
      const whole = product.size === sizeOf(n.shape) ? product : k.run('Tile', { x: product }, { reps: [sizeOf(n.shape) / product.size, 1, 1] }); // biome-ignore format: one idea
      return reshapeTo(k, whole, n.shape);
    },
  };
};

const toNhwc = (k: Kernels, x: TfTensor): TfTensor => k.run('Transpose', { x }, { perm: [0, 2, 3, 1] });
const toNchw = (k: Kernels, x: TfTensor): TfTensor => k.run('Transpose', { x }, { perm: [0, 3, 1, 2] });
const toHwio = (k: Kernels, w: TfTensor): TfTensor => k.run('Transpose', { x: w }, { perm: [2, 3, 1, 0] });

const windows = ({ stride }: Conv2dAttributes) => ({
  strides: [...stride],
  pad: 'valid',
  dataFormat: 'NHWC',
  dilations: [1, 1],
  dimRoundingMode: undefined,
});

const padded = (k: Kernels, x: TfTensor, { padding }: Conv2dAttributes): TfTensor =>
  padding.every(([a, b]) => a + b === 0)
    ? x
    : k.run('PadV2', { x }, { paddings: [[0, 0], [...padding[0]], [...padding[1]], [0, 0]], constantValue: 0 });

/** A convolution without groups; the padding is written out, because native TensorFlow's gradients know none of their own. */
export const conv2d: Rule<'conv2d'> = (n) =>
  n.inputs.some((x) => sizeOf(x.shape) === 0)
    ? zeros(n)
    : plain(n, (k, [x, w]) =>
        toNchw(
          k,
          k.run('Conv2D', { x: padded(k, toNhwc(k, x), n.attributes), filter: toHwio(k, w) }, windows(n.attributes)),
        ),
      );

/** Its gradient by the padded input, cut to the input. */
export const conv2dInputGradient: Rule<'conv2dInputGradient'> = (n) => {
  const [batch, channels, rows, columns] = n.shape;
  const [[top, bottom], [left, right]] = n.attributes.padding;
  const inputShape = [batch, rows + top + bottom, columns + left + right, channels];
  return plain(n, (k, [dy, w]) => {
    const whole = k.run(
      'Conv2DBackpropInput',
      { dy: toNhwc(k, dy), filter: toHwio(k, w) },
      { ...windows(n.attributes), inputShape },
    );
    const size = [batch, rows, columns, channels];
    const cut = top + bottom + left + right === 0 ? whole : k.run('Slice', { x: whole }, { begin: [0, top, left, 0], size }); // biome-ignore format: one idea
    return toNchw(k, cut);
  });
};

/** Its gradient by the kernel: `[h, w, in, out]`, turned to `[out, in, h, w]`. */
export const conv2dKernelGradient: Rule<'conv2dKernelGradient'> = (n) => {
  const [out, into, h, w] = n.shape;
  return plain(n, (k, [x, dy]) => {
    const filter = k.run(
      'Conv2DBackpropFilter',
      { x: padded(k, toNhwc(k, x), n.attributes), dy: toNhwc(k, dy) },
      { ...windows(n.attributes), filterShape: [h, w, into, out] },
    );
    return k.run('Transpose', { x: filter }, { perm: [3, 2, 0, 1] });
  });
};
