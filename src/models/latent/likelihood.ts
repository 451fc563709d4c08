/** The likelihoods of latent-variable models: Bernoulli for binary events, normal for real ones, and levels behind rounding. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Conditional } from '../../algebra/conditional.ts';
import type { Dist } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import type { Shape } from '../../core/shape.ts';
import { conditionalBernoulli, conditionalNormal } from '../../distributions/index.ts';
import type { Network } from '../../nn/index.ts';
import { type Events, overLevelsOf } from '../over-events.ts';

/** The distribution of data given a code: coin flips for binary data, normal with learned scales for real data. */
export type DecoderKind = 'bernoulli' | 'normal';

/**
 * The decoder p(x | z) of a kind, Bernoulli or normal, with a network of z. Source: Kingma & Welling (2014, arXiv:1312.6114, appendix C).
 *
 * @example
 * decoderOf('normal', [2], [4], mlp([16])).shape;   // [4]
 */
export const decoderOf = <const Z extends Shape, const X extends Shape>(
  kind: DecoderKind,
  code: Z,
  event: X,
  network: Network,
): Conditional<Z, X> =>
  kind === 'bernoulli' ? conditionalBernoulli(code, event, { network }) : conditionalNormal(code, event, { network });

/**
 * A model for events of any kind: a Bernoulli decoder for two levels, a normal decoder for real data, and for more levels a normal decoder behind logit and dequantisation.
 *
 * @example
 * overLevels({ shape: [4] }, (decoder) => vae([4], { latent: 2, hidden: [8], decoder })).shape;   // [4]
 */
export const overLevels = <const V extends Events>(
  events: V,
  model: (kind: DecoderKind) => Dist<V['shape'], Bound & Samples>,
): Dist<V['shape'], Bound & Samples> =>
  events.levels === 2 ? model('bernoulli') : pipe(model('normal'), overLevelsOf<Events & Pick<V, 'shape'>>(events));
