import type { Endo } from '../algebra/transport.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { pointwise } from './pointwise.ts';

/** |x| whose derivative at 0 is 1: the functions here are odd, and their slopes even. */
const size = (x: Expr): Expr => o.where(o.less(x, 0), o.neg(x), x);

/**
 * From the reals to (−1, 1) with tails like 1 / |x|: z = x / (1 + |x|), log |det ∂z/∂x| = −2 Σ log(1 + |x|). It saturates far later than tanh. Free
 * both ways. Decoding a |z| ≥ 1 is outside its range (contribution +∞, which `inverse` makes −∞).
 *
 * @example
 * inverse(softsign())   // data in (−1, 1)
 */
export const softsign = (): Endo<'bijective'> =>
  pointwise(
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
  );
