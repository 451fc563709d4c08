/** Training runs whose state at step 20 is kept as a file, written by the version before objectives became games. */
import { pipe } from 'fp-ts/lib/function.js';
import type { AnyDist, Dist } from '../../src/algebra/dist.ts';
import type { Bound, Exact, Unnormalised } from '../../src/algebra/evidence.ts';
import { compose, repeat } from '../../src/algebra/transport.ts';
import { actNorm, affineCoupling, batchNorm, reverse } from '../../src/bijectors/index.ts';
import type { Shape } from '../../src/core/shape.ts';
import { pushforward, rbm, standardNormal } from '../../src/distributions/index.ts';
import {
  type AnyObjective,
  adam,
  adamW,
  blockGibbs,
  clipByGlobalNorm,
  cosine,
  elbo,
  hybridScoreMatching,
  maximumLikelihood,
  type Optimizer,
  persistentContrastiveDivergence,
  scoreFunctionWithAverage,
  sgd,
  wakeSleep,
  warmUp,
} from '../../src/inference/index.ts';
import { mala } from '../../src/mcmc/index.ts';
import {
  classConditional,
  cldModel,
  type EventInfo,
  energyModel,
  hvae,
  jem,
  jemObjective,
  nvae,
  nvaeObjective,
  realNVP,
  realNVPImages,
  vae,
  withClass,
} from '../../src/models/index.ts';
import { mlp } from '../../src/nn/index.ts';

/** A training run of a small model. */
export interface CheckpointCase {
  /** The name of its file too. */
  readonly name: string;
  readonly event: EventInfo;
  readonly make: () => { readonly dist: AnyDist; readonly objective: AnyObjective<Shape> };
  readonly optimizer: Optimizer;
  readonly ema?: number;
}

const plane: EventInfo = { shape: [2] };
const quick = adam({ learningRate: 5e-3 });

/** A distribution with what trains it, both of shapes that only their owner knows. */
const pair = (dist: unknown, objective: unknown) => ({
  dist: dist as AnyDist,
  objective: objective as AnyObjective<Shape>,
});
const exact = (dist: unknown) => pair(dist, maximumLikelihood(dist as Dist<Shape, Exact>));
const bounded = (dist: unknown) => pair(dist, elbo(dist as Dist<Shape, Bound>));

const layers = compose(affineCoupling({ conditioner: mlp([8]) }), reverse());
const replay = { kernel: mala({ stepSize: 0.05 }), steps: 3, buffer: 48, chains: 12, reinitialise: 0.1, energyPenalty: 0.01 }; // biome-ignore format: one record

/** Both formats: 1 without carried arrays, 2 with. */
export const checkpointCases: readonly CheckpointCase[] = [
  {
    name: 'adamw-clip',
    event: plane,
    make: () => exact(realNVP([2], { layers: 2, hidden: [8] })),
    optimizer: clipByGlobalNorm(1)(adamW({ learningRate: warmUp(5, cosine(1e-2, 40, 1e-4)) })),
  },
  // More numbers in one parameter than stand in the common vector.
  {
    name: 'momentum',
    event: plane,
    make: () => bounded(vae([2], { latent: 1, hidden: [182, 182] })),
    optimizer: sgd({ learningRate: 1e-3, momentum: 0.9 }),
  },
  {
    name: 'moving-average',
    event: { shape: [2, 2], levels: 8 },
    make: () => bounded(realNVPImages([2, 2], 8, { layers: 2, hidden: [8] })),
    optimizer: quick,
    ema: 0.9,
  },
  {
    name: 'replay-buffer',
    event: plane,
    make: () => {
      const dist = energyModel([2], { hidden: [8] });
      return pair(dist, persistentContrastiveDivergence(replay)(dist as unknown as Dist<Shape, Unnormalised>));
    },
    optimizer: quick,
  },
  {
    name: 'replay-buffer-average',
    event: plane,
    make: () => {
      const dist = energyModel([2], { hidden: [8] });
      return pair(dist, persistentContrastiveDivergence(replay)(dist as unknown as Dist<Shape, Unnormalised>));
    },
    optimizer: clipByGlobalNorm(1)(adamW({ learningRate: 5e-3 })),
    ema: 0.8,
  },
  {
    name: 'machine',
    event: { shape: [6], levels: 2 },
    make: () => {
      const dist = rbm([6], { hidden: 4 });
      const objective = persistentContrastiveDivergence({ kernel: blockGibbs(), buffer: 32, steps: 2 });
      return pair(dist, objective(dist));
    },
    optimizer: sgd({ learningRate: 0.05, momentum: 0.5 }),
  },
  {
    name: 'score-baseline',
    event: plane,
    make: () => {
      const dist = vae([2], { latent: 2, hidden: [8] });
      return pair(dist, scoreFunctionWithAverage({ samples: 2 })(dist));
    },
    optimizer: quick,
  },
  {
    name: 'jem',
    event: { shape: [2], classes: 3 },
    make: () => {
      const dist = jem({ shape: [2] }, 3, { hidden: [8] });
      return pair(dist, jemObjective({ buffer: 40, chains: 10, steps: 2, reinitialise: 0.05 })(dist));
    },
    optimizer: quick,
  },
  {
    name: 'nvae',
    event: { shape: [4, 4], levels: 2 },
    make: () => {
      const dist = nvae([4, 4], { groups: 2, latent: 1, channels: 4, decoder: 'bernoulli' });
      return pair(dist, nvaeObjective({ warmUp: 30 })(dist as unknown as Dist<Shape, Bound>));
    },
    optimizer: quick,
  },
  {
    name: 'conditional-flow',
    event: { shape: [2], classes: 3 },
    make: () => exact(withClass(classConditional({ shape: [2] }, 3, { layers: 2, hidden: [8] }))),
    optimizer: quick,
  },
  {
    name: 'cld',
    event: plane,
    make: () => {
      const dist = cldModel(plane, { steps: 2, likelihoodSteps: 2, hidden: [8] });
      return pair(dist, hybridScoreMatching(dist as unknown as AnyDist));
    },
    optimizer: quick,
    ema: 0.95,
  },
  {
    name: 'wake-sleep',
    event: plane,
    make: () => {
      const dist = hvae([2], { latents: [2, 1], hidden: [8] });
      return pair(dist, wakeSleep(dist as unknown as Dist<Shape, Bound>));
    },
    optimizer: quick,
  },
  {
    name: 'act-norm',
    event: plane,
    make: () => exact(pipe(standardNormal([2]), pushforward(repeat(2, compose(actNorm(), layers))))),
    optimizer: quick,
  },
  {
    name: 'batch-norm',
    event: plane,
    make: () => exact(pipe(standardNormal([2]), pushforward(repeat(2, compose(batchNorm({ rate: 0 }), layers))))),
    optimizer: quick,
  },
];
