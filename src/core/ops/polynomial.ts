/** Polynomials and rational functions of one variable. */
import type { Expr } from '../expr.ts';
import { add, div, mul } from './elementwise.ts';
import { lift, type Operand } from './leaves.ts';

/**
 * c₀ xⁿ + c₁ xⁿ⁻¹ + … + cₙ, elementwise by Horner's rule: the highest power first.
 *
 * @example
 * value(ops.polynomial(2, [1, 0, 3]));   // 2² + 3 = 7
 */
export const polynomial = (x: Operand, [first, ...rest]: readonly number[]): Expr =>
  rest.reduce<Expr>((p, c, i) => add(i === 0 ? mul(first, x) : mul(p, x), c), lift(first));

/**
 * The ratio of two {@link polynomial}s.
 *
 * @example
 * value(ops.rational(2, [1, 0], [1, 1]));   // 2/3
 */
export const rational = (x: Operand, numerator: readonly number[], denominator: readonly number[]): Expr =>
  div(polynomial(x, numerator), polynomial(x, denominator));
