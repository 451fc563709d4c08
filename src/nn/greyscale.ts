import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import { nested } from '../core/specification.ts';
import { noiseNetworkKind } from './kinds.ts';
import type { NoiseConditioned } from './noise-conditioned.ts';

/**
 * A noise-conditioned network of images `[H, W, C]` for grey images `[H, W]`: an axis of one channel is added to its input and removed from its output, `[…, H,
 * W]`.
 *
 * @example
 * greyscale(unet({ channels: 32, multipliers: [1, 2] }));   // for MNIST's [28, 28]
 */
export const greyscale = define(
  noiseNetworkKind,
  {
    type: 'greyscale',
    about: 'A network of images for events without channels.',
    takes: ['network'],
    required: { network: nested(noiseNetworkKind) },
    examples: [{ network: { type: 'unet', channels: 4, multipliers: [1], blocks: 1, groups: 1 } }],
  },
  (network: NoiseConditioned): NoiseConditioned => ({
    spec: { type: 'greyscale', network: network.spec },
    given: (context) => greyscale(network.given(context)),
    apply: (x, c, output) =>
      Sc.map((y: Expr) => o.reshape(y, output))(network.apply(o.expandDims(x, x.shape.length), c, [...output, 1])),
  }),
);
