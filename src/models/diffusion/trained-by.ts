/** What the registry's diffusion models are trained by. */
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Denoises } from '../../algebra/evidence.ts';
import type { Shape } from '../../core/shape.ts';
import type { Objective } from '../../inference/objective.ts';
import { type DenoisingOptions, denoisingScoreMatching } from '../../inference/scores/index.ts';

/** Denoising score matching of a distribution that has a denoiser. */
export const scoreMatched =
  (options: DenoisingOptions = {}) =>
  (dist: AnyDist): Objective<Shape> =>
    denoisingScoreMatching(dist as Dist<Shape, Denoises>, options);
