import { pipe } from 'fp-ts/lib/function.js';
import { having } from '../algebra/capability.ts';
import { type AnyDist, type Dist, distribution } from '../algebra/dist.ts';
import type { Bound, Denoises, Samples } from '../algebra/evidence.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { range, type Shape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { smallResMlp } from '../nn/small.ts';
import { type Denoiser, denoising } from './denoiser.ts';
import { type DiffusionDist, redenoising } from './diffusion.ts';
import { type Grid, logSnrGrid } from './grid.ts';
import { denoiserKind, gridKind, samplerKind } from './kinds.ts';
import { valueAt } from './process.ts';
import { type DiffusionSampler, resampling, type Sampling, sampleWith } from './sampler.ts';
import { eulerMaruyama } from './sde-samplers.ts';
import { importanceTime, likelihoodMass } from './time-dist.ts';

/** Options of {@link variationalDiffusion}. */
export interface VariationalDiffusionOptions {
  /** How samples are made: by the reverse equation, of which this is the bound; default `eulerMaruyama()`. */
  readonly sampler?: DiffusionSampler<'signal'>;
  /** The times of sampling; default `logSnrGrid(100)`. */
  readonly grid?: Grid;
  /** Times at which one estimate of the bound asks the network, one in each of as many equal parts of log-SNR; default 1. */
  readonly times?: number;
}

/**
 * The distribution of the reverse *equation* of a denoiser, dx = (a x − g² s) dt + g dw̄ from the prior to the start s of the process, then
 * x₀ ~ N(x_s/α_s, (σ_s/α_s)² I). Its log-density is bounded below in expectation by (Song, Durkan, Murray & Ermon 2021, arXiv:2101.09258, theorem 3; Kingma,
 * Salimans, Poole & Ho 2021, arXiv:2107.00630, equation 11)
 *
 *     log p(x₀) ≥ E log π(x_T) + D log(σ_T α_s/σ_s) − ½ ∫ (g²/σ²) E‖ε̂(x_t, t) − ε‖² dt
 *
 * so `elbo` of it is likelihood-weighted denoising in nats, with its constant, and its log-density of dequantised data gives bits per dimension with
 * evidence `bound`. The first two terms are closed; the integral is one time drawn uniformly in log-SNR (or `times` of them, stratified).
 * Cost: `times` passes. Throws `ArgumentError` where `times` is not a positive integer.
 *
 * @example
 * elbo(variationalDiffusion(predict('noise', vp(), resMlp([64, 64]), { shape: [2] })));
 */
export const variationalDiffusion = define(
  distributionKind,
  {
    type: 'variationalDiffusion',
    about: 'The bound of a reverse equation.',
    takes: ['denoiser'],
    required: { denoiser: nested(denoiserKind) },
    optional: { sampler: nested(samplerKind), grid: nested(gridKind), times: positiveInteger },
    build: ({ denoiser, ...options }): AnyDist => variationalDiffusion(denoiser as Denoiser<Shape, 'signal'>, options),
    examples: [
      {
        denoiser: { type: 'predict', prediction: 'noise', shape: [2], process: { type: 'vp' }, network: smallResMlp },
        sampler: { type: 'eulerMaruyama' },
        grid: { type: 'logSnrGrid', steps: 3 },
        times: 2,
      },
    ],
  },
  <S extends Shape>(
    denoiser: Denoiser<S, 'signal'>,
    { sampler = eulerMaruyama(), grid = logSnrGrid(100), times = 1 }: VariationalDiffusionOptions = {},
  ): Dist<S, Bound & Samples & Denoises> & DiffusionDist => {
    if (!Number.isInteger(times) || times < 1)
      return raise('ArgumentError', 'variationalDiffusion', 'needs one time or more', { got: `${times}` });
    const { process, shape } = denoiser;
    const { start, end } = process.span;
    const size = sizeOf(shape);
    const [near, first] = [valueAt(process.alpha, start), valueAt(process.sigma, start)];
    const [far, last] = [valueAt(process.alpha, end), valueAt(process.sigma, end)];
    const precision = process.priorScale ** -2;
    const constant =
      -0.5 * size * (last * last * precision + Math.log((2 * Math.PI) / precision)) +
      size * Math.log((last * near) / first);
    const mass = likelihoodMass(process);
    const timeAt = importanceTime.of(process).at;

    /** ½ ∫ (g²/σ²) ‖ε̂ − ε‖² dt by the times in equal parts of log-SNR. */
    const path =
      (x0: Expr): D.Draw<Expr> =>
      (scope) =>
        pipe(
          R.vmapRandom(
            (part) =>
              pipe(
                R.both(R.uniform([]), R.normal(shape)),
                R.map(([u, noise]): readonly Expr[] => {
                  const t = timeAt(o.mul(1 / times, o.add(part, u)));
                  const x = o.add(o.mul(process.alpha(t), x0), o.mul(process.sigma(t), noise));
                  return [o.sum(o.square(o.sub(denoiser.noise(x, t)(scope), noise)))];
                }),
              ),
            { axis: 'times' },
          )(o.constant(range(times))),
          R.map(([squares]) => o.mul(0.5 * mass, o.mean(squares))),
        );

    const dist = distribution<S, Bound & Samples & Denoises>({
      shape,
      spec: { type: 'variationalDiffusion', denoiser: denoiser.spec, sampler: sampler.spec, grid: grid.spec, times },
      evidence: 'bound',
      logDensity: (x0) =>
        pipe(
          path(x0),
          D.map((integral) => {
            const prior = o.mul(0.5 * far * far * precision, o.sum(o.square(x0)));
            return o.sub(o.sub(constant, prior), integral);
          }),
        ),
      sample: pipe(
        sampleWith(sampler, grid, { finish: 'noisy' })(denoiser),
        D.chain((x) =>
          pipe(
            D.fromRandom(R.normal(shape)),
            D.map((e) => o.mul(1 / near, o.add(x, o.mul(first, e)))),
          ),
        ),
      ),
    });
    return pipe(
      dist,
      having(denoising, denoiser as Denoiser),
      having(resampling, (sampling: Sampling) => variationalDiffusion(denoiser, { times, ...sampling })),
      having(redenoising, (other: Denoiser): AnyDist => variationalDiffusion(other as Denoiser<S, 'signal'>, { sampler, grid, times })), // biome-ignore format: one line
    );
  },
);
