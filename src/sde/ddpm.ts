/**
 * Denoising diffusion as a latent-variable model (Ho, Jain & Abbeel 2020, arXiv:2006.11239): data, then T latents x_1 … x_T from a fixed Gaussian
 * chain, and a reverse chain that is learned. Its bound splits into terms of closed form (eq. 5), so a look at one step estimates it without bias.
 */
import { pipe } from 'fp-ts/lib/function.js';
import { capability, type Having, having } from '../algebra/capability.ts';
import { type AnyDist, type Dist, distribution } from '../algebra/dist.ts';
import type { Bound, Samples } from '../algebra/evidence.ts';
import { counting } from '../algebra/levels.ts';
import type { Json, Spec } from '../algebra/spec.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
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
import { resampling, type Sampling, sampleWith } from './sampler.ts';

/** What the reverse chain says of x_{k−1} given x_k. */
export interface Reversed {
  /** x̂₀, the data that x_k is thought to come from: the mean of x_{k−1} is `fromData`·x̂₀ + `fromNoisy`·x_k. */
  readonly data: Expr;
  /** ε̂, the noise that x_k is thought to hold: (x_k − α_k x̂₀)/σ_k, but for rounding and clipping. */
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
  /** The denoiser it looks at, where it is made of one: for other samplers. Its x̂₀ is kept in the same range. */
  readonly denoiser?: Denoiser<S>;
  /** Its identity, that of its denoiser. */
  readonly declaration?: Declaration | undefined;
}

/** How x₀ relates to events: levels are stretched over [−1, 1] and decoded by the discretised normal distribution; real data are what they are. */
export interface DataScale {
  readonly toData: (event: Expr) => Expr;
  readonly decoder: (mean: Expr, logVariance: Expr) => AnyDist;
  /** The nearest event. */
  readonly toEvent: (x0: Expr) => Expr;
}

/** {@link DataScale} of events with integer levels, or of real events where `levels` is left out. */
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

/** A table `[T]` at an index. */
export const lookUp = (table: Expr, index: Expr): Expr => o.gather(table, index);

/** x_k = α_k x₀ + σ_k ε at the step of an index. */
export const noised = ({ alpha, sigma }: GaussianChain, x0: Expr, index: Expr, noise: Expr): Expr =>
  o.add(o.mul(lookUp(o.constant(alpha.slice(1)), index), x0), o.mul(lookUp(o.constant(sigma.slice(1)), index), noise));

/** The mean of x_{k−1} given x_k and (an estimate of) x₀. */
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
 * The term of step k at noise ε: KL(q(x_{k−1} | x_k, x₀) ‖ p(x_{k−1} | x_k)), and −log p(x₀ | x₁) at k = 1 (L_{k−1} of Ho et al., eq. 5).
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

/** KL(q(x_T | x₀) ‖ N(0, I)): what the chain leaves of the data at its end. */
export const priorTerm = ({ alpha, sigma, steps }: GaussianChain, x0: Expr): Expr =>
  normalKl(o.mul(alpha[steps], x0), o.broadcastTo(2 * Math.log(sigma[steps]), x0.shape), o.scalar(0));

/** An index 0 … T − 1, each as likely. */
export const drawIndex = (steps: number): R.Random<Expr> =>
  R.map((u: Expr) => o.cast(o.min(steps - 1, o.floor(o.mul(steps, u))), 'int32'))(R.uniform([]));

/** Every term at one noise a step: nats and squared errors, `[T]`, from step 1 on. */
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

/** What {@link ddpm} is told beside its reverse chain. */
export interface DdpmOptions {
  /** Events are integers 0 … levels − 1; real numbers where it is left out. */
  readonly levels?: number;
  /** Steps that one estimate of the bound looks at: `one` at random (cheap: for training), or `all` of them (T evaluations: for reports). */
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

/** The reverse chain that a distribution of {@link ddpm} keeps: estimators and pictures read it, where the distribution's own parameters stand. */
export const reversing = capability<ReverseChained>()('reversed');

/** A part that reads the reverse chain, at its place. */
export const onReverseChain = <A>(part: D.Draw<A>): D.Draw<A> => D.at(PLACE, part);

/**
 * Denoising diffusion as a distribution (Ho et al. 2020): samples run the reverse chain from N(0, I), each latent drawn from p(x_{k−1} | x_k); `logDensity`
 * is an estimate of the variational bound, in nats,
 *
 *     log p(x₀) ≥ E log p(x₀ | x₁) − Σ_{k>1} KL(q(x_{k−1} | x_k, x₀) ‖ p(x_{k−1} | x_k)) − KL(q(x_T | x₀) ‖ N(0, I)),
 *
 * T times the term of one random step, or all terms. With `levels` it is a log-probability of integers, so bits/dim need no offset.
 * Cost: one evaluation of the network (T with `terms: 'all'`) a density, T a sample, in one loop.
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 4 });
 * ddpm(reverse).evidence;   // 'bound'
 */
export const ddpm = <const S extends Shape>(
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
};

const denoiserOf = (model: ReverseChain<Shape>): Denoiser<Shape, 'signal'> =>
  (model.denoiser as Denoiser<Shape, 'signal'> | undefined) ??
  raise('ArgumentError', 'ddpm', 'only the chain of a denoiser can be sampled otherwise', { got: model.spec.type });

/** One reverse step from x_k to x_{k−1}, k > 1, with what was thought of x₀. */
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

/** What a run of the reverse chain leaves. */
export interface ReverseRun {
  /** The event. */
  readonly event: Expr;
  /** x̂₀ after each reverse step, from noise to data, `[k, …shape]`: progressive generation (Ho et al. 2020, §4.3). */
  readonly progress: Expr;
}

/** The reverse chain from x_k on, with what it thought of the data on the way. */
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

/** The reverse chain from x_k to an event: ancestral sampling. */
export const reverseFrom =
  (model: ReverseChain<Shape>, from: number, levels?: number) =>
  (x: Expr): D.Draw<Expr> =>
    D.map((run: ReverseRun) => run.event)(reverseRun(model, from, levels)(x));
