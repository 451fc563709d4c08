/** Small pieces of ONNX graphs. */
import type { Expr, Node } from '../../expr.ts';
import { type AttributeValue, emit, int64s, type Scope } from './scope.ts';

/** A strided slice along some axes. */
export const slices = (
  s: Scope,
  x: string,
  axes: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[],
): string => emit(s, 'Slice', [x, int64s(s, starts), int64s(s, ends), int64s(s, axes), int64s(s, steps)])[0];

/** The attributes of `Conv` and `ConvTranspose`. */
export const convAttributes = (n: Node<'conv2d'> | Node<'conv2dInputGradient'>): Record<string, AttributeValue> => {
  const { stride, padding, groups } = n.attributes;
  return {
    strides: [...stride],
    pads: [padding[0][0], padding[1][0], padding[0][1], padding[1][1]],
    group: groups,
    kernel_shape: n.inputs[1].shape.slice(2),
  };
};

/** `[…, H, 1, W, 1]` repeated as `[…, H, h, W, w]`: every pixel of an image as a square of its own. */
export const isUpsampling = (n: Node<'broadcast'>, s: Scope): boolean => {
  const x = n.inputs[0].shape;
  const rank = x.length;
  const repeated = (i: number): boolean => x[i] !== n.shape[i];
  return (
    rank >= 4 &&
    n.shape.length === rank &&
    n.type === 'real' &&
    s.precision === 'float32' &&
    x.every((_, i) => repeated(i) === (i === rank - 1 || i === rank - 3))
  );
};

/** {@link isUpsampling} as `Resize`, which is eight to eleven times as fast as `Expand` of so many axes. */
export const upsampled = (s: Scope, n: Node<'broadcast'>, x: string): string => {
  const [h, , w] = n.inputs[0].shape.slice(-4);
  const [, down, , across] = n.shape.slice(-4);
  const lead = n.shape.slice(0, -4).reduce((a, b) => a * b, 1);
  const images = emit(s, 'Reshape', [x, int64s(s, [1, lead, h, w])])[0];
  const sizes = int64s(s, [1, lead, h * down, w * across]);
  const nearest = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  const large = emit(s, 'Resize', [images, '', '', sizes], nearest)[0];
  return emit(s, 'Reshape', [large, int64s(s, n.shape)])[0];
};

/**
 * Outputs of a loop that may end early, with rows of zeros for the iterations that were not run: a `Loop` has one row for each that was. One
 * copy of the outputs, whatever the length.
 */
export const padded = (s: Scope, ys: readonly string[], results: readonly Expr[], length: number): string[] => {
  if (ys.length === 0) return [];
  const rows = emit(s, 'Shape', [ys[0]], { start: 0, end: 1 })[0];
  const missing = emit(s, 'Sub', [int64s(s, [length]), rows])[0];
  return ys.map((y, i) => {
    const rank = results[i].shape.length + 1;
    const zeros = (k: number): string[] => (k === 0 ? [] : [int64s(s, new Array(k).fill(0))]);
    const pads = emit(s, 'Concat', [...zeros(rank), missing, ...zeros(rank - 1)], { axis: 0 })[0];
    return emit(s, 'Pad', [y, pads])[0];
  });
};
