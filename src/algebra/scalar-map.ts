/**
 * Scalar maps: bijections of one number, applied to each element of an array. A fixed function has no parameters (`width` 0); the parameters of the
 * others come from outside. One map gives three layers by combinator: `elementwise` (free parameters), `coupling` and `autoregressive` (parameters from
 * other coordinates).
 */
import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import { neg } from '../core/ops/elementwise.ts';
import * as Sc from '../core/scope.ts';
import { nested } from '../core/specification.ts';
import { mapKind } from './kinds.ts';
import type { Spec } from './spec.ts';

/** A mapped array with log |slope| of each element. */
export interface Mapped {
  readonly value: Expr;
  readonly logSlope: Expr;
}

/**
 * A monotone map z = f(x; raw), elementwise. `raw` has shape `[width, ...x.shape]` and may be any real numbers; raw = 0 is the identity (or
 * the map's own start), so that a network whose last layer is zero starts there. A map of width 0 does not read it.
 */
export interface ScalarMap {
  readonly spec: Spec;
  /** Parameters for each coordinate; 0 where the map is fixed. */
  readonly width: number;
  /** z and log |∂z/∂x|. */
  readonly encode: (x: Expr, raw: Expr) => Sc.Scoped<Mapped>;
  /** x and log |∂z/∂x| there (not its negative). */
  readonly decode: (z: Expr, raw: Expr) => Sc.Scoped<Mapped>;
}

/** The log-slope of the function with its sides exchanged. */
export const negated = ({ value, logSlope }: Mapped): Mapped => ({ value, logSlope: neg(logSlope) });

/**
 * The map with its sides exchanged: z = f⁻¹(x; raw), log |∂z/∂x| = −log |f′(z)|. Its own inverse up to the name. Cost: that of the map's other direction.
 *
 * @example
 * coupling(inverseMap(splineMap()))
 */
export const inverseMap = define(
  mapKind,
  {
    type: 'inverse',
    about: 'A map with its sides exchanged.',
    takes: ['of'],
    required: { of: nested(mapKind) },
    examples: [{ of: { type: 'splineMap', bins: 3, bound: 2 } }],
  },
  (map: ScalarMap): ScalarMap => ({
    spec: { type: 'inverse', of: map.spec },
    width: map.width,
    encode: (x, raw) => Sc.map(negated)(map.decode(x, raw)),
    decode: (z, raw) => Sc.map(negated)(map.encode(z, raw)),
  }),
);
