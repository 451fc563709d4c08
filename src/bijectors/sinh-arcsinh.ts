import type { MapLayer } from '../algebra/transport.ts';
import { finite, positiveNumber } from '../core/codec.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { defineMapLayer } from './scalar/map-layer.ts';
import { type Fixed, fixedLayer } from './scalar/scalar-map.ts';

/** Options of {@link sinhArcsinh}. */
export interface SinhArcsinhOptions {
  /** ε: data lean to the right where it is above 0; default 0. */
  readonly skewness?: number;
  /** δ > 0: data have heavier tails than the latent where it is above 1; default 1. */
  readonly tailweight?: number;
}

/** The function of one number and its inverse; `inverse` is 1 / δ. */
export const sinhArcsinhBy = ({
  skewness,
  delta,
  inverse,
  logDelta,
}: Record<'skewness' | 'delta' | 'inverse' | 'logDelta', o.Operand>): Fixed => {
  const logSlope = (inner: Expr, a: Expr): Expr => o.sub(o.sub(o.logCosh(inner), o.logCosh(a)), logDelta);
  return {
    encode: (x) => {
      const a = o.asinh(x);
      const inner = o.sub(o.mul(inverse, a), skewness);
      return { value: o.sinh(inner), logSlope: logSlope(inner, a) };
    },
    decode: (z) => {
      const inner = o.asinh(z);
      const a = o.mul(delta, o.add(inner, skewness));
      return { value: o.sinh(a), logSlope: logSlope(inner, a) };
    },
  };
};

/**
 * Skewness and tails (Jones & Pewsey 2009, doi:10.1093/biomet/asp053): data are x = sinh(δ (sinh⁻¹ z + ε)), so
 *
 *     z = sinh(a / δ − ε),   a = sinh⁻¹ x      log |det ∂z/∂x| = Σ log cosh(a / δ − ε) − log δ − log cosh a
 *
 * The identity for ε = 0, δ = 1. Free both ways, and no square overflows. Throws `ArgumentError` where δ is not positive.
 *
 * @example
 * pipe(standardNormal([1]), pushforward(sinhArcsinh({ skewness: 0.5, tailweight: 1.2 })))
 */
export const sinhArcsinh = defineMapLayer(
  {
    type: 'sinhArcsinh',
    about: 'Skewness and weight of tails.',
    optional: { skewness: finite, tailweight: positiveNumber },
    examples: [{}, { skewness: 0.2, tailweight: 1.1 }],
  },
  ({ skewness = 0, tailweight = 1 }: SinhArcsinhOptions = {}): MapLayer => {
    if (!(Number.isFinite(skewness) && Number.isFinite(tailweight) && tailweight > 0))
      return raise('ArgumentError', 'sinhArcsinh', 'not a skewness and a tail weight', {
        expected: 'a finite skewness and a tailweight > 0',
        got: `skewness ${skewness}, tailweight ${tailweight}`,
      });
    const parts = { skewness, delta: tailweight, inverse: 1 / tailweight, logDelta: Math.log(tailweight) };
    return fixedLayer({ type: 'sinhArcsinh', skewness, tailweight }, sinhArcsinhBy(parts));
  },
);
