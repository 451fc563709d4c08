/** Spline flows: the rational-quadratic map by coupling and by autoregression. */

import { type Endo, inverse } from '../algebra/transport.ts';
import { checkedDependence, dependenceSpec } from '../nn/dependence.ts';
import { made } from '../nn/made.ts';
import { mlp } from '../nn/mlp.ts';
import { type AutoregressiveOptions, autoregressive } from './autoregressive.ts';
import { type CouplingOptions, coupling } from './coupling.ts';
import { type SplineOptions, splineMap } from './scalar/spline-map.ts';

/** Options of {@link splineCoupling}. */
export interface SplineCouplingOptions extends CouplingOptions, SplineOptions {}

/**
 * Neural spline flow by coupling, RQ-NSF (C) (Durkan et al. 2019, arXiv:1906.04032): (a, b) ↦ (a, spline(b; net(a))), log |det ∂z/∂x| = Σ log slope.
 * Both directions cost one pass of the conditioner, and it starts as the identity. Takes the place of `affineCoupling` by one word.
 * Throws `ArgumentError` where an option of the spline is out of range, `ShapeError` where there is nothing to split.
 *
 * @example
 * repeat(4, compose(splineCoupling({ bins: 8, bound: 4 }), reverse()))
 */
export const splineCoupling = ({
  conditioner = mlp([64, 64]),
  split = 'half',
  ...spline
}: SplineCouplingOptions = {}): Endo<'bijective'> => {
  const map = splineMap(spline);
  const { type: _, ...options } = map.spec;
  return {
    ...coupling(map, { conditioner, split }),
    spec: { type: 'splineCoupling', conditioner: conditioner.spec, ...options, ...(split === 'half' ? {} : { split }) },
  };
};

/** Options of {@link splineAutoregressive}. */
export interface SplineAutoregressiveOptions extends AutoregressiveOptions, SplineOptions {}

/**
 * Neural spline flow by autoregression, RQ-NSF (AR) (Durkan et al. 2019): zᵢ = spline(xᵢ; net(x₍<ᵢ₎)), log |det ∂z/∂x| = Σ log slope. One pass to
 * encode, D passes to decode, as `maf`, whose place (and options) it takes by one word. Vectors `[D]` only.
 *
 * @example
 * repeat(4, compose(splineAutoregressive({ bins: 8 }), reverse()))
 */
export const splineAutoregressive = ({
  conditioner = made([64, 64]),
  order,
  passes,
  adjacency,
  ...spline
}: SplineAutoregressiveOptions = {}): Endo<'bijective'> => {
  const map = splineMap(spline);
  const { type: _, ...options } = map.spec;
  const dependence = checkedDependence({ order, passes, adjacency });
  return {
    ...autoregressive(map, { conditioner, ...dependence }),
    spec: { type: 'splineAutoregressive', conditioner: conditioner.spec, ...options, ...dependenceSpec(dependence) },
  };
};

/**
 * The same turned round, as `iaf` is `maf` turned round: fast sampling, sequential density.
 *
 * @example
 * splineInverseAutoregressive({ bins: 8 })
 */
export const splineInverseAutoregressive = (options: SplineAutoregressiveOptions = {}): Endo<'bijective'> => {
  const layer = splineAutoregressive(options);
  return { ...inverse(layer), spec: { ...layer.spec, type: 'splineInverseAutoregressive' } };
};
