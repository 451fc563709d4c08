/**
 * What laws of the gamma family are made of, without the cancellation of log-gammas (Loader 2000, "Fast and accurate computation of binomial
 * probabilities"): log Γ is split into Stirling's formula and a small remainder, and x log x terms are paired into deviances, so that
 * log-densities keep their digits where parameters are large, in float32 too.
 */

import type { Expr } from '../expr.ts';
import { abs, add, digamma, div, less, lgamma, log, log1p, mul, sub, where } from './elementwise.ts';
import { lift, type Operand } from './leaves.ts';

/** c₀ + c₁ x + c₂ x² + … by Horner's rule. */
export const hornerOf = (coefficients: readonly number[], x: Expr): Expr =>
  coefficients.slice(0, -1).reduceRight((sum, c) => add(c, mul(x, sum)), lift(coefficients[coefficients.length - 1]));

/** B₂ₖ / (2k (2k−1)) for k = 1 … 9. */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400, 43867 / 244188]; // biome-ignore format: one series

/**
 * S(a) = log Γ(a) − (a − ½) log a + a − ½ log 2π for a > 0: about 1/(12a), by its asymptotic series where a ≥ 8.
 * Source: DLMF 5.11.1.
 */
export const stirlingRemainder = (operand: Operand): Expr => {
  const a = lift(operand);
  const small = less(a, 8);
  const s = where(small, a, 1);
  const r = div(1, where(small, 8, a));
  const direct = add(sub(lgamma(s), mul(sub(s, 0.5), log(s))), sub(s, 0.5 * Math.log(2 * Math.PI)));
  return where(small, direct, mul(r, hornerOf(stirling, mul(r, r))));
};

const odd = Array.from({ length: 18 }, (_, k) => 1 / (2 * k + 3));

/** Σₖ t²ᵏ / (2k + 3), t = u / (2 + u): with it log(1 + u) = 2t + 2t³ Σ. For |u| ≤ 0.4. */
const atanhTail = (t: Expr): Expr => hornerOf(odd, mul(t, t));

/** 2 (u − log(1 + u)) / u² for |u| ≤ 0.4, smooth through 0, where it is 1. */
export const logDefectRatio = (u: Expr): Expr => {
  const v = add(2, u);
  const t = div(u, v);
  return sub(div(2, v), mul(4, mul(div(t, mul(v, v)), atanhTail(t))));
};

/** Where {@link deviance} uses its series: |x − a| < 0.4 a. */
export const isClose = (a: Expr, x: Expr): Expr => less(abs(sub(x, a)), mul(0.4, a));

/**
 * a log(x / a) + a − x for a, x > 0: never positive, zero where x = a, and accurate around there.
 * Source: Loader (2000), the function bd0.
 */
export const deviance = (a: Expr, x: Expr): Expr => {
  const close = isClose(a, x);
  const u = where(close, div(sub(x, a), a), 0);
  const near = mul(mul(-0.5, a), mul(mul(u, u), logDefectRatio(u)));
  const z = where(close, a, x);
  return where(close, near, add(mul(a, sub(log(z), log(a))), sub(a, z)));
};

/** log (xᵃ e⁻ˣ / Γ(a)) for a, x > 0: the log-density of log X, X of the standard gamma law. */
export const gammaKernel = (a: Expr, x: Expr): Expr =>
  sub(add(deviance(a, x), mul(0.5, sub(log(a), Math.log(2 * Math.PI)))), stirlingRemainder(a));

/**
 * log (xᵃ yᵇ / B(a, b)) for y = 1 − x (given beside x, since either may be too close to 1 to be had from the other): the log-density of
 * logit X, X of the beta law.
 */
export const betaKernel = (a: Expr, b: Expr, x: Expr, y: Expr): Expr => {
  const n = add(a, b);
  const root = mul(0.5, sub(sub(add(log(a), log(b)), log(n)), Math.log(2 * Math.PI)));
  const remainder = sub(sub(stirlingRemainder(n), stirlingRemainder(a)), stirlingRemainder(b));
  return add(add(deviance(a, mul(n, x)), deviance(b, mul(n, y))), add(root, remainder));
};

/**
 * log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b) for a, b > 0, without the cancellation of that formula where one is large.
 *
 * @example
 * logBeta(0.5, 1e8);   // ≈ ½ log(π / 1e8), to full precision
 */
export const logBeta = (left: Operand, right: Operand): Expr => {
  const a = lift(left);
  const b = lift(right);
  const n = add(a, b);
  const powers = add(mul(b, log1p(div(a, b))), mul(a, log1p(div(b, a))));
  const root = mul(0.5, add(sub(sub(log(n), log(a)), log(b)), Math.log(2 * Math.PI)));
  return add(sub(root, powers), sub(add(stirlingRemainder(a), stirlingRemainder(b)), stirlingRemainder(n)));
};

/** ∂/∂a of log (xᵃ / Γ(a + 1)) = log x − ψ(a + 1). */
export const gammaKernelSlope = (a: Expr, logX: Expr): Expr => sub(logX, digamma(add(a, 1)));
