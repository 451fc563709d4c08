import { pipe } from 'fp-ts/lib/function.js';
import type { Dist } from '../../algebra/dist.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import { scoredAt } from '../../algebra/trace.ts';
import { positiveInteger, positiveNumber } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import * as o from '../../core/ops/index.ts';
import type { Shape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { objectiveKind } from '../kinds.ts';
import type { AnyObjective, Objective } from '../objective.ts';
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
export const monteCarloEm = define(
  objectiveKind,
  {
    type: 'monteCarloEm',
    about: 'Expectation by Hamiltonian Monte Carlo, maximisation by the optimiser.',
    required: { dist: nested(distributionKind), stepSize: positiveNumber },
    optional: { leapfrogSteps: positiveInteger, transitions: positiveInteger },
    takes: [],
    build: ({ dist, ...options }): AnyObjective<Shape> => monteCarloEm(options)(dist as never),
    examples: [
      {
        dist: {
          type: 'pushforward',
          transport: {
            type: 'stochastic',
            encoder: { type: 'parametrised', family: 'normal', context: [2], event: [1] },
            decoder: { type: 'parametrised', family: 'normal', context: [1], event: [2] },
          },
          base: { type: 'standardNormal', shape: [1] },
        },
        stepSize: 0.1,
        leapfrogSteps: 2,
        transitions: 1,
      },
    ],
  },
  ({
    transitions = 1,
    leapfrogSteps = 10,
    stepSize,
  }: ChainOptions): (<S extends Shape>(dist: Dist<S, { readonly lowerBound: true }>) => Objective<S>) => {
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
  },
);
