import type { MapLayer } from '../algebra/transport.ts';
import * as o from '../core/ops/index.ts';
import { defineMapLayer } from './scalar/map-layer.ts';
import { type Fixed, fixedLayer, turned, within } from './scalar/scalar-map.ts';

// With x = softplus(z): ∂x/∂z = σ(z), so log |∂z/∂x| = −log σ(z) = softplus(−z), finite wherever z is.
const fromPositive: Fixed = {
  encode: (x) =>
    within(x, o.less(0, x), { standIn: 1 }, (y) => {
      const z = o.softplusInverse(y);
      return { value: z, logSlope: o.softplus(o.neg(z)) };
    }),
  decode: (z) => ({ value: o.softplus(z), logSlope: o.softplus(o.neg(z)) }),
};

/**
 * From the positive numbers to the reals: z = log(eˣ − 1) = x + log(1 − e⁻ˣ), log |det ∂z/∂x| = Σ softplus(−z). For large x it is x itself (no
 * overflow), for small x it is log x (no cancellation). Free both ways. An x ≤ 0 has density 0.
 *
 * @example
 * compose(softplusInverse(), affine())   // a flow on the positive numbers
 */
export const softplusInverse = defineMapLayer(
  {
    type: 'softplusInverse',
    about: 'log(eˣ − 1), from the positive numbers to the reals.',
    regions: ['positive', 'reals'],
    examples: [{}],
  },
  (): MapLayer => fixedLayer({ type: 'softplusInverse' }, fromPositive),
);

/**
 * From the reals to the positive numbers: z = log(1 + eˣ), log |det ∂z/∂x| = −Σ softplus(−x). Free both ways; the inverse of
 * {@link softplusInverse}.
 *
 * @example
 * inverse(softplus())   // data are positive
 */
export const softplus = defineMapLayer(
  {
    type: 'softplus',
    about: 'log(1 + eˣ), from the reals to the positive numbers.',
    regions: ['reals', 'positive'],
    examples: [{}],
  },
  (): MapLayer => fixedLayer({ type: 'softplus' }, turned(fromPositive)),
);
