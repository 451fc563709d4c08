import type { Dist } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { type GammaFacts, gammaOf } from './gamma.ts';
import { positiveFinite } from './gamma-draws.ts';

/** Parameters of {@link chiSquared}. */
export interface ChiSquaredOptions {
  /** Degrees of freedom ν, positive, not only integers. */
  readonly degrees: Argument;
}

/**
 * The χ² distribution with ν degrees of freedom, independent coordinates: Gamma(ν/2, rate ½), the distribution of a sum of ν squared standard normals. log p(x) = Σ
 * (ν/2−1) log x − x/2 − (ν/2) log 2 − log Γ(ν/2) nats for x > 0, −∞ elsewhere. Everything else as `gamma`.
 * Throws `ArgumentError` where constant degrees are not positive, `ShapeError` where they do not fit the shape.
 *
 * @example
 * const dist = chiSquared([1], { degrees: 4 });   // mean 4, variance 8
 */
export const chiSquared = <const S extends Shape>(
  shape: S,
  { degrees }: ChiSquaredOptions,
): Dist<S, Exact & Samples> & GammaFacts => {
  positiveFinite('chiSquared', 'degrees', degrees);
  const half = o.mul(0.5, fits('chiSquared', 'degrees', toExpr(degrees), shape));
  return gammaOf(shape, half, o.broadcastTo(0.5, shape), familyOf('chiSquared', shape, { degrees }));
};
