/** Functions a backend may lack, in terms of simpler primitives, to the accuracy of the program's floating-point type. */
import type { Expr } from '../expr.ts';
import * as o from '../ops/index.ts';

/**
 * log(1 + x) by Kahan's correction: with u = 1 + x rounded, log u · x / (u − 1) has a small relative error for every x > −1;
 * where u = 1 the answer is x.
 */
export const log1pByLog = (x: Expr): Expr => {
  const u = o.add(1, x);
  const tiny = o.equal(u, 1);
  const huge = o.less(1e6, u);
  const d = o.where(tiny, 1, o.where(huge, 1, o.sub(u, 1)));
  return o.where(tiny, x, o.where(huge, o.log(u), o.mul(o.log(u), o.div(o.where(huge, 1, x), d))));
};

/** eˣ − 1 = 2 t / (1 − t), t = tanh(x/2), for |x| < 1; eˣ − 1 as it stands elsewhere. */
export const expm1ByTanh = (x: Expr): Expr => {
  const near = o.less(o.abs(x), 1);
  const t = o.tanh(o.mul(0.5, o.where(near, x, 0)));
  return o.where(near, o.div(o.mul(2, t), o.sub(1, t)), o.sub(o.exp(x), 1));
};

/** log(1 + eˣ) = max(x, 0) + log1p(e^{−|x|}). */
export const softplusByExp = (x: Expr): Expr => o.add(o.relu(x), log1pByLog(o.exp(o.neg(o.abs(x)))));

const steps = 8;

/** B₂ₖ for k = 1…8. */
const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510];

/**
 * log Γ(x) for x > 0: where x < 8, raised by log Γ(x) = log Γ(x+8) − log ∏ (x+k); then Stirling's series
 * (z−½) log z − z + ½ log 2π + Σ B₂ₖ / (2k (2k−1) z²ᵏ⁻¹).
 */
export const lgammaByStirling = (x: Expr): Expr => {
  const small = o.less(x, steps);
  const s = o.where(small, x, 1);
  const z = o.where(small, o.add(x, steps), x);
  let product = s;
  for (let k = 1; k < steps; k++) product = o.mul(product, o.add(s, k));
  const r = o.div(1, z);
  const r2 = o.mul(r, r);
  let series: Expr = o.scalar(0);
  for (let k = bernoulli.length; k >= 1; k--)
    series = o.add(o.mul(series, r2), bernoulli[k - 1] / (2 * k * (2 * k - 1)));
  const stirling = o.add(
    o.sub(o.mul(o.sub(z, 0.5), o.log(z)), z),
    o.add(0.5 * Math.log(2 * Math.PI), o.mul(series, r)),
  );
  return o.sub(stirling, o.where(small, o.log(product), 0));
};

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

const powInt = (x: Expr, n: number): Expr =>
  n === 1 ? x : n % 2 === 0 ? powInt(o.mul(x, x), n / 2) : o.mul(x, powInt(x, n - 1));

/**
 * ψ⁽ⁿ⁾(x) for x > 0: the recurrence ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁾(x+1) − (−1)ⁿ n! / xⁿ⁺¹ raises x to 8 or more; there the asymptotic series
 * log z − 1/2z − Σ B₂ₖ/(2k z²ᵏ) (n = 0) or (−1)ⁿ⁺¹ [ (n−1)!/zⁿ + n!/(2zⁿ⁺¹) + Σ B₂ₖ (2k+n−1)!/((2k)! z²ᵏ⁺ⁿ) ].
 */
export const polygammaBySeries = (order: number, x: Expr): Expr => {
  const rise = steps + 2 * order;
  const small = o.less(x, rise);
  const s = o.where(small, x, 1);
  const z = o.where(small, o.add(x, rise), x);
  const r = o.div(1, z);
  const r2 = o.mul(r, r);
  const tail = (coefficient: (k: number) => number): Expr => {
    let series: Expr = o.scalar(0);
    for (let k = bernoulli.length; k >= 1; k--) series = o.add(o.mul(series, r2), bernoulli[k - 1] * coefficient(k));
    return o.mul(series, r2);
  };
  const sign = order % 2 === 0 ? -1 : 1;
  const far =
    order === 0
      ? o.sub(
          o.sub(o.log(z), o.mul(0.5, r)),
          tail((k) => 1 / (2 * k)),
        )
      : o.mul(
          sign,
          o.mul(
            powInt(r, order),
            o.add(
              o.add(factorial(order - 1), o.mul(0.5 * factorial(order), r)),
              tail((k) => factorial(2 * k + order - 1) / factorial(2 * k)),
            ),
          ),
        );
  let raised: Expr = o.scalar(0);
  for (let k = rise - 1; k >= 0; k--) raised = o.add(raised, o.div(1, powInt(o.add(s, k), order + 1)));
  return o.add(far, o.where(small, o.mul(sign * factorial(order), raised), 0));
};

/**
 * erf to single precision's rounding: the Maclaurin series for |x| < 1 (to x²⁵), and beyond 1 − e^{−x²} t P(t) with t = 1/(1 + x/2)
 * (Numerical Recipes' Chebyshev fit, |error| < 1.2·10⁻⁷ relative in erfc).
 */
export const erfBySeries = (x: Expr): Expr => {
  const near = o.less(o.abs(x), 1);
  const n = o.where(near, x, 0);
  const n2 = o.mul(n, n);
  let series: Expr = o.scalar(0);
  for (let k = 12; k >= 0; k--)
    series = o.add(o.mul(series, n2), (k % 2 === 0 ? 1 : -1) / (factorial(k) * (2 * k + 1)));
  const inner = o.mul(2 / Math.sqrt(Math.PI), o.mul(n, series));
  const a = o.abs(x);
  const t = o.div(1, o.add(1, o.mul(0.5, a)));
  const c = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277]; // biome-ignore format: a table
  let p: Expr = o.scalar(0);
  for (let k = c.length - 1; k >= 0; k--) p = k === c.length - 1 ? o.scalar(c[k]) : o.add(o.mul(p, t), c[k]);
  const erfc = o.mul(t, o.exp(o.sub(p, o.mul(a, a))));
  return o.where(near, inner, o.mul(o.sign(x), o.sub(1, erfc)));
};
