import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import { list, positiveInteger } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { conditionalNormal, standardNormal } from '../../distributions/index.ts';
import { type Activation, mlp } from '../../nn/index.ts';
import { stochastic } from '../../transports/index.ts';
import { defineModel } from '../model.ts';
import type { Events } from '../over-events.ts';
import { type ReadsContext, reads } from '../reads.ts';
import { type DecoderKind, decoderOf, overLevels } from './likelihood.ts';

/** Options of {@link vae}. */
export interface VaeOptions extends ReadsContext {
  /** Dimensions of the code. */
  readonly latent?: number;
  /** Hidden widths of encoder and decoder. */
  readonly hidden?: readonly number[];
  readonly activation?: Activation;
  /** The distribution of data given the code: coin flips for binary data, normal with learned scales for real data. */
  readonly decoder?: DecoderKind;
}

/**
 * The variational auto-encoder (Kingma & Welling 2014, arXiv:1312.6114): a standard normal code pushed through one stochastic layer, with perceptrons
 * of one tanh layer (appendix C) unless told otherwise. Its density is a bound: train it with `elbo` or `importanceWeighted(k)`.
 *
 * @example
 * const model = vae([784], { latent: 20, hidden: [500], decoder: 'bernoulli' });   // Dist<readonly [784], Bound & Samples>
 */
export const vae = <const S extends Shape>(
  shape: S,
  { latent = 2, hidden = [64], activation = 'tanh', decoder = 'normal', given }: VaeOptions = {},
): Dist<S, Bound & Samples> => {
  const network = reads(given)(mlp(hidden, { activation, zeroLast: false }));
  const code: readonly [number] = [latent];
  const encoder = conditionalNormal(shape, code, { network });
  return pipe(
    standardNormal(code),
    pushforward(stochastic({ encoder, decoder: decoderOf(decoder, code, shape, network) })),
  );
};

/**
 * {@link vae} for events of any kind: a normal decoder for real data, a Bernoulli decoder for two levels, and for more levels a normal decoder behind dequantisation and
 * logit.
 *
 * @example
 * vaeOverEvents({ shape: [4], levels: 2 }, { latent: 2, hidden: [8] }).shape;   // [4]
 */
export const vaeOverEvents = <const V extends Events>(
  events: V,
  options: VaeOptions = {},
): Dist<V['shape'], Bound & Samples> => overLevels(events, (decoder) => vae(events.shape, { ...options, decoder }));

/**
 * The registry's entry of `vae`: its name, paper, options and learning settings.
 *
 * @example
 * vaeModel.build({ shape: [4] });
 */
export const vaeModel = defineModel({
  name: 'vae',
  description: 'A stochastic layer over a normal code: a bound on the density, samples in one pass.',
  paper: 'Kingma & Welling 2014, arXiv:1312.6114',
  options: { latent: positiveInteger, hidden: list(positiveInteger, 'positive integers with commas') },
  build: (event, options) => vaeOverEvents(event, options),
  training: { learningRate: 1e-3, batchSize: 100, clip: 100 },
});
