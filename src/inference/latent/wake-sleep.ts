/** Wake–sleep, and its reweighted form: the posterior chases the model's by an objective of its own. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Dist } from '../../algebra/dist.ts';
import { dream } from '../../algebra/dream.ts';
import { asConstants, trace } from '../../algebra/trace.ts';
import * as D from '../../core/draw.ts';
import * as o from '../../core/ops/index.ts';
import type { Shape } from '../../core/shape.ts';
import type { Objective } from '../objective.ts';
import {
  logJointOf,
  logMean,
  logPosteriorOf,
  normalised,
  ofBound,
  sampleCount,
  traced,
  valueWithGradientOf,
} from './samples.ts';

/**
 * Wake–sleep (Hinton, Dayan, Frey & Neal 1995): awake, the model learns from what the posterior infers about data; asleep, the posterior learns from what
 * the model dreams:
 *
 *     wake  max_θ E_{q(z|x)} log p_θ(x, z)        sleep  max_φ E_{p_θ(x,z)} log q_φ(z | x)
 *
 * Two objectives, one loss: its value is minus the evidence lower bound of the wake sample, its gradient the sum of both phases' (one dream for
 * each event). The sleep phase does not lower that bound. Works for discrete latent variables.
 *
 * @example
 * const objective = wakeSleep(vae([2]));
 */
export const wakeSleep = <S extends Shape>(dist: Dist<S, { readonly meanBound: true }>): Objective<S> =>
  ofBound(dist, 'meanBound', { type: 'wakeSleep' }, (plain, x) =>
    pipe(
      trace(plain, asConstants)(x),
      D.chain((awake) =>
        pipe(
          D.forked(dream(plain)),
          D.map((asleep) => valueWithGradientOf(awake.logDensity, o.add(logJointOf(awake), asleep.logPosterior))),
        ),
      ),
    ),
  );

/**
 * Reweighted wake–sleep (Bornschein & Bengio 2015, arXiv:1406.2751, §2): k samples of the posterior, weighted by w̃ᵢ ∝ p(x, zᵢ)/q(zᵢ | x), for both:
 *
 *     ∇_θ = Σ w̃ᵢ ∂ log p_θ(x, zᵢ)        ∇_φ = Σ w̃ᵢ ∂ log q_φ(zᵢ | x)
 *
 * The first is the gradient of the importance-weighted bound, which is minus the loss's value; the second (wake-phase φ) moves q towards the true posterior
 * by KL(p ‖ q). Works for discrete latent variables, and gets better with k for both.
 *
 * @example
 * const objective = reweightedWakeSleep(5)(vae([2]));
 */
export const reweightedWakeSleep = (
  k: number,
): (<S extends Shape>(dist: Dist<S, { readonly lowerBound: true }>) => Objective<S>) => {
  sampleCount('reweightedWakeSleep', k);
  return (dist) =>
    ofBound(dist, 'lowerBound', { type: 'reweightedWakeSleep', samples: k }, (plain, x) =>
      pipe(
        traced(plain, k, asConstants, (t) => [t.logDensity, logJointOf(t), logPosteriorOf(t)])(x),
        D.map(([logWeights, logJoints, logPosteriors]) => {
          const both = o.mul(normalised(logWeights), o.add(logJoints, logPosteriors));
          return valueWithGradientOf(logMean(logWeights), o.sum(both));
        }),
      ),
    );
};
