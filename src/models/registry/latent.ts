/** The registry's models with latent variables: their densities are bounds, and `elbo` trains them unless they name another objective. */
import type { Dist } from '../../algebra/dist.ts';
import type { Bound } from '../../algebra/evidence.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { augmentedFlow, cif, vflow } from '../latent/augmented.ts';
import { dequantisedFlow } from '../latent/dequantised-flow.ts';
import { flowPriorVae, iafVae } from '../latent/flow-vae.ts';
import { hvae } from '../latent/hvae.ts';
import { overLevels } from '../latent/likelihood.ts';
import { nvae, nvaeObjective } from '../latent/nvae.ts';
import { recurrentVae } from '../latent/recurrent-vae.ts';
import { vaeOverEvents } from '../latent/vae.ts';
import { shapedAs } from '../over-events.ts';
import { realNVP } from '../real-nvp.ts';
import type { ModelOptions, ModelTable } from './entry.ts';

/** Options without those that were not given; one code has the first of the dimensions. */
const told = ({ layers, hidden, latent, given }: ModelOptions = {}) => ({
  given: given === undefined ? {} : { given },
  layers: layers === undefined ? {} : { layers },
  hidden: hidden === undefined ? {} : { hidden },
  latent: latent === undefined ? {} : { latent: latent[0] },
});

const elbo = { learningRate: 1e-3, batchSize: 100, clip: 100 };
const flow = { learningRate: 2e-3, batchSize: 256, clip: 10 };

/** Latent-variable models by name. */
export const latentModels: ModelTable = {
  vae: {
    name: 'vae',
    description: 'A stochastic layer over a normal code: a bound on the density, samples in one pass.',
    paper: 'Kingma & Welling 2014, arXiv:1312.6114',
    build: (event, options) => {
      const { hidden, latent, given } = told(options);
      return vaeOverEvents(event, { ...hidden, ...latent, ...given });
    },
    training: elbo,
  },
  hvae: {
    name: 'hvae',
    description: 'Two stochastic layers composed, codes of codes: a bound, samples in one pass.',
    paper: 'Rezende, Mohamed & Wierstra 2014, arXiv:1401.4082',
    build: (event, options) =>
      overLevels(event, (decoder) =>
        hvae(event.shape, {
          decoder,
          ...told(options).hidden,
          ...told(options).given,
          ...(options?.latent === undefined ? {} : { latents: options.latent }),
        }),
      ),
    training: elbo,
  },
  iafVae: {
    name: 'iafVae',
    description:
      'A VAE whose posterior is a normal distribution through inverse autoregressive layers that read the data.',
    paper: 'Kingma, Salimans, Jozefowicz, Chen, Sutskever & Welling 2016, arXiv:1606.04934',
    build: (event, options) =>
      overLevels(event, (decoder) => {
        const { layers, hidden, latent, given } = told(options);
        const flowHidden = options?.hidden === undefined ? {} : { flowHidden: options.hidden };
        return iafVae(event.shape, { decoder, ...layers, ...hidden, ...flowHidden, ...latent, ...given });
      }),
    training: elbo,
  },
  flowPriorVae: {
    name: 'flowPriorVae',
    description: 'A VAE whose prior over codes is a RealNVP distribution.',
    paper: 'Chen, Kingma, Salimans, Duan, Dhariwal, Schulman, Sutskever & Abbeel 2017, arXiv:1611.02731',
    build: (event, options) =>
      overLevels(event, (decoder) => {
        const { layers, hidden, latent, given } = told(options);
        const flowHidden = options?.hidden === undefined ? {} : { flowHidden: options.hidden };
        return flowPriorVae(event.shape, { decoder, ...layers, ...hidden, ...flowHidden, ...latent, ...given });
      }),
    training: elbo,
  },
  nvae: {
    name: 'nvae',
    description:
      'Groups of codes at the places of an image, a top-down state through depth-wise cells, residual posteriors.',
    paper: 'Vahdat & Kautz 2020, arXiv:2007.03898',
    build: (event, { layers, hidden, latent } = {}) =>
      overLevels(event, (decoder) =>
        nvae(event.shape, {
          decoder,
          ...(latent === undefined ? {} : { latent: latent[0] }),
          ...(layers === undefined ? {} : { groups: layers }),
          ...(hidden === undefined ? {} : { channels: hidden[0] ?? 16 }),
        }),
      ),
    training: { learningRate: 2e-3, batchSize: 100, clip: 200 },
    objective: (dist) => nvaeObjective()(dist as Dist<Shape, Bound>),
  },
  recurrentVae: {
    name: 'recurrentVae',
    description: 'A VAE of sequences: recurrent encoder and decoder around one code; images are read row by row.',
    paper: 'Fabius & van Amersfoort 2015, arXiv:1412.6581',
    build: (event, options) =>
      overLevels(event, (decoder) => {
        const state = options?.hidden === undefined ? {} : { state: options.hidden[0] ?? 32 };
        return recurrentVae(event.shape, { decoder, ...state, ...told(options).latent, ...told(options).given });
      }),
    training: elbo,
  },
  vflow: {
    name: 'vflow',
    description:
      'Couplings on the data and as many added dimensions, drawn by a learned distribution: a bound on the density.',
    paper: 'Chen, Lu, Chenli, Zhu & Tian 2020, arXiv:2002.09741',
    build: (event, options) => shapedAs(event, vflow(sizeOf(event.shape), options)),
    training: flow,
  },
  dequantisedFlow: {
    name: 'dequantisedFlow',
    description: 'RealNVP on levels that a conditional flow fills: variational dequantisation; without levels RealNVP.',
    paper: 'Ho, Chen, Srinivas, Duan & Abbeel 2019, arXiv:1902.00275',
    build: ({ shape, levels }, options) =>
      levels === undefined
        ? realNVP(shape, options)
        : dequantisedFlow(shape, levels, {
            ...options,
            ...(options?.hidden === undefined ? {} : { noiseHidden: options.hidden }),
          }),
    training: flow,
  },
  augmentedFlow: {
    name: 'augmentedFlow',
    description: 'Couplings between the data and independent noise of the same size, in turn: a bound on the density.',
    paper: 'Huang, Dinh & Courville 2020, arXiv:2002.07101',
    build: (event, options) => shapedAs(event, augmentedFlow(sizeOf(event.shape), options)),
    training: flow,
  },
  cif: {
    name: 'cif',
    description: 'A flow whose every layer has a continuous index, noise added and taken away: it can tear and fold.',
    paper: 'Cornish, Caterini, Deligiannidis & Doucet 2020, arXiv:1909.13833',
    build: (event, options) => shapedAs(event, cif(sizeOf(event.shape), options)),
    training: flow,
  },
};
