import type { MapLayer } from '../algebra/transport.ts';
import { boolean, finite } from '../core/codec.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { defineMapLayer } from './scalar/map-layer.ts';
import { type Fixed, fixedLayer, type Mapped, within } from './scalar/scalar-map.ts';

/** Options of {@link power}. */
export interface PowerOptions {
  /** p, not 0. */
  readonly exponent: number;
  /** On all reals, z = sign(x) |x|ᵖ (p > 0), instead of on the positive numbers; default false. */
  readonly signed?: boolean;
}

/** On x > 0: xᵖ and log |p| + (p − 1) log x. */
const raised = (x: Expr, p: number): Mapped => ({
  value: o.pow(x, p),
  logSlope: o.add(o.mul(p - 1, o.log(x)), Math.log(Math.abs(p))),
});

const onPositive = (x: Expr, p: number): Mapped => within(x, o.less(0, x), { standIn: 1 }, (y) => raised(y, p));

/** At 0 the value is 0, and the slope 0, 1 or ∞ as p is above, at or below 1. */
const onReals = (x: Expr, p: number): Mapped => {
  const zero = o.equal(x, 0);
  const negative = o.less(x, 0);
  const { value, logSlope } = raised(o.where(zero, 1, o.where(negative, o.neg(x), x)), p);
  const atZero = p === 1 ? 0 : p > 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return {
    value: o.where(zero, 0, o.where(negative, o.neg(value), value)),
    logSlope: o.where(zero, atZero, logSlope),
  };
};

const minus = ({ value, logSlope }: Mapped): Mapped => ({ value, logSlope: o.neg(logSlope) });

/**
 * A power: z = xᵖ, log |det ∂z/∂x| = Σ log |p| + (p − 1) log |x|. Free both ways. On the positive numbers for any p but 0 (x ≤ 0 has density 0), or,
 * `signed`, on all reals for p > 0 with z = sign(x) |x|ᵖ: then the slope at x = 0 is 0 (p > 1: the contribution there is −∞) or infinite (p < 1).
 * Throws `ArgumentError` for other exponents.
 *
 * @example
 * power({ exponent: 3, signed: true })   // the cube
 */
export const power = defineMapLayer(
  {
    type: 'power',
    about: 'x^p of positive numbers, or with the sign kept.',
    required: { exponent: finite },
    optional: { signed: boolean },
    regions: ['positive', 'positive'],
    examples: [{ exponent: 0.5 }, { exponent: 3, signed: false }],
  },
  ({ exponent, signed = false }: PowerOptions): MapLayer => {
    if (!(Number.isFinite(exponent) && (signed ? exponent > 0 : exponent !== 0)))
      return raise('ArgumentError', 'power', 'the exponent makes no bijection', {
        expected: signed ? 'exponent > 0' : 'an exponent other than 0',
        got: `${exponent}`,
      });
    const along = signed ? onReals : onPositive;
    const f: Fixed = { encode: (x) => along(x, exponent), decode: (z) => minus(along(z, 1 / exponent)) };
    return fixedLayer({ type: 'power', exponent, signed }, f);
  },
);
