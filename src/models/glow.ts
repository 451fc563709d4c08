import { pipe } from 'fp-ts/lib/function.js';
import { pushforward } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { compose, type Endo } from '../algebra/transport.ts';
import {
  actNorm,
  affineCoupling,
  invertible1x1,
  multiScale,
  type Parametrisation,
  reshape,
  squeeze,
  squeezed,
} from '../bijectors/index.ts';
import { list, oneOf, positiveInteger } from '../core/codec.ts';
import { range, type Shape, sizeOf } from '../core/shape.ts';
import { standardNormal } from '../distributions/index.ts';
import { convNet, mlp, type Network } from '../nn/index.ts';
import { defineModel } from './model.ts';
import { type Events, type Over, overEvents, overLevelsOf } from './over-events.ts';
import { type ReadsContext, reads } from './reads.ts';

/** Options of {@link glow}. */
export interface GlowOptions extends ReadsContext {
  /** Steps of flow at each scale: K. */
  readonly steps?: number;
  /** Scales, each with half the sides: L, or as many as the sides can be halved. */
  readonly scales?: number;
  /** Hidden channels of each coupling's convolutions, for images. */
  readonly channels?: number;
  /** Hidden widths of each coupling's perceptron, for vectors. */
  readonly hidden?: readonly number[];
  readonly parametrisation?: Parametrisation;
}

/** K steps of flow: ActNorm, invertible 1×1 convolution, affine coupling. */
const stepsOf = (count: number, first: number, conditioner: Network, parametrisation: Parametrisation = 'lu') =>
  compose(
    ...range(count).map((i) =>
      compose(actNorm(), invertible1x1({ parametrisation, seed: first + i }), affineCoupling({ conditioner })),
    ),
  );

/**
 * The steps of Glow for vectors, with a linear layer in place of the 1 × 1 convolution: ActNorm, linear, affine coupling. Source: Kingma & Dhariwal (2018, arXiv:1807.03039).
 *
 * @example
 * const flow = pipe(standardNormal([2]), pushforward(glowFlow({ steps: 2, hidden: [16] })));
 */
export const glowFlow = ({
  steps = 8,
  hidden = [64, 64],
  parametrisation,
  given,
}: GlowOptions = {}): Endo<'bijective'> => stepsOf(steps, 0, reads(given)(mlp(hidden)), parametrisation);

/** The number of times both sides of an image can be halved; 0 for other events. */
const halvings = ([h, w]: Shape): number => (h % 2 === 0 && w % 2 === 0 ? 1 + halvings([h / 2, w / 2]) : 0);

/** The rest of a squeezed image after half of its channels is factored out. */
const halved = ([h, w, c]: Shape): Shape => [h / 2, w / 2, 2 * c];

/**
 * Glow (Kingma & Dhariwal 2018, arXiv:1807.03039). For images `[H, W]` or `[H, W, C]`, of integer levels dequantised and through logit (α = 1e-6): at each
 * of L scales a squeeze, K steps of ActNorm, invertible 1×1 convolution and affine coupling with a convolutional network, and half of the
 * channels factored out. Vectors, and images whose sides are odd, go through the same steps flat.
 *
 * @example
 * glow({ shape: [28, 28], levels: 256 }, { steps: 4, scales: 2, channels: 32 })
 */
export const glow = <const V extends Events>(events: V, options: GlowOptions = {}): Over<V, Exact & Samples> => {
  const shape: V['shape'] = events.shape;
  const { steps = 4, scales = 2, channels = 32, parametrisation, given } = options;
  const image: Shape = shape.length === 2 ? [...shape, 1] : shape;
  const count = image.length === 3 ? Math.min(scales, halvings(image)) : 0;
  if (count < 1) return overEvents(events, glowFlow(options));
  const flow = (scale: number) => stepsOf(steps, scale * steps, reads(given)(convNet({ channels })), parametrisation);
  const sides = range(count).map((i) => range(i).reduce<Shape>(halved, image));
  const size: Shape = [sizeOf(image)];
  const each = sides.map((side, i) => compose(squeeze(side, squeezed(side) as Shape), flow(i)));
  return pipe(
    standardNormal(size),
    pushforward(multiScale(image, size, each)),
    pushforward(reshape(shape, image)),
    overLevelsOf(events),
  );
};

/**
 * The registry's entry of `glow`: its name, paper, options and learning settings.
 *
 * @example
 * glowModel.build({ shape: [4] });
 */
export const glowModel = defineModel({
  name: 'glow',
  description: 'ActNorm, invertible 1×1 convolutions and couplings, over scales: exact density, parallel both ways.',
  paper: 'Kingma & Dhariwal 2018, arXiv:1807.03039',
  options: {
    steps: positiveInteger,
    scales: positiveInteger,
    channels: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    parametrisation: oneOf(['lu', 'plain', 'qr', 'exponential', 'householder']),
  },
  build: (events, options) => glow(events, options),
  training: { learningRate: 2e-3, batchSize: 64, clip: 1000 },
});
