import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { MeanBound, Samples } from '../../algebra/evidence.ts';
import type { Shape } from '../../core/shape.ts';
import { type CldLawOptions, cld, cldLaw, phaseDenoiser } from '../../sde/index.ts';
import type { Events } from '../over-events.ts';
import { type DiffusionNetworkOptions, noiseNetwork } from './network.ts';
import { toPixels } from './pixels.ts';

/** Options of {@link cldModel}. */
export interface CldModelOptions extends DiffusionNetworkOptions, CldLawOptions {}

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
  const law = cldLaw(phaseDenoiser(cld(), net, { shape }), { sampler, steps, likelihoodSteps });
  return levels === undefined ? law : pipe(law, pushforward(toPixels(shape, levels)));
};
