/**
 * Denoising diffusion as a latent-variable model (Ho, Jain & Abbeel 2020, arXiv:2006.11239): data, then T latents x_1 … x_T from a fixed Gaussian
 * chain, and a reverse chain that is learned. Its bound splits into terms of closed form (eq. 5), so one random step estimates it without bias.
 */

import { pipe } from 'fp-ts/lib/function.js';
import { capability, type Having, having } from '../algebra/capability.ts';
import { type AnyDist, type Dist, distribution } from '../algebra/dist.ts';
import type { Bound, Samples } from '../algebra/evidence.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { counting } from '../algebra/levels.ts';
import type { Json } from '../algebra/spec.ts';
import { oneOf, positiveInteger, strict } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { smallResMlp } from '../nn/small.ts';
import { chainCodec, chainOf } from './chain-codec.ts';
import {
  allTerms,
  boundTerm,
  type DataScale,
  dataScale,
  drawIndex,
  posteriorMean,
  priorTerm,
  type ReverseChain,
} from './ddpm-bound.ts';
import type { Denoiser } from './denoiser.ts';
import { gridKind, samplerKind } from './kinds.ts';
import { resampling, type Sampling, sampleWith } from './sampler.ts';

/** Options of {@link ddpm}. */
export interface DdpmOptions {
  /** Events are integers 0 … levels − 1; real numbers by default. */
  readonly levels?: number;
  /** Steps that one estimate of the bound evaluates: `one` at random (cheap: for training), or `all` of them (T evaluations: for reports). */
  readonly terms?: 'one' | 'all';
  /** Other ways to sample (DDIM, a few steps), for chains of a denoiser; default the reverse chain itself. */
  readonly sampling?: Sampling;
}

/** Where the parameters of the reverse chain stand. */
const PLACE = 'denoiser';

/** The reverse chain of a distribution, and how it reads events. */
export interface ReverseChained {
  readonly reverseChain: ReverseChain<Shape>;
  readonly scale: DataScale;
}

/**
 * The capability under which a distribution of {@link ddpm} keeps its reverse chain and the scale of its events: estimators and pictures read it, at the place
 * of the distribution's own parameters ({@link onReverseChain}).
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 4 });
 * capabilityOf(reversing, ddpm(reverse))?.reverseChain.chain.steps;   // 4
 */
export const reversing = capability<ReverseChained>()('reversed');

/**
 * A draw that reads the reverse chain of a {@link ddpm}, moved to the place where the distribution keeps the chain's parameters (`denoiser`).
 *
 * @example
 * const reverse = reverseChain(predict('noise', vp(), resMlp([16]), { shape: [2] }), { steps: 4 });
 * onReverseChain(allTerms(reverse, dataScale([2]))(ops.input('x', [2])));
 */
export const onReverseChain = <A>(part: D.Draw<A>): D.Draw<A> => D.at(PLACE, part);

/**
 * Denoising diffusion as a distribution (Ho, Jain & Abbeel 2020, arXiv:2006.11239): samples run the reverse chain from N(0, I), each latent drawn from
 * p(x_{k−1} | x_k); `logDensity` is an unbiased estimate of the variational bound, in nats,
 *
 *     log p(x₀) ≥ E log p(x₀ | x₁) − Σ_{k>1} KL(q(x_{k−1} | x_k, x₀) ‖ p(x_{k−1} | x_k)) − KL(q(x_T | x₀) ‖ N(0, I)),
 *
 * by T times the term of one random step, or by all terms. With `levels` it is a log-probability of integers, so that bits per dimension need no offset. Cost:
 * one evaluation of the network a density (T with `terms: 'all'`), T a sample, in one loop.
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 4 });
 * ddpm(reverse).evidence;   // 'bound'
 */
export const ddpm = define(
  distributionKind,
  {
    type: 'ddpm',
    about: 'Denoising diffusion: a chain with a bound.',
    required: { reverse: chainCodec },
    optional: {
      levels: positiveInteger,
      terms: oneOf(['one', 'all']),
      sampling: strict({ sampler: nested(samplerKind), grid: nested(gridKind) }, {}),
    },
    build: ({ reverse, ...options }): AnyDist => ddpm(chainOf(reverse), options),
    examples: [
      {
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
          range: [-1, 1],
        },
        levels: 4,
        terms: 'all',
        sampling: { sampler: { type: 'ddim' }, grid: { type: 'subSequence', times: 2 } },
      },
    ],
  },
  <const S extends Shape>(
    model: ReverseChain<S>,
    { levels, terms = 'one', sampling }: DdpmOptions = {},
  ): Dist<S, Bound & Samples> & Having<typeof reversing> => {
    const scale = dataScale(model.shape, levels);
    const { steps } = model.chain;
    const total: (x: Expr) => D.Draw<Expr> =
      terms === 'all'
        ? (x) => pipe(allTerms(model, scale)(x), D.map((t) => o.sum(t.nats))) // biome-ignore format: one idea
        : (x) =>
            pipe(
              D.fromRandom(R.both(drawIndex(steps), R.normal(model.shape))),
              D.chain(([index, noise]) => boundTerm(model, scale)(x, index, noise)),
              D.map((t) => o.mul(steps, t.nats)),
            );
    const options: { readonly [key: string]: Json } = {
      ...(levels === undefined ? {} : { levels }),
      ...(terms === 'one' ? {} : { terms }),
      ...(sampling === undefined ? {} : { sampling: { sampler: sampling.sampler.spec, grid: sampling.grid.spec } }),
    };
    const dist = distribution<S, Bound & Samples>({
      shape: model.shape,
      spec: { type: 'ddpm', reverse: model.spec, ...options },
      evidence: 'bound',
      logDensity: (x) =>
        onReverseChain(
          pipe(
            total(x),
            D.map((nats) => o.neg(o.add(nats, priorTerm(model.chain, scale.toData(x))))),
          ),
        ),
      sample: onReverseChain(
        sampling === undefined
          ? pipe(D.fromRandom(R.normal(model.shape)), D.chain(reverseFrom(model, steps, levels)))
          : D.map(scale.toEvent)(sampleWith(sampling.sampler, sampling.grid)(denoiserOf(model))),
      ),
    });
    const whole = levels === undefined ? dist : having(counting, levels)(dist);
    const chained = having(reversing, { reverseChain: model as ReverseChain<Shape>, scale })(whole);
    const otherwise = (other: Sampling): AnyDist =>
      ddpm(model, { ...(levels === undefined ? {} : { levels }), terms, sampling: other });
    return model.denoiser === undefined ? chained : having(resampling, otherwise)(chained);
  },
);

const denoiserOf = (model: ReverseChain<Shape>): Denoiser<Shape, 'signal'> =>
  (model.denoiser as Denoiser<Shape, 'signal'> | undefined) ??
  raise('ArgumentError', 'ddpm', 'only the chain of a denoiser can be sampled otherwise', { got: model.spec.type });

/** One reverse step from x_k to x_{k−1}, k > 1, with the estimate of x₀. */
const reverseStep =
  (model: ReverseChain<Shape>) =>
  (x: Expr, index: Expr): D.Draw<{ readonly x: Expr; readonly data: Expr }> =>
    pipe(
      D.fromScoped(model.reverse(x, index)),
      D.chain(({ data, logVariance }) =>
        pipe(
          D.fromRandom(R.normal(model.shape)),
          D.map((z) => ({
            x: o.add(posteriorMean(model.chain, index, data, x), o.mul(o.exp(o.mul(0.5, logVariance)), z)),
            data,
          })),
        ),
      ),
    );

/** The result of a run of the reverse chain. */
export interface ReverseRun {
  /** The event. */
  readonly event: Expr;
  /** x̂₀ after each reverse step, from noise to data, `[k, …shape]`: progressive generation (Ho et al. 2020, §4.3). */
  readonly progress: Expr;
}

/**
 * The reverse chain from x_k (k = `from`) to an event, with the estimate x̂₀ after each step: `{ event: […shape], progress: [k, …shape] }`, progressive
 * generation (Ho et al. 2020, arXiv:2006.11239, §4.3). With `levels` the event is integers. Cost: k evaluations of the denoiser in one loop.
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 4 });
 * value(reverseRun(reverse, 4)(ops.constant([1, -1])), { seed: 0 }).progress;   // [4, 2]
 */
export const reverseRun =
  (model: ReverseChain<Shape>, from: number, levels?: number) =>
  (x: Expr): D.Draw<ReverseRun> =>
  (scope) =>
    pipe(
      from === 1
        ? R.of({ carry: [x], ys: [] as readonly Expr[] })
        : R.scanRandom({
            length: from - 1,
            init: [x],
            xs: [o.sub(from - 1, o.cast(o.iota(from - 1), 'real'))],
            early: true,
            body: ([v], [index]) =>
              pipe(
                reverseStep(model)(v, o.cast(index, 'int32'))(scope),
                R.map((s) => ({ carry: [s.x], ys: [s.data] })),
              ),
          }),
      R.chain(({ carry: [x1], ys }) => {
        const { data, logVariance } = model.reverse(x1, o.scalar(0, 'int32'))(scope);
        const last = o.expandDims(data, 0);
        return pipe(
          dataScale(model.shape, levels).decoder(data, logVariance).sample(scope),
          R.map((event) => ({ event, progress: ys.length === 0 ? last : o.concat([ys[0], last], 0) })),
        );
      }),
    );

/**
 * The reverse chain from x_k (k = `from`) to an event of the same shape: ancestral sampling, algorithm 2 of Ho et al. 2020 (arXiv:2006.11239). With `levels`
 * the event is integers. Cost: k evaluations of the denoiser in one loop.
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 4 });
 * value(reverseFrom(reverse, 4)(ops.constant([1, -1])), { seed: 0 });
 */
export const reverseFrom =
  (model: ReverseChain<Shape>, from: number, levels?: number) =>
  (x: Expr): D.Draw<Expr> =>
    D.map((run: ReverseRun) => run.event)(reverseRun(model, from, levels)(x));
