/** Modified Bessel functions of the first kind, as the von Mises distribution needs them. */

import type { Expr } from '../expr.ts';
import { div, exp, less, log, mul, sub, where } from './elementwise.ts';
import { hornerOf } from './gamma-parts.ts';
import { constant, lift, type Operand } from './leaves.ts';
import { sum } from './reduce.ts';
import { expandDims } from './structure.ts';

const POINTS = 64;

/** 1 − cos t at the points of the trapezoid rule. */
const fall = Float64Array.from({ length: POINTS }, (_, j) => 2 * Math.sin((Math.PI * j) / POINTS) ** 2);

/** ((2k−1)!!)² / (k! 8ᵏ), k = 0 … 24: the asymptotic series of √(2πκ) e^{−κ} I₀(κ) in 1/κ (DLMF 10.40.1). */
const asymptotic = Array.from({ length: 25 }, (_, k) =>
  Array.from({ length: k }, (_x, j) => (2 * j + 1) ** 2 / (8 * (j + 1))).reduce((a, b) => a * b, 1),
);

/**
 * log (e^{−κ} I₀(κ)) for κ ≥ 0, to a few units of rounding. Where κ < 25 by the trapezoid rule for 1/2π ∮ e^{−κ (1 − cos t)} dt, which for a
 * periodic analytic function is exact to rounding; beyond, by the asymptotic series. Its derivative is I₁/I₀ − 1, without cancellation.
 *
 * @example
 * value(ops.logBesselI0Scaled(0));   // 0
 */
export const logBesselI0Scaled = (operand: Operand): Expr => {
  const k = lift(operand);
  const small = less(k, 25);
  const s = where(small, k, 1);
  const terms = exp(mul(-1, mul(expandDims(s, s.shape.length), constant(fall))));
  const near = log(mul(1 / POINTS, sum(terms, [s.shape.length])));
  const l = where(small, 25, k);
  const far = sub(log(hornerOf(asymptotic, div(1, l))), mul(0.5, log(mul(2 * Math.PI, l))));
  return where(small, near, far);
};
