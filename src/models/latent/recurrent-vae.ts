import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import { positiveInteger } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { conditionalNormal, standardNormal } from '../../distributions/index.ts';
import { recurrent, unrolled } from '../../nn/index.ts';
import { stochastic } from '../../transports/index.ts';
import { defineModel } from '../model.ts';
import { type ReadsContext, reads } from '../reads.ts';
import { type DecoderKind, decoderOf, overLevels } from './likelihood.ts';

/** Options of {@link recurrentVae}. */
export interface RecurrentVaeOptions extends ReadsContext {
  /** Dimensions of the code. */
  readonly latent?: number;
  /** Width of the recurrent state of encoder and decoder. */
  readonly state?: number;
  readonly decoder?: DecoderKind;
}

/**
 * The variational recurrent auto-encoder (Fabius & van Amersfoort 2015, arXiv:1412.6581) of sequences `[T, …]`: a recurrent encoder reads the sequence
 * into the distribution of one code, a recurrent decoder writes it from the code. Gated units where the paper has plain ones.
 *
 * @example
 * const model = recurrentVae([28, 28], { latent: 20, state: 64, decoder: 'bernoulli' });   // an image row by row
 */
export const recurrentVae = <const S extends Shape>(
  shape: S,
  { latent = 2, state = 32, decoder = 'normal', given }: RecurrentVaeOptions = {},
): Dist<S, Bound & Samples> => {
  const code: readonly [number] = [latent];
  const encoder = conditionalNormal(shape, code, { network: reads(given)(recurrent(state)) });
  return pipe(
    standardNormal(code),
    pushforward(stochastic({ encoder, decoder: decoderOf(decoder, code, shape, reads(given)(unrolled(state))) })),
  );
};

/**
 * The registry's entry of `recurrentVae`: its name, paper, options and learning settings.
 *
 * @example
 * recurrentVaeModel.build({ shape: [4] });
 */
export const recurrentVaeModel = defineModel({
  name: 'recurrentVae',
  description: 'A VAE of sequences: recurrent encoder and decoder around one code; images are read row by row.',
  paper: 'Fabius & van Amersfoort 2015, arXiv:1412.6581',
  options: { latent: positiveInteger, state: positiveInteger },
  build: (event, options) => overLevels(event, (decoder) => recurrentVae(event.shape, { decoder, ...options })),
  training: { learningRate: 1e-3, batchSize: 100, clip: 100 },
});
