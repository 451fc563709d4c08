/**
 * Brownian paths by counters. A path is halved level by level: its end is one draw, and each level draws the deviations of the midpoints from the
 * middle of their interval (the Brownian bridge, Lévy's construction). Each level has noise of its own, so a finer grid refines the *same* path: errors of solvers can be compared step
 * for step.
 */
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { chain, map, normal, type Random } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';

/** Options of {@link brownianIncrements}. */
export interface BrownianOptions {
  /** The number of times the interval is halved: 2^levels increments. */
  readonly levels: number;
  /** The length of the interval of time; default 1. */
  readonly duration?: number;
  readonly shape?: Shape;
}

/** Neighbours of a `[n, …]` and b `[n, …]` interleaved: a₀ b₀ a₁ b₁ …, `[2n, …]`. */
const interleaved = (a: Expr, b: Expr): Expr => o.reshape(o.stack([a, b], 1), [2 * a.shape[0], ...a.shape.slice(1)]);

/**
 * The increments of a Brownian path over 2^levels intervals of equal length h = duration / 2^levels, an array `[2^levels, …shape]` of N(0, h) numbers, built by
 * Lévy's midpoint construction. With one more level it is the same path on a grid twice as fine: each pair of increments sums to the one it came from, so that
 * errors of solvers can be compared step for step. Cost: 2^levels normal numbers for each element of the shape.
 *
 * @example
 * brownianIncrements({ levels: 5, shape: [2] });   // [32, 2]
 */
export const brownianIncrements = ({ levels, duration = 1, shape = [] }: BrownianOptions): Random<Expr> => {
  const whole = map((z: Expr) => o.mul(Math.sqrt(duration), z))(normal([1, ...shape]));
  return Array.from({ length: levels }, (_, i) => i).reduce<Random<Expr>>(
    (path, level) =>
      chain((increments: Expr) =>
        map((z: Expr) => {
          // Half of an increment over h is half of it ± N(0, h/4).
          const off = o.mul(0.5 * Math.sqrt(duration / 2 ** level), z);
          const half = o.mul(0.5, increments);
          return interleaved(o.add(half, off), o.sub(half, off));
        })(normal([2 ** level, ...shape])),
      )(path),
    whole,
  );
};
