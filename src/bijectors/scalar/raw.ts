/** Reading the parameters of a scalar map: rows of `raw`, and numbers that stay bounded whatever a network says. */
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import type { Shape } from '../../core/shape.ts';

/** The rows of `raw` `[width, ...shape]`, each of the event's shape. */
export const rowsOf = (raw: Expr, shape: Shape): readonly Expr[] =>
  Array.from({ length: raw.shape[0] }, (_, i) => o.reshape(o.sliceAxis(raw, 0, i, i + 1), shape));

/** |x| whose derivative at 0 is 1: for odd functions, whose slopes are even. */
export const size = (x: Expr): Expr => o.where(o.less(x, 0), o.neg(x), x);

/** bound · tanh(raw / bound): smooth, slope 1 at 0. */
export const bounded = (raw: Expr, bound: number): Expr => o.mul(bound, o.tanh(o.mul(1 / bound, raw)));
