import { free } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { type Transport, transport } from '../algebra/transport.ts';
import { oneOf, shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, showShape } from '../core/shape.ts';

/**
 * Which channel of the latent an element comes from. With (i, j) its place in its f × f block and c its channel:
 * `glow` (c outermost: `c·f² + i·f + j`, the order of openai/glow) or `realNVP` (c innermost: `(i·f + j)·C + c`, space to depth). The first k
 * channels are different pixels, so the order says what a split factors out: it is part of the declaration.
 */
export type SqueezeOrder = 'glow' | 'realNVP';

/** Options of {@link squeeze}. */
export interface SqueezeOptions {
  readonly order?: SqueezeOrder;
}

/**
 * `[H, W, C]` to `[H/f, W/f, f²·C]`. Throws `ShapeError` where f does not divide both sides.
 *
 * @example
 * squeezed([4, 4, 3]);   // [2, 2, 12]
 */
export const squeezed = (shape: Shape, factor = 2): readonly [number, number, number] => {
  const [h, w, c] = shape;
  return shape.length === 3 && Number.isInteger(factor) && factor >= 1 && h % factor === 0 && w % factor === 0
    ? [h / factor, w / factor, factor * factor * c]
    : raise('ShapeError', 'squeeze', 'the factor does not divide the image', {
        expected: `[H, W, C] with sides that are multiples of ${factor}`,
        got: showShape(shape),
      });
};

/**
 * Squeezing (Dinh et al. 2017, §3.6): each f × f block of pixels becomes one pixel of f² times the channels, data `[H, W, C]`, latent
 * `[H/f, W/f, f²·C]`. A permutation: log |det| = 0, and no cost but moving. Throws `ShapeError` where the two shapes do not fit.
 *
 * @example
 * squeeze([28, 28, 1], [14, 14, 4])   // Transport<[28, 28, 1], [14, 14, 4], 'bijective'>
 */
export const squeeze = define(
  layerKind,
  {
    type: 'squeeze',
    about: 'Pixels of 2 × 2 blocks as channels.',
    takes: ['data', 'latent'],
    required: { data: shapeCodec, latent: shapeCodec },
    optional: { order: oneOf(['glow', 'realNVP']) },
    regions: 'any',
    shapes: [[2, 4, 1]],
    examples: [
      { data: [2, 4, 1], latent: [1, 2, 4] },
      { data: [2, 4, 1], latent: [1, 2, 4], order: 'realNVP' },
    ],
  },
  <const X extends Shape, const Z extends Shape>(
    data: X,
    latent: Z,
    { order = 'glow' }: SqueezeOptions = {},
  ): Transport<X, Z, 'bijective'> => {
    const factor = data[0] / latent[0];
    const fits = squeezed(data, factor);
    if (latent.length !== 3 || fits.some((d, i) => d !== latent[i]))
      return raise('ShapeError', 'squeeze', 'the shapes do not fit', {
        expected: `${showShape(fits)} for ${showShape(data)}`,
        got: showShape(latent),
      });
    const [h, w, c] = [latent[0], latent[1], data[2]];
    // Blocks are [h, f, w, f, C]; places by order, and the way back.
    const there = order === 'glow' ? [0, 2, 4, 1, 3] : [0, 2, 1, 3, 4];
    const back = order === 'glow' ? [0, 3, 1, 4, 2] : [0, 2, 1, 3, 4];
    const inside = order === 'glow' ? [c, factor, factor] : [factor, factor, c];
    const moved = (value: Expr) => D.of({ value, contribution: o.scalar(0) });
    return transport(
      'bijective',
      { data, latent },
      {
        spec: { type: 'squeeze', data, latent, order },
        cost: free,
        encode: (x) => moved(o.reshape(o.transpose(o.reshape(x, [h, factor, w, factor, c]), there), latent)),
        decode: (z) => moved(o.reshape(o.transpose(o.reshape(z, [h, w, ...inside]), back), data)),
      },
    );
  },
);
