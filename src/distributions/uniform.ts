import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, dist } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { uniform as uniformNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr, toSpec } from './argument.ts';

/** Bounds of {@link uniform}. */
export interface UniformOptions {
  readonly low?: Argument;
  readonly high?: Argument;
}

/**
 * The uniform law on the box ∏ [lowᵢ, highᵢ]: log p(x) = −Σ log (highᵢ − lowᵢ) nats inside, −∞ outside (with gradient 0, never NaN).
 * Throws `ArgumentError` where constant bounds are out of order.
 */
export const uniform = <const S extends Shape>(
  shape: S,
  { low = 0, high = 1 }: UniformOptions = {},
): Dist<S, Exact & Samples> => {
  if (typeof low === 'number' && typeof high === 'number' && !(low < high))
    return raise('ArgumentError', 'uniform', 'the bounds are out of order', {
      expected: 'low < high',
      got: `${low}, ${high}`,
    });
  const a = fits('uniform', 'low', toExpr(low), shape);
  const b = fits('uniform', 'high', toExpr(high), shape);
  const inside = (x: Expr): Expr => o.and(o.lessEqual(a, x), o.lessEqual(x, b));
  return dist({
    shape,
    spec: { type: 'uniform', shape, low: toSpec(low), high: toSpec(high) },
    evidence: 'exact',
    logDensity: (x) => D.of(o.sum(o.where(inside(x), o.neg(o.log(o.sub(b, a))), Number.NEGATIVE_INFINITY))),
    sample: pipe(
      D.fromRandom(uniformNoise(shape)),
      D.map((u) => o.add(a, o.mul(o.sub(b, a), u))),
    ),
  });
};
