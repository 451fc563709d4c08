/** Functions of one number whose parameters are learned: tails, powers, bends. Each is the identity at raw = 0, and onto all reals. */
import { mapKind } from '../../algebra/kinds.ts';
import { define } from '../../core/definition.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { sinhArcsinhBy } from '../sinh-arcsinh.ts';
import { bounded, rowsOf, size } from './raw.ts';
import { type Mapped, type ScalarMap, scalarMap } from './scalar-map.ts';

const withSign = (x: Expr, magnitude: Expr): Expr => o.where(o.less(x, 0), o.neg(magnitude), magnitude);

/** Log tail weights and log powers stay in (−1, 1): tails of float32 data stay finite. */
const LOG_BOUND = 1;
const SKEWNESS_BOUND = 3;

/**
 * Learned skewness and tails (Jones & Pewsey 2009, doi:10.1093/biomet/asp053), as {@link sinhArcsinh} has them fixed:
 *
 *     z = sinh(a / δ − ε),   a = sinh⁻¹ x      log |∂z/∂x| = log cosh(a / δ − ε) − log δ − log cosh a
 *
 * `raw` holds ε (as 3 tanh(raw / 3)) and log δ (as tanh raw, so that δ lies between e⁻¹ and e); raw = 0 is the identity. Both directions are closed.
 *
 * @example
 * coupling(chainMaps(sinhArcsinhMap(), affineMap()))
 */
export const sinhArcsinhMap = define(
  mapKind,
  { type: 'sinhArcsinhMap', about: 'Skewness and weight of tails, learned.', examples: [{}] },
  (): ScalarMap => {
    const by = (raw: Expr, shape: readonly number[]) => {
      const [epsilon, log] = rowsOf(raw, shape);
      const logDelta = bounded(log, LOG_BOUND);
      const skewness = bounded(epsilon, SKEWNESS_BOUND);
      return sinhArcsinhBy({ skewness, delta: o.exp(logDelta), inverse: o.exp(o.neg(logDelta)), logDelta });
    };
    return scalarMap({
      spec: { type: 'sinhArcsinhMap' },
      width: 2,
      encode: (x, raw) => by(raw, x.shape).encode(x),
      decode: (z, raw) => by(raw, z.shape).decode(z),
    });
  },
);

/**
 * A learned power of the distance to −sign(x), smooth at 0 and onto all reals:
 *
 *     z = sign(x) ((1 + |x|)ᵖ − 1) / p      log |∂z/∂x| = (p − 1) log(1 + |x|)
 *
 * (the transformation of Yeo & Johnson 2000, doi:10.1093/biomet/87.4.954, for both signs alike). Tails become heavier (p < 1) or lighter (p > 1).
 * `raw` holds log p (as tanh raw); raw = 0 is the identity. Both directions are closed. `power` has fixed powers, of positive numbers too.
 *
 * @example
 * coupling(powerMap())
 */
export const powerMap = define(
  mapKind,
  { type: 'powerMap', about: 'A signed power, learned.', examples: [{}] },
  (): ScalarMap => {
    const powerOf = (raw: Expr, shape: readonly number[]): Expr => o.exp(bounded(o.reshape(raw, shape), LOG_BOUND));
    const mapped = (from: Expr, p: Expr, logOnePlus: Expr, magnitude: Expr): Mapped => ({
      value: withSign(from, magnitude),
      logSlope: o.mul(o.sub(p, 1), logOnePlus),
    });
    return scalarMap({
      spec: { type: 'powerMap' },
      width: 1,
      encode: (x, raw) => {
        const p = powerOf(raw, x.shape);
        const far = o.log1p(size(x));
        return mapped(x, p, far, o.div(o.expm1(o.mul(p, far)), p));
      },
      decode: (z, raw) => {
        const p = powerOf(raw, z.shape);
        const far = o.div(o.log1p(o.mul(p, size(z))), p);
        return mapped(z, p, far, o.expm1(far));
      },
    });
  },
);

const SLOPE_BOUND = 3;

/**
 * Two half-lines with a learned bend: z = x for x ≥ 0 and eˢ x below, log |∂z/∂x| = s below 0. `raw` holds s (as 3 tanh(raw / 3)); raw = 0 is the
 * identity. Both directions are closed.
 *
 * @example
 * coupling(chainMaps(leakyReluMap(), affineMap()))
 */
export const leakyReluMap = define(
  mapKind,
  { type: 'leakyReluMap', about: 'The slope below zero, learned.', examples: [{}] },
  (): ScalarMap => {
    const bend = (x: Expr, raw: Expr, by: (v: Expr, s: Expr) => Expr): Mapped => {
      const below = o.less(x, 0);
      const s = bounded(o.reshape(raw, x.shape), SLOPE_BOUND);
      return { value: o.where(below, by(x, s), x), logSlope: o.where(below, s, 0) };
    };
    return scalarMap({
      spec: { type: 'leakyReluMap' },
      width: 1,
      encode: (x, raw) => bend(x, raw, (v, s) => o.mul(v, o.exp(s))),
      decode: (z, raw) => bend(z, raw, (v, s) => o.mul(v, o.exp(o.neg(s)))),
    });
  },
);
