import { pipe } from 'fp-ts/lib/function.js';
import type { Dist } from '../../algebra/dist.ts';
import { scoredAt } from '../../algebra/trace.ts';
import * as D from '../../core/draw.ts';
import { knownOptions } from '../../core/known-options.ts';
import * as o from '../../core/ops/index.ts';
import type { Shape } from '../../core/shape.ts';
import type { Objective } from '../objective.ts';
import { type ChainOptions, posteriorChain, split } from './posterior-chain.ts';
import { logJointOf, logPosteriorOf, ofBound, sampleCount, valueWithGradientOf } from './samples.ts';

/**
 * Monte Carlo EM (Wei & Tanner 1990; Kingma & Welling 2014, appendix E): the expectation over the true posterior by Hamiltonian Monte Carlo, the maximisation by a
 * step of the optimiser:
 *
 *     z ~ q(z | x), moved by `transitions` of HMC on p(z | x);    ∇_θ = ∂ log p_θ(x, z)
 *
 * The encoder learns log q(z | x) of where the chain went, so that chains start better and better; a chain that has not forgotten its start makes the
 * gradient biased. The loss's value is minus the evidence lower bound of the chain's start. Needs continuous latent variables.
 * Cost: `leapfrogSteps` gradients of the model a transition, and one step.
 *
 * @example
 * const objective = monteCarloEm({ stepSize: 0.1, leapfrogSteps: 10, transitions: 2 })(vae([2]));
 */
export const monteCarloEm = (
  options: ChainOptions,
): (<S extends Shape>(dist: Dist<S, { readonly lowerBound: true }>) => Objective<S>) => {
  const {
    transitions = 1,
    leapfrogSteps = 10,
    stepSize,
  } = knownOptions('monteCarloEm', options, { stepSize: true, leapfrogSteps: true, transitions: true });
  sampleCount('monteCarloEm', transitions);
  return (dist) =>
    ofBound(dist, 'lowerBound', { type: 'monteCarloEm', stepSize, leapfrogSteps, transitions }, (plain, x) =>
      pipe(
        posteriorChain(plain, { stepSize, leapfrogSteps })(x),
        D.chain((chain) =>
          pipe(
            chain.run(transitions),
            D.map(({ positions }) => {
              const last = o.reshape(o.sliceAxis(positions, 0, transitions - 1, transitions), [positions.shape[1]]);
              return chain.under(scoredAt(split(last, chain.shapes)));
            }),
            D.map((end) => valueWithGradientOf(chain.start.logDensity, o.add(logJointOf(end), logPosteriorOf(end)))),
          ),
        ),
      ),
    );
};
