import { type Dist, distribution } from '../algebra/dist.ts';
import type { Samples } from '../algebra/evidence.ts';
import { opaque } from '../algebra/spec.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import type { Shape } from '../core/shape.ts';

/**
 * The distribution of f(x). It can be sampled and has no density, and its type says so: `Samples` only. Where f is a bijection whose determinant
 * is known, `pushforward` keeps the density. Throws `ShapeError` where f gives another shape than was said. `shape` is the shape of f(x).
 *
 * @example
 * const radius = map((x) => sqrt(sum(square(x))), [])(normal([2]));   // Dist<readonly [], Samples>
 */
export const map =
  <const T extends Shape>(f: (x: Expr) => Expr, shape: T) =>
  <S extends Shape, E extends Samples>(dist: Dist<S, E>): Dist<T, Samples> =>
    distribution<T, Samples>({
      shape,
      spec: opaque('map', 'the map is a function'),
      evidence: 'none',
      logDensity: () =>
        raise('ArgumentError', 'map', 'the image of a distribution under a function has no density', {
          expected: 'pushforward of a bijection',
          got: `map of ${dist.spec.type}`,
        }),
      sample: D.map((x: Expr) => {
        const y = f(x);
        return y.shape.length === shape.length && y.shape.every((d, i) => d === shape[i])
          ? y
          : raise('ShapeError', 'map', 'the function gives another shape', {
              expected: `[${shape.join(', ')}]`,
              got: `[${y.shape.join(', ')}]`,
            });
      })(dist.sample),
    });
