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

/** eˣ − 1 = 2 t / (1 − t), t = tanh(x/2), for |x| < 1; eˣ − 1 directly elsewhere. */
export const expm1ByTanh = (x: Expr): Expr => {
  const near = o.less(o.abs(x), 1);
  const t = o.tanh(o.mul(0.5, o.where(near, x, 0)));
  return o.where(near, o.div(o.mul(2, t), o.sub(1, t)), o.sub(o.exp(x), 1));
};

/**
 * log(1 + eˣ) = max(x, 0) + log u + (e − (u − 1)) with e = e^{−|x|}, u = 1 + e rounded: the last term puts back what rounding 1 + e lost, so
 * the relative error stays small however negative x is. (To first order it is to be divided by u, but where it counts u is 1.)
 */
export const softplusByExp = (x: Expr): Expr => {
  const e = o.exp(o.neg(o.abs(x)));
  const u = o.add(1, e);
  return o.add(o.add(o.relu(x), o.log(u)), o.sub(e, o.sub(u, 1)));
};

/** 1 / (1 + e⁻ˣ) directly: a small relative error for every x, where a runtime's own kernel may keep only an absolute one. */
export const sigmoidByExp = (x: Expr): Expr => o.div(1, o.add(1, o.exp(o.neg(x))));

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
  // (z−½) (log z − 1) − ½ is (z−½) log z − z without ∞ − ∞ at z = ∞.
  const stirling = o.add(
    o.mul(o.sub(z, 0.5), o.sub(o.log(z), 1)),
    o.add(0.5 * Math.log(2 * Math.PI) - 0.5, o.mul(series, r)),
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
 * erf to double precision: for |x| < 3 the series 2/√π e^{−x²} Σ 2ᵏ x²ᵏ⁺¹ / (2k+1)!!, whose terms are all of one sign (DLMF 7.6.2); beyond,
 * 1 − erfc by its continued fraction √π eˣ² erfc x = 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))) (DLMF 7.9.1).
 */
export const erfBySeries = (x: Expr): Expr => {
  const a = o.abs(x);
  const near = o.less(a, 3);
  const n = o.where(near, x, 0);
  const n2 = o.mul(n, n);
  let series: Expr = o.scalar(1);
  for (let k = 56; k >= 1; k--) series = o.add(1, o.mul(o.mul(n2, 2 / (2 * k + 1)), series));
  const inner = o.mul(o.mul(2 / Math.sqrt(Math.PI), o.exp(o.neg(n2))), o.mul(n, series));
  const f = o.where(near, 3, a);
  let fraction: Expr = f;
  for (let k = 60; k >= 1; k--) fraction = o.add(f, o.div(k / 2, fraction));
  const erfc = o.div(o.exp(o.neg(o.mul(f, f))), o.mul(Math.sqrt(Math.PI), fraction));
  return o.where(near, inner, o.mul(o.sign(x), o.sub(1, erfc)));
};
