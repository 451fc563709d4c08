import type { MapLayer } from '../algebra/transport.ts';
import * as o from '../core/ops/index.ts';
import { defineMapLayer } from './scalar/map-layer.ts';
import { fixedLayer } from './scalar/scalar-map.ts';

/**
 * From the reals to (−1, 1): z = tanh x, log |det ∂z/∂x| = Σ 2 (log 2 − x − softplus(−2x)), finite wherever x is. Free both ways. Decoding uses
 * tanh⁻¹, and only at ±1 exactly, which tanh of every larger number rounds to, the largest number it can stand for; a |z| > 1 is outside its
 * range (contribution +∞, which `inverse` makes −∞).
 *
 * @example
 * inverse(tanh())   // data in (−1, 1)
 */
export const tanh = defineMapLayer(
  { type: 'tanh', about: 'From the reals to (−1, 1).', regions: 'own', examples: [{}] },
  (): MapLayer =>
    fixedLayer(
      { type: 'tanh' },
      {
        encode: (x) => ({ value: o.tanh(x), logSlope: o.logOneMinusTanhSquared(x) }),
        decode: (z) => {
          const x = o.atanh(z);
          const inside = o.and(o.lessEqual(-1, z), o.lessEqual(z, 1));
          return {
            value: o.where(inside, x, 0),
            logSlope: o.where(inside, o.logOneMinusTanhSquared(x), Number.POSITIVE_INFINITY),
          };
        },
      },
    ),
);
