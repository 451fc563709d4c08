/**
 * What distributions of the gamma family are made of, without the cancellation of log-gammas (Loader 2000, "Fast and accurate computation of binomial
 * probabilities"): log Γ is split into Stirling's formula and a small remainder, and x log x terms are paired into deviances, so that
 * log-densities keep their digits where parameters are large, in float32 too.
 */

import type { Expr } from '../expr.ts';
import {
  abs,
  add,
  digamma,
  div,
  exp,
  less,
  lgamma,
  log,
  log1p,
  min,
  mul,
  polygamma,
  square,
  sub,
  where,
} from './elementwise.ts';
import { lift, type Operand } from './leaves.ts';

/** c₀ + c₁ x + c₂ x² + … by Horner's rule. */
export const hornerOf = (coefficients: readonly number[], x: Expr): Expr =>
  coefficients.slice(0, -1).reduceRight((sum, c) => add(c, mul(x, sum)), lift(coefficients[coefficients.length - 1]));

/** B₂ₖ / (2k (2k−1)) for k = 1 … 9. */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400, 43867 / 244188]; // biome-ignore format: one series

/**
 * S(a) = log Γ(a) − (a − ½) log a + a − ½ log 2π for a > 0: about 1/(12a), by its asymptotic series where a ≥ 8.
 * Source: DLMF 5.11.1.
 *
 * @example
 * value(ops.stirlingRemainder(10));   // about 1/120
 */
export const stirlingRemainder = (operand: Operand): Expr => {
  const a = lift(operand);
  const small = less(a, 8);
  const s = where(small, a, 1);
  const r = div(1, where(small, 8, a));
  const direct = add(sub(lgamma(s), mul(sub(s, 0.5), log(s))), sub(s, 0.5 * Math.log(2 * Math.PI)));
  return where(small, direct, mul(r, hornerOf(stirling, mul(r, r))));
};

/** −B₂ₖ / (2k) for k = 1 … 9. */
const slopes = stirling.map((c, k) => -c * (2 * k + 1));

/**
 * T(a) = ψ(a) − log a for a > 0: about −1/(2a), by its asymptotic series where a ≥ 8. With it and {@link stirlingRemainder} entropies and divergences are
 * computed without cancellation of large logarithms. Source: DLMF 5.11.2.
 *
 * @example
 * value(ops.digammaRemainder(10));   // about -1/20
 */
export const digammaRemainder = (operand: Operand): Expr => {
  const a = lift(operand);
  const small = less(a, 8);
  const s = where(small, a, 1);
  const r = div(1, where(small, 8, a));
  const r2 = mul(r, r);
  return where(small, sub(digamma(s), log(s)), sub(mul(r2, hornerOf(slopes, r2)), mul(0.5, r)));
};

/**
 * ψ(a + d) − ψ(a) for a, d > 0, accurate where d is small beside a.
 *
 * @example
 * value(ops.digammaRise(1, 1));   // 1
 */
export const digammaRise = (left: Operand, rise: Operand): Expr => {
  const a = lift(left);
  const more = add(a, rise);
  return add(log1p(div(rise, a)), sub(digammaRemainder(more), digammaRemainder(a)));
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
 *
 * @example
 * value(ops.gammaDeviance(ops.scalar(2), ops.scalar(2)));   // 0
 */
export const deviance = (a: Expr, x: Expr): Expr => {
  const close = isClose(a, x);
  const u = where(close, div(sub(x, a), a), 0);
  const near = mul(mul(-0.5, a), mul(mul(u, u), logDefectRatio(u)));
  const z = where(close, a, x);
  return where(close, near, add(mul(a, sub(log(z), log(a))), sub(a, z)));
};

/**
 * log (xᵃ e⁻ˣ / Γ(a)) for a, x > 0: the log-density of log X, X of the standard gamma distribution.
 *
 * @example
 * value(ops.gammaKernel(ops.scalar(1), ops.scalar(1)));   // -1
 */
export const gammaKernel = (a: Expr, x: Expr): Expr =>
  sub(add(deviance(a, x), mul(0.5, sub(log(a), Math.log(2 * Math.PI)))), stirlingRemainder(a));

/**
 * log (xᵃ yᵇ / B(a, b)) for y = 1 − x: the log-density of logit X for X of the beta distribution. Both x and y are given, since either may be too close to 1 to
 * compute the other from it.
 *
 * @example
 * value(ops.betaKernel(ops.scalar(1), ops.scalar(1), ops.scalar(0.5), ops.scalar(0.5)));   // log ¼ = -1.386
 */
export const betaKernel = (a: Expr, b: Expr, x: Expr, y: Expr): Expr => {
  const n = add(a, b);
  const root = mul(0.5, sub(sub(add(log(a), log(b)), log(n)), Math.log(2 * Math.PI)));
  const remainder = sub(sub(stirlingRemainder(n), stirlingRemainder(a)), stirlingRemainder(b));
  return add(add(deviance(a, mul(n, x)), deviance(b, mul(n, y))), add(root, remainder));
};

/**
 * {@link betaKernel} of log x and log(1 − x), in nats: computed as a log x + b log(1 − x) − log B(a, b) where x or 1 − x would underflow.
 *
 * @example
 * value(ops.betaKernelOfLogs(ops.scalar(1), ops.scalar(1), ops.log(0.5), ops.log(0.5)));   // log ¼ = -1.386
 */
export const betaKernelOfLogs = (a: Expr, b: Expr, logX: Expr, logY: Expr): Expr => {
  const end = less(min(logX, logY), -80);
  const plain = sub(add(mul(a, logX), mul(b, logY)), logBeta(a, b));
  const [x, y] = [where(end, -Math.LN2, logX), where(end, -Math.LN2, logY)];
  return where(end, plain, betaKernel(a, b, exp(x), exp(y)));
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

/**
 * Nodes in (0, 1) and weights of the eight-point Gauss–Legendre rule.
 *
 * @example
 * ops.legendre.length;   // 8
 */
export const legendre = [
  [0.01985507175123188, 0.05061426814518813], [0.10166676129318664, 0.11119051722668724],
  [0.2372337950418355, 0.15685332293894363], [0.4082826787521751, 0.18134189168918100],
  [0.5917173212478249, 0.18134189168918100], [0.7627662049581645, 0.15685332293894363],
  [0.8983332387068134, 0.11119051722668724], [0.9801449282487681, 0.05061426814518813],
] as const; // biome-ignore format: a table

/**
 * log Γ(c + h) − 2 log Γ(c) + log Γ(c − h) for 0 < h < c: h² ∫₀¹ (1−t) (ψ′(c + th) + ψ′(c − th)) dt where h < 0.4 c, accurate however small h is; the plain
 * difference elsewhere.
 *
 * @example
 * value(ops.lgammaCurvature(ops.scalar(3), ops.scalar(1)));   // log 1.5 = 0.405
 */
export const lgammaCurvature = (c: Expr, h: Expr): Expr => {
  const close = less(h, mul(0.4, c));
  const [near, step] = [where(close, c, 1), where(close, h, 0)];
  const slope = (t: number): Expr => add(polygamma(1, add(near, mul(t, step))), polygamma(1, sub(near, mul(t, step))));
  const integral = legendre.map(([t, w]) => mul(w * (1 - t), slope(t))).reduce((a, b) => add(a, b));
  const [far, wide] = [where(close, 2, c), where(close, 1, h)];
  const direct = sub(add(lgamma(add(far, wide)), lgamma(sub(far, wide))), mul(2, lgamma(far)));
  return where(close, mul(square(step), integral), direct);
};

/**
 * {@link gammaKernel} at x = eˡ, in nats; accurate where x underflows and e⁻ˣ is 1.
 *
 * @example
 * value(ops.gammaKernelOfLog(ops.scalar(1), ops.scalar(0)));   // -1
 */
export const gammaKernelOfLog = (a: Expr, l: Expr): Expr => {
  const tiny = less(l, -80);
  return where(tiny, sub(mul(a, l), lgamma(a)), gammaKernel(a, exp(where(tiny, 0, l))));
};

/**
 * (a − b) ψ(a) − log Γ(a) + log Γ(b) minus b log(b/a) + a − b: the part of a divergence beyond its deviances. Zero where a = b, never large where both are.
 *
 * @example
 * value(ops.divergenceRemainder(ops.scalar(2), ops.scalar(2)));   // 0
 */
export const divergenceRemainder = (a: Expr, b: Expr): Expr => {
  // ½ log(a/b) and the first term of T(a) (a − b), −½ (1 − b/a), are a deviance.
  const r = div(b, a);
  const first = mul(-0.5, deviance(div(a, a), r));
  const rest = mul(sub(a, b), add(digammaRemainder(a), div(0.5, a)));
  return add(add(first, rest), sub(stirlingRemainder(b), stirlingRemainder(a)));
};
