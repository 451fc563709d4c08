import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../algebra/dist.ts';
import type { Bound, Exact, Samples } from '../algebra/evidence.ts';
import { compose, repeat } from '../algebra/transport.ts';
import {
  actNorm,
  affineCoupling,
  logit,
  multiScale,
  permute,
  reshape,
  reverse,
  type Split,
  squeeze,
  squeezed,
} from '../bijectors/index.ts';
import { list, positiveInteger } from '../core/codec.ts';
import { range, type Shape, sizeOf } from '../core/shape.ts';
import { standardNormal } from '../distributions/index.ts';
import { convNet, mlp } from '../nn/index.ts';
import { dequantise } from '../transports/index.ts';
import { defineModel } from './model.ts';
import { type Events, type Over, overEvents, overLevelsOf } from './over-events.ts';
import { type ReadsContext, reads } from './reads.ts';

/** Options of {@link realNVP}. */
export interface RealNvpOptions extends ReadsContext {
  /** Number of couplings. */
  readonly layers?: number;
  /** Hidden widths of each coupling's network. */
  readonly hidden?: readonly number[];
}

/**
 * RealNVP (Dinh et al. 2017, arXiv:1605.08803) for vectors: affine couplings, coordinates reversed in between.
 *
 * @example
 * const model = realNVP([2]);   // Dist<readonly [2], Exact & Samples>
 */
export const realNVP = <const S extends Shape>(
  shape: S,
  { layers = 8, hidden = [64, 64], given }: RealNvpOptions = {},
): Dist<S, Exact & Samples> =>
  pipe(
    standardNormal(shape),
    pushforward(repeat(layers, compose(affineCoupling({ conditioner: reads(given)(mlp(hidden)) }), reverse()))),
  );

/**
 * RealNVP for flattened images of integer grey levels: uniform dequantisation, logit (α = 10⁻⁶), affine couplings with learned log-scales, alternately followed by exchanging the halves and by
 * permuting the coordinates. `logDensity` is a bound on the log-probability of the levels, so bits per dimension need no offset. Source: Dinh et al. (2017, arXiv:1605.08803).
 *
 * @example
 * realNVPImages([2, 2], 256, { layers: 2, hidden: [8] }).shape;   // [2, 2]
 */
export const realNVPImages = <const S extends Shape>(
  shape: S,
  levels: number,
  { layers = 8, hidden = [512, 512], given }: RealNvpOptions = {},
): Dist<S, Bound & Samples> => {
  const size = sizeOf(shape);
  // Halves change places after every other coupling, so that no coordinate passes through untouched: after eight random
  // permutations alone about 784 / 2⁸ = 3 coordinates never move, and each costs tens of nats.
  const block = (i: number) =>
    compose(
      affineCoupling({ conditioner: reads(given)(mlp(hidden)), logScale: 'learned' }),
      i % 2 === 0 ? reverse() : permute({ seed: i }),
    );
  const flow = compose(...Array.from({ length: layers }, (_, i) => block(i)));
  return pipe(
    standardNormal([size]),
    pushforward(flow),
    pushforward(reshape(shape, [size])),
    pushforward(logit({ alpha: 1e-6 })),
    pushforward(dequantise({ levels })),
  );
};

/** Whether n scales fit: the sides can be halved n − 1 times, and two pixels are left for a checkerboard. */
const scalesFit = ([h, w]: Shape, n: number): boolean => {
  const factor = 2 ** (n - 1);
  return h % factor === 0 && w % factor === 0 && (h * w) / factor ** 2 >= 2;
};

/** Options of {@link realNVPMultiScale}. */
export interface RealNvpMultiScaleOptions extends ReadsContext {
  /** Scales; every one but the last halves the sides, so that there are as many as the sides allow. */
  readonly scales?: number;
  /** Hidden channels of each coupling's network. */
  readonly channels?: number;
  /** Residual blocks of each coupling's network. */
  readonly blocks?: number;
  /** Hidden widths of each coupling's perceptron, where events are no images. */
  readonly hidden?: readonly number[];
}

/**
 * RealNVP for images `[H, W]` or `[H, W, C]` (Dinh et al. 2017, §3.6 and §4.1), of integer levels dequantised and through logit (α = 1e-6): at
 * each scale three couplings with alternating checkerboards, a squeeze, three with alternating halves of the channels, and half of the
 * channels factored out; at the last scale four checkerboards. ActNorm stands where the paper has batch normalisation. Events that are no
 * images are flattened.
 *
 * @example
 * realNVPMultiScale({ shape: [28, 28], levels: 256 }, { scales: 2, channels: 32 })
 */
export const realNVPMultiScale = <const V extends Events>(
  events: V,
  options: RealNvpMultiScaleOptions = {},
): Over<V, Exact & Samples> => {
  const shape: V['shape'] = events.shape;
  const { scales = 2, channels = 32, blocks = 1, hidden = [64, 64], given } = options;
  const image: Shape = shape.length === 2 ? [...shape, 1] : shape;
  const count = image.length === 3 ? Math.max(0, ...range(scales + 1).filter((n) => n > 0 && scalesFit(image, n))) : 0;
  if (count < 1)
    return overEvents(
      events,
      repeat(8, compose(affineCoupling({ conditioner: reads(given)(mlp(hidden)) }), reverse())),
    );
  const conditioner = reads(given)(convNet({ channels, blocks }));
  const coupling = (split: Split) => compose(affineCoupling({ conditioner, split, logScale: 'learned' }), actNorm());
  const checkers = (n: number) => range(n).map((i) => coupling(i % 2 === 0 ? 'checkerboard' : 'checkerboardInverse'));
  const scale = (side: Shape) => {
    const ofChannels = range(3).flatMap(() => [coupling('half'), reverse()]);
    return compose(...checkers(3), squeeze(side, squeezed(side) as Shape, { order: 'realNVP' }), ...ofChannels);
  };
  const halved = ([h, w, c]: Shape): Shape => [h / 2, w / 2, 2 * c];
  const sides = range(count).map((i) => range(i).reduce<Shape>(halved, image));
  const each = sides.map((side, i) => (i === count - 1 ? compose(...checkers(4)) : scale(side)));
  const size: Shape = [sizeOf(image)];
  return pipe(
    standardNormal(size),
    pushforward(multiScale(image, size, each)),
    pushforward(reshape(shape, image)),
    overLevelsOf(events),
  );
};

/**
 * The registry's entry of `realNVP`: its name, paper, options and learning settings.
 *
 * @example
 * realNVPModel.build({ shape: [4] });
 */
export const realNVPModel = defineModel({
  name: 'realNVP',
  description: 'Affine couplings with alternating halves: exact density, parallel both ways.',
  paper: 'Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803',
  options: { layers: positiveInteger, hidden: list(positiveInteger, 'positive integers with commas') },
  build: ({ shape, levels }, options) =>
    levels === undefined ? realNVP(shape, options) : realNVPImages(shape, levels, options),
  training: { learningRate: 2e-3, batchSize: 256, clip: 100 },
});

/**
 * The registry's entry of `realNVPMultiScale`: its name, paper, options and learning settings.
 *
 * @example
 * realNVPMultiScaleModel.build({ shape: [4] });
 */
export const realNVPMultiScaleModel = defineModel({
  name: 'realNVPMultiScale',
  description: 'RealNVP with convolutions: checkerboards, channels, half of them factored out at each scale.',
  paper: 'Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803',
  options: {
    scales: positiveInteger,
    channels: positiveInteger,
    blocks: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
  },
  build: (events, options) => realNVPMultiScale(events, options),
  training: { learningRate: 2e-3, batchSize: 64, clip: 1000 },
});
