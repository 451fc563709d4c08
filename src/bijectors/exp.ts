import type { MapLayer } from '../algebra/transport.ts';
import * as o from '../core/ops/index.ts';
import { defineMapLayer } from './scalar/map-layer.ts';
import { type Fixed, fixedLayer, turned, within } from './scalar/scalar-map.ts';

const logarithm: Fixed = {
  encode: (x) =>
    within(x, o.less(0, x), { standIn: 1 }, (y) => {
      const z = o.log(y);
      return { value: z, logSlope: o.neg(z) };
    }),
  decode: (z) => ({ value: o.exp(z), logSlope: o.neg(z) }),
};

/**
 * From the positive numbers to the reals: z = log x, log |det ∂z/∂x| = −Σ log x. Free both ways. An x ≤ 0 has density 0 (contribution −∞,
 * gradient 0).
 *
 * @example
 * pipe(standardNormal([3]), pushforward(log()))   // a log-normal distribution
 */
export const log = defineMapLayer(
  { type: 'log', about: 'From the positive numbers to the reals.', regions: ['positive', 'reals'], examples: [{}] },
  (): MapLayer => fixedLayer({ type: 'log' }, logarithm),
);

/**
 * From the reals to the positive numbers: z = eˣ, log |det ∂z/∂x| = Σ x. Free both ways; the inverse of {@link log}, so decoding a z ≤ 0 is
 * outside its range (contribution +∞, which `inverse` makes −∞).
 *
 * @example
 * inverse(exp())   // data are positive
 */
export const exp = defineMapLayer(
  { type: 'exp', about: 'From the reals to the positive numbers.', regions: ['reals', 'positive'], examples: [{}] },
  (): MapLayer => fixedLayer({ type: 'exp' }, turned(logarithm)),
);
