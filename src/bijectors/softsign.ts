import type { MapLayer } from '../algebra/transport.ts';
import * as o from '../core/ops/index.ts';
import { defineMapLayer } from './scalar/map-layer.ts';
import { size } from './scalar/raw.ts';
import { fixedLayer } from './scalar/scalar-map.ts';

/**
 * From the reals to (−1, 1) with tails like 1 / |x|: z = x / (1 + |x|), log |det ∂z/∂x| = −2 Σ log(1 + |x|). It saturates far later than tanh. Free
 * both ways. Decoding a |z| ≥ 1 is outside its range (contribution +∞, which `inverse` makes −∞).
 *
 * @example
 * inverse(softsign())   // data in (−1, 1)
 */
export const softsign = defineMapLayer(
  { type: 'softsign', about: 'x / (1 + |x|), from the reals to (−1, 1).', regions: 'own', examples: [{}] },
  (): MapLayer =>
    fixedLayer(
      { type: 'softsign' },
      {
        encode: (x) => ({ value: o.div(x, o.add(1, size(x))), logSlope: o.mul(-2, o.log1p(size(x))) }),
        decode: (z) => {
          const inside = o.less(size(z), 1);
          const safe = o.where(inside, z, 0);
          // 1 + |x| = 1 / (1 − |z|).
          return {
            value: o.div(safe, o.sub(1, size(safe))),
            logSlope: o.where(inside, o.mul(2, o.log1p(o.neg(size(safe)))), Number.POSITIVE_INFINITY),
          };
        },
      },
    ),
);
