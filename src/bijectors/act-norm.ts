import { pipe } from 'fp-ts/lib/function.js';
import { free } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { positiveNumber } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { from, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { range } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { channelsOf } from './rows.ts';

/** Options of {@link actNorm}. */
export interface ActNormOptions {
  /** The least variance of a channel that is scaled to 1; a channel below it is scaled by this one's root, and {@link flooredChannels} names it. */
  readonly varianceFloor?: number;
}

const FLOOR = 1e-6;

/** Mean and variance of each channel over the pixels of an event and the examples of a batch: two passes, so that no digits cancel. */
export const channelMoments = (x: Expr): { readonly mean: Expr; readonly variance: Expr } => {
  const pixels = range(x.shape.length - 1);
  const over = (v: Expr): Expr => o.batchMean(pixels.length === 0 ? v : o.mean(v, pixels));
  const mean = over(x);
  return { mean, variance: over(o.square(o.sub(x, o.broadcastTo(mean, x.shape)))) };
};

/**
 * Activation normalisation (Kingma & Dhariwal 2018, arXiv:1807.03039, §3.1): a shift b and log-scale s for each channel (last axis),
 *
 *     z = (x + b) · e^{s}        log |det ∂z/∂x| = (number of pixels) · Σ s
 *
 * Both start where the first batch comes out with mean 0 and variance 1 in every channel. That is their *definition*, an expression of the
 * layer's own input: `initialValues` evaluates it with the definitions of the layers before, in one pure pass, and nothing keeps a flag.
 * Decoding sees no data: alone (as a distribution's sampler, or inverted) it starts at b = s = 0. Elementwise both ways.
 * Throws `ArgumentError` where the floor is not positive.
 *
 * @example
 * compose(actNorm(), invertible1x1({ seed: 1 }), affineCoupling({ conditioner: convNet({ channels: 32 }) }))
 */
export const actNorm = define(
  layerKind,
  {
    type: 'actNorm',
    about: 'A shift and a scale a channel; the first batch comes out with mean 0 and variance 1.',
    optional: { varianceFloor: positiveNumber },
    examples: [{}, { varianceFloor: 1e-3 }],
  },
  ({ varianceFloor = FLOOR }: ActNormOptions = {}): Endo<'bijective'> => {
    if (!(varianceFloor > 0 && Number.isFinite(varianceFloor)))
      return raise('ArgumentError', 'actNorm', 'the variance floor must be positive', { got: `${varianceFloor}` });
    const maps = (x: Expr, fromData: boolean) => {
      const { channels, pixels } = channelsOf('actNorm', x.shape);
      const { mean, variance } = channelMoments(x);
      return pipe(
        Sc.parameter('shift', [channels], { init: fromData ? from(o.neg(mean)) : zeros, kind: 'shift' }),
        Sc.chain((b) =>
          pipe(
            Sc.parameter('logScale', [channels], {
              init: fromData ? from(o.mul(-0.5, o.log(o.max(varianceFloor, variance)))) : zeros,
              kind: 'scale',
            }),
            Sc.map((s) => ({ b, s, contribution: o.mul(pixels, o.sum(s)) })),
          ),
        ),
      );
    };
    return bijection({
      spec: { type: 'actNorm', varianceFloor },
      cost: free,
      encode: (x) =>
        pipe(
          maps(x, true),
          Sc.map(({ b, s, contribution }) => ({ value: o.mul(o.add(x, b), o.exp(s)), contribution })),
        ),
      decode: (z) =>
        pipe(
          maps(z, false),
          Sc.map(({ b, s, contribution }) => ({ value: o.sub(o.mul(z, o.exp(o.neg(s))), b), contribution })),
        ),
    });
  },
);

/** The channels of one layer whose variance was below the floor. */
export interface Floored {
  /** The layer's place, `0.compose/3.actNorm`. */
  readonly layer: string;
  readonly channels: readonly number[];
}

/**
 * Which channels {@link actNorm} floored, read off the initial parameters: there the log-scale is −½ log(floor), the greatest it can be. A
 * constant channel (a black border, a column of zeros) has no variance to scale to 1; a report should say so.
 *
 * @example
 * const flow = pipe(standardNormal([2]), pushforward(actNorm()));
 * const start = await initialParameters(maximumLikelihood(flow), 0, tensorOf([1, 5, 2, 5], [2, 2]), onnx('cpu'));
 * flooredChannels(start);   // [{ layer: '0.actNorm', channels: [1] }]
 */
export const flooredChannels = (
  initial: Readonly<Record<string, Tensor>>,
  { varianceFloor = FLOOR }: ActNormOptions = {},
): readonly Floored[] => {
  const greatest = -0.5 * Math.log(varianceFloor);
  return Object.entries(initial).flatMap(([name, t]) => {
    const layer = /^(.*actNorm)\/logScale$/.exec(name)?.[1];
    const channels = range(t.data.length).filter((i) => t.data[i] >= greatest - 1e-5 * Math.abs(greatest));
    return layer === undefined || channels.length === 0 ? [] : [{ layer, channels }];
  });
};
