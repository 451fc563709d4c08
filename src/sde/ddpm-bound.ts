/** The terms of DDPM's bound (Ho, Jain & Abbeel 2020, arXiv:2006.11239, eq. 5): what a reverse chain predicts, how data are scaled, and each step's divergence. */
import { pipe } from 'fp-ts/lib/function.js';
import type { AnyDist } from '../algebra/dist.ts';
import type { Spec } from '../algebra/spec.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import type { Declaration } from '../core/reading.ts';
import type { Scoped } from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import { discretisedNormal } from '../distributions/discretised-normal.ts';
import { normal } from '../distributions/normal.ts';
import { type GaussianChain, normalKl, tabled } from './ddpm-chain.ts';
import type { Denoiser } from './denoiser.ts';

/** The reverse chain's prediction of x_{k−1} given x_k. */
export interface Reversed {
  /** x̂₀, the estimate of the data that x_k comes from: the mean of x_{k−1} is `fromData`·x̂₀ + `fromNoisy`·x_k. */
  readonly data: Expr;
  /** ε̂, the estimate of the noise in x_k: (x_k − α_k x̂₀)/σ_k, up to rounding and clipping. */
  readonly noise: Expr;
  /** log of the variances of x_{k−1}: a scalar, or an array of the event's shape. */
  readonly logVariance: Expr;
}

/** A learned reverse chain over a fixed Gaussian one: all that DDPM's distribution, layers and samplers need. */
export interface ReverseChain<out S extends Shape> {
  readonly spec: Spec;
  readonly shape: S;
  readonly chain: GaussianChain;
  /** x̂₀ and variances at x_k; `index` is the integer k − 1, 0 … T − 1. */
  readonly reverse: (x: Expr, index: Expr) => Scoped<Reversed>;
  /** The denoiser that it evaluates, where it is made of one: for other samplers. Its x̂₀ is clipped to the same range. */
  readonly denoiser?: Denoiser<S>;
  /** Its identity, that of its denoiser. */
  readonly declaration?: Declaration | undefined;
}

/** How x₀ relates to events: levels are stretched over [−1, 1] and decoded by the discretised normal distribution; real data are unchanged. */
export interface DataScale {
  readonly toData: (event: Expr) => Expr;
  readonly decoder: (mean: Expr, logVariance: Expr) => AnyDist;
  /** The nearest event. */
  readonly toEvent: (x0: Expr) => Expr;
}

/**
 * How events relate to x₀. With `levels` L, integers 0 … L − 1 are mapped linearly to [−1, 1] and decoded by the discretised normal distribution (a
 * log-probability, in nats); without, events are real numbers and the decoder is normal (a log-density).
 *
 * @example
 * value(dataScale([2], 256).toData(ops.constant([0, 255])));   // [−1, 1]
 */
export const dataScale = (shape: Shape, levels?: number): DataScale => {
  const deviation = (logVariance: Expr): Expr => o.broadcastTo(o.exp(o.mul(0.5, logVariance)), shape);
  if (levels === undefined)
    return { toData: (x) => x, toEvent: (x) => x, decoder: (loc, v) => normal(shape, { loc, scale: deviation(v) }) };
  const half = (levels - 1) / 2;
  return {
    toData: (x) => o.sub(o.mul(1 / half, x), 1),
    toEvent: (x) => o.min(levels - 1, o.max(0, o.floor(o.add(o.mul(half, o.add(x, 1)), 0.5)))),
    decoder: (mean, v) =>
      discretisedNormal(shape, { loc: o.mul(half, o.add(mean, 1)), scale: o.mul(half, deviation(v)), levels }),
  };
};

/**
 * The entry of a table `[T]` at an integer index, 0 … T − 1: a scalar.
 *
 * @example
 * value(lookUp(ops.constant([10, 20, 30]), ops.scalar(1, 'int32')));   // 20
 */
export const lookUp = (table: Expr, index: Expr): Expr => o.gather(table, index);

/**
 * The noisy event x_k = α_k x₀ + σ_k ε of a chain; `index` is k − 1 (int32), x₀ and ε have the event's shape.
 *
 * @example
 * const chain = variancePreservingChain(betas({ steps: 10 }));
 * noised(chain, ops.constant([1, 2]), ops.scalar(3, 'int32'), ops.constant([0.1, -0.2]));
 */
export const noised = ({ alpha, sigma }: GaussianChain, x0: Expr, index: Expr, noise: Expr): Expr =>
  o.add(o.mul(lookUp(o.constant(alpha.slice(1)), index), x0), o.mul(lookUp(o.constant(sigma.slice(1)), index), noise));

/**
 * The mean of q(x_{k−1} | x_k, x₀), `fromData`ₖ x₀ + `fromNoisy`ₖ x_k (Ho et al. 2020, arXiv:2006.11239, eq. 7), of the event's shape; x₀ may be an estimate.
 * `index` is k − 1 (int32).
 *
 * @example
 * const chain = variancePreservingChain(betas({ steps: 10 }));
 * posteriorMean(chain, ops.scalar(3, 'int32'), ops.constant([1, 2]), ops.constant([0.5, 1]));
 */
export const posteriorMean = (chain: GaussianChain, index: Expr, x0: Expr, x: Expr): Expr =>
  o.add(
    o.mul(lookUp(tabled(chain, (s) => s.fromData), index), x0),
    o.mul(lookUp(tabled(chain, (s) => s.fromNoisy), index), x),
  ); // biome-ignore format: one idea

/** One term of the bound at x_k, in nats, and the squared error of x̂₀ summed over the event. */
export interface BoundTerm {
  readonly nats: Expr;
  readonly squaredError: Expr;
}

const safeLog = (v: number): number => (v > 0 ? Math.log(v) : 0);

/**
 * The term of step k of the negative bound at noise ε, in nats: KL(q(x_{k−1} | x_k, x₀) ‖ p(x_{k−1} | x_k)), and −log p(x₀ | x₁) at k = 1 (L_{k−1} of Ho et al.
 * 2020, arXiv:2006.11239, eq. 5); with it the squared error of x̂₀ summed over the event. Both are scalars; `index` is k − 1 (int32). Cost: one evaluation of
 * the denoiser.
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 4 });
 * const term = boundTerm(reverse, dataScale([2]))(ops.constant([0.5, 0]), ops.scalar(2, 'int32'), ops.constant([1, -1]));
 * value(term).nats;
 */
export const boundTerm =
  (model: ReverseChain<Shape>, scale: DataScale) =>
  (event: Expr, index: Expr, noise: Expr): D.Draw<BoundTerm> => {
    const { chain } = model;
    const x0 = scale.toData(event);
    return pipe(
      D.fromScoped(model.reverse(noised(chain, x0, index, noise), index)),
      D.chain(({ data, logVariance }) =>
        pipe(
          scale.decoder(data, logVariance).logDensity(event),
          D.map((decoded) => {
            const error = o.sub(x0, data);
            const distance = o.mul(lookUp(tabled(chain, (s) => s.fromData), index), error); // biome-ignore format: one idea
            const logPosterior = lookUp(tabled(chain, (s) => safeLog(s.posterior)), index); // biome-ignore format: one idea
            const kl = normalKl(distance, o.broadcastTo(logPosterior, data.shape), o.broadcastTo(logVariance, data.shape)); // biome-ignore format: one line
            const first = o.equal(o.cast(index, 'real'), 0);
            return { nats: o.where(first, o.neg(decoded), kl), squaredError: o.sum(o.square(error)) };
          }),
        ),
      ),
    );
  };

/**
 * The term L_T = KL(q(x_T | x₀) ‖ N(0, I)) in nats, a scalar: the information that the chain leaves of the data at its end (Ho et al. 2020, arXiv:2006.11239,
 * eq. 5).
 *
 * @example
 * value(priorTerm(variancePreservingChain(betas({ steps: 1000 })), ops.constant([1, -1])));   // 4e-5
 */
export const priorTerm = ({ alpha, sigma, steps }: GaussianChain, x0: Expr): Expr =>
  normalKl(o.mul(alpha[steps], x0), o.broadcastTo(2 * Math.log(sigma[steps]), x0.shape), o.scalar(0));

/**
 * Draws an index 0 … T − 1 (an int32 scalar), uniformly.
 *
 * @example
 * value(draw.fromRandom(drawIndex(10)), { seed: 0 });
 */
export const drawIndex = (steps: number): R.Random<Expr> =>
  R.map((u: Expr) => o.cast(o.min(steps - 1, o.floor(o.mul(steps, u))), 'int32'))(R.uniform([]));

/**
 * Every term of the negative bound, each at one draw of noise: nats and squared errors, `[T]` each, from step 1 on. The negative bound is their sum plus {@link
 * priorTerm}. Cost: T evaluations of the denoiser in one loop.
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 4 });
 * value(allTerms(reverse, dataScale([2]))(ops.constant([0.5, 0])), { seed: 0 }).nats;   // 4 numbers
 */
export const allTerms =
  (model: ReverseChain<Shape>, scale: DataScale) =>
  (event: Expr): D.Draw<BoundTerm> =>
  (scope) => {
    const { steps } = model.chain;
    return pipe(
      R.scanRandom({
        length: steps,
        init: [event],
        xs: [o.iota(steps)],
        body: ([x], [index]) =>
          pipe(
            R.normal(model.shape),
            R.chain((noise) => boundTerm(model, scale)(x, index, noise)(scope)),
            R.map((term) => ({ carry: [x], ys: [term.nats, term.squaredError] })),
          ),
      }),
      R.map(({ ys: [nats, squaredError] }) => ({ nats, squaredError })),
    );
  };
