import { list, positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import { sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { type Activation, activationCodec, activations, dense, denseZero } from './dense.ts';
import { embeddingKind, noiseNetworkKind } from './kinds.ts';
import { conditioning, type NoiseConditioned, noiseConditioned } from './noise-conditioned.ts';
import { type Embedding, gaussianFourier } from './time-embedding.ts';

/** Options of {@link resMlp}. */
export interface ResMlpOptions {
  readonly activation?: Activation;
  /** How the noise coordinate is read; default `gaussianFourier()`, for ¼ log σ. */
  readonly embedding?: Embedding;
}

/**
 * A residual perceptron that reads a noise level, for events that are vectors: h₀ = W x, hᵢ₊₁ = hᵢ + f(Wᵢ f(hᵢ) + Vᵢ e(c)) over the given widths (a change of
 * width is a plain layer), and a last layer that is zero at the start, so that an untrained network returns 0. Cost: one product a layer and one for its
 * reading of the noise level. Throws `ArgumentError` where a width is not a positive integer or there is none. Source: after He et al. 2016, arXiv:1512.03385.
 *
 * @example
 * resMlp([128, 128, 128]);
 */
export const resMlp = define(
  noiseNetworkKind,
  {
    type: 'resMlp',
    about: 'A residual perceptron that reads a noise level.',
    takes: ['hidden'],
    required: { hidden: list(positiveInteger, 'a list of positive integers') },
    optional: { activation: activationCodec, embedding: nested(embeddingKind) },
    examples: [
      { hidden: [4] },
      { hidden: [4, 4], activation: 'tanh', embedding: { type: 'gaussianFourier', size: 4 } },
    ],
  },
  (
    hidden: readonly number[],
    { activation = 'silu', embedding = gaussianFourier() }: ResMlpOptions = {},
  ): NoiseConditioned => {
    const bad = hidden.find((w) => !Number.isInteger(w) || w < 1);
    if (bad !== undefined || hidden.length === 0)
      return raise('ArgumentError', 'resMlp', 'needs one or more widths, positive integers', {
        got: `[${hidden.join(', ')}]`,
      });
    const f = activations[activation];
    return noiseConditioned(
      { type: 'resMlp', hidden, activation, embedding: embedding.spec },
      (x, c, output, context) => (scope) => {
        const level = conditioning(embedding, hidden[0])(c, context)(scope);
        const start = Sc.at('in', dense(hidden[0])(o.reshape(x, [sizeOf(x.shape)])))(scope);
        const last = hidden.reduce((h, width, i) => {
          const layer = Sc.at(`block${i}`, (s) => {
            const mixed = Sc.at('dense', dense(width)(f(h)))(s);
            return f(o.add(mixed, Sc.at('level', dense(width)(level))(s)));
          })(scope);
          return h.shape[0] === width ? o.add(h, layer) : layer;
        }, start);
        return o.reshape(Sc.at('out', denseZero(sizeOf(output))(last))(scope), output);
      },
    );
  },
);
