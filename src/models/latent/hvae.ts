import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import { compose } from '../../algebra/transport.ts';
import { list, positiveInteger } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { conditionalNormal, standardNormal } from '../../distributions/index.ts';
import { mlp } from '../../nn/index.ts';
import { stochastic } from '../../transports/index.ts';
import { defineModel } from '../model.ts';
import { reads } from '../reads.ts';
import { decoderOf, overLevels } from './likelihood.ts';
import type { VaeOptions } from './vae.ts';

/** Options of {@link hvae}. */
export interface HvaeOptions extends Omit<VaeOptions, 'latent'> {
  /** Dimensions of the codes, from the one next to the data to the outermost. */
  readonly latents?: readonly number[];
  /** Hidden widths of the networks between codes; those next to the data have `hidden`. */
  readonly between?: readonly number[];
}

/**
 * A hierarchical VAE (Rezende et al. 2014, arXiv:1401.4082; two layers as in Burda et al. 2016, arXiv:1509.00519): stochastic layers composed,
 * x ← z₁ ← z₂ ← …, each with an encoder of its own. The bound is log p(z_L) + Σ log p(z_l | z_{l+1}) − log q(z_{l+1} | z_l), nats.
 *
 * @example
 * const model = hvae([784], { latents: [40, 20], hidden: [400], between: [100], decoder: 'bernoulli' });
 */
export const hvae = <const S extends Shape>(
  shape: S,
  { latents = [4, 2], hidden = [64], between = [32], activation = 'tanh', decoder = 'normal', given }: HvaeOptions = {},
): Dist<S, Bound & Samples> => {
  const network = (widths: readonly number[]) => reads(given)(mlp(widths, { activation, zeroLast: false }));
  const sides: readonly Shape[] = [shape, ...latents.map((n) => [n])];
  const layers = latents.map((_, l) => {
    const [below, above] = [sides[l], sides[l + 1]];
    const net = network(l === 0 ? hidden : between);
    return stochastic({
      encoder: conditionalNormal(below, above, { network: net }),
      decoder: decoderOf(l === 0 ? decoder : 'normal', above, below, net),
    });
  });
  const outermost: Shape = sides[sides.length - 1];
  return pipe(standardNormal(outermost), pushforward(compose(...layers))) as Dist<S, Bound & Samples>;
};

/**
 * The registry's entry of `hvae`: its name, paper, options and learning settings.
 *
 * @example
 * hvaeModel.build({ shape: [4] });
 */
export const hvaeModel = defineModel({
  name: 'hvae',
  description: 'Two stochastic layers composed, codes of codes: a bound, samples in one pass.',
  paper: 'Rezende, Mohamed & Wierstra 2014, arXiv:1401.4082',
  options: {
    latents: list(positiveInteger, 'positive integers with commas'),
    between: list(positiveInteger, 'positive integers with commas'),
    hidden: list(positiveInteger, 'positive integers with commas'),
  },
  build: (event, options) => overLevels(event, (decoder) => hvae(event.shape, { decoder, ...options })),
  training: { learningRate: 1e-3, batchSize: 100, clip: 100 },
});
