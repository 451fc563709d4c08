import type { Expr } from '../expr.ts';
import { abs, add, div, greater, mul, sign, sub, where } from './elementwise.ts';
import { lift, type Operand } from './leaves.ts';
import { rational } from './polynomial.ts';

// S. L. Moshier, Cephes (1984–2000), atan.c: atan t = t + t³ P(t²)/Q(t²) for |t| ≤ 0.66, peak relative error 2e-16.
const P = [
  -8.750608600031904122785e-1, -1.615753718733365076637e1, -7.50085579231470466734e1, -1.22886668449013617341e2,
  -6.485021904942025371773e1,
];
const Q = [
  1, 2.485846490142306297962e1, 1.650270098316988542046e2, 4.328810604912902668951e2, 4.853903996359136964868e2,
  1.945506571482613964425e2,
];

/**
 * The angle in (−π/2, π/2) whose tangent is x, elementwise, in radians. Beyond tan 3π/8 by π/2 − atan 1/x, from 0.66 by
 * π/4 + atan (x−1)/(x+1); 1 unit in the last place or so. (Cephes.)
 *
 * @example
 * atan(1);   // π/4
 */
export const atan = (operand: Operand): Expr => {
  const x = lift(operand);
  const a = abs(x);
  const far = greater(a, 2.414213562373095);
  const middle = greater(a, 0.66);
  const large = where(far, a, 1);
  const medium = where(far, 1, where(middle, a, 1));
  const near = where(middle, 0, x);
  const folded = where(middle, div(sub(medium, 1), add(medium, 1)), near);
  const t = where(far, div(-1, large), folded);
  const t2 = mul(t, t);
  const angle = add(t, mul(mul(t, t2), rational(t2, P, Q)));
  const base = where(far, Math.PI / 2, where(middle, Math.PI / 4, 0));
  return where(middle, mul(sign(x), add(base, angle)), angle);
};
