import type { MapLayer } from '../algebra/transport.ts';
import { positiveNumber } from '../core/codec.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { defineMapLayer } from './scalar/map-layer.ts';
import { fixedLayer } from './scalar/scalar-map.ts';

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions {
  /** Slope below 0, positive; default 0.01. */
  readonly slope?: number;
}

/**
 * Two half-lines: z = x for x ≥ 0 and slope · x below, log |det ∂z/∂x| = (number of x < 0) · log slope. Free both ways. Throws `ArgumentError`
 * where the slope is not positive.
 *
 * @example
 * leakyRelu({ slope: 0.1 })
 */
export const leakyRelu = defineMapLayer(
  {
    type: 'leakyRelu',
    about: 'Another slope below zero.',
    optional: { slope: positiveNumber },
    examples: [{ slope: 0.3 }],
  },
  ({ slope = 0.01 }: LeakyReluOptions = {}): MapLayer => {
    if (!(Number.isFinite(slope) && slope > 0))
      return raise('ArgumentError', 'leakyRelu', 'the slope makes no bijection', {
        expected: 'slope > 0',
        got: `${slope}`,
      });
    const bend = (x: Expr, by: (v: Expr) => Expr) => {
      const below = o.less(x, 0);
      return { value: o.where(below, by(x), x), logSlope: o.where(below, Math.log(slope), 0) };
    };
    return fixedLayer(
      { type: 'leakyRelu', slope },
      { encode: (x) => bend(x, (v) => o.mul(slope, v)), decode: (z) => bend(z, (v) => o.div(v, slope)) },
    );
  },
);
