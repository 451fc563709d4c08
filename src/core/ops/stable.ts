/** Stable forms, each in one place: the formulas one gets wrong near an edge of the floating-point range. */
import type { Expr } from '../expr.ts';
import { add, exp, expm1, greater, log, log1p, mul, neg, softplus, square, sub, where } from './elementwise.ts';
import { lift, type Operand } from './leaves.ts';

/**
 * log σ(x) = −softplus(−x), elementwise.
 *
 * @example
 * value(ops.logSigmoid(0));   // −log 2 = -0.693
 */
export const logSigmoid = (x: Operand): Expr => neg(softplus(neg(x)));

/**
 * log(1 − tanh² x) = 2 (log 2 − x − softplus(−2x)), elementwise: finite for every finite x. The log-derivative of tanh.
 *
 * @example
 * value(ops.logOneMinusTanhSquared(0));   // 0
 */
export const logOneMinusTanhSquared = (x: Operand): Expr => mul(2, sub(sub(Math.LN2, x), softplus(mul(-2, x))));

/**
 * softplus⁻¹(y) = y + log(−expm1(−y)) for y > 0; y itself where the correction is below rounding.
 *
 * @example
 * value(ops.softplusInverse(ops.softplus(1)));   // 1
 */
export const softplusInverse = (operand: Operand): Expr => {
  const y = lift(operand);
  const large = greater(y, 40);
  const middle = where(large, 1, y);
  return where(large, y, add(middle, log(neg(expm1(neg(middle))))));
};

/**
 * log(1 − eˣ) for x < 0, elementwise, by the formula that is accurate there (Mächler 2012).
 *
 * @example
 * value(ops.log1mExp(-1));   // -0.4587
 */
export const log1mExp = (operand: Operand): Expr => {
  const x = lift(operand);
  const near = greater(x, -Math.LN2);
  const a = where(near, x, -1);
  const b = where(near, -1, x);
  return where(near, log(neg(expm1(a))), log1p(neg(exp(b))));
};

/**
 * log N(x; 0, 1) = −½x² − ½ log 2π, elementwise, in nats.
 *
 * @example
 * value(ops.standardNormalLogDensity(0));   // -0.919
 */
export const standardNormalLogDensity = (x: Operand): Expr => sub(mul(-0.5, square(x)), 0.5 * Math.log(2 * Math.PI));
