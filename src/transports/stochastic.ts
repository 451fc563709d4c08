import { arrayConditional, type Conditional, givenAny, logDensityGiven, sampleGiven } from '../algebra/conditional.ts';
import type { Cost } from '../algebra/cost.ts';
import type { Scored } from '../algebra/dist.ts';
import { inferring } from '../algebra/inferring.ts';
import { conditionalKind, layerKind } from '../algebra/kinds.ts';
import { countedBy } from '../algebra/levels.ts';
import { type Layer, type Transport, transport } from '../algebra/transport.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';

const onePassEach: Cost = { encode: { how: 'parallel', passes: 2 }, decode: { how: 'parallel', passes: 2 } };

/** The two conditional distributions of {@link stochastic}. */
export interface StochasticOptions<X extends Shape, Z extends Shape> {
  /** q(z | x), the approximate posterior. */
  readonly encoder: Conditional<X, Z>;
  /** p(x | z). */
  readonly decoder: Conditional<NoInfer<Z>, NoInfer<X>>;
}

/**
 * A stochastic layer: z ~ q(z | x) one way, x ~ p(x | z) the other. Its contribution log p(x | z) − log q(z | x) makes log p(z) + contribution
 * a one-sample bound on log p(x) (Kingma & Welling 2014, arXiv:1312.6114; SurVAE, Nielsen et al. 2020). A VAE is one such layer over a base
 * distribution, a hierarchical VAE a composition of them. Cost: one pass of each network in both directions.
 *
 * @example
 * const vae = (encoder: Conditional<[784], [20]>, decoder: Conditional<[20], [784]>) =>
 *   pipe(standardNormal([20]), pushforward(stochastic({ encoder, decoder })));   // Dist<[784], Bound & Samples>
 */
export const stochastic = define(
  layerKind,
  {
    type: 'stochastic',
    about: 'A posterior one way and a likelihood the other: the layer of a VAE.',
    required: { encoder: nested(conditionalKind), decoder: nested(conditionalKind) },
    takes: [],
    build: ({ encoder, decoder }): Layer =>
      stochastic({
        encoder: arrayConditional('stochastic', encoder),
        decoder: arrayConditional('stochastic', decoder),
      }),
    shapes: [[3]],
    examples: [
      {
        encoder: { type: 'parametrised', family: 'normal', context: [3], event: [2] },
        decoder: { type: 'parametrised', family: 'normal', context: [2], event: [3] },
      },
    ],
  },
  <const X extends Shape, const Z extends Shape>({
    encoder,
    decoder,
  }: StochasticOptions<X, Z>): Transport<X, Z, 'bound'> =>
    countedBy(decoder)(
      transport<X, Z, 'bound'>(
        'bound',
        { data: encoder.context, latent: encoder.event },
        {
          spec: { type: 'stochastic', encoder: encoder.spec, decoder: decoder.spec },
          cost: onePassEach,
          ...inferring({
            place: 'encoder',
            posterior: (x) => givenAny(encoder, x),
            join: (x, z) =>
              D.map((contribution: Expr) => ({ value: z, contribution }))(
                D.at('decoder', logDensityGiven(decoder, z, x)),
              ),
            generate: (z) =>
              D.map((x: Scored) => ({ value: x.value, contribution: x.logDensity, inferred: z }))(
                D.at('decoder', sampleGiven(decoder, z)),
              ),
          }),
        },
      ),
    ),
);
