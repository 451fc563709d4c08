import { positives } from '../algebra/support.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { fits, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { standardNormalScalar } from './normal.ts';
import { onSupport } from './on-support.ts';
import {
  type EveryFact,
  type Family,
  type LocationScale,
  locationScale,
  type ScalarDist,
  scalarFamily,
} from './scalar-dist.ts';

/** f(log x) where x > 0, `none` elsewhere. */
const ofLog = (x: Expr, f: (y: Expr) => Expr, none: number): Expr => {
  const on = o.greater(x, 0);
  return o.where(on, f(o.log(o.where(on, x, 1))), none);
};

/**
 * The distribution of eʸ for y ~ N(loc, scale²), elementwise: log p(x) = Σ log N(log xᵢ; locᵢ, scaleᵢ²) − log xᵢ nats on x > 0; `loc` and `scale` are
 * those of the logarithm. Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where a parameter does not fit the shape.
 *
 * @example
 * logNormal([2], { loc: 0, scale: [0.5, 1] }).mean;   // exp(loc + scale²/2)
 */
export const logNormal = <const S extends Shape>(shape: S, { loc = 0, scale = 1 }: LocationScale = {}): Family<S> => {
  const base = locationScale('logNormal', shape, { loc, scale }, standardNormalScalar);
  const m = fits('logNormal', 'loc', toExpr(loc), shape);
  const variance = o.square(fits('logNormal', 'scale', toExpr(scale), shape));
  const dist: ScalarDist<EveryFact> = {
    support: positives,
    logDensity: (x) => onSupport(x, o.greater(x, 0), 1, (y) => o.sub(base.logDensity(o.log(y)), o.log(y))),
    draw: (full) => map(o.exp)(base.draw(full)),
    scored: (full) =>
      map((y: Expr) => ({ value: o.exp(y), logDensity: o.sub(base.logDensity(y), y) }))(base.draw(full)),
    facts: {
      mean: o.exp(o.add(m, o.mul(0.5, variance))),
      variance: o.mul(o.expm1(variance), o.exp(o.add(o.mul(2, m), variance))),
      mode: o.exp(o.sub(m, variance)),
      entropy: o.add(m, base.facts.entropy),
      cdf: (x: Expr) => {
        const on = o.greater(x, 0);
        return o.where(on, base.facts.cdf(o.log(o.where(on, x, 1))), 0);
      },
      quantile: (u: Expr) => o.exp(base.facts.quantile(u)),
      logCdf: (x: Expr) => ofLog(x, base.facts.logCdf, Number.NEGATIVE_INFINITY),
      logSurvival: (x: Expr) => ofLog(x, base.facts.logSurvival, 0),
      lowerQuantile: (l: Expr) => o.exp(base.facts.lowerQuantile(l)),
      upperQuantile: (l: Expr) => o.exp(base.facts.upperQuantile(l)),
    },
  };
  return scalarFamily(shape, familyOf('logNormal', shape, { loc, scale }), dist);
};
