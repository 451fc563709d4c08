import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import { derivative } from '../core/differentiate/index.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { isFixed, positiveFinite } from './gamma-draws.ts';

/** Parameters of {@link vonMises}. */
export interface VonMisesOptions {
  /** Most probable angle in radians; default 0. */
  readonly loc?: Argument;
  /** κ, positive: about 1/variance where large. */
  readonly concentration: Argument;
}

/** Attempts of the sampler: one is accepted with probability above 0.63, so that all fail with probability below 0.37⁴⁰ < 1e-17. */
const ATTEMPTS = 40;

/** Nodes in (0, 1) and weights of Gauss and Legendre's rule, by Newton's method. */
const rule = ((n: number) =>
  Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let round = 0; round < 8; round++) {
      let [p, before] = [1, 0];
      for (let k = 1; k <= n; k++) [p, before] = [((2 * k - 1) * x * p - (k - 1) * before) / k, p];
      slope = (n * (x * p - before)) / (x * x - 1);
      x -= p / slope;
    }
    return { node: 0.5 * (1 + x), weight: 1 / ((1 - x * x) * slope * slope) };
  }))(56);

/** ∫ f from `low` to `high`, elementwise; f sees one more axis at the end. */
const integral = (low: Expr, high: Expr, f: (t: Expr, wide: (e: Expr) => Expr) => Expr): Expr => {
  const wide = (e: Expr): Expr => o.expandDims(e, e.shape.length);
  const width = o.sub(high, low);
  const t = o.add(wide(low), o.mul(wide(width), o.constant(rule.map((r) => r.node))));
  return o.mul(width, o.sum(o.mul(f(t, wide), o.constant(rule.map((r) => r.weight))), [low.shape.length]));
};

/** cos t − 1, without cancellation. */
const drop = (t: Expr): Expr => o.mul(-2, o.square(o.sin(o.mul(0.5, t))));

/** How far from an angle the density has anything left: 14/√κ, where it has fallen by e⁻³⁹. */
const reach = (k: Expr): Expr => o.div(14, o.sqrt(k));

/** P(0 < Θ ≤ θ) of the distribution around 0, odd in θ, for |θ| ≤ π. */
const mass = (theta: Expr, k: Expr): Expr => {
  const high = o.min(o.abs(theta), reach(k));
  const i = integral(o.mul(0, high), high, (t, wide) => o.exp(o.mul(wide(k), drop(t))));
  return o.mul(o.sign(theta), o.div(i, o.exp(o.add(o.logBesselI0Scaled(k), Math.log(2 * Math.PI)))));
};

/**
 * dθ/dκ along the path that keeps the cdf: −∫₀^θ (cos t − I₁/I₀) e^{κ (cos t − cos θ)} dt, or the same from θ to π, whichever has no large exponent.
 * Source: Figurnov, Mohamed & Mnih (2018), arXiv:1805.08498.
 */
export const vonMisesSlope = (k: Expr, theta: Expr): Expr => {
  const a = o.min(o.abs(theta), Math.PI);
  // 1 − I₁/I₀
  const gap = o.neg(derivative((c) => o.sum(o.logBesselI0Scaled(c)))(k));
  const inner = o.less(o.neg(o.mul(k, drop(a))), 1);
  const low = o.where(inner, 0, a);
  const high = o.where(inner, a, o.min(Math.PI, o.add(a, reach(k))));
  const i = integral(low, high, (t, wide) => {
    const exponent = o.mul(-2, o.mul(o.sin(o.mul(0.5, o.sub(t, wide(a)))), o.sin(o.mul(0.5, o.add(t, wide(a))))));
    return o.mul(o.add(wide(gap), drop(t)), o.exp(o.mul(wide(k), exponent)));
  });
  return o.mul(o.sign(theta), o.where(inner, o.neg(i), i));
};

/** The same angle with its pathwise derivative {@link vonMisesSlope} by κ. */
export const pathwiseVonMises = (k: Expr, theta: Expr): Expr => {
  const fixed = o.stopGradient(theta);
  if (isFixed(k)) return fixed;
  const held = o.stopGradient(k);
  return o.add(fixed, o.mul(o.stopGradient(vonMisesSlope(held, fixed)), o.sub(k, held)));
};

/** Angles around 0: rejection from a normal distribution, since cos θ ≤ 1 − 2θ²/π², or from the uniform one where κ < 0.4. */
const angles = (k: Expr): R.Random<Expr> => {
  const { shape } = k;
  const held = o.stopGradient(k);
  const flat = o.less(held, 0.4);
  const width = o.div(Math.PI / 2, o.sqrt(held));
  return pipe(
    R.scanRandom({
      length: ATTEMPTS,
      init: [o.broadcastTo(0, shape), o.broadcastTo(0, shape)],
      body: ([kept, done]) =>
        pipe(
          R.both(R.normal(shape), R.both(R.uniform(shape), R.uniform(shape))),
          R.map(([e, [u, v]]) => {
            const theta = o.where(flat, o.mul(Math.PI, o.sub(o.mul(2, v), 1)), o.mul(width, e));
            const hat = o.where(flat, 0, o.mul(2 / Math.PI ** 2, o.square(theta)));
            const accepted = o.and(
              o.less(o.abs(theta), Math.PI),
              o.less(o.log(u), o.mul(held, o.add(drop(theta), hat))),
            );
            const take = o.and(accepted, o.less(done, 0.5));
            return { carry: [o.where(take, theta, kept), o.where(accepted, 1, done)] };
          }),
        ),
    }),
    R.map(({ carry }) => pathwiseVonMises(k, carry[0])),
  );
};

/** The same angle in [−π, π). */
const wrap = (x: Expr): Expr => o.sub(x, o.mul(2 * Math.PI, o.floor(o.div(o.add(x, Math.PI), 2 * Math.PI))));

/**
 * The von Mises distribution of independent angles, as numbers in [−π, π]: log p(x) = Σ κ cos(x − loc) − log 2π I₀(κ) nats (radians), −∞ outside one turn.
 *
 * The sampler is a rejection of our own with a normal envelope (acceptance ≥ 0.63, as Best & Fisher's 1979, without an arc cosine), forty attempts.
 * Samples are reparameterised: by κ along the path that keeps the cdf around loc, by loc as a rotation; derivatives of E[f(X)] are right for f
 * periodic in the angle. Facts: an angle has no mean here, only a mode; the cdf starts at −π.
 * Throws `ArgumentError` where a constant concentration is not positive, `ShapeError` where a parameter does not fit the shape.
 *
 * @example
 * const heading = vonMises([1], { loc: Math.PI / 2, concentration: 4 });
 */
export const vonMises = <const S extends Shape>(
  shape: S,
  { loc = 0, concentration }: VonMisesOptions,
): Dist<S, Exact & Samples> & Facts<'support' | 'mode' | 'entropy' | 'cdf'> => {
  positiveFinite('vonMises', 'concentration', concentration);
  const m = fits('vonMises', 'loc', toExpr(loc), shape);
  const k = fits('vonMises', 'concentration', toExpr(concentration), shape);
  const level = o.add(o.logBesselI0Scaled(k), Math.log(2 * Math.PI));
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('vonMises', shape, { loc, concentration }),
    evidence: 'exact',
    logDensity: (x) => {
      const inside = o.lessEqual(o.abs(x), Math.PI * (1 + 1e-6));
      const density = o.sub(o.mul(k, drop(o.sub(o.where(inside, x, 0), m))), level);
      return D.of(o.sum(o.where(inside, density, Number.NEGATIVE_INFINITY)));
    },
    sample: pipe(
      D.fromRandom(angles(k)),
      D.map((theta) => wrap(o.add(m, theta))),
    ),
  });
  /** The cdf of the angle around loc, on all turns. */
  const turned = (theta: Expr): Expr => {
    const turn = o.floor(o.div(o.add(theta, Math.PI), 2 * Math.PI));
    return o.add(turn, mass(o.sub(theta, o.mul(2 * Math.PI, turn)), k));
  };
  return withFacts(dist, {
    support: { kind: 'interval', low: -Math.PI, high: Math.PI },
    mode: wrap(m),
    entropy: o.sum(o.sub(level, o.mul(k, derivative((c) => o.sum(o.logBesselI0Scaled(c)))(k)))),
    cdf: (x) => {
      const start = turned(o.sub(-Math.PI, m));
      return o.max(0, o.min(1, o.sub(turned(o.sub(o.max(-Math.PI, o.min(Math.PI, x)), m)), start)));
    },
  });
};
