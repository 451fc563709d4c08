import { free } from '../algebra/cost.ts';
import { bijection, type MapLayer } from '../algebra/transport.ts';
import { nonNegative } from '../core/codec.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { sizeOf } from '../core/shape.ts';
import { defineMapLayer } from './scalar/map-layer.ts';
import { scalarMap } from './scalar/scalar-map.ts';

/** Options of {@link logit}. */
export interface LogitOptions {
  /** How far the ends of [0, 1] are pulled in: y = α + (1 − 2α) x. It changes bits/dim, so it is part of the declaration. */
  readonly alpha?: number;
}

/**
 * From [0, 1] to the reals: z = log y − log(1 − y) with y = α + (1 − 2α) x (Dinh et al. 2017, §4.1).
 * log |det ∂z/∂x| = Σ log(1 − 2α) + softplus(z) + softplus(−z), finite wherever z is. Off the support (y outside (0, 1): with α = 0 the ends
 * belong to it) z is 0 and the contribution −∞, with gradient 0: no density, and no NaN.
 * Throws `ArgumentError` where α is outside [0, ½).
 *
 * @example
 * pipe(standardNormal([2]), pushforward(logit()));   // a distribution on (0, 1)
 */
export const logit = defineMapLayer(
  {
    type: 'logit',
    about: 'From the unit interval to the reals.',
    optional: { alpha: nonNegative },
    regions: ['unit', 'reals'],
    examples: [{ alpha: 0 }, { alpha: 1e-6 }, { alpha: 0.05 }],
  },
  ({ alpha = 1e-6 }: LogitOptions = {}): MapLayer => {
    if (!(alpha >= 0 && alpha < 0.5))
      return raise('ArgumentError', 'logit', 'alpha is out of range', { expected: '0 ≤ α < ½', got: `${alpha}` });
    const width = 1 - 2 * alpha;
    const slope = (z: Expr): Expr => o.add(o.softplus(z), o.softplus(o.neg(z)));
    const contribution = (z: Expr): Expr => o.add(o.sum(slope(z)), sizeOf(z.shape) * Math.log(width));
    const upwards = (x: Expr): { readonly z: Expr; readonly nothing: Expr } => {
      // 1 − y is computed from 1 − x, so that neither end loses digits.
      const low = o.add(alpha, o.mul(width, x));
      const high = o.add(alpha, o.mul(width, o.sub(1, x)));
      const inside = o.and(o.less(0, low), o.less(0, high));
      const z = o.sub(o.log(o.where(inside, low, 1)), o.log(o.where(inside, high, 1)));
      return { z, nothing: o.where(inside, 0, Number.NEGATIVE_INFINITY) };
    };
    const downwards = (z: Expr): Expr => o.div(o.sub(o.sigmoid(z), alpha), width);
    const spec = { type: 'logit', alpha };
    const layer = bijection({
      spec,
      cost: free,
      encode: (x) => () => {
        const { z, nothing } = upwards(x);
        return { value: z, contribution: o.add(contribution(z), o.sum(nothing)) };
      },
      decode: (z) => () => ({ value: downwards(z), contribution: contribution(z) }),
    });
    const map = scalarMap({
      spec,
      encode: (x) => {
        const { z, nothing } = upwards(x);
        return { value: z, logSlope: o.add(o.add(slope(z), Math.log(width)), nothing) };
      },
      decode: (z) => ({ value: downwards(z), logSlope: o.add(slope(z), Math.log(width)) }),
    });
    return { ...layer, map };
  },
);
