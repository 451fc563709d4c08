import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { MeanBound, Samples } from '../../algebra/evidence.ts';
import { list, oneOf, positiveInteger } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { hybridScoreMatching } from '../../inference/hybrid-score-matching.ts';
import { type CldDiffusionOptions, cld, cldDiffusion, phaseDenoiser } from '../../sde/index.ts';
import { defineModel } from '../model.ts';
import type { Events } from '../over-events.ts';
import { type DiffusionNetworkOptions, noiseNetwork } from './network.ts';
import { toPixels } from './pixels.ts';

/** Options of {@link cldModel}. */
export interface CldModelOptions extends DiffusionNetworkOptions, CldDiffusionOptions {}

/**
 * Critically-damped Langevin diffusion (Dockhorn, Vahdat & Kreis 2022, arXiv:2112.07068): velocities are noised, data follow them; a mixed score, sampled by
 * the symmetric splitting. `hybridScoreMatching` trains it.
 *
 * @example
 * cldModel({ shape: [2] }, { steps: 50, hidden: [64, 64] }).evidence;   // 'mean bound'
 */
export const cldModel = (
  { shape, levels }: Events,
  { sampler = 'sscs', steps = 100, likelihoodSteps = 50, ...network }: CldModelOptions = {},
): Dist<Shape, MeanBound & Samples> => {
  const net = noiseNetwork(shape.length === 2 ? [...shape, 1] : shape, network);
  const dist = cldDiffusion(phaseDenoiser(cld(), net, { shape }), { sampler, steps, likelihoodSteps });
  return levels === undefined ? dist : pipe(dist, pushforward(toPixels(shape, levels)));
};

/**
 * The registry's entry of `cld`: its name, paper, options and learning settings.
 *
 * @example
 * cldRegistered.build({ shape: [4] });
 */
export const cldRegistered = defineModel({
  name: 'cld',
  description: 'Critically-damped Langevin diffusion: velocities are noised, data follow them.',
  paper: 'Dockhorn, Vahdat & Kreis 2022, arXiv:2112.07068',
  options: {
    sampler: oneOf(['sscs', 'eulerMaruyama']),
    steps: positiveInteger,
    likelihoodSteps: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    patch: positiveInteger,
  },
  build: (events, options) => cldModel(events, options),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: hybridScoreMatching,
});
