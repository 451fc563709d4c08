/** Hyperbolic functions that keep their digits near 0 and in the tails, with derivatives that are right at 0 too. */
import type { Expr } from '../expr.ts';
import {
  add,
  div,
  expm1,
  greater,
  less,
  log,
  log1p,
  mul,
  neg,
  softplus,
  sqrt,
  square,
  sub,
  where,
} from './elementwise.ts';
import { lift, type Operand } from './leaves.ts';

/** An odd function from its values on x ≥ 0. (Not by |x| and sign: their derivatives at 0 are 0.) */
const odd =
  (f: (t: Expr) => Expr) =>
  (operand: Operand): Expr => {
    const x = lift(operand);
    const negative = less(x, 0);
    const y = f(where(negative, neg(x), x));
    return where(negative, neg(y), y);
  };

/**
 * sinh x = ½ (u + u / (1 + u)) with u = eˣ − 1, elementwise, accurate near 0.
 *
 * @example
 * value(ops.sinh(1));   // 1.1752
 */
export const sinh = odd((t) => {
  const e = expm1(t);
  return mul(0.5, add(e, div(e, add(1, e))));
});

/**
 * sinh⁻¹ x = log1p(x + x² / (1 + √(1 + x²))); log 2x where x² would overflow.
 *
 * @example
 * value(ops.asinh(1));   // 0.8814
 */
export const asinh = odd((t) => {
  const large = greater(t, 1e9);
  const near = where(large, 1, t);
  const s = square(near);
  return where(large, add(log(where(large, t, 1)), Math.LN2), log1p(add(near, div(s, add(1, sqrt(add(1, s)))))));
});

/** What 1 − |x| counts as where it rounds to 0: half of the spacing below 1 in double precision. */
const EDGE = 2 ** -54;

/**
 * tanh⁻¹ x = ½ (log1p x − log1p(−x)) for |x| < 1; ±19.06 at and beyond ±1, which tanh of every larger number rounds to.
 *
 * @example
 * value(ops.atanh(0.5));   // 0.5493
 */
export const atanh = odd((t) => {
  const inside = less(t, 1);
  const safe = where(inside, t, 0);
  return where(inside, mul(0.5, sub(log1p(safe), log1p(neg(safe)))), 0.5 * (Math.LN2 - Math.log(EDGE)));
});

/**
 * log cosh x = |x| + log1p(e^{−2|x|}) − log 2, finite for every finite x.
 *
 * @example
 * value(ops.logCosh(1000));   // 1000 − log 2 = 999.307
 */
export const logCosh = (operand: Operand): Expr => {
  const x = lift(operand);
  const t = where(less(x, 0), neg(x), x);
  return sub(add(t, softplus(mul(-2, t))), Math.LN2);
};
