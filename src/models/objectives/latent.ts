/** Estimators of distributions with latent variables. */
import type { Shape } from '../../core/shape.ts';
import {
  dreg,
  freeBits,
  monteCarloEm,
  reweightedWakeSleep,
  scaleKl,
  scoreFunction,
  scoreFunctionWithAverage,
  sgvb,
  stickingTheLanding,
  wakeSleep,
} from '../../inference/latent/index.ts';
import type { AnyObjective } from '../../inference/objective.ts';
import { estimator, type ObjectiveEntry, type ObjectiveTable } from './entry.ts';

/** An entry for distributions with latent variables. */
const ofBounded = (
  name: string,
  make: (n: number) => (dist: never) => AnyObjective<Shape>,
  rest: Pick<ObjectiveEntry, 'description' | 'paper' | 'number'>,
): ObjectiveEntry => estimator(name, (dist, n) => make(n)(dist), rest);

const samples = (count: number) => ({ means: 'samples', default: count, integer: true });

/** Estimators of distributions with latent variables, by name. */
export const latentObjectives: ObjectiveTable = {
  sgvb: ofBounded('sgvb', (L) => sgvb({ samples: L }), {
    description: 'The bound with divergences in closed form where there is one (SGVB-B).',
    paper: 'Kingma & Welling 2014, arXiv:1312.6114, eq. 7',
    number: samples(1),
  }),
  klWarmUp: ofBounded('klWarmUp', (steps) => sgvb({ kl: [scaleKl({ warmUp: steps })] }), {
    description: 'SGVB-B whose divergences are switched on over the first steps, against posterior collapse.',
    paper: 'Sønderby et al. 2016, arXiv:1602.02282, §2.2',
    number: { means: 'steps of warm-up', default: 1000, integer: true },
  }),
  freeBits: ofBounded('freeBits', (nats) => sgvb({ kl: [freeBits(nats)] }), {
    description: 'SGVB-B in which the first nats of every group are free, against posterior collapse.',
    paper: 'Kingma et al. 2016, arXiv:1606.04934, appendix C.8',
    number: { means: 'nats a group', default: 0.5, integer: false },
  }),
  beta: ofBounded('beta', (weight) => sgvb({ kl: [scaleKl(weight)] }), {
    description: 'SGVB-B with every divergence times β (β-VAE).',
    paper: 'Higgins et al. 2017',
    number: { means: 'β', default: 4, integer: false },
  }),
  stickingTheLanding: ofBounded('stickingTheLanding', stickingTheLanding, {
    description: 'The bound from k samples, its gradient along the path of the samples alone.',
    paper: 'Roeder, Wu & Duvenaud 2017, arXiv:1703.09194',
    number: samples(1),
  }),
  dreg: ofBounded('dreg', dreg, {
    description:
      'The bound from k samples with the doubly reparameterised gradient, whose signal does not fade with k.',
    paper: 'Tucker, Lawson, Gu & Maddison 2019, arXiv:1810.04152',
    number: samples(50),
  }),
  scoreFunction: ofBounded(
    'scoreFunction',
    (k) => scoreFunction({ samples: k, baseline: k > 1 ? 'leaveOneOut' : 'none' }),
    {
      description:
        'The bound with score-function gradients, each draw’s baseline the mean of the others: any posterior, discrete ones too.',
      paper: 'Mnih & Rezende 2016, arXiv:1602.06725',
      number: samples(4),
    },
  ),
  scoreFunctionWithAverage: ofBounded('scoreFunctionWithAverage', (k) => scoreFunctionWithAverage({ samples: k }), {
    description: 'The bound with score-function gradients over a moving average as baseline.',
    paper: 'Mnih & Gregor 2014, arXiv:1402.0030',
    number: samples(1),
  }),
  wakeSleep: ofBounded('wakeSleep', () => wakeSleep, {
    description: 'The model learns from what is inferred of data, the posterior from what the model dreams.',
    paper: 'Hinton, Dayan, Frey & Neal 1995',
  }),
  reweightedWakeSleep: ofBounded('reweightedWakeSleep', reweightedWakeSleep, {
    description: 'Wake–sleep with k importance-weighted samples for both phases.',
    paper: 'Bornschein & Bengio 2015, arXiv:1406.2751',
    number: samples(5),
  }),
  monteCarloEm: ofBounded('monteCarloEm', (stepSize) => monteCarloEm({ stepSize, leapfrogSteps: 10 }), {
    description: 'Expectation by Hamiltonian Monte Carlo from the posterior’s draw, maximisation by the optimiser.',
    paper: 'Kingma & Welling 2014, arXiv:1312.6114, appendix E',
    number: { means: 'step size of the leapfrog', default: 0.1, integer: false },
  }),
};
