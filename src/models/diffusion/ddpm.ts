/** Denoising diffusion with a variational bound: DDPM, improved DDPM, and DDIM, which is DDPM sampled otherwise. */

import type { Having } from '../../algebra/capability.ts';
import type { Dist } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import { list, nonNegative, oneOf, positiveInteger, positiveNumber } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { ddpmHybrid, ddpmSimple } from '../../inference/ddpm-losses.ts';
import { type BetaScheduleOptions, type DdpmOptions, ddim, ddpm, ddpmProcess, predict, predictWithVariance, type ReverseChainOptions, reverseChain, type reversing, subSequence } from '../../sde/index.ts'; // biome-ignore format: one line
import { defineModel } from '../model.ts';
import type { Events } from '../over-events.ts';
import { type DiffusionNetworkOptions, noiseNetwork } from './network.ts';

/** Options of {@link ddpmModel} and its variants. */
export interface DdpmModelOptions extends DiffusionNetworkOptions, BetaScheduleOptions, Pick<DdpmOptions, 'terms'> {
  /** Variances of the reverse steps; default `large`. */
  readonly variance?: 'large' | 'small';
}

/** The distribution of a denoising diffusion, which `ddpmSimple` trains. */
export type DdpmDist = Dist<Shape, Bound & Samples> & Having<typeof reversing>;

/** Levels are stretched over [−1, 1], where x̂₀ is kept. */
const within = ({ levels }: Events): Pick<ReverseChainOptions, 'range'> =>
  levels === undefined ? {} : { range: [-1, 1] };
const levelsOf = ({ levels }: Events): Pick<DdpmOptions, 'levels'> => (levels === undefined ? {} : { levels });

/**
 * DDPM (Ho, Jain & Abbeel 2020, arXiv:2006.11239): a network predicts the noise of a linear schedule, variances are fixed, the last step is decoded to levels. Its
 * bound is one random term a look (all of them with `terms: 'all'`); `ddpmSimple` trains it.
 *
 * @example
 * ddpmModel({ shape: [8, 8], levels: 16 }, { steps: 100, hidden: [8] }).evidence;   // 'bound'
 */
export const ddpmModel = (
  events: Events,
  {
    steps = 1000,
    variance = 'large',
    terms = 'one',
    schedule = 'linear',
    first,
    last,
    ...network
  }: DdpmModelOptions = {},
): DdpmDist => {
  const ends = { ...(first === undefined ? {} : { first }), ...(last === undefined ? {} : { last }) };
  const process = ddpmProcess({ steps, schedule, ...ends });
  const denoiser = predict('noise', process, noiseNetwork(events.shape, network), { shape: events.shape });
  return ddpm(reverseChain(denoiser, { steps, variance, ...within(events) }), { terms, ...levelsOf(events) });
};

/**
 * Improved DDPM (Nichol & Dhariwal 2021, arXiv:2102.09672): a cosine schedule, and variances that the network says beside the noise. `ddpmHybrid` trains it.
 *
 * @example
 * improvedDdpm({ shape: [2] }, { steps: 50, hidden: [16] });
 */
export const improvedDdpm = (
  events: Events,
  {
    steps = 1000,
    terms = 'one',
    schedule = 'cosine',
    ...network
  }: Omit<DdpmModelOptions, 'variance' | 'first' | 'last'> = {},
): DdpmDist => {
  const process = ddpmProcess({ steps, schedule });
  const denoiser = predictWithVariance('noise', process, noiseNetwork(events.shape, network), { shape: events.shape });
  return ddpm(reverseChain(denoiser, { steps, variance: 'learned', ...within(events) }), {
    terms,
    ...levelsOf(events),
  });
};

/** Options of {@link ddimModel}. */
export interface DdimModelOptions extends DdpmModelOptions {
  /** Steps of sampling; default 20. */
  readonly samplingSteps?: number;
  /** 0 (default) is deterministic, 1 is DDPM on fewer steps. */
  readonly eta?: number;
}

/**
 * DDIM (Song, Meng & Ermon 2021, arXiv:2010.02502): {@link ddpmModel} with the same bound and training, sampled in a few deterministic steps.
 *
 * @example
 * ddimModel({ shape: [2] }, { steps: 100, samplingSteps: 10, hidden: [16] });
 */
export const ddimModel = (
  events: Events,
  { samplingSteps = 20, eta = 0, ...options }: DdimModelOptions = {},
): DdpmDist => {
  const { reverseChain: chain } = ddpmModel(events, options).reversed;
  const grid = subSequence(Math.min(samplingSteps, chain.chain.steps));
  return ddpm(chain, { ...levelsOf(events), sampling: { sampler: ddim({ eta }), grid } });
};

/**
 * The registry's entry of `ddpm`: its name, paper, options and learning settings.
 *
 * @example
 * ddpmRegistered.build({ shape: [4] });
 */
export const ddpmRegistered = defineModel({
  name: 'ddpm',
  description: 'Denoising diffusion: a fixed chain to noise, a learned one back; the bound splits into steps.',
  paper: 'Ho, Jain & Abbeel 2020, arXiv:2006.11239',
  options: {
    steps: positiveInteger,
    schedule: oneOf(['linear', 'quadratic', 'cosine']),
    first: positiveNumber,
    last: positiveNumber,
    terms: oneOf(['one', 'all']),
    hidden: list(positiveInteger, 'positive integers with commas'),
    patch: positiveInteger,
    variance: oneOf(['large', 'small']),
  },
  build: (events, options) => ddpmModel(events, options),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: (dist) => ddpmSimple(dist),
});

/**
 * The registry's entry of `improvedDdpm`: its name, paper, options and learning settings.
 *
 * @example
 * improvedDdpmRegistered.build({ shape: [4] });
 */
export const improvedDdpmRegistered = defineModel({
  name: 'improvedDdpm',
  description: 'DDPM on a cosine schedule with learned variances.',
  paper: 'Nichol & Dhariwal 2021, arXiv:2102.09672',
  options: {
    steps: positiveInteger,
    terms: oneOf(['one', 'all']),
    hidden: list(positiveInteger, 'positive integers with commas'),
    patch: positiveInteger,
  },
  build: (events, options) => improvedDdpm(events, options),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: (dist) => ddpmHybrid(dist),
});

/**
 * The registry's entry of `ddim`: its name, paper, options and learning settings.
 *
 * @example
 * ddimRegistered.build({ shape: [4] });
 */
export const ddimRegistered = defineModel({
  name: 'ddim',
  description: 'DDPM, sampled in twenty deterministic steps.',
  paper: 'Song, Meng & Ermon 2021, arXiv:2010.02502',
  options: {
    steps: positiveInteger,
    schedule: oneOf(['linear', 'quadratic', 'cosine']),
    first: positiveNumber,
    last: positiveNumber,
    terms: oneOf(['one', 'all']),
    hidden: list(positiveInteger, 'positive integers with commas'),
    patch: positiveInteger,
    variance: oneOf(['large', 'small']),
    samplingSteps: positiveInteger,
    eta: nonNegative,
  },
  build: (events, options) => ddimModel(events, options),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: (dist) => ddpmSimple(dist),
});
