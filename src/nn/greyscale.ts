import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import type { NoiseConditioned } from './noise-conditioned.ts';

/**
 * A network of images `[H, W, C]` for grey images `[H, W]`: one channel is put behind what goes in and taken off what comes out, `[…, H, W]`.
 *
 * @example
 * greyscale(unet({ channels: 32, multipliers: [1, 2] }));   // for MNIST's [28, 28]
 */
export const greyscale = (network: NoiseConditioned): NoiseConditioned => ({
  spec: { type: 'greyscale', network: network.spec },
  given: (context) => greyscale(network.given(context)),
  apply: (x, c, output) =>
    Sc.map((y: Expr) => o.reshape(y, output))(network.apply(o.expandDims(x, x.shape.length), c, [...output, 1])),
});
