/** Scalar maps as values: your own, fixed functions, and which of them a combinator was given. */
import { free } from '../../algebra/cost.ts';
import { type Mapped, negated, type ScalarMap } from '../../algebra/scalar-map.ts';
import type { Spec } from '../../algebra/spec.ts';
import { bijection, type MapLayer } from '../../algebra/transport.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import * as Sc from '../../core/scope.ts';
import type { Shape } from '../../core/shape.ts';

export type { Mapped, ScalarMap };

/** What `coupling`, `autoregressive`, `elementwise` and maps of maps take: a map, or a layer that carries one, as `tanh()` does. */
export type MapLike = ScalarMap | { readonly map: ScalarMap };

/** The map that was meant. */
export const mapOf = (given: MapLike): ScalarMap => ('width' in given ? given : given.map);

/** What {@link scalarMap} is made from. */
export interface ScalarMapOptions {
  readonly spec: Spec;
  /** Parameters for each coordinate; default 0, a fixed function. */
  readonly width?: number;
  /** z and log |∂z/∂x| of each element; `raw` is `[width, ...x.shape]`. */
  readonly encode: (x: Expr, raw: Expr) => Mapped;
  /** x and log |∂z/∂x| there (not its negative). */
  readonly decode: (z: Expr, raw: Expr) => Mapped;
}

/**
 * A scalar map of your own: a monotone function z = f(x; raw) of one number with its inverse, both with log |∂z/∂x|. It then couples, stands in
 * autoregressive and elementwise layers, and chains with other maps. Works on arrays of any shape, element by element. Throws `ArgumentError` where
 * `width` is no count. Cost: one evaluation of `encode` or `decode` a direction.
 *
 * @example
 * const cubic = scalarMap({
 *   spec: { type: 'stretch' },
 *   width: 1,
 *   encode: (x, raw) => {
 *     const s = ops.reshape(raw, x.shape);
 *     return { value: ops.mul(x, ops.exp(s)), logSlope: s };
 *   },
 *   decode: (z, raw) => {
 *     const s = ops.reshape(raw, z.shape);
 *     return { value: ops.mul(z, ops.exp(ops.neg(s))), logSlope: s };
 *   },
 * });
 * coupling(cubic);
 */
export const scalarMap = ({ spec, width = 0, encode, decode }: ScalarMapOptions): ScalarMap =>
  Number.isInteger(width) && width >= 0
    ? { spec, width, encode: (x, raw) => Sc.of(encode(x, raw)), decode: (z, raw) => Sc.of(decode(z, raw)) }
    : raise('ArgumentError', spec.type, 'the width of a scalar map is no count', {
        expected: '0, 1, 2, …',
        got: `${width}`,
      });

/** A fixed function of one number with its inverse; both give log |∂z/∂x| of each element with the value. */
export interface Fixed {
  readonly encode: (x: Expr) => Mapped;
  readonly decode: (z: Expr) => Mapped;
}

/** The function with its sides exchanged. */
export const turned = (f: Fixed): Fixed => ({
  encode: (x) => negated(f.decode(x)),
  decode: (z) => negated(f.encode(z)),
});

/** The layer that applies a function of one number to every element, and carries it: log |det ∂z/∂x| = Σ log |slope|. No network: free both ways. */
export const fixedLayer = (spec: Spec, f: Fixed): MapLayer => mapLayer(scalarMap({ spec, ...f }));

const mapLayer = (map: ScalarMap): MapLayer => {
  const summed = Sc.map(({ value, logSlope }: Mapped) => ({ value, contribution: o.sum(logSlope) }));
  const layer = bijection({
    spec: map.spec,
    cost: free,
    map,
    encode: (x) => summed(map.encode(x, noRaw(x.shape))),
    decode: (z) => summed(map.decode(z, noRaw(z.shape))),
  });
  return { ...layer, map };
};

/** What a map of width 0 is given, and does not read. */
export const noRaw = (shape: Shape): Expr => o.broadcastTo(0, [0, ...shape]);

/**
 * A function on part of the reals: elements off it have value `value` and log-slope −∞ (density 0, gradient 0, no NaN), and `f` never
 * sees them.
 */
export const within = (
  x: Expr,
  inside: Expr,
  { standIn, value = 0 }: { readonly standIn: number; readonly value?: number },
  f: (x: Expr) => Mapped,
): Mapped => {
  const y = f(o.where(inside, x, standIn));
  return {
    value: o.where(inside, y.value, value),
    logSlope: o.where(inside, y.logSlope, Number.NEGATIVE_INFINITY),
  };
};
