/** Spline flows: the rational-quadratic map by coupling and by autoregression. */

import { layerKind } from '../algebra/kinds.ts';
import { type Endo, inverse } from '../algebra/transport.ts';
import { define } from '../core/definition.ts';
import { nested } from '../core/specification.ts';
import { checkedDependence, dependenceFields, dependenceSpec } from '../nn/dependence.ts';
import { networkKind } from '../nn/kinds.ts';
import { made } from '../nn/made.ts';
import { mlp } from '../nn/mlp.ts';
import { smallMade, smallMlp } from '../nn/small.ts';

import { type AutoregressiveOptions, autoregressive } from './autoregressive.ts';
import { type CouplingOptions, coupling, splitCodec } from './coupling.ts';
import { type SplineOptions, splineFields, splineMap } from './scalar/spline-map.ts';

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
export const splineCoupling = define(
  layerKind,
  {
    type: 'splineCoupling',
    about: 'Rational-quadratic splines by coupling.',
    optional: { conditioner: nested(networkKind), split: splitCodec, ...splineFields },
    examples: [
      { bins: 4, conditioner: smallMlp },
      { bins: 4, bound: 3, split: 1, conditioner: smallMlp, minWidth: 0.01, minHeight: 0.01, minSlope: 0.01 },
    ],
  },
  ({ conditioner = mlp([64, 64]), split = 'half', ...spline }: SplineCouplingOptions = {}): Endo<'bijective'> => {
    const map = splineMap(spline);
    const { type: _, ...options } = map.spec;
    return {
      ...coupling(map, { conditioner, split }),
      spec: {
        type: 'splineCoupling',
        conditioner: conditioner.spec,
        ...options,
        ...(split === 'half' ? {} : { split }),
      },
    };
  },
);

/** Options of {@link splineAutoregressive}. */
export interface SplineAutoregressiveOptions extends AutoregressiveOptions, SplineOptions {}

/**
 * Neural spline flow by autoregression, RQ-NSF (AR) (Durkan et al. 2019): zᵢ = spline(xᵢ; net(x₍<ᵢ₎)), log |det ∂z/∂x| = Σ log slope. One pass to
 * encode, D passes to decode, as `maf`, whose place (and options) it takes by one word. Vectors `[D]` only.
 *
 * @example
 * repeat(4, compose(splineAutoregressive({ bins: 8 }), reverse()))
 */
export const splineAutoregressive = define(
  layerKind,
  {
    type: 'splineAutoregressive',
    about: 'Rational-quadratic splines by autoregression: density in one pass.',
    optional: { conditioner: nested(networkKind), ...splineFields, ...dependenceFields },
    shapes: 'vectors',
    examples: [
      { bins: 4, passes: 2, conditioner: smallMade },
      { bins: 3, bound: 2, order: 'reverse', conditioner: smallMade, minWidth: 0.01, minHeight: 0.01, minSlope: 0.01 },
      {
        bins: 3,
        conditioner: smallMade,
        adjacency: [
          [0, 1],
          [0, 0],
        ],
      },
    ],
  },
  ({
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
  },
);

/**
 * The same turned round, as `iaf` is `maf` turned round: fast sampling, sequential density.
 *
 * @example
 * splineInverseAutoregressive({ bins: 8 })
 */
export const splineInverseAutoregressive = define(
  layerKind,
  {
    type: 'splineInverseAutoregressive',
    about: 'Rational-quadratic splines by autoregression: samples in one pass.',
    optional: { conditioner: nested(networkKind), ...splineFields, ...dependenceFields },
    shapes: 'vectors',
    examples: [
      { bins: 4, passes: 2, conditioner: smallMade },
      { bins: 3, bound: 2, order: 'reverse', conditioner: smallMade, minWidth: 0.01, minHeight: 0.01, minSlope: 0.01 },
      {
        bins: 3,
        conditioner: smallMade,
        adjacency: [
          [0, 1],
          [0, 0],
        ],
      },
    ],
  },
  (options: SplineAutoregressiveOptions = {}): Endo<'bijective'> => {
    const layer = splineAutoregressive(options);
    return { ...inverse(layer), spec: { ...layer.spec, type: 'splineInverseAutoregressive' } };
  },
);
