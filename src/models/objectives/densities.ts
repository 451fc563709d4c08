/** Estimators that need a density, or a bound on one. */
import { map } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { Dist } from '../../algebra/dist.ts';
import type { Bound, Exact } from '../../algebra/evidence.ts';
import type { Shape } from '../../core/shape.ts';
import { importanceWeighted } from '../../inference/importance-weighted.ts';
import { elbo, maximumLikelihood } from '../../inference/objective.ts';
import { demand, type ObjectiveTable } from './entry.ts';

/** Estimators from densities and bounds. */
export const densityObjectives: ObjectiveTable = {
  maximumLikelihood: {
    description: 'The mean of −log p(x): of laws with an exact density.',
    of: (law) =>
      pipe(
        demand('maximumLikelihood', law, ['exact'], 'the law has no exact density; elbo takes one that is bounded'),
        map((l) => maximumLikelihood(l as unknown as Dist<Shape, Exact>)),
      ),
  },
  elbo: {
    description: 'The mean of a one-sample bound on −log p(x), all Monte Carlo (SGVB-A).',
    paper: 'Kingma & Welling 2014, arXiv:1312.6114',
    of: (law) =>
      pipe(
        demand('elbo', law, ['exact', 'bound', 'unbiased'], 'the law has no bound'),
        map((l) => elbo(l as unknown as Dist<Shape, Bound>)),
      ),
  },
  importanceWeighted: {
    description: 'The bound from k samples, log (1/k) Σ wᵢ: tighter with k.',
    paper: 'Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519',
    number: { means: 'samples', default: 50, integer: true },
    of: (law, k) =>
      pipe(
        demand('importanceWeighted', law, ['exact', 'bound'], 'the law has no bound'),
        map((l) => importanceWeighted(k)(l as unknown as Dist<Shape, Bound>)),
      ),
  },
};
