/** What DDPM is trained by: the squared error of its noise, alone or with a little of the bound for its variances. */

import { pipe } from 'fp-ts/lib/function.js';
import { capabilityOf } from '../algebra/capability.ts';
import type { AnyDist } from '../algebra/dist.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { onInnermost } from '../algebra/pushed.ts';
import { finite, oneOf } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { smallResMlp } from '../nn/small.ts';
import { onReverseChain, type ReverseChained, reversing } from '../sde/ddpm.ts';
import { boundTerm, drawIndex, lookUp, noised } from '../sde/ddpm-bound.ts';
import type { GaussianChain } from '../sde/ddpm-chain.ts';
import { objectiveKind } from './kinds.ts';
import type { AnyObjective, Objective } from './objective.ts';

/** The loss at a random step and noise, of the reverse chain under whatever a distribution was pushed through. */
const atRandomStep =
  (
    estimator: string,
    dist: AnyDist,
    loss: (part: ReverseChained, event: Expr, index: Expr, noise: Expr) => D.Draw<Expr>,
  ) =>
  (x: Expr): D.Draw<Expr> =>
    onInnermost(dist, x, (base, event) => {
      const part = capabilityOf(reversing, base);
      return part === undefined
        ? raise('ArgumentError', estimator, 'the distribution has no reverse chain', {
            expected: 'ddpm',
            got: base.spec.type,
          })
        : onReverseChain(
            pipe(
              D.fromRandom(R.both(drawIndex(part.reverseChain.chain.steps), R.normal(base.shape))),
              D.chain(([index, noise]) => loss(part, event, index, noise)),
            ),
          );
    });

/** ‖ε − ε̂(x_k)‖²/D. */
const noiseError = ({ reverseChain, scale }: ReverseChained, event: Expr, index: Expr, noise: Expr): D.Draw<Expr> =>
  pipe(
    D.fromScoped(reverseChain.reverse(noised(reverseChain.chain, scale.toData(event), index, noise), index)),
    D.map((said) => o.mean(o.square(o.sub(noise, said.noise)))),
  );

/** What squared errors of the noise are multiplied by to be those of the velocity: ((α² + σ²)/α)², by step. */
const asVelocity = ({ alpha, sigma }: GaussianChain): Expr =>
  o.constant(alpha.slice(1).map((a, i) => ((a * a + sigma[i + 1] ** 2) / a) ** 2));

/** Options of {@link ddpmSimple}. */
export interface DdpmSimpleOptions {
  /** The prediction whose squared error is the loss: the `noise` (default; L_simple), or the `velocity` α ε − σ x₀, which weighs noisy steps more (Salimans & Ho 2022, SNR + 1). */
  readonly of?: 'noise' | 'velocity';
}

/**
 * L_simple of DDPM (Ho et al. 2020, arXiv:2006.11239, eq. 14): E ‖ε − ε̂(x_k)‖²/D over random steps k, all weighted alike. It trains the denoiser of a distribution
 * of `ddpm`, fixed variances assumed; 1 where nothing is known. Cost: one evaluation. Throws `ArgumentError` for other distributions.
 *
 * @example
 * ddpmSimple(ddpm(reverseChain(predict('noise', vp(), resMlp([64, 64]), { shape: [2] }), { steps: 10 })));
 */
export const ddpmSimple = define(
  objectiveKind,
  {
    type: 'ddpmSimple',
    about: 'The mean square of the noise that is not predicted.',
    takes: ['dist'],
    required: { dist: nested(distributionKind) },
    optional: { of: oneOf(['noise', 'velocity']) },
    build: ({ dist, of }): AnyObjective<Shape> => ddpmSimple(dist, of === undefined ? {} : { of }),
    examples: [
      {
        dist: {
          type: 'ddpm',
          reverse: {
            denoiser: {
              type: 'predict',
              prediction: 'noise',
              shape: [2],
              process: { type: 'ddpmProcess', steps: 4 },
              network: smallResMlp,
            },
            steps: 4,
            variance: 'small',
          },
        },
        of: 'velocity',
      },
    ],
  },
  <S extends Shape>(dist: AnyDist & { readonly shape: S }, { of = 'noise' }: DdpmSimpleOptions = {}): Objective<S> => ({
    shape: dist.shape,
    spec: { type: 'ddpmSimple', of, dist: dist.spec },
    evidence: 'none',
    loss: atRandomStep('ddpmSimple', dist, (part, event, index, noise) =>
      pipe(
        noiseError(part, event, index, noise),
        D.map((e) => (of === 'noise' ? e : o.mul(lookUp(asVelocity(part.reverseChain.chain), index), e))),
      ),
    ),
  }),
);

/** Options of {@link ddpmHybrid}. */
export interface DdpmHybridOptions {
  /** Weight of the bound in nats per dimension; default 0.001. */
  readonly weight?: number;
}

/**
 * L_simple + w L_vlb (Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 16): the bound, T times the term of the same random step in nats per dimension, trains
 * the learned variances alone, since x̂₀ is a constant to it. For improved DDPM. Cost: one evaluation. Throws `ArgumentError` for distributions without a
 * reverse chain.
 *
 * @example
 * ddpmHybrid(ddpm(reverseChain(predictWithVariance('noise', vp(), resMlp([64, 64]), { shape: [2] }), { steps: 10, variance: 'learned' })));
 */
export const ddpmHybrid = define(
  objectiveKind,
  {
    type: 'ddpmHybrid',
    about: 'The simple loss, and the bound for learned variances.',
    takes: ['dist'],
    required: { dist: nested(distributionKind) },
    optional: { weight: finite },
    build: ({ dist, ...options }): AnyObjective<Shape> => ddpmHybrid(dist, options),
    examples: [
      {
        weight: 0.01,
        dist: {
          type: 'ddpm',
          reverse: {
            denoiser: {
              type: 'predictWithVariance',
              prediction: 'noise',
              shape: [2],
              process: { type: 'ddpmProcess', steps: 4 },
              network: smallResMlp,
            },
            steps: 4,
            variance: 'learned',
          },
        },
      },
    ],
  },
  <S extends Shape>(
    dist: AnyDist & { readonly shape: S },
    { weight = 1e-3 }: DdpmHybridOptions = {},
  ): Objective<S> => ({
    shape: dist.shape,
    spec: { type: 'ddpmHybrid', weight, dist: dist.spec },
    evidence: 'none',
    loss: atRandomStep('ddpmHybrid', dist, (part, event, index, noise) => {
      const { chain, reverse } = part.reverseChain;
      const frozen: ReverseChained['reverseChain'] = {
        ...part.reverseChain,
        reverse: (x, i) => (scope) => {
          const said = reverse(x, i)(scope);
          return { ...said, data: o.stopGradient(said.data) };
        },
      };
      return pipe(
        noiseError(part, event, index, noise),
        D.chain((simple) =>
          pipe(
            boundTerm(frozen, part.scale)(event, index, noise),
            D.map(({ nats }) => o.add(simple, o.mul((weight * chain.steps) / sizeOf(dist.shape), nats))),
          ),
        ),
      );
    }),
  }),
);
