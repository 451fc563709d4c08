import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { MeanBound, Samples } from '../../algebra/evidence.ts';
import type { Shape } from '../../core/shape.ts';
import { type CldDiffusionOptions, cld, cldDiffusion, phaseDenoiser } from '../../sde/index.ts';
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
