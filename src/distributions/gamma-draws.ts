/** Log-gamma variables and their pathwise derivatives: what gamma, beta, Dirichlet, χ², F and t distributions are drawn with. */
import { pipe } from 'fp-ts/lib/function.js';
import { jvp, onesLike } from '../core/differentiate/index.ts';
import { raise } from '../core/errors.ts';
import { applyLambda, type Expr, topological, variable } from '../core/expr.ts';
import { stirlingRemainder } from '../core/ops/gamma-parts.ts';
import { gammaFraction, gammaRegime, gammaSeries, gammaUniform } from '../core/ops/incomplete-gamma.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import type { Argument } from './argument.ts';

/**
 * Attempts of Marsaglia and Tsang's rejection. One is accepted with probability above 0.95 for every shape ≥ 1, so that all fail with
 * probability below 0.05¹³ < 1.3e-17; the mode would then stand in.
 */
const ATTEMPTS = 13;

/** Functions of (a, x) with their derivatives by a. */
const withShapeSlope = (f: (a: Expr, x: Expr) => readonly Expr[], a: Expr, x: Expr): Expr[] => {
  const va = variable(a.shape);
  const vx = variable(x.shape);
  const values = f(va, vx);
  return applyLambda({ variables: [va, vx], results: [...values, ...jvp(values, [va], [onesLike(va)])] }, [a, x]);
};

/**
 * d log X / da of X ∼ Gamma(a, 1) along the path that keeps F(X; a): −(∂P/∂a)(a, x) / (x p(x)), for x = e^{logX}. The factor xᵃ e⁻ˣ cancels from
 * the quotient before it can underflow, so it is right however small x is. Error about 1e-12 of 1 + |value|.
 * Source: Figurnov, Mohamed & Mnih (2018), "Implicit reparameterization gradients", arXiv:1805.08498.
 */
export const logGammaSlope = (a: Expr, logX: Expr): Expr => {
  const x = o.exp(logX);
  const { uniform, series } = gammaRegime(a, x);
  const rest = o.or(uniform, series);
  // P = xᵃ e⁻ˣ / Γ(a+1) · s
  const [s, ds] = withShapeSlope((b, y) => [gammaSeries(b, y)], o.where(series, a, 1), o.where(series, x, 1));
  const level = o.sub(logX, o.digamma(o.add(a, 1)));
  const below = o.div(o.add(o.mul(level, s), ds), a);
  // 1 − P = xᵃ e⁻ˣ / Γ(a) · c
  const [c, dc] = withShapeSlope((b, y) => [gammaFraction(b, y)], o.where(rest, 1, a), o.where(rest, 2, x));
  const above = o.neg(o.add(o.mul(o.add(level, o.div(1, a)), c), dc));
  // P = ½ (1 + erf w) − e^{−w²} g, and e^{−w²} = xᵃ e⁻ˣ / Γ(a) · √(2π/a) e^{S(a)}
  const big = o.where(uniform, a, 25);
  const [w, g, dw, dg] = withShapeSlope(gammaUniform, big, o.where(uniform, x, 25));
  const scale = o.mul(o.sqrt(o.div(2 * Math.PI, big)), o.exp(stirlingRemainder(big)));
  const bell = o.add(o.mul(1 / Math.sqrt(Math.PI), dw), o.sub(o.mul(o.mul(2, w), o.mul(dw, g)), dg));
  return o.neg(o.where(uniform, o.mul(scale, bell), o.where(series, below, above)));
};

/** Whether an expression has no input, parameter, variable or noise in it: then nothing can be differentiated by it. */
export const isFixed = (a: Expr): boolean => topological([a]).every((e) => e.inputs.length > 0 || e.op === 'constant');

/**
 * The same number log x, with the pathwise derivative {@link logGammaSlope} by the shape parameter `a`: what is computed with it has the right
 * *first* derivatives by `a`, so that ∇ₐ E[f(X)] is the mean of ∇ₐ f(x). Second derivatives along the path are not those of the distribution.
 */
export const pathwiseLogGamma = (a: Expr, logX: Expr): Expr => {
  const fixed = o.stopGradient(logX);
  if (isFixed(a)) return fixed;
  const held = o.stopGradient(a);
  return o.add(fixed, o.mul(o.stopGradient(logGammaSlope(held, fixed)), o.sub(a, held)));
};

/**
 * log X of independent X ∼ Gamma(aᵢ, 1), reparameterised. Marsaglia & Tsang (2000), "A simple method for generating gamma variables", with thirteen
 * attempts; for a < 1 a variable of shape a + 1 times u^{1/a}, the power taken as log u / a, so that a tiny X keeps its logarithm.
 */
export const logGamma = (concentration: Expr): R.Random<Expr> => {
  const shape: Shape = concentration.shape;
  const a = o.stopGradient(concentration);
  const small = o.less(a, 1);
  const d = o.sub(o.where(small, o.add(a, 1), a), 1 / 3);
  const c = o.div(1, o.sqrt(o.mul(9, d)));
  const attempts = R.scanRandom({
    length: ATTEMPTS,
    init: [o.broadcastTo(0, shape), o.broadcastTo(0, shape)],
    body: ([kept, done]) =>
      pipe(
        R.both(R.normal(shape), R.uniform(shape)),
        R.map(([x, u]) => {
          const raw = o.mul(c, x);
          const legal = o.less(-1, raw);
          const t = o.where(legal, raw, 0);
          const logV = o.mul(3, o.log1p(t));
          // ½ x² + d − d v + d log v, v = (1 + t)³, d = 1/(9c²): the terms in t² cancel on paper here, not in floats
          const gain = o.mul(d, o.sub(o.add(logV, o.mul(1.5, o.square(t))), o.mul(t, o.add(3, o.square(t)))));
          const accepted = o.and(legal, o.less(o.log(u), gain));
          const take = o.and(accepted, o.less(done, 0.5));
          return { carry: [o.where(take, logV, kept), o.where(accepted, 1, done)] };
        }),
      ),
  });
  return pipe(
    R.both(attempts, R.uniform(shape)),
    R.map(([{ carry }, u]) => {
      const boost = o.where(small, o.div(o.log(u), o.where(small, a, 1)), 0);
      return pathwiseLogGamma(concentration, o.add(o.add(o.log(d), carry[0]), boost));
    }),
  );
};

/** Throws `ArgumentError`, naming what, expected and got, where a constant argument has an element that is not positive and finite. */
export const positiveFinite = (owner: string, name: string, a: Argument): void => {
  const values: readonly number[] = typeof a === 'number' ? [a] : 'op' in a ? [] : a;
  const bad = values.find((v) => !(v > 0 && v < Number.POSITIVE_INFINITY));
  if (bad !== undefined)
    raise('ArgumentError', owner, `${name} must be positive and finite`, { expected: `${name} > 0`, got: `${bad}` });
};

/** f(x) summed where `inside` holds of every element, −∞ elsewhere, with gradient 0 there; f sees `middle` in place of what is outside. */
export const supported = (inside: Expr, x: Expr, middle: number, f: (x: Expr) => Expr): Expr =>
  o.sum(o.where(inside, f(o.where(inside, x, middle)), Number.NEGATIVE_INFINITY));
