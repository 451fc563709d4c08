/** The subject of score matching: a distribution's score ∇ₓ log p(x), with or without the density behind it. */

import { pipe } from 'fp-ts/lib/function.js';
import { demand } from '../../algebra/demand.ts';
import { type Dist, isDist } from '../../algebra/dist.ts';
import type { Unnormalised } from '../../algebra/evidence.ts';
import type { Spec } from '../../algebra/spec.ts';
import { shapeCodec } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import { grad } from '../../core/differentiate/index.ts';
import * as D from '../../core/draw.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { declare } from '../../core/reading.ts';
import type { Shape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { mlp, type Network } from '../../nn/index.ts';
import { networkKind } from '../../nn/kinds.ts';
import type { Denoiser } from '../../sde/denoiser.ts';
import { scoreModelKind } from '../kinds.ts';

/** A field that stands for ∇ₓ log p(x): the score itself, or a model of it that nothing makes a gradient. */
export interface ScoreModel<out S extends Shape> {
  readonly spec: Spec;
  readonly shape: S;
  readonly score: (x: Expr) => D.Draw<Expr>;
}

/** What has a score: a model of one, or a distribution with a density up to a constant (by differentiation). */
export type HasScore<S extends Shape> = ScoreModel<S> | Dist<S, Unnormalised>;

/** The first, mentioning the parameters of the second, whose value it never takes. */
const mentioning = (x: Expr, others: Expr): Expr => o.add(x, o.where(o.less(1, 0), o.stopGradient(others), 0));

/** The source as a part of an objective's spec: `dist`, or `model`. */
export const sourceSpec = (source: HasScore<Shape>): { readonly [key: string]: Spec } =>
  isDist(source) ? { dist: source.spec } : { model: source.spec };

/**
 * The score ∇ₓ log p(x) of a distribution by reverse-mode differentiation of its log-density; a score model is returned unchanged. Constants of the density have no
 * effect: parameters that only add a constant (the last bias of an energy) get no gradient, but stay parameters of the objective, since the
 * trained distribution needs them. Cost: one backward pass. Throws `ArgumentError` where the distribution has no log-density, not even up to a constant.
 *
 * @example
 * value(scoreModel(normal([2])).score(ops.array([1, 2])));   // [-1, -2]
 */
export const scoreModel = <S extends Shape>(source: HasScore<S>): ScoreModel<S> => {
  if (!isDist(source)) return source;
  const dist = demand<S>('score', source, 'unnormalisedLogDensity');
  return {
    spec: dist.spec,
    shape: dist.shape,
    score: (x) => pipe(dist.logDensity(x), D.map((l) => mentioning(grad(l, [x])[0], l))), // biome-ignore format: one idea
  };
};

/**
 * A score given by a network directly, without a density (Song & Ermon 2019, arXiv:1907.05600): half the cost of an energy's, and no distribution.
 * Parameters stand at `score`.
 *
 * @example
 * slicedScoreMatching()(scoreNetwork([2], mlp([64, 64], { activation: 'softplus', zeroLast: false })));
 */
export const scoreNetwork = define(
  scoreModelKind,
  {
    type: 'scoreNetwork',
    about: 'A network as a score.',
    takes: ['shape', 'network'],
    required: { shape: shapeCodec, network: nested(networkKind) },
    build: ({ shape, network }): ScoreModel<Shape> => scoreNetwork(shape, network),
    examples: [{ shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } }],
  },
  <const S extends Shape>(
    shape: S,
    network: Network = mlp([64, 64], { activation: 'silu', zeroLast: false }),
  ): ScoreModel<S> => {
    const declaration = declare('network', 'scoreNetwork');
    return {
      spec: { type: 'scoreNetwork', shape, network: network.spec },
      shape,
      score: D.method(declaration, 'score', (x) => D.at('score', D.fromScoped(network.apply(x, shape)))),
    };
  },
);

/**
 * The score model of a denoiser at one time: s(x, t) = ∇ₓ log p_t(x) for fixed t, a scalar expression.
 *
 * @example
 * const model = scoreAt(ops.scalar(0.5))(predict('noise', vp(), resMlp([16]), { shape: [2] }));
 * model.shape;   // [2]
 */
export const scoreAt =
  (time: Expr) =>
  <S extends Shape>(denoiser: Denoiser<S>): ScoreModel<S> => ({
    spec: { type: 'scoreAt', denoiser: denoiser.spec, opaque: 'the time is an expression' },
    shape: denoiser.shape,
    score: (x) => D.fromScoped(denoiser.score(x, time)),
  });
