/**
 * Control: denoisers made from denoisers, so that control works with every sampler. Scores of conditions add, ∇ log p(x | y) = ∇ log p(x) + ∇ log p(y | x), and
 * data, noise and velocity follow.
 */

import { opaque, type Spec } from '../algebra/spec.ts';
import { finite } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { grad } from '../core/differentiate/index.ts';
import { raise } from '../core/errors.ts';
import { applyLambda, type Expr, variable } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Scoped } from '../core/scope.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { smallResMlp } from '../nn/small.ts';
import { type Denoiser, denoiser, type Field } from './denoiser.ts';
import { denoiserKind } from './kinds.ts';
import type { Terminal } from './process.ts';
import { ends, rangeCodec } from './range-codec.ts';

/**
 * The gradient of a scalar function of an event, ∇f(x), of the event's shape, by reverse-mode differentiation. Cost: one evaluation and one gradient of f.
 *
 * @example
 * value(gradientOf((x) => () => ops.sum(ops.square(x)))(ops.constant([1, 2])));   // [2, 4]
 */
export const gradientOf =
  (f: (x: Expr) => Scoped<Expr>) =>
  (x: Expr): Scoped<Expr> =>
  (scope) => {
    const v = variable(x.shape);
    const [g] = grad(f(v)(scope), [v]);
    return applyLambda({ variables: [v], results: [g] }, [x])[0];
  };

/**
 * The denoiser whose score has a field g(x, t) added: s′ = s + g, and with it ε̂′ = ε̂ − σ g and x̂₀′ = x̂₀ + (σ²/α) g. g has the event's shape. It is the
 * common step of guidance and of posterior sampling. Cost: one evaluation of g for each of the denoiser.
 *
 * @example
 * const pull = (x, t) => () => ops.neg(x);
 * withScoreAdded(opaque('pulled', 'an example'), exactDenoiser(vp(), standardNormal([2])), pull);
 */
export const withScoreAdded = <S extends Shape>(
  spec: Spec,
  of: Denoiser<S, 'signal'>,
  added: Field,
): Denoiser<S, 'signal'> => {
  const { process } = of;
  const at = (f: (x: Expr, g: Expr, a: Expr, s: Expr) => Expr, field: Field): Field => (x, t) => (scope) =>
    f(field(x, t)(scope), added(x, t)(scope), process.alpha(t), process.sigma(t)); // biome-ignore format: one idea
  const noise = at((e, g, _a, s) => o.sub(e, o.mul(s, g)), of.noise);
  return denoiser({
    spec,
    shape: of.shape,
    process,
    prediction: 'noise',
    raw: noise,
    noise,
    score: at((v, g) => o.add(v, g), of.score),
    data: at((x, g, a, s) => o.add(x, o.mul(o.div(o.square(s), a), g)), of.data),
  });
};

/** Options of {@link classifierGuidance}. */
export interface GuidanceOptions {
  /** 1 (default) is Bayes' rule; more sharpens the condition, as p(x) p(y | x)^scale. */
  readonly scale?: number;
}

/**
 * Classifier guidance (Dhariwal & Nichol 2021, arXiv:2105.05233; Song et al. 2021, arXiv:2011.13456, §5): the score becomes s + scale · ∇ₓ log p(y | x_t),
 * where `logLikelihood(x, t)` = log p(y | x_t) is a scalar in nats and reads noisy events. The likelihood names its own parameters. Cost: one gradient of the
 * likelihood for each evaluation of the denoiser.
 *
 * @example
 * const right = (x) => () => ops.sum(ops.logSigmoid(ops.mul(4, x)));   // p(y | x_t): to the right of 0
 * classifierGuidance(exactDenoiser(vp(), standardNormal([2])), right, { scale: 2 });
 */
export const classifierGuidance = <S extends Shape>(
  of: Denoiser<S, 'signal'>,
  logLikelihood: Field,
  { scale = 1 }: GuidanceOptions = {},
): Denoiser<S, 'signal'> =>
  withScoreAdded(
    { ...opaque('classifierGuidance', 'the likelihood is a function'), scale, denoiser: of.spec },
    of,
    (x, t) => (scope) => o.mul(scale, gradientOf((v) => logLikelihood(v, t))(x)(scope)),
  );

/** Options of {@link classifierFreeGuidance}. */
export interface ClassifierFreeOptions<S extends Shape, T extends Terminal = Terminal> {
  readonly conditional: Denoiser<S, T>;
  readonly unconditional: Denoiser<S, T>;
  /** 0 ignores the condition, 1 (default) is the conditional denoiser, more goes beyond it. */
  readonly scale?: number;
}

/**
 * Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598): every prediction is u + scale (c − u), with c from a denoiser that knows the condition and u
 * from one that does not (often the same network given zeros: `network.given`). Cost: two evaluations. Throws `ArgumentError` where the two denoisers have
 * different processes, `ShapeError` where their events have different shapes.
 *
 * @example
 * const of = (loc) => exactDenoiser(vp(), normal([2], { loc }));
 * classifierFreeGuidance({ conditional: of(1), unconditional: of(0), scale: 3 });
 */
export const classifierFreeGuidance = define(
  denoiserKind,
  {
    type: 'classifierFreeGuidance',
    about: 'Away from what every class shares.',
    required: { conditional: nested(denoiserKind), unconditional: nested(denoiserKind) },
    optional: { scale: finite },
    takes: [],
    build: (parts): Denoiser => classifierFreeGuidance(parts),
    examples: [
      {
        conditional: {
          type: 'predict',
          prediction: 'noise',
          shape: [2],
          process: { type: 'vp' },
          network: smallResMlp,
        },
        unconditional: {
          type: 'predict',
          prediction: 'noise',
          shape: [2],
          process: { type: 'vp' },
          network: smallResMlp,
        },
        scale: 2,
      },
    ],
  },
  <S extends Shape, T extends Terminal = Terminal>({
    conditional,
    unconditional,
    scale = 1,
  }: ClassifierFreeOptions<S, T>): Denoiser<S, T> => {
    const [c, u] = [conditional.process.spec, unconditional.process.spec].map((s) => JSON.stringify(s));
    if (c !== u)
      return raise('ArgumentError', 'classifierFreeGuidance', 'the two denoisers are of different processes', {
        expected: c,
        got: u,
      });
    if (!sameShape(conditional.shape, unconditional.shape))
      return raise('ShapeError', 'classifierFreeGuidance', 'the two denoisers are of different events', {
        expected: showShape(conditional.shape),
        got: showShape(unconditional.shape),
      });
    const mixed =
      (of: (d: Denoiser<S, T>) => Field): Field =>
      (x, t) =>
      (scope) => {
        const away = of(unconditional)(x, t)(scope);
        return o.add(away, o.mul(scale, o.sub(of(conditional)(x, t)(scope), away)));
      };
    const { shape, process, prediction, declaration } = conditional;
    return {
      shape,
      process,
      prediction,
      declaration,
      spec: {
        type: 'classifierFreeGuidance',
        scale,
        conditional: conditional.spec,
        unconditional: unconditional.spec,
      },
      raw: mixed((d) => d[conditional.prediction]),
      data: mixed((d) => d.data),
      noise: mixed((d) => d.noise),
      score: mixed((d) => d.score),
      velocity: mixed((d) => d.velocity),
    };
  },
);

/**
 * A denoiser whose x̂₀ is clipped to a range that the data are known to lie in (`clip_denoised` in DDPM's code, "static thresholding"); noise, score and
 * velocity are derived from the clipped x̂₀. Its probability flow differs from that of the unclipped denoiser.
 *
 * @example
 * clipData(exactDenoiser(vp(), standardNormal([2])), [-1, 1]);
 */
export const clipData = define(
  denoiserKind,
  {
    type: 'clipData',
    about: 'A denoiser whose data are clipped to a range.',
    takes: ['denoiser', 'range'],
    required: { range: rangeCodec, denoiser: nested(denoiserKind) },
    build: ({ range, denoiser }): Denoiser => clipData(denoiser, ends(range)),
    examples: [
      {
        range: [-1, 1],
        denoiser: { type: 'predict', prediction: 'noise', shape: [2], process: { type: 'vp' }, network: smallResMlp },
      },
    ],
  },
  <S extends Shape>(of: Denoiser<S>, [low, high]: readonly [number, number]): Denoiser<S> => {
    const data: Field = (x, t) => (scope) => o.min(high, o.max(low, of.data(x, t)(scope)));
    return denoiser({
      spec: { type: 'clipData', range: [low, high], denoiser: of.spec },
      shape: of.shape,
      process: of.process,
      prediction: 'data',
      raw: data,
    });
  },
);
