/** Samplers that step along the path itself, by α and σ at both ends of a step: exact in the schedule, at home on every process. */

import { pipe } from 'fp-ts/lib/function.js';
import { finite, list, nonNegative, oneOf } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import type { Denoiser } from './denoiser.ts';
import { samplerKind } from './kinds.ts';
import type { Process, Terminal } from './process.ts';
import { asked, type DiffusionSampler, memoryless, withSignal } from './sampler.ts';
import { spread } from './sde-samplers.ts';

/**
 * What happens between a time and an earlier one: x_from = keep · x_to + √added · ε, and `fresh` = 1 − SNR(from)/SNR(to), the part of the noise at `from` that
 * is new since `to`, by expm1: it keeps its digits for short steps, and is 1 at pure noise.
 */
const transition = (process: Process, from: Expr, to: Expr) => {
  const [a, b] = [process.alpha(from), process.alpha(to)];
  const [s, r] = [process.sigma(from), process.sigma(to)];
  const fresh = o.neg(o.expm1(o.sub(process.logSnr(from), process.logSnr(to))));
  return { keep: o.div(a, b), added: o.mul(o.square(s), fresh), fresh, alpha: b, sigma: r, before: s };
};

/** Data and noise that a denoiser sees in an event. */
const both = (d: Denoiser<Shape>, x: Expr, t: Expr): D.Draw<{ readonly data: Expr; readonly noise: Expr }> =>
  pipe(
    asked(d.data, 'data', x, t),
    D.chain((data) => D.map((noise: Expr) => ({ data, noise }))(asked(d.noise, 'noise', x, t))),
  );

/**
 * The reverse-diffusion predictor: each step of the forward process, x_from = r x_to + q ε, is reversed by x ← (2 − r) x + q² s + q z (Song et al. 2021,
 * arXiv:2011.13456, appendix E). Cost: one evaluation of the denoiser a step.
 *
 * @example
 * sampleWith(reverseDiffusion(), uniformGrid(1000));
 */
export const reverseDiffusion = define(
  samplerKind,
  { type: 'reverseDiffusion', about: 'The reverse of the discretised process.', examples: [{}] },
  (): DiffusionSampler =>
    memoryless(
      { type: 'reverseDiffusion' },
      1,
      (d) => (x, from, to) =>
        pipe(
          asked(d.score, 'score', x, from),
          D.chain((score) => {
            const { keep, added } = transition(d.process, from, to);
            return spread(o.add(o.mul(o.sub(2, keep), x), o.mul(added, score)), o.sqrt(added));
          }),
        ),
    ),
);

/** The variance of {@link ancestral}: that of q(x_to | x_from, x₀) (`small`, β̃), or that of q(x_from | x_to) (`large`, β). */
export type ReverseVariance = 'small' | 'large';

/**
 * Ancestral sampling: x_to ~ q(x_to | x_from, x₀) with the denoiser's estimate for x₀. `small` variances are optimal for data at one point, `large` ones for
 * standard normal data (Ho et al. 2020, arXiv:2006.11239, §3.2; for VE Song et al. 2021, arXiv:2011.13456, appendix F). Cost: one evaluation of the denoiser a
 * step.
 *
 * @example
 * sampleWith(ancestral({ variance: 'large' }), subSequence(1000));   // DDPM
 */
export const ancestral = define(
  samplerKind,
  {
    type: 'ancestral',
    about: 'Draws from the posterior of one noisy event given the next.',
    optional: { variance: oneOf(['small', 'large']) },
    examples: [{ variance: 'large' }],
  },
  ({ variance = 'small' }: { readonly variance?: ReverseVariance } = {}): DiffusionSampler =>
    memoryless(
      { type: 'ancestral', variance },
      1,
      (d) => (x, from, to) =>
        pipe(
          asked(d.data, 'data', x, from),
          D.chain((data) => {
            const { keep, added, fresh, alpha, sigma, before } = transition(d.process, from, to);
            const stay = o.mul(keep, o.square(o.div(sigma, before)));
            const mean = o.add(o.mul(stay, x), o.mul(o.mul(alpha, fresh), data));
            return spread(mean, variance === 'large' ? o.sqrt(added) : o.mul(sigma, o.sqrt(fresh)));
          }),
        ),
    ),
);

/**
 * DDIM (Song, Meng & Ermon 2021, arXiv:2010.02502, eq. 12): x_to = α x̂₀ + √(σ² − c²) ε̂ + c z, with c = η times the standard deviation of q(x_to | x_from,
 * x₀). η = 0 (default) is deterministic, η = 1 is {@link ancestral}. With η = 0 it is Euler's method in σ/α, and its steps can be inverted: {@link encodeWith}.
 * Cost: one evaluation of the denoiser a step. Throws `ArgumentError` where η is not in [0, 1].
 *
 * @example
 * sampleWith(ddim({ eta: 0.5 }), subSequence(50, 'quadratic'));
 */
export const ddim = define(
  samplerKind,
  {
    type: 'ddim',
    about: 'Implicit steps, with as much noise as asked for.',
    optional: { eta: nonNegative },
    examples: [{ eta: 0.5 }],
  },
  ({ eta = 0 }: { readonly eta?: number } = {}): DiffusionSampler =>
    eta >= 0 && eta <= 1
      ? memoryless(
          { type: 'ddim', eta },
          1,
          (d) => (x, from, to) =>
            pipe(
              both(d, x, from),
              D.chain(({ data, noise }) => {
                const { fresh, alpha, sigma } = transition(d.process, from, to);
                const clean = o.mul(alpha, data);
                if (eta === 0) return D.of(o.add(clean, o.mul(sigma, noise)));
                const kept = o.sqrt(o.max(o.sub(1, o.mul(eta * eta, fresh)), 0));
                return spread(o.add(clean, o.mul(o.mul(sigma, kept), noise)), o.mul(eta, o.mul(sigma, o.sqrt(fresh))));
              }),
            ),
          { reversible: eta === 0 },
        )
      : raise('ArgumentError', 'ddim', 'η is not in [0, 1]', { expected: '0 … 1', got: `${eta}` }),
);

/** What DPM-Solver++ remembers: its last prediction of the data, and the step in ½λ that followed it (0: none yet). */
export type LastPrediction = { readonly data: Expr; readonly step: Expr };

/**
 * DPM-Solver++(2M) (Lu et al. 2022, arXiv:2211.01095, algorithm 2): a deterministic method of second order in log-SNR from the last two predictions of the
 * data. With h the step in ½λ and r the ratio of the last step to it, D̃ = D + (D − D_last)/(2r) and x ← (σ'/σ) x − α' (e^{−h} − 1) D̃. The first step, which
 * has no last prediction, is of first order (DDIM); so is a step from pure noise. Cost: one evaluation of the denoiser a step.
 *
 * @example
 * sampleWith(dpmSolver(), logSnrGrid(15));
 */
export const dpmSolver = define(
  samplerKind,
  { type: 'dpmSolver', about: 'DPM-Solver++(2M).', examples: [{}] },
  (): DiffusionSampler<Terminal, LastPrediction> => ({
    spec: { type: 'dpmSolver' },
    evaluations: 1,
    reversible: false,
    memory: (x) => ({ data: o.broadcastTo(0, x.shape), step: o.scalar(0) }),
    step: (d) => {
      const { process } = d;
      return ({ x, memory }, from, to) =>
        pipe(
          asked(d.data, 'data', x, from),
          D.map((data) => {
            const step = o.mul(0.5, o.sub(process.logSnr(to), process.logSnr(from)));
            const known = o.and(o.greater(memory.step, 0), o.less(o.add(step, memory.step), Number.POSITIVE_INFINITY));
            const ahead = o.where(known, o.div(o.where(known, step, 0), o.mul(2, o.where(known, memory.step, 1))), 0);
            const guess = o.add(data, o.mul(ahead, o.sub(data, memory.data)));
            const kept = o.div(process.sigma(to), process.sigma(from));
            const moved = o.mul(o.mul(process.alpha(to), o.expm1(o.neg(step))), guess);
            return { x: o.sub(o.mul(kept, x), moved), memory: { data, step } };
          }),
        );
    },
  }),
);

/** Options of {@link edmHeun}. */
export interface EdmHeunOptions {
  /** γ: before each step noise is added until σ is 1 + γ times what it was; at most √2 − 1 in the paper (min(S_churn/N, √2 − 1)). Default 0: none. */
  readonly churn?: number;
  /** Noise is added only where σ/α is between these (S_tmin, S_tmax). */
  readonly between?: readonly [number, number];
  /** S_noise; default 1. */
  readonly noise?: number;
}

/**
 * EDM's stochastic sampler (Karras et al. 2022, arXiv:2206.00364, algorithm 2): in x/α and σ/α the probability flow is d(x/α) = ε̂ d(σ/α); each step first adds
 * noise (`churn`), then takes one step of Heun's method. Second order where `churn` is 0. It never leaves the span: noise is added up to the value of σ/α at
 * its end. Cost: two evaluations of the denoiser a step. Throws `ArgumentError` where `churn` is negative. It cannot start from pure noise, where x/α is
 * undefined: that does not compile.
 *
 * @example
 * sampleWith(edmHeun(), karrasGrid(17));   // 35 evaluations
 */
export const edmHeun = define(
  samplerKind,
  {
    type: 'edmHeun',
    about: 'The stochastic sampler of EDM.',
    optional: { churn: nonNegative, noise: nonNegative, between: list(finite, 'a list of numbers') },
    takes: [],
    build: ({ between, ...rest }): DiffusionSampler<'signal'> =>
      edmHeun({
        ...rest,
        ...(between === undefined ? {} : { between: [between[0], between[1] ?? Number.POSITIVE_INFINITY] }),
      }),
    examples: [{ churn: 0.4, noise: 1.003, between: [0.05, 50] }],
  },
  ({
    churn = 0,
    between = [0, Number.POSITIVE_INFINITY],
    noise: scale = 1,
  }: EdmHeunOptions = {}): DiffusionSampler<'signal'> => {
    if (!(churn >= 0))
      return raise('ArgumentError', 'edmHeun', 'churn must not be negative', {
        expected: '0 or more',
        got: `${churn}`,
      });
    const bounds = between[1] === Number.POSITIVE_INFINITY ? between.slice(0, 1) : between;
    return memoryless<'signal'>(
      { type: 'edmHeun', churn, between: bounds, noise: scale },
      2,
      (d) => {
        const { process } = withSignal('edmHeun', d);
        const level = (t: Expr): Expr => o.exp(o.mul(-0.5, process.logSnr(t)));
        const heun = (clean: Expr, at: Expr, now: Expr, to: Expr): D.Draw<Expr> => {
          const move = o.sub(level(to), now);
          const alpha = process.alpha(to);
          return pipe(
            asked(d.noise, 'noise', o.mul(process.alpha(at), clean), at),
            D.chain((first) =>
              pipe(
                asked(d.noise, 'noise', o.mul(alpha, o.add(clean, o.mul(move, first))), to),
                D.map((second) => o.mul(alpha, o.add(clean, o.mul(o.mul(0.5, move), o.add(first, second))))),
              ),
            ),
          );
        };
        return (x, from, to) => {
          const now = level(from);
          const clean = o.div(x, process.alpha(from));
          if (churn === 0) return heun(clean, from, now, to);
          const inside = o.and(o.greaterEqual(now, between[0]), o.lessEqual(now, between[1]));
          const more = o.where(inside, o.min(o.mul(1 + churn, now), level(o.scalar(process.span.end))), now);
          const extra = o.mul(scale, o.sqrt(o.max(o.sub(o.square(more), o.square(now)), 0)));
          return pipe(
            spread(clean, extra),
            D.chain((noisier) => heun(noisier, process.timeAt(o.mul(-2, o.log(more))), more, to)),
          );
        };
      },
      { reversible: churn === 0 },
    );
  },
);
