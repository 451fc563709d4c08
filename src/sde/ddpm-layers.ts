import { type Conditional, conditional } from '../algebra/conditional.ts';
import type { AnyDist, Dist } from '../algebra/dist.ts';
import { layerKind } from '../algebra/kinds.ts';
import { opaque } from '../algebra/spec.ts';
import { compose, type Layer, type Transport } from '../algebra/transport.ts';
import { positiveInteger, text } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import { normal } from '../distributions/normal.ts';
import { smallResMlp } from '../nn/small.ts';
import { stochastic } from '../transports/stochastic.ts';
import { chainCodec, chainOf } from './chain-codec.ts';
import type { DdpmOptions } from './ddpm.ts';
import { dataScale, posteriorMean, type ReverseChain, type Reversed } from './ddpm-bound.ts';

/** Options of {@link ddpmLayers}. */
export interface DdpmLayersOptions extends Pick<DdpmOptions, 'levels'> {
  /** Where the parameters of the reverse chain stand: one place for all layers. */
  readonly place?: string;
}

/**
 * The chain of denoising diffusion as T {@link stochastic} layers, composed: encoded by the fixed q(x_k | x_{k−1}) = N(a_k x_{k−1}, b_k I) and decoded by the
 * learned p(x_{k−1} | x_k). Pushing N(0, I) through them gives the bound of any hierarchical VAE, in nats, log p(x_T) + Σ [log p(x_{k−1} | x_k) − log q(x_k |
 * x_{k−1})]: equal in expectation to that of {@link ddpm}, with more variance and T networks in the graph, so it is for small T. All layers share one set of
 * parameters. Cost: T evaluations in either direction. Source: Ho et al. 2020, arXiv:2006.11239.
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 3 });
 * ddpmLayers(reverse).parts.length;   // 3
 */
export const ddpmLayers = define(
  layerKind,
  {
    type: 'ddpmLayers',
    about: 'The chain of denoising diffusion as stochastic layers.',
    required: { reverse: chainCodec },
    optional: { levels: positiveInteger, place: text },
    build: ({ reverse, ...options }): Layer => ddpmLayers(chainOf(reverse), options),
    regions: 'own',
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
        place: 'net',
      },
    ],
  },
  <const S extends Shape>(
    model: ReverseChain<S>,
    { levels, place = 'denoiser' }: DdpmLayersOptions = {},
  ): Transport<S, S, 'bound'> => {
    const layers = model.chain.step.map((_, i) =>
      ddpmLayer(model, i + 1, { place, ...(levels === undefined ? {} : { levels }) }),
    );
    const all = (compose as (...parts: readonly Layer[]) => Layer)(...layers);
    const named: Layer = {
      ...all,
      spec: {
        type: 'ddpmLayers',
        reverse: model.spec,
        ...(levels === undefined ? {} : { levels }),
        ...(place === 'denoiser' ? {} : { place }),
      },
    };
    return named as Transport<S, S, 'bound'>;
  },
);

/**
 * The k-th layer of {@link ddpmLayers}, k = 1 … T. The first layer by itself connects data to x₁: over the probability flow of a process from there, or over
 * any distribution of slightly noisy data, it gives a distribution of the data, with levels too. Cost: one evaluation of the denoiser.
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 3 });
 * pipe(standardNormal([2]), pushforward(ddpmLayer(reverse, 1, { levels: 8 })));
 */
export const ddpmLayer = <const S extends Shape>(
  model: ReverseChain<S>,
  k: number,
  { levels, place = 'denoiser' }: DdpmLayersOptions = {},
): Transport<S, S, 'bound'> => {
  const { chain } = model;
  const { shape } = model;
  const given = (name: string, f: (x: Expr) => Sc.Scoped<AnyDist>): Conditional<S, S> =>
    conditional(shape, f as (x: Expr) => Sc.Scoped<Dist<S, unknown>>, {
      spec: opaque(name, `step ${k} of a chain that is declared as one`),
      event: shape,
      evidence: 'exact',
    });
  const { keep, added } = chain.step[k - 1];
  const scale = dataScale(shape, k === 1 ? levels : undefined);
  const index = o.scalar(k - 1, 'int32');
  const mean = (x: Expr, data: Expr): Expr => (k === 1 ? data : posteriorMean(chain, index, data, x));
  return stochastic({
    encoder: given('noised', (x) =>
      Sc.of(normal(shape, { loc: o.mul(keep, scale.toData(x)), scale: Math.sqrt(added) })),
    ),
    decoder: given('denoised', (x) =>
      Sc.map(({ data, logVariance }: Reversed) => scale.decoder(mean(x, data), logVariance))(
        Sc.sharedBy({ name: place, by: model.declaration }, model.reverse(x, index)),
      ),
    ),
  });
};
