import type { Expr } from '../core/expr.ts';
import { where } from '../core/ops/elementwise.ts';
import type { Operand } from '../core/ops/leaves.ts';

/** f(x) where `on`, −∞ elsewhere; f sees `safe` in place of events off the support, so that no gradient is NaN. */
export const onSupport = (x: Expr, on: Expr, safe: Operand, f: (x: Expr) => Expr): Expr =>
  where(on, f(where(on, x, safe)), Number.NEGATIVE_INFINITY);
