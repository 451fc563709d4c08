/** Roots of increasing functions of one number, elementwise, in a loop of fixed length. */
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';

/** An increasing function's value and slope. */
export interface Sloped {
  readonly value: Expr;
  readonly slope: Expr;
}

/** How a root is looked for. */
export interface RootOptions {
  /** f(low) ≤ target ≤ f(high), elementwise. */
  readonly low: Expr;
  readonly high: Expr;
  /** Iterations; default 48. */
  readonly length?: number;
}

const LEAST = 1e-30;

/** Steps and misses below this are left to Newton, which squares them. */
const NEAR = 1e-5;

/**
 * x with f(x) = target for an increasing f, elementwise: Newton steps, and bisection where a step leaves the bracket or does not halve the one before
 * (Press et al., Numerical Recipes §9.4), `length` of them in one `scan`. The value is the root r found there; its derivatives are those of one
 * Newton step at r held fixed,
 *
 *     x = r − (f(r) − target) / f′(r),
 *
 * which are the implicit function's: ∂x/∂target = 1 / f′, ∂x/∂parameter = −∂f / f′. Exact to first order; a second derivative
 * through it is not. A slope that rounds to 0 counts as 1e-30.
 */
export const increasingRoot = (f: (x: Expr) => Sloped, target: Expr, { low, high, length = 48 }: RootOptions): Expr => {
  const { carry } = o.scan({
    length,
    init: [low, high, o.mul(0.5, o.add(low, high)), o.sub(high, low)].map(o.stopGradient),
    body: ([lo, hi, x, last]) => {
      const { value, slope } = f(x);
      const excess = o.sub(value, o.stopGradient(target));
      const below = o.less(excess, 0);
      const [a, b] = [o.where(below, x, lo), o.where(below, hi, x)];
      const step = o.div(excess, slope);
      const next = o.sub(x, step);
      const trusted = o.and(
        o.and(o.lessEqual(a, next), o.lessEqual(next, b)),
        o.lessEqual(o.mul(2, o.abs(step)), o.abs(last)),
      );
      // At the root steps are rounding errors, which do not halve: it stays there.
      const settled = o.and(
        o.lessEqual(o.abs(step), o.mul(NEAR, o.add(1, o.abs(x)))),
        o.lessEqual(o.abs(excess), o.mul(NEAR, o.add(1, o.abs(o.stopGradient(target))))),
      );
      const newton = o.where(settled, o.min(o.max(next, a), b), next);
      const chosen = o.where(o.or(trusted, settled), newton, o.mul(0.5, o.add(a, b)));
      return { carry: [a, b, chosen, o.sub(chosen, x)] };
    },
  });
  const root = o.stopGradient(carry[2]);
  const { value, slope } = f(root);
  const step = o.div(o.sub(value, target), o.max(slope, LEAST));
  return o.sub(root, o.sub(step, o.stopGradient(step)));
};
