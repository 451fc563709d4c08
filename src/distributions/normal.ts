import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, dist } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { normal as normalNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr, toSpec } from './argument.ts';

/**
 * The standard normal law N(0, I) over events of a shape: log p(x) = −½ ‖x‖² − ½ D log 2π nats.
 *
 * @example
 * const base = standardNormal([2]);   // Dist<readonly [2], Exact & Samples>
 */
export const standardNormal = <const S extends Shape>(shape: S): Dist<S, Exact & Samples> => {
  const density = (x: Expr): Expr => o.sum(o.standardNormalLogDensity(x));
  return dist({
    shape,
    spec: { type: 'standardNormal', shape },
    evidence: 'exact',
    logDensity: (x) => D.of(density(x)),
    sample: D.fromRandom(normalNoise(shape)),
  });
};

/** Parameters of {@link normal}; each is a number, an array of the event's shape, or an expression that broadcasts to it. */
export interface NormalOptions {
  readonly loc?: Argument;
  /** Standard deviations, positive. */
  readonly scale?: Argument;
}

/**
 * The normal law with independent coordinates, N(loc, diag scale²): log p(x) = Σ −½ ((xᵢ − locᵢ)/scaleᵢ)² − log scaleᵢ − ½ log 2π nats.
 * Parameters may be expressions, so that conditioning is application: `(c) => normal([2], { loc: f(c) })`.
 * Throws `ArgumentError` where a constant scale is not positive, `ShapeError` where a parameter does not fit the shape.
 */
export const normal = <const S extends Shape>(
  shape: S,
  { loc = 0, scale = 1 }: NormalOptions = {},
): Dist<S, Exact & Samples> => {
  positive('normal', 'scale', scale);
  const m = fits('normal', 'loc', toExpr(loc), shape);
  const s = fits('normal', 'scale', toExpr(scale), shape);
  const standardised = (x: Expr): Expr => o.sum(o.sub(o.standardNormalLogDensity(o.div(o.sub(x, m), s)), o.log(s)));
  return dist({
    shape,
    spec: { type: 'normal', shape, loc: toSpec(loc), scale: toSpec(scale) },
    evidence: 'exact',
    logDensity: (x) => D.of(standardised(x)),
    sample: pipe(
      D.fromRandom(normalNoise(shape)),
      D.map((e) => o.add(m, o.mul(s, e))),
    ),
  });
};
