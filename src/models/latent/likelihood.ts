/** How a latent-variable model meets its data: coin flips for binary events, normal for real ones, and levels behind rounding. */
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

/** p(x | z) with a network of z (Kingma & Welling 2014, appendix C). */
export const decoderOf = <const Z extends Shape, const X extends Shape>(
  kind: DecoderKind,
  code: Z,
  event: X,
  network: Network,
): Conditional<Z, X> =>
  kind === 'bernoulli' ? conditionalBernoulli(code, event, { network }) : conditionalNormal(code, event, { network });

/**
 * A model for any events: with coin flips where there are two levels, with a normal decoder for real data, and for more levels with a normal decoder
 * behind logit and dequantisation.
 */
export const overLevels = <const V extends Events>(
  events: V,
  model: (kind: DecoderKind) => Dist<V['shape'], Bound & Samples>,
): Dist<V['shape'], Bound & Samples> =>
  events.levels === 2 ? model('bernoulli') : pipe(model('normal'), overLevelsOf<Events & Pick<V, 'shape'>>(events));
