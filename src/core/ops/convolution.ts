/** Two-dimensional convolution, its two gradients (which are primitives that differentiate into each other), upsampling and pooling. */
import { raise } from '../errors.ts';
import { type Conv2dAttributes, type Expr, makeNode } from '../expr.ts';
import { showShape } from '../shape.ts';
import { mean } from './reduce.ts';
import { broadcastTo, reshape } from './structure.ts';

/** Options of {@link conv2d}. `same` pads so that the output has ⌈size / stride⌉ rows and columns. */
export interface Conv2dOptions {
  readonly stride?: number | readonly [number, number];
  readonly padding?: 'same' | 'valid' | Conv2dAttributes['padding'];
  /** Channels in `groups` separate convolutions; as many groups as channels is a depth-wise one. */
  readonly groups?: number;
}

const samePadding = (size: number, kernel: number, stride: number): readonly [number, number] => {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
};

const attributesOf = (x: readonly number[], w: readonly number[], o: Conv2dOptions): Conv2dAttributes => {
  const stride = typeof o.stride === 'number' ? ([o.stride, o.stride] as const) : (o.stride ?? ([1, 1] as const));
  const padding =
    o.padding === 'same'
      ? ([samePadding(x[0], w[0], stride[0]), samePadding(x[1], w[1], stride[1])] as const)
      : o.padding === undefined || o.padding === 'valid'
        ? ([
            [0, 0],
            [0, 0],
          ] as const)
        : o.padding;
  return { stride, padding, groups: o.groups ?? 1 };
};

/**
 * Rows or columns of a convolution's output: ⌊(size + pad₀ + pad₁ − kernel) / stride⌋ + 1.
 *
 * @example
 * ops.convOutput(28, 3, 2, [1, 1]);   // 14
 */
export const convOutput = (size: number, kernel: number, stride: number, pad: readonly [number, number]): number =>
  Math.floor((size + pad[0] + pad[1] - kernel) / stride) + 1;

/**
 * Cross-correlation of x `[N, C, H, W]` with kernels w `[O, C/groups, h, w]`: y[n,o,i,j] = Σ x[n,c,i·s+a−p,j·s+b−q] w[o,c,a,b], shape `[N, O, H', W']`.
 * Throws `ShapeError` where the shapes do not fit. Cost: N O H' W' h w C / groups multiplications.
 *
 * @example
 * ops.conv2d(input('x', [1, 3, 8, 8]), input('w', [16, 3, 3, 3]), { padding: 'same' }).shape;   // [1, 16, 8, 8]
 */
export const conv2d = (x: Expr, w: Expr, options: Conv2dOptions = {}): Expr => {
  const a = attributesOf(x.shape.slice(2), w.shape.slice(2), options);
  if (
    x.shape.length !== 4 ||
    w.shape.length !== 4 ||
    w.shape[1] * a.groups !== x.shape[1] ||
    w.shape[0] % a.groups !== 0
  )
    return raise('ShapeError', '', 'conv2d: shapes do not fit', {
      expected: `[N, C, H, W] and [O, C/${a.groups}, h, w]`,
      got: `${showShape(x.shape)} and ${showShape(w.shape)}`,
    });
  const rows = convOutput(x.shape[2], w.shape[2], a.stride[0], a.padding[0]);
  const columns = convOutput(x.shape[3], w.shape[3], a.stride[1], a.padding[1]);
  if (rows < 1 || columns < 1)
    return raise('ShapeError', '', 'conv2d: the kernel is larger than the padded image', {
      expected: `at most ${x.shape[2] + a.padding[0][0] + a.padding[0][1]} × ${x.shape[3] + a.padding[1][0] + a.padding[1][1]}`,
      got: showShape(w.shape),
    });
  return makeNode('conv2d', [x, w], a, [x.shape[0], w.shape[0], rows, columns], 'real');
};

/**
 * The transpose of `conv2d` as a map of its input, applied to g `[N, O, H', W']`: shape `xShape`. This is also the transposed convolution.
 *
 * @example
 * const y = ops.conv2d(input('x', [1, 3, 8, 8]), input('w', [16, 3, 3, 3]));
 * const g = ops.conv2dInputGradient(onesLike(y), input('w', [16, 3, 3, 3]), [1, 3, 8, 8], y.attributes);
 */
export const conv2dInputGradient = (g: Expr, w: Expr, xShape: readonly number[], a: Conv2dAttributes): Expr =>
  makeNode('conv2dInputGradient', [g, w], a, xShape, 'real');

/**
 * The transpose of `conv2d` as a map of its kernels, applied to g `[N, O, H', W']`: shape `wShape`.
 *
 * @example
 * const x = input('x', [1, 3, 8, 8]);
 * const y = ops.conv2d(x, input('w', [16, 3, 3, 3]));
 * const g = ops.conv2dKernelGradient(x, onesLike(y), [16, 3, 3, 3], y.attributes);
 */
export const conv2dKernelGradient = (x: Expr, g: Expr, wShape: readonly number[], a: Conv2dAttributes): Expr =>
  makeNode('conv2dKernelGradient', [x, g], a, wShape, 'real');

/**
 * Transposed convolution of x `[N, O, H, W]` with kernels w `[O, C/groups, h, w]`: `[N, C, H', W']`, the transpose of `conv2d` with the same kernels. With `same` padding
 * the output is `stride` times as large.
 *
 * @example
 * ops.convTranspose2d(input('x', [1, 16, 4, 4]), input('w', [16, 3, 3, 3]), { stride: 2, padding: 'same' }).shape;   // [1, 3, 8, 8]
 */
export const convTranspose2d = (x: Expr, w: Expr, options: Conv2dOptions = {}): Expr => {
  const probe = attributesOf([0, 0], w.shape.slice(2), { ...options, padding: 'valid' });
  const out = (i: 0 | 1): number =>
    options.padding === 'same'
      ? x.shape[2 + i] * probe.stride[i]
      : (x.shape[2 + i] - 1) * probe.stride[i] + w.shape[2 + i] - paddingSum(options.padding, i);
  const size = [out(0), out(1)];
  const a = attributesOf(size, w.shape.slice(2), options);
  if (x.shape.length !== 4 || w.shape.length !== 4 || w.shape[0] !== x.shape[1] || x.shape[1] % a.groups !== 0)
    return raise('ShapeError', '', 'convTranspose2d: shapes do not fit', {
      expected: `[N, O, H, W] and [O, C/${a.groups}, h, w]`,
      got: `${showShape(x.shape)} and ${showShape(w.shape)}`,
    });
  return conv2dInputGradient(x, w, [x.shape[0], w.shape[1] * a.groups, ...size], a);
};

const paddingSum = (p: Conv2dOptions['padding'], i: 0 | 1): number =>
  p === undefined || typeof p === 'string' ? 0 : p[i][0] + p[i][1];

/**
 * Each pixel of `[N, C, H, W]` repeated `factor × factor` times.
 *
 * @example
 * ops.upsampleNearest(input('x', [1, 3, 4, 4]), 2).shape;   // [1, 3, 8, 8]
 */
export const upsampleNearest = (x: Expr, factor: number): Expr => {
  const [n, c, h, w] = x.shape;
  return reshape(broadcastTo(reshape(x, [n, c, h, 1, w, 1]), [n, c, h, factor, w, factor]), [
    n,
    c,
    h * factor,
    w * factor,
  ]);
};

/**
 * Mean over `factor × factor` windows of `[N, C, H, W]`. Throws `ShapeError` where H or W is not a multiple of `factor`.
 *
 * @example
 * ops.averagePool(input('x', [1, 3, 8, 8]), 2).shape;   // [1, 3, 4, 4]
 */
export const averagePool = (x: Expr, factor: number): Expr => {
  const [n, c, h, w] = x.shape;
  if (h % factor !== 0 || w % factor !== 0)
    return raise('ShapeError', '', 'averagePool: the window does not divide the image', {
      expected: `multiples of ${factor}`,
      got: showShape(x.shape),
    });
  return mean(reshape(x, [n, c, h / factor, factor, w / factor, factor]), [3, 5]);
};
