import { distributionKind } from '../algebra/kinds.ts';
import { reals } from '../algebra/support.ts';
import { shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { argument } from './argument-codec.ts';
import { familyOf } from './family-of.ts';
import { type EveryFact, type Family, inverseCdf, type LocationScale, locationScale, type ScalarDist, scalarFamily } from './scalar-dist.ts'; // biome-ignore format: one line

/**
 * The standard logistic distribution: log p(z) = −softplus(z) − softplus(−z) nats.
 *
 * @example
 * standardLogistic.logDensity(ops.scalar(0));   // −2 log 2
 */
export const standardLogistic: ScalarDist<EveryFact> = inverseCdf({
  support: reals,
  logDensity: (z) => o.neg(o.add(o.softplus(z), o.softplus(o.neg(z)))),
  facts: {
    mean: 0,
    variance: Math.PI ** 2 / 3,
    mode: 0,
    entropy: 2,
    cdf: o.sigmoid,
    quantile: (u: Expr) => o.sub(o.log(u), o.log1p(o.neg(u))),
    logCdf: o.logSigmoid,
    logSurvival: (z: Expr) => o.neg(o.softplus(z)),
    lowerQuantile: (l: Expr) => o.sub(l, o.log1mExp(l)),
    upperQuantile: (l: Expr) => o.sub(o.log1mExp(l), l),
  },
});

/**
 * The logistic distribution, elementwise: log p(x) = Σ −softplus(zᵢ) − softplus(−zᵢ) − log scaleᵢ nats, z = (x − loc)/scale; variance π² scale²/3.
 * Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where a parameter does not fit the shape.
 *
 * @example
 * logistic([2], { scale: 0.5 });
 */
export const logistic = define(
  distributionKind,
  {
    type: 'logistic',
    about: 'The logistic distribution.',
    takes: ['shape'],
    required: { shape: shapeCodec },
    optional: { loc: argument, scale: argument },
    examples: [{ shape: [2], loc: [0.5, -1], scale: 1.5 }],
  },
  <const S extends Shape>(shape: S, { loc = 0, scale = 1 }: LocationScale = {}): Family<S> =>
    scalarFamily(
      shape,
      familyOf('logistic', shape, { loc, scale }),
      locationScale('logistic', shape, { loc, scale }, standardLogistic),
    ),
);
