/** Estimators that need a density, or a bound on one. */
import { importanceWeighted } from '../../inference/importance-weighted.ts';
import { elbo, maximumLikelihood } from '../../inference/objective.ts';
import { estimator, type ObjectiveTable } from './entry.ts';

/** Estimators from densities and bounds. */
export const densityObjectives: ObjectiveTable = {
  maximumLikelihood: estimator('maximumLikelihood', maximumLikelihood, {
    description: 'The mean of −log p(x): of distributions with an exact density.',
  }),
  elbo: estimator('elbo', elbo, {
    description: 'The mean of a one-sample bound on −log p(x), all Monte Carlo (SGVB-A).',
    paper: 'Kingma & Welling 2014, arXiv:1312.6114',
  }),
  importanceWeighted: estimator('importanceWeighted', (dist, k) => importanceWeighted(k)(dist), {
    description: 'The bound from k samples, log (1/k) Σ wᵢ: tighter with k.',
    paper: 'Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519',
    number: { means: 'samples', default: 50, integer: true },
  }),
};
