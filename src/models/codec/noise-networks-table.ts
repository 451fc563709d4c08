/** The entries of networks that read a noise level, and of the embeddings they read it by. */
import { integer, list, natural, oneOf, positiveInteger, positiveNumber } from '../../core/codec.ts';
import { type Activation, activations, gaussianFourier, greyscale, resMlp, sinusoidal, unet } from '../../nn/index.ts';
import { contextValueCodec } from './contexts.ts';
import { type Tables, variant } from './variant.ts';

const counts = list(positiveInteger, 'a list of positive integers');
const activation = oneOf(Object.keys(activations) as Activation[]);

/** Networks that read a noise level, by type. */
export const noiseNetworksTable: Tables['noiseNetworks'] = {
  given: (read) =>
    variant({ network: read.noiseNetwork, context: contextValueCodec }, {}, ({ network, context }) =>
      network.given(context),
    ),
  greyscale: (read) => variant({ network: read.noiseNetwork }, {}, ({ network }) => greyscale(network)),
  resMlp: (read) =>
    variant({ hidden: counts }, { activation, embedding: read.embedding }, ({ hidden, ...options }) =>
      resMlp(hidden, options),
    ),
  unet: (read) =>
    variant(
      {},
      {
        channels: positiveInteger,
        multipliers: counts,
        blocks: positiveInteger,
        heads: natural,
        groups: positiveInteger,
        patch: positiveInteger,
        embedding: read.embedding,
      },
      unet,
    ),
};

/** Embeddings of a noise level by type. */
export const embeddingsTable: Tables['embeddings'] = {
  sinusoidal: () => variant({}, { size: positiveInteger, scale: positiveNumber, slowest: positiveNumber }, sinusoidal),
  gaussianFourier: () => variant({}, { size: positiveInteger, scale: positiveNumber, seed: integer }, gaussianFourier),
};
