/** VAEs with a flow on one side of the code: a flexible posterior, or a flexible prior. */

import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import { compose, repeat } from '../../algebra/transport.ts';
import { iaf, reverse } from '../../bijectors/index.ts';
import { list, positiveInteger } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { conditionalFlow, conditionalNormal, standardNormal } from '../../distributions/index.ts';
import { made, mlp } from '../../nn/index.ts';
import { stochastic } from '../../transports/index.ts';
import { defineModel } from '../model.ts';
import { reads } from '../reads.ts';
import { realNVP } from '../real-nvp.ts';
import { decoderOf, overLevels } from './likelihood.ts';
import type { VaeOptions } from './vae.ts';

/** Options of {@link iafVae} and {@link flowPriorVae}. */
export interface FlowVaeOptions extends VaeOptions {
  /** Layers of the flow. */
  readonly layers?: number;
  /** Hidden widths of the flow's networks. */
  readonly flowHidden?: readonly number[];
}

/**
 * A VAE whose posterior is a normal distribution pushed through inverse autoregressive layers that read the data (Kingma et al. 2016, arXiv:1606.04934): each
 * sample comes with its density in one pass. The layers start as the identity, so training starts from the plain VAE.
 *
 * @example
 * const model = iafVae([784], { latent: 20, hidden: [400], decoder: 'bernoulli' });
 */
export const iafVae = <const S extends Shape>(
  shape: S,
  { latent = 2, hidden = [64], activation = 'tanh', decoder = 'normal', layers = 2, flowHidden = [32], given }: FlowVaeOptions = {}, // biome-ignore format: one line
): Dist<S, Bound & Samples> => {
  const network = reads(given)(mlp(hidden, { activation, zeroLast: false }));
  const code: readonly [number] = [latent];
  const encoder = conditionalFlow(conditionalNormal(shape, code, { network }), (c) =>
    repeat(layers, compose(iaf({ conditioner: reads(given)(made(flowHidden, { activation }).given(c)) }), reverse())),
  );
  return pipe(
    standardNormal(code),
    pushforward(stochastic({ encoder, decoder: decoderOf(decoder, code, shape, network) })),
  );
};

/**
 * A VAE whose prior is a RealNVP distribution over codes (Chen et al. 2017, arXiv:1611.02731; Huang et al. 2017): the aggregate posterior need not be normal.
 * The flow starts as the identity. Codes have two dimensions or more.
 *
 * @example
 * const model = flowPriorVae([784], { latent: 20, hidden: [400], decoder: 'bernoulli' });
 */
export const flowPriorVae = <const S extends Shape>(
  shape: S,
  { latent = 2, hidden = [64], activation = 'tanh', decoder = 'normal', layers = 4, flowHidden = [32], given }: FlowVaeOptions = {}, // biome-ignore format: one line
): Dist<S, Bound & Samples> => {
  const network = reads(given)(mlp(hidden, { activation, zeroLast: false }));
  const code: readonly [number] = [latent];
  const encoder = conditionalNormal(shape, code, { network });
  return pipe(
    realNVP(code, { layers, hidden: flowHidden, ...(given === undefined ? {} : { given }) }),
    pushforward(stochastic({ encoder, decoder: decoderOf(decoder, code, shape, network) })),
  );
};

/**
 * The registry's entry of `iafVae`: its name, paper, options and learning settings.
 *
 * @example
 * iafVaeModel.build({ shape: [4] });
 */
export const iafVaeModel = defineModel({
  name: 'iafVae',
  description:
    'A VAE whose posterior is a normal distribution through inverse autoregressive layers that read the data.',
  paper: 'Kingma, Salimans, Jozefowicz, Chen, Sutskever & Welling 2016, arXiv:1606.04934',
  options: {
    latent: positiveInteger,
    layers: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    flowHidden: list(positiveInteger, 'positive integers with commas'),
  },
  build: (event, options) => overLevels(event, (decoder) => iafVae(event.shape, { decoder, ...options })),
  training: { learningRate: 1e-3, batchSize: 100, clip: 100 },
});

/**
 * The registry's entry of `flowPriorVae`: its name, paper, options and learning settings.
 *
 * @example
 * flowPriorVaeModel.build({ shape: [4] });
 */
export const flowPriorVaeModel = defineModel({
  name: 'flowPriorVae',
  description: 'A VAE whose prior over codes is a RealNVP distribution.',
  paper: 'Chen, Kingma, Salimans, Duan, Dhariwal, Schulman, Sutskever & Abbeel 2017, arXiv:1611.02731',
  options: {
    latent: positiveInteger,
    layers: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    flowHidden: list(positiveInteger, 'positive integers with commas'),
  },
  build: (event, options) => overLevels(event, (decoder) => flowPriorVae(event.shape, { decoder, ...options })),
  training: { learningRate: 1e-3, batchSize: 100, clip: 100 },
});
