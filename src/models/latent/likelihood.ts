/** How a latent-variable model meets its data: coin flips for binary events, normal for real ones, and levels behind rounding. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Conditional } from '../../algebra/conditional.ts';
import { type Dist, type Law, pushforward } from '../../algebra/dist.ts';
import { compose } from '../../algebra/transport.ts';
import { logit } from '../../bijectors/index.ts';
import type { Shape } from '../../core/shape.ts';
import { conditionalBernoulli, conditionalNormal } from '../../distributions/index.ts';
import type { Network } from '../../nn/index.ts';
import { dequantise } from '../../transports/index.ts';
import type { Events } from '../over-events.ts';

/** The law of data given a code: coin flips for binary data, normal with learned scales for real data. */
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
export const overLevels = ({ levels }: Events, model: (kind: DecoderKind) => Law): Law =>
  levels === 2
    ? model('bernoulli')
    : levels === undefined
      ? model('normal')
      : pipe(
          model('normal') as Dist<Shape, never>,
          pushforward(compose(dequantise({ levels }), logit({ alpha: 1e-6 }))),
        );
