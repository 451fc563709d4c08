import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import { positiveInteger } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { topDownPosterior, whiteGroups } from '../../distributions/index.ts';
import { balanceKl, computedOnce, type Objective, scaleKl, sgvb, spectralPenalty } from '../../inference/index.ts';
import { type TopDownOptions, topDown } from '../../nn/index.ts';
import { stochastic } from '../../transports/index.ts';
import { defineModel } from '../model.ts';
import { type DecoderKind, decoderOf, overLevels } from './likelihood.ts';

/** Options of {@link nvae}. */
export interface NvaeOptions extends Omit<TopDownOptions, 'data'> {
  readonly decoder?: DecoderKind;
}

/**
 * A small NVAE (Vahdat & Kautz 2020, arXiv:2007.03898): groups of latent numbers over the places of an image, a top-down state through depth-wise cells with
 * squeeze and excite, and residual normal posteriors that read the same state. It is one stochastic layer over white noise: the hierarchy of priors is in the
 * decoder, as a change of variables. Of the paper are missing: batch normalisation, several scales, and flows in the posterior. Train it by
 * {@link nvaeObjective}, or by `elbo`.
 *
 * @example
 * const model = nvae([28, 28], { groups: 4, latent: 2, channels: 32, decoder: 'bernoulli' });
 */
export const nvae = <const S extends Shape>(
  shape: S,
  { decoder = 'normal', ...rest }: NvaeOptions = {},
): Dist<S, Bound & Samples> => {
  const ladder: TopDownOptions = { data: shape, ...rest };
  const encoder = topDownPosterior(ladder);
  const likelihood = decoderOf(decoder, encoder.event, shape as Shape, topDown(ladder));
  return pipe(whiteGroups(ladder), pushforward(stochastic({ encoder, decoder: likelihood }))) as Dist<
    S,
    Bound & Samples
  >;
};

/** Options of {@link nvaeObjective}. */
export interface NvaeObjectiveOptions {
  /** Steps over which the divergences are switched on, and balanced. */
  readonly warmUp?: number;
  /** λ of the spectral penalty, nats per unit of norm. */
  readonly spectral?: number;
}

/**
 * What NVAE is trained by (Vahdat & Kautz 2020, §3.2 and appendix A): SGVB with KL warm-up and balancing of the groups, and spectral regularisation. The state
 * that posterior and decoder both walk is differentiated once.
 *
 * @example
 * const objective = nvaeObjective({ warmUp: 500 })(nvae([4, 4], { groups: 2 }));
 */
export const nvaeObjective =
  ({ warmUp = 1000, spectral = 0.01 }: NvaeObjectiveOptions = {}) =>
  <S extends Shape>(dist: Dist<S, Bound>): Objective<S> =>
    computedOnce(
      spectralPenalty({ weight: spectral })(sgvb({ kl: [balanceKl({ warmUp }), scaleKl({ warmUp })] })(dist)),
    );

/**
 * The registry's entry of `nvae`: its name, paper, options and learning settings.
 *
 * @example
 * nvaeModel.build({ shape: [4] });
 */
export const nvaeModel = defineModel({
  name: 'nvae',
  description:
    'Groups of codes at the places of an image, a top-down state through depth-wise cells, residual posteriors.',
  paper: 'Vahdat & Kautz 2020, arXiv:2007.03898',
  options: {
    groups: positiveInteger,
    latent: positiveInteger,
    channels: positiveInteger,
    expansion: positiveInteger,
    kernel: positiveInteger,
  },
  build: (event, { given: _, ...options }) =>
    overLevels(event, (decoder) => nvae(event.shape, { decoder, ...options })),
  training: { learningRate: 2e-3, batchSize: 100, clip: 200 },
  objective: (dist) => nvaeObjective()(dist as Dist<Shape, Bound>),
});
