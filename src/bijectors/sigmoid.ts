import type { MapLayer } from '../algebra/transport.ts';
import { finite } from '../core/codec.ts';
import { raise } from '../core/errors.ts';
import * as o from '../core/ops/index.ts';
import { defineMapLayer } from './scalar/map-layer.ts';
import { type Fixed, fixedLayer, turned, within } from './scalar/scalar-map.ts';

/** Options of {@link sigmoid}. */
export interface SigmoidOptions {
  /** The lower end; default 0. */
  readonly low?: number;
  /** The upper end; default 1. */
  readonly high?: number;
}

/** From (low, high) to the reals and back. */
const unbounded = (low: number, high: number): Fixed => {
  const width = high - low;
  const logSlope = (z: o.Operand) => o.sub(o.add(o.softplus(z), o.softplus(o.neg(z))), Math.log(width));
  return {
    encode: (x) =>
      within(x, o.and(o.less(low, x), o.less(x, high)), { standIn: low + width / 2 }, (y) => {
        const z = o.sub(o.log(o.sub(y, low)), o.log(o.sub(high, y)));
        return { value: z, logSlope: logSlope(z) };
      }),
    // From the nearer end, so that neither end loses digits.
    decode: (z) => ({
      value: o.where(
        o.less(z, 0),
        o.add(low, o.mul(width, o.sigmoid(z))),
        o.sub(high, o.mul(width, o.sigmoid(o.neg(z)))),
      ),
      logSlope: logSlope(z),
    }),
  };
};

/**
 * From the reals to an interval: z = low + (high − low) σ(x), log |det ∂z/∂x| = Σ log(high − low) − softplus(x) − softplus(−x), finite wherever x
 * is. Free both ways. Decoding a z outside the interval is outside its range (contribution +∞, which `inverse` makes −∞). `logit` is its
 * inverse for data in [0, 1]. Throws `ArgumentError` where low < high does not hold.
 *
 * @example
 * inverse(sigmoid({ low: -1, high: 1 }))   // data in (−1, 1)
 */
export const sigmoid = defineMapLayer(
  {
    type: 'sigmoid',
    about: 'From the reals to an interval.',
    optional: { low: finite, high: finite },
    regions: ['reals', 'unit'],
    examples: [{}, { low: 0, high: 1 }],
  },
  ({ low = 0, high = 1 }: SigmoidOptions = {}): MapLayer =>
    Number.isFinite(low) && Number.isFinite(high) && low < high
      ? fixedLayer({ type: 'sigmoid', low, high }, turned(unbounded(low, high)))
      : raise('ArgumentError', 'sigmoid', 'not an interval', {
          expected: 'finite low < high',
          got: `low ${low}, high ${high}`,
        }),
);
