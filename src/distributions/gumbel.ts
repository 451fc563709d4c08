import { reals } from '../algebra/support.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { toSpec } from './argument.ts';
import { type EveryFact, type Family, inverseCdf, type LocationScale, locationScale, type ScalarLaw, scalarFamily } from './scalar-law.ts'; // biome-ignore format: one line

/** The Euler–Mascheroni constant γ. */
const EULER = 0.577215664901532861;

/** The standard Gumbel law (of maxima): log p(z) = −z − e^{−z} nats. */
export const standardGumbel: ScalarLaw<EveryFact> = inverseCdf({
  support: reals,
  logDensity: (z) => o.neg(o.add(z, o.exp(o.neg(z)))),
  facts: {
    mean: EULER,
    variance: Math.PI ** 2 / 6,
    mode: 0,
    entropy: 1 + EULER,
    cdf: (z: Expr) => o.exp(o.neg(o.exp(o.neg(z)))),
    quantile: (u: Expr) => o.neg(o.log(o.neg(o.log(u)))),
  },
});

/**
 * The Gumbel law of maxima, elementwise: log p(x) = Σ −zᵢ − e^{−zᵢ} − log scaleᵢ nats, z = (x − loc)/scale; mean loc + γ scale.
 * Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where a parameter does not fit the shape.
 * (Gumbel 1935.)
 *
 * @example
 * gumbel([3], { loc: 1, scale: 2 });
 */
export const gumbel = <const S extends Shape>(shape: S, { loc = 0, scale = 1 }: LocationScale = {}): Family<S> =>
  scalarFamily(
    shape,
    { type: 'gumbel', shape, loc: toSpec(loc), scale: toSpec(scale) },
    locationScale('gumbel', shape, { loc, scale }, standardGumbel),
  );
