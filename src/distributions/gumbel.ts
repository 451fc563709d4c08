import { reals } from '../algebra/support.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { familyOf } from './family-of.ts';
import { type EveryFact, type Family, inverseCdf, type LocationScale, locationScale, type ScalarDist, scalarFamily } from './scalar-dist.ts'; // biome-ignore format: one line

/** The Euler–Mascheroni constant γ. */
const EULER = 0.577215664901532861;

/** Where e^{−z} is small enough for three terms of a series. */
const FAR = 12;

/** The standard Gumbel distribution (of maxima): log p(z) = −z − e^{−z} nats. */
export const standardGumbel: ScalarDist<EveryFact> = inverseCdf({
  support: reals,
  logDensity: (z) => o.neg(o.add(z, o.exp(o.neg(z)))),
  facts: {
    mean: EULER,
    variance: Math.PI ** 2 / 6,
    mode: 0,
    entropy: 1 + EULER,
    cdf: (z: Expr) => o.exp(o.neg(o.exp(o.neg(z)))),
    quantile: (u: Expr) => o.neg(o.log(o.neg(o.log(u)))),
    logCdf: (z: Expr) => o.neg(o.exp(o.neg(z))),
    // log(1 − e^{−t}) = log t − t/2 + t²/24 … for small t = e^{−z}.
    logSurvival: (z: Expr) => {
      const far = o.greater(z, FAR);
      const t = o.exp(o.neg(o.where(far, z, FAR)));
      const near = o.log1mExp(o.neg(o.exp(o.neg(o.where(far, 0, z)))));
      return o.where(far, o.sub(o.mul(o.square(t), 1 / 24), o.add(z, o.mul(0.5, t))), near);
    },
    lowerQuantile: (l: Expr) => o.neg(o.log(o.neg(l))),
    // −log t where log(1 − e^{−t}) = l: t = eˡ + e²ˡ/2 + e³ˡ/3 … for small eˡ.
    upperQuantile: (l: Expr) => {
      const far = o.less(l, -FAR);
      const e = o.exp(o.where(far, l, -FAR));
      const near = o.neg(o.log(o.neg(o.log1mExp(o.where(far, -1, l)))));
      return o.where(far, o.neg(o.add(l, o.mul(e, o.add(0.5, o.mul(5 / 24, e))))), near);
    },
  },
});

/**
 * The Gumbel distribution of maxima, elementwise: log p(x) = Σ −zᵢ − e^{−zᵢ} − log scaleᵢ nats, z = (x − loc)/scale; mean loc + γ scale.
 * Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where a parameter does not fit the shape.
 * (Gumbel 1935.)
 *
 * @example
 * gumbel([3], { loc: 1, scale: 2 });
 */
export const gumbel = <const S extends Shape>(shape: S, { loc = 0, scale = 1 }: LocationScale = {}): Family<S> =>
  scalarFamily(
    shape,
    familyOf('gumbel', shape, { loc, scale }),
    locationScale('gumbel', shape, { loc, scale }, standardGumbel),
  );
