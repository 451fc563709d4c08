import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, type Law, pushforward } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { compose, repeat } from '../algebra/transport.ts';
import { affineCoupling, logit, permute, reshape, reverse } from '../bijectors/index.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { standardNormal } from '../distributions/index.ts';
import { mlp } from '../nn/index.ts';
import { dequantise } from '../transports/index.ts';

/** Options of {@link realNVP}. */
export interface RealNvpOptions {
  /** Number of couplings. */
  readonly layers?: number;
  /** Hidden widths of each coupling's network. */
  readonly hidden?: readonly number[];
}

/**
 * RealNVP (Dinh et al. 2017, arXiv:1605.08803) for vectors: affine couplings, coordinates reversed in between.
 *
 * @example
 * const model = realNVP([2]);   // Dist<readonly [2], Exact & Samples>
 */
export const realNVP = <const S extends Shape>(
  shape: S,
  { layers = 8, hidden = [64, 64] }: RealNvpOptions = {},
): Dist<S, Exact & Samples> =>
  pipe(
    standardNormal(shape),
    pushforward(repeat(layers, compose(affineCoupling({ conditioner: mlp(hidden) }), reverse()))),
  );

/**
 * RealNVP for images of integer grey levels, flattened: uniform dequantisation, logit (α = 1e-6), couplings with learned log-scales, halves
 * exchanged and coordinates permuted in turn. `logDensity` bounds the log-probability of the levels, so bits/dim needs no offset.
 */
export const realNVPImages = (
  shape: Shape,
  levels: number,
  { layers = 8, hidden = [512, 512] }: RealNvpOptions = {},
): Law => {
  const size = sizeOf(shape);
  // Halves change places after every other coupling, so that no coordinate passes through untouched: after eight random
  // permutations alone about 784 / 2⁸ = 3 coordinates never move, and each costs tens of nats.
  const block = (i: number) =>
    compose(
      affineCoupling({ conditioner: mlp(hidden), logScale: 'learned' }),
      i % 2 === 0 ? reverse() : permute({ seed: i }),
    );
  const flow = compose(...Array.from({ length: layers }, (_, i) => block(i)));
  return pipe(
    standardNormal([size]),
    pushforward(flow),
    pushforward(reshape(shape, [size])),
    pushforward(logit({ alpha: 1e-6 })),
    pushforward(dequantise({ levels })),
  );
};
