import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, type Law, pushforward } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { compose, type Endo } from '../algebra/transport.ts';
import {
  actNorm,
  affineCoupling,
  invertible1x1,
  logit,
  multiScale,
  type Parametrisation,
  reshape,
  squeeze,
  squeezed,
} from '../bijectors/index.ts';
import { range, type Shape, sizeOf } from '../core/shape.ts';
import { standardNormal } from '../distributions/index.ts';
import { convNet, mlp, type Network } from '../nn/index.ts';
import { dequantise } from '../transports/index.ts';

/** Options of {@link glow}. */
export interface GlowOptions {
  /** Steps of flow at each scale: K. */
  readonly steps?: number;
  /** Scales: L, each with half the sides; as many as the sides can be halved. */
  readonly scales?: number;
  /** Hidden channels of each coupling's convolutions. */
  readonly channels?: number;
  /** Hidden widths of each coupling's perceptron, for vectors. */
  readonly hidden?: readonly number[];
  readonly parametrisation?: Parametrisation;
}

/** How often both sides can be halved. */
const halvings = ([h, w]: Shape): number => (h % 2 === 0 && w % 2 === 0 ? 1 + halvings([h / 2, w / 2]) : 0);

/** K steps of flow: ActNorm, invertible 1×1 convolution, affine coupling. */
const stepsOf = (count: number, first: number, conditioner: Network, parametrisation: Parametrisation) =>
  compose(
    ...range(count).map((i) =>
      compose(actNorm(), invertible1x1({ parametrisation, seed: first + i }), affineCoupling({ conditioner })),
    ),
  );

/**
 * Glow (Kingma & Dhariwal 2018, arXiv:1807.03039) for vectors: steps of ActNorm, a linear layer and an affine coupling.
 *
 * @example
 * const model = glow([2]);   // Dist<readonly [2], Exact & Samples>
 */
export const glow = <const S extends Shape>(
  shape: S,
  { steps = 8, hidden = [64, 64], parametrisation = 'lu' }: GlowOptions = {},
): Dist<S, Exact & Samples> =>
  pipe(standardNormal(shape), pushforward(stepsOf(steps, 0, mlp(hidden), parametrisation)));

/** Squeezed to more channels, then steps of flow, at every scale. */
const multiScaleOf = (image: Shape, scales: number, flow: (scale: number) => Endo<'bijective'>) => {
  const sides = range(scales - 1).reduce<readonly Shape[]>((all) => [...all, kept(squeezed(all[all.length - 1]))], [image]); // biome-ignore format: one idea
  return multiScale(
    image,
    [sizeOf(image)] as Shape,
    sides.map((s, i) => compose(squeeze(s, squeezed(s) as Shape), flow(i))),
  );
};

/** What is left when half of the channels is factored out. */
const kept = ([h, w, c]: Shape): Shape => [h, w, c - Math.floor(c / 2)];

/**
 * Glow for images of integer grey levels `[H, W]` or `[H, W, C]`: uniform dequantisation, logit (α = 1e-6), then at each of L scales a squeeze,
 * K steps of ActNorm, invertible 1×1 convolution and affine coupling with a convolutional network, and half of the channels factored out.
 * Images whose sides cannot be halved are flattened. `logDensity` bounds the log-probability of the levels.
 *
 * @example
 * glowImages([28, 28], 256, { steps: 6, scales: 2, channels: 32 })
 */
export const glowImages = (shape: Shape, levels: number, options: GlowOptions = {}): Law => {
  const { steps = 6, scales = 2, channels = 32, parametrisation = 'lu' } = options;
  const image: Shape = shape.length === 3 ? shape : [...shape, 1];
  const count = shape.length < 2 || shape.length > 3 ? 0 : Math.min(scales, halvings(image));
  const flow = (scale: number) => stepsOf(steps, scale * steps, convNet({ channels }), parametrisation);
  const size: Shape = [sizeOf(shape)];
  const latent =
    count === 0
      ? pipe(glow(size, { steps, ...options }), pushforward(reshape(shape, size)))
      : pipe(standardNormal(size), pushforward(multiScaleOf(image, count, flow)), pushforward(reshape(shape, image)));
  return pipe(latent, pushforward(logit({ alpha: 1e-6 })), pushforward(dequantise({ levels })));
};
