/** Denoising score matching, at many noise scales and at one. */

import { pipe } from 'fp-ts/lib/function.js';
import { distributionKind } from '../../algebra/kinds.ts';
import { positiveNumber } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import { knownOptions } from '../../core/known-options.ts';
import * as o from '../../core/ops/index.ts';
import * as R from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { smallResMlp } from '../../nn/small.ts';
import { convert, type Denoiser, type Prediction } from '../../sde/denoiser.ts';
import { denoiserKind, timeKind, weightingKind } from '../../sde/kinds.ts';
import type { Process } from '../../sde/process.ts';
import { type TimeDist, uniformTime } from '../../sde/time-dist.ts';
import { simpleWeighting, type Weighting } from '../../sde/weighting.ts';
import { objectiveKind } from '../kinds.ts';
import type { AnyObjective, Objective } from '../objective.ts';
import { type HasDenoiser, onDenoiser } from './denoiser-of.ts';
import { type HasScore, type ScoreModel, scoreAt, scoreModel, sourceSpec } from './score-model.ts';
import { oneSource, scoredFields } from './source-codec.ts';

/** The weights and the distribution of noise levels. */
export interface DenoisingOptions {
  /** Default {@link simpleWeighting}. */
  readonly weighting?: Weighting;
  /** The distribution of times that the loss is a mean over; default {@link uniformTime}. */
  readonly time?: TimeDist;
  /** The distribution that times are drawn from, default `time`: with another one, the loss is multiplied by the ratio of the two, and its mean stays. */
  readonly drawnBy?: TimeDist;
}

/** A noisy event at a drawn time; `weight` is the ratio of the distribution of time to the one it was drawn from. */
interface Noised {
  readonly x: Expr;
  readonly noise: Expr;
  readonly time: Expr;
  readonly weight: Expr;
}

const noised = (process: Process, { time = uniformTime, drawnBy = time }: DenoisingOptions, clean: Expr): R.Random<Noised> => {
  const [wanted, drawn] = [time.of(process), drawnBy.of(process)];
  return pipe(
    R.both(R.uniform([]), R.normal(clean.shape)),
    R.map(([u, noise]) => {
      const at = drawn.at(u);
      const x = o.add(o.mul(process.alpha(at), clean), o.mul(process.sigma(at), noise));
      const weight = time === drawnBy ? o.scalar(1) : o.div(wanted.density(at), drawn.density(at));
      return { x, noise, time: at, weight };
    }),
  );
}; // biome-ignore format: one idea

/**
 * The weight of the squared error of a prediction at time t, as a scalar expression. The weights of the predictions agree because ‖ε̂ − ε‖² = SNR ‖x̂₀ − x₀‖² =
 * σ² ‖ŝ − s‖² and ‖v̂ − v‖² = ((α² + σ²)/σ)² ‖x̂₀ − x₀‖².
 *
 * @example
 * value(weightOf('noise', simpleWeighting, vp())(ops.scalar(0.5)));   // 1
 */
export const weightOf = (prediction: Prediction, weighting: Weighting, process: Process) => (t: Expr): Expr => {
  const [a, s] = [process.alpha(t), process.sigma(t)];
  switch (prediction) {
    case 'data':
      return weighting.data(process)(t);
    case 'noise':
      return weighting.noise(process)(t);
    case 'score':
      return o.mul(o.square(s), weighting.noise(process)(t));
    case 'velocity':
      return o.mul(o.square(o.div(s, o.add(o.square(a), o.square(s)))), weighting.data(process)(t));
  }
}; // biome-ignore format: one idea

/** The target of the network, from the clean event and the noise, without dividing by α. */
const targetOf = ({ prediction, process }: Denoiser, clean: Expr, { x, noise, time }: Noised): Expr => {
  switch (prediction) {
    case 'data':
      return clean;
    case 'noise':
      return noise;
    case 'score':
      return convert('noise', 'score', process)(x, time, noise);
    case 'velocity':
      return o.sub(o.mul(process.alpha(time), noise), o.mul(process.sigma(time), clean));
  }
};

const optionsSpec = (type: string, options: DenoisingOptions) => {
  const known = { weighting: true, time: true, drawnBy: true } as const;
  const { weighting = simpleWeighting, time = uniformTime, drawnBy } = knownOptions(type, options, known);
  return {
    type,
    weighting: weighting.spec,
    time: time.spec,
    ...(drawnBy === undefined ? {} : { drawnBy: drawnBy.spec }),
  };
};

/**
 * Denoising score matching at all noise levels of a process: E w(t) ‖ε̂(x_t, t) − ε‖² with x_t = α(t) x₀ + σ(t) ε, computed in what the network
 * predicts. It is L_simple of DDPM (Ho et al. 2020; `discreteTime`), the losses of NCSN (on `ve`), Score-SDE (Song et al. 2021), ScoreFlow
 * (`likelihoodWeighting`, drawn by `importanceTime`) and EDM (`edmWeighting`, `logNormalTime`) by its options. A distribution under fixed transports is
 * trained on their inner side, so one declaration gives samples, the loss and bits per dimension.
 *
 * Its minimiser is the exact denoiser whatever the weighting: its gradient is that of explicit score matching of the noised data (Vincent 2011), and
 * its least value, for data N(m, s²), is w α²s²/(α²s² + σ²) for each number. Cost: one pass of the network.
 *
 * Throws `ArgumentError` where a distribution has no denoiser or stands under transports with parameters.
 *
 * @example
 * denoisingScoreMatching(predict('noise', vp(), resMlp([64, 64]), { shape: [2] }), { drawnBy: importanceTime });
 */
export const denoisingScoreMatching = define(
  objectiveKind,
  {
    type: 'denoisingScoreMatching',
    about: 'The denoiser’s mean square error at random noise levels.',
    optional: {
      dist: nested(distributionKind),
      denoiser: nested(denoiserKind),
      weighting: nested(weightingKind),
      time: nested(timeKind),
      drawnBy: nested(timeKind),
    },
    takes: ['of'],
    build: ({ dist, denoiser, ...options }): AnyObjective<Shape> =>
      denoisingScoreMatching(oneSource('denoisingScoreMatching', { dist, denoiser }) as never, options),
    examples: [
      {
        denoiser: { type: 'predict', prediction: 'noise', shape: [2], process: { type: 'vp' }, network: smallResMlp },
        weighting: { type: 'simpleWeighting' },
        time: { type: 'importanceTime' },
        drawnBy: { type: 'uniformTime' },
      },
      {
        dist: {
          type: 'diffusion',
          denoiser: { type: 'predict', prediction: 'noise', shape: [2], process: { type: 'vp' }, network: smallResMlp },
        },
      },
    ],
  },
  <S extends Shape>(source: HasDenoiser<S>, options: DenoisingOptions = {}): Objective<S> =>
    onDenoiser(source, optionsSpec('denoisingScoreMatching', options), (denoiser, clean) =>
      pipe(
        D.fromRandom(noised(denoiser.process, options, clean)),
        D.chain((at) => {
          const w = weightOf(denoiser.prediction, options.weighting ?? simpleWeighting, denoiser.process)(at.time);
          const target = targetOf(denoiser, clean, at);
          return pipe(
            D.fromScoped(denoiser.raw(at.x, at.time)),
            D.map((said) => o.mul(o.mul(at.weight, w), o.sum(o.square(o.sub(said, target))))),
          );
        }),
      ),
    ),
);

/**
 * Any score matching at all noise levels of a process: E 2 σ² w(t) L(s(·, t); x_t), where L is an estimator of ½‖s − ∇ log p_t‖². `annealed(scoreMatching)`
 * has the gradient of {@link denoisingScoreMatching}; `annealed(slicedScoreMatching())` is NCSN's other loss, which needs no target (Song & Ermon
 * 2019, arXiv:1907.05600, §4.2).
 *
 * @example
 * annealed(slicedScoreMatching())(predict('score', ve({ sigmaMax: 3 }), resMlp([64, 64]), { shape: [2] }));
 */
export const annealed =
  (estimator: <S extends Shape>(model: ScoreModel<S>) => Objective<S>, options: DenoisingOptions = {}) =>
  <S extends Shape>(source: HasDenoiser<S>): Objective<S> =>
    onDenoiser(
      source,
      { ...optionsSpec('annealed', options), opaque: 'the estimator is a function' },
      (denoiser, clean) =>
        pipe(
          D.fromRandom(noised(denoiser.process, options, clean)),
          D.chain((at) => {
            const w = weightOf('score', options.weighting ?? simpleWeighting, denoiser.process)(at.time);
            return pipe(
              estimator(scoreAt(at.time)(denoiser)).loss(at.x),
              D.map((l) => o.mul(o.mul(2, o.mul(at.weight, w)), l)),
            );
          }),
        ),
    );

/**
 * Denoising score matching at one noise scale (Vincent 2011, equation 11), for any distribution with a score, energies included: ½ ‖s(x + σε) + ε/σ‖². The
 * minimiser is the score of the data with noise σ added. Cost: one score. Throws `ArgumentError` where the scale is not positive.
 *
 * @example
 * denoisingScoreMatchingAt(0.1)(energy([2]));
 */
export const denoisingScoreMatchingAt = define(
  objectiveKind,
  {
    type: 'denoisingScoreMatchingAt',
    about: 'Score matching of the data at one noise level.',
    required: { scale: positiveNumber },
    optional: scoredFields,
    takes: ['scale'],
    build: ({ scale, dist, model }): AnyObjective<Shape> =>
      denoisingScoreMatchingAt(scale)(oneSource('denoisingScoreMatchingAt', { dist, model }) as never),
    examples: [
      { scale: 0.1, dist: { type: 'energy', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } } },
      {
        scale: 0.1,
        model: { type: 'scoreNetwork', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } },
      },
    ],
  },
  (scale: number) =>
    <S extends Shape>(source: HasScore<S>): Objective<S> => {
      if (!(scale > 0 && Number.isFinite(scale)))
        return raise('ArgumentError', 'denoisingScoreMatchingAt', 'the noise scale is positive', { got: `${scale}` });
      const model = scoreModel(source);
      return {
        shape: model.shape,
        spec: { type: 'denoisingScoreMatchingAt', scale, ...sourceSpec(source) },
        evidence: 'none',
        loss: (x) =>
          pipe(
            D.fromRandom(R.normal(x.shape)),
            D.chain((noise) =>
              pipe(
                model.score(o.add(x, o.mul(scale, noise))),
                D.map((s) => o.mul(0.5, o.sum(o.square(o.add(s, o.mul(1 / scale, noise)))))),
              ),
            ),
          ),
      };
    },
);
