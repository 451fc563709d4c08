/** Contexts as channels of an image: how convolutional networks read them. */
import { type AnyContext, arraysOf } from '../algebra/context.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, showShape } from '../core/shape.ts';

/** `[h, w, c]` with every pixel repeated to `[h r, w s, c]`. */
const repeated = (x: Expr, r: number, s: number): Expr => {
  const [h, w, c] = x.shape;
  return o.reshape(o.broadcastTo(o.reshape(x, [h, 1, w, 1, c]), [h, r, w, s, c]), [h * r, w * s, c]);
};

/** `[h r, w s, c]` as `[h, w, r s c]`: squares of pixels as channels. */
const folded = (x: Expr, r: number, s: number): Expr => {
  const [h, w, c] = x.shape;
  return o.reshape(o.transpose(o.reshape(x, [h / r, r, w / s, s, c]), [0, 2, 1, 3, 4]), [h / r, w / s, r * s * c]);
};

/** One array as channels of an image `[H, W, …]`: a vector at every pixel, an image repeated or folded to its size. */
const channelsOf = (c: Expr, [H, W]: Shape): Expr => {
  if (c.shape.length < 2) return o.broadcastTo(o.reshape(c, [1, 1, c.shape[0] ?? 1]), [H, W, c.shape[0] ?? 1]);
  const image = c.shape.length === 2 ? o.expandDims(c, 2) : c;
  const [h, w] = image.shape;
  if (image.shape.length === 3 && H % h === 0 && W % w === 0) return repeated(image, H / h, W / w);
  if (image.shape.length === 3 && h % H === 0 && w % W === 0) return folded(image, h / H, w / W);
  return raise('ShapeError', '', 'the context does not fit the pixels', {
    expected: `a vector, or an image whose sides divide or are multiples of ${H} × ${W}`,
    got: showShape(c.shape),
  });
};

/**
 * An image `[H, W, C]` with the arrays of a context as more channels: a vector is the same at every pixel, an image `[h, w, c]` (or `[h, w]`) whose sides divide
 * the event's is repeated, one whose sides are multiples of them is folded (squares of pixels become channels).
 */
export const joinChannels = (x: Expr, context: AnyContext): Expr =>
  o.concat([x, ...arraysOf(context).map((c) => channelsOf(c, x.shape))], 2);
