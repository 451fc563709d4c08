import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { byHazard, type EveryFact, edgePower, type Family, type ScalarDist, scalarFamily } from './scalar-dist.ts';

/** Parameters of {@link rayleigh}. */
export interface RayleighOptions {
  /** Standard deviation of each of the two normal coordinates, positive; default 1. */
  readonly scale?: Argument;
}

/**
 * The Rayleigh distribution, of the length of two independent N(0, scale²) numbers: log p(x) = Σ log xᵢ − 2 log scaleᵢ − ½ (xᵢ/scaleᵢ)² nats on x > 0.
 * Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where it does not fit the shape. (Rayleigh 1880.)
 *
 * @example
 * rayleigh([2], { scale: 0.5 });
 */
export const rayleigh = <const S extends Shape>(shape: S, { scale = 1 }: RayleighOptions = {}): Family<S> => {
  positive('rayleigh', 'scale', scale);
  const s = fits('rayleigh', 'scale', toExpr(scale), shape);
  const dist: ScalarDist<EveryFact> = byHazard({
    support: { kind: 'positive' },
    on: (x) => o.greaterEqual(x, 0),
    safe: s,
    cumulative: (x) => o.mul(0.5, o.square(o.div(x, s))),
    logHazard: (x) => o.sub(edgePower(1, o.div(x, s)), o.log(s)),
    logHazardAt: (e) => o.sub(o.mul(0.5, o.log(o.mul(2, e))), o.log(s)),
    inverse: (e) => o.mul(s, o.sqrt(o.mul(2, e))),
    facts: {
      mean: o.mul(s, Math.sqrt(Math.PI / 2)),
      variance: o.mul(o.square(s), 2 - Math.PI / 2),
      mode: s,
      // 1 + log(scale/√2) + γ/2
      entropy: o.add(o.log(s), 1 - 0.5 * Math.LN2 + 0.577215664901532861 / 2),
    },
  });
  return scalarFamily(shape, familyOf('rayleigh', shape, { scale }), dist);
};
