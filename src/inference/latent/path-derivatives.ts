/** Estimators whose gradient runs along the path of the sample: sticking the landing, and doubly reparameterised gradients. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Dist } from '../../algebra/dist.ts';
import { alongThePath, modelOnly, pathOnly } from '../../algebra/trace.ts';
import * as D from '../../core/draw.ts';
import * as o from '../../core/ops/index.ts';
import type { Shape } from '../../core/shape.ts';
import type { Objective } from '../objective.ts';
import { logMean, normalised, ofBound, sameNoise, sampleCount, traced, valueWithGradientOf } from './samples.ts';

/**
 * Sticking the landing (Roeder, Wu & Duvenaud 2017, arXiv:1703.09194): the importance-weighted bound of k samples whose gradient leaves out the score of
 * the posterior, ∂_φ log q(z; φ) at fixed z. For k = 1 that term has mean 0, so the gradient is unbiased, and its variance is 0 where q is the true
 * posterior. For k > 1 leaving it out is biased (Tucker et al. 2019, §3): `dreg` is the unbiased way. Needs reparameterised posteriors.
 *
 * @example
 * const objective = stickingTheLanding(1)(vae([2]));
 */
export const stickingTheLanding = (
  k: number,
): (<S extends Shape>(dist: Dist<S, { readonly lowerBound: true }>) => Objective<S>) => {
  sampleCount('stickingTheLanding', k);
  return (dist) =>
    ofBound(dist, 'lowerBound', { type: 'stickingTheLanding', samples: k }, (plain, x) =>
      pipe(
        traced(plain, k, alongThePath, (t) => [t.logDensity])(x),
        D.map(([logWeights]) => logMean(logWeights)),
      ),
    );
};

/**
 * Doubly reparameterised gradients of the importance-weighted bound (DReG, Tucker et al. 2019, arXiv:1810.04152, eq. 8):
 *
 *     ∇_θ = E Σ w̃ᵢ ∂_θ log wᵢ        ∇_φ = E Σ w̃ᵢ² (∂ log wᵢ/∂zᵢ) (∂zᵢ/∂φ),     w̃ᵢ = wᵢ / Σ w
 *
 * unbiased for every k, where the gradient of `importanceWeighted(k)` for φ drowns in noise as k grows. φ are the parameters of posteriors, θ all others; one
 * that is both gets the sum. The loss is minus the bound itself. Needs reparameterised posteriors. Cost: as `importanceWeighted(k)`, with two backward passes.
 *
 * @example
 * const objective = dreg(5)(vae([2]));
 */
export const dreg = (k: number): (<S extends Shape>(dist: Dist<S, { readonly lowerBound: true }>) => Objective<S>) => {
  sampleCount('dreg', k);
  return (dist) =>
    ofBound(dist, 'lowerBound', { type: 'dreg', samples: k }, (plain, x) =>
      pipe(
        sameNoise(
          traced(plain, k, modelOnly, (t) => [t.logDensity])(x),
          traced(plain, k, pathOnly, (t) => [t.logDensity])(x),
        ),
        D.map(([[model], [path]]) => {
          const weights = normalised(model);
          const surrogate = o.add(o.mul(weights, model), o.mul(o.square(weights), path));
          return valueWithGradientOf(logMean(model), o.sum(surrogate));
        }),
      ),
    );
};
