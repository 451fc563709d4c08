/** The registry's models with latent variables: their densities are bounds. */
import { vaeOverEvents } from '../vae.ts';
import type { ModelTable } from './entry.ts';

/** Latent-variable models by name. */
export const latentModels: ModelTable = {
  vae: {
    name: 'vae',
    description: 'A stochastic layer over a normal code: a bound on the density, samples in one pass.',
    paper: 'Kingma & Welling 2014, arXiv:1312.6114',
    build: (event, { hidden } = {}) => vaeOverEvents(event, hidden === undefined ? {} : { hidden }),
    training: { learningRate: 1e-3, batchSize: 100, clip: 100 },
  },
};
