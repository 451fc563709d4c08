import { free } from '../algebra/cost.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { sizeOf } from '../core/shape.ts';

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
 */
export const logit = ({ alpha = 1e-6 }: LogitOptions = {}): Endo<'bijective'> => {
  if (!(alpha >= 0 && alpha < 0.5))
    return raise('ArgumentError', 'logit', 'alpha is out of range', { expected: '0 ≤ α < ½', got: `${alpha}` });
  const width = 1 - 2 * alpha;
  const contribution = (z: Expr): Expr =>
    o.add(o.sum(o.add(o.softplus(z), o.softplus(o.neg(z)))), sizeOf(z.shape) * Math.log(width));
  return bijection({
    spec: { type: 'logit', alpha },
    cost: free,
    encode: (x) => () => {
      // 1 − y is computed from 1 − x, so that neither end loses digits.
      const low = o.add(alpha, o.mul(width, x));
      const high = o.add(alpha, o.mul(width, o.sub(1, x)));
      const inside = o.and(o.less(0, low), o.less(0, high));
      const z = o.sub(o.log(o.where(inside, low, 1)), o.log(o.where(inside, high, 1)));
      const nothing = o.sum(o.where(inside, 0, Number.NEGATIVE_INFINITY));
      return { value: z, contribution: o.add(contribution(z), nothing) };
    },
    decode: (z) => () => ({ value: o.div(o.sub(o.sigmoid(z), alpha), width), contribution: contribution(z) }),
  });
};
