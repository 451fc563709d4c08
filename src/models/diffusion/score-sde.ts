/** Diffusion models trained by denoising score matching: NCSN, NCSNv2, Score-SDE and EDM. Each is a process, a prediction, a sampler and a grid. */

import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { Denoises, Samples, Unbiased } from '../../algebra/evidence.ts';
import { list, positiveInteger } from '../../core/codec.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { ladderTime } from '../../inference/scores/index.ts';
import {
  annealedLangevin,
  type DiffusionOptions,
  type DiffusionSampler,
  diffusion,
  edm,
  edmHeun,
  edmWeighting,
  karrasGrid,
  langevinCorrector,
  logNormalTime,
  logSnrGrid,
  type Prediction,
  type Process,
  predict,
  predictorCorrector,
  reverseDiffusion,
  standard,
  subVp,
  uniformGrid,
  ve,
  vp,
} from '../../sde/index.ts';
import { defineModel } from '../model.ts';
import type { Events } from '../over-events.ts';
import { type DiffusionNetworkOptions, noiseNetwork } from './network.ts';
import { toPixels } from './pixels.ts';
import { scoreMatched } from './trained-by.ts';

/** The distribution of a diffusion model, which denoising score matching trains: unbiased of real data, a bound of levels. */
export type ScoreDist = Dist<Shape, Samples & Denoises>;

/** Options of every model here. */
export interface ScoreModelOptions extends DiffusionNetworkOptions {
  /** Steps of sampling. */
  readonly steps?: number;
}

/** How one model differs from another. */
interface Declared extends Pick<DiffusionOptions, 'grid'> {
  readonly process: Process<'signal'>;
  readonly prediction: Prediction;
  readonly sampler: DiffusionSampler<'signal'>;
  /** Standard deviation of the data that the network is scaled for; default 1. */
  readonly sigmaData?: number;
}

/**
 * A diffusion distribution over any events: of levels through dequantisation and [0, 1] → [−1, 1], so that bits/dim come out right.
 */
const declared = (
  { shape, levels }: Events,
  network: DiffusionNetworkOptions,
  { process, prediction, sampler, grid = logSnrGrid(50), sigmaData = 1 }: Declared,
): ScoreDist => {
  const denoiser = predict(prediction, process, noiseNetwork(shape, network), { shape, preconditioning: standard({ sigmaData }) }); // biome-ignore format: one line
  const dist: Dist<Shape, Unbiased & Samples & Denoises> = diffusion(denoiser, { sampler, grid });
  return levels === undefined ? dist : pipe(dist, pushforward(toPixels(shape, levels)));
};

/** σ of noise that hides data of a few units: about the largest distance between two events in [−1, 1]^D (Song & Ermon 2020, technique 1). */
const widest = (shape: Shape): number => 2 * Math.sqrt(sizeOf(shape));

/**
 * NCSN (Song & Ermon 2019, arXiv:1907.05600): a score network over a ladder of ten noise scales, sampled by annealed Langevin dynamics. Train it with
 * `denoisingScoreMatching` and `ladderTime(10)`.
 *
 * @example
 * ncsn({ shape: [2] }, { hidden: [64, 64] });
 */
export const ncsn = ({ shape, ...events }: Events, { steps = 10, ...network }: ScoreModelOptions = {}): ScoreDist =>
  declared({ shape, ...events }, network, {
    process: ve({ sigmaMin: 0.02, sigmaMax: widest(shape) }),
    prediction: 'score',
    sampler: annealedLangevin({ stepSize: 4e-5, steps: 100 }),
    grid: logSnrGrid(Math.max(1, steps - 1)),
  });

/**
 * NCSNv2 (Song & Ermon 2020, arXiv:2006.09011): hundreds of scales up to the largest distance in the data, five Langevin steps at each, a last denoising,
 * and a moving average of the weights (`ema` of `fit`). The network still reads its scale, which the paper leaves out.
 *
 * @example
 * ncsnv2({ shape: [2] }, { hidden: [64, 64] });
 */
export const ncsnv2 = ({ shape, ...events }: Events, { steps = 232, ...network }: ScoreModelOptions = {}): ScoreDist =>
  declared({ shape, ...events }, network, {
    process: ve({ sigmaMin: 0.02, sigmaMax: widest(shape) }),
    prediction: 'score',
    sampler: annealedLangevin({ stepSize: 1.2e-5, steps: 5 }),
    grid: logSnrGrid(Math.max(1, steps - 1)),
  });

/** The processes of Score-SDE. */
export type ScoreSdeProcess = 've' | 'vp' | 'subVp';

const processes: { readonly [P in ScoreSdeProcess]: (shape: Shape) => Process<'signal'> } = {
  ve: (shape) => ve({ sigmaMin: 0.02, sigmaMax: widest(shape) }),
  vp: () => vp(),
  subVp: () => subVp(),
};

/**
 * Score-SDE (Song, Sohl-Dickstein, Kingma, Kumar, Ermon & Poole 2021, arXiv:2011.13456) on one of its three processes: noise predicted, a Langevin corrector and the
 * reverse-diffusion predictor in turn, likelihoods by the probability flow.
 *
 * @example
 * scoreSde('subVp')({ shape: [2] }, { hidden: [64, 64] });
 */
export const scoreSde =
  (kind: ScoreSdeProcess) =>
  (events: Events, { steps = 500, ...network }: ScoreModelOptions = {}): ScoreDist =>
    declared(events, network, {
      process: processes[kind](events.shape),
      prediction: 'noise',
      sampler: predictorCorrector({ corrector: langevinCorrector(), predictor: reverseDiffusion() }),
      grid: uniformGrid(steps),
    });

/**
 * EDM (Karras, Aittala, Aila & Laine 2022, arXiv:2206.00364): noise by its deviation, data predicted by a preconditioned network, Heun's method over 18 noise levels:
 * 35 evaluations. Train it with `edmWeighting` and `logNormalTime`.
 *
 * @example
 * edmModel({ shape: [2] }, { hidden: [64, 64] });
 */
export const edmModel = (events: Events, { steps = 18, ...network }: ScoreModelOptions = {}): ScoreDist =>
  declared(events, network, {
    process: edm(),
    prediction: 'data',
    sampler: edmHeun(),
    grid: karrasGrid(Math.max(1, steps - 1)),
    ...(events.levels === undefined ? {} : { sigmaData: 0.5 }),
  });

/**
 * The registry's entry of `ncsn`: its name, paper, options and learning settings.
 *
 * @example
 * ncsnModel.build({ shape: [4] });
 */
export const ncsnModel = defineModel({
  name: 'ncsn',
  description: 'A score network over ten noise scales, sampled by annealed Langevin dynamics.',
  paper: 'Song & Ermon 2019, arXiv:1907.05600',
  options: {
    steps: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    patch: positiveInteger,
  },
  build: (events, options) => ncsn(events, options),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: scoreMatched({ time: ladderTime(10) }),
});

/**
 * The registry's entry of `ncsnv2`: its name, paper, options and learning settings.
 *
 * @example
 * ncsnv2Model.build({ shape: [4] });
 */
export const ncsnv2Model = defineModel({
  name: 'ncsnv2',
  description: 'NCSN with hundreds of noise scales, up to the largest distance in the data.',
  paper: 'Song & Ermon 2020, arXiv:2006.09011',
  options: {
    steps: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    patch: positiveInteger,
  },
  build: (events, options) => ncsnv2(events, options),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: scoreMatched({ time: ladderTime(232) }),
});

/**
 * The registry's entry of `scoreSdeVe`: its name, paper, options and learning settings.
 *
 * @example
 * scoreSdeVeModel.build({ shape: [4] });
 */
export const scoreSdeVeModel = defineModel({
  name: 'scoreSdeVe',
  description:
    'A score network on the variance-exploding SDE; predictor and corrector in turn, likelihoods by the probability flow.',
  paper: 'Song, Sohl-Dickstein, Kingma, Kumar, Ermon & Poole 2021, arXiv:2011.13456',
  options: {
    steps: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    patch: positiveInteger,
  },
  build: (events, options) => scoreSde('ve')(events, options),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: scoreMatched(),
});

/**
 * The registry's entry of `scoreSdeVp`: its name, paper, options and learning settings.
 *
 * @example
 * scoreSdeVpModel.build({ shape: [4] });
 */
export const scoreSdeVpModel = defineModel({
  name: 'scoreSdeVp',
  description:
    'A score network on the variance-preserving SDE; predictor and corrector in turn, likelihoods by the probability flow.',
  paper: 'Song, Sohl-Dickstein, Kingma, Kumar, Ermon & Poole 2021, arXiv:2011.13456',
  options: {
    steps: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    patch: positiveInteger,
  },
  build: (events, options) => scoreSde('vp')(events, options),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: scoreMatched(),
});

/**
 * The registry's entry of `scoreSdeSubVp`: its name, paper, options and learning settings.
 *
 * @example
 * scoreSdeSubVpModel.build({ shape: [4] });
 */
export const scoreSdeSubVpModel = defineModel({
  name: 'scoreSdeSubVp',
  description:
    'A score network on the sub-VP SDE; predictor and corrector in turn, likelihoods by the probability flow.',
  paper: 'Song, Sohl-Dickstein, Kingma, Kumar, Ermon & Poole 2021, arXiv:2011.13456',
  options: {
    steps: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    patch: positiveInteger,
  },
  build: (events, options) => scoreSde('subVp')(events, options),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: scoreMatched(),
});

/**
 * The registry's entry of `edm`: its name, paper, options and learning settings.
 *
 * @example
 * edmRegistered.build({ shape: [4] });
 */
export const edmRegistered = defineModel({
  name: 'edm',
  description: 'A preconditioned denoiser over log-normal noise, sampled by Heun’s method in 35 evaluations.',
  paper: 'Karras, Aittala, Aila & Laine 2022, arXiv:2206.00364',
  options: {
    steps: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    patch: positiveInteger,
  },
  build: (events, options) => edmModel(events, options),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: (dist) =>
    scoreMatched({
      weighting: edmWeighting({ sigmaData: dist.pushed === undefined ? 1 : 0.5 }),
      time: logNormalTime(),
    })(dist),
});
