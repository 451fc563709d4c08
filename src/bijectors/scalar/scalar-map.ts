/**
 * Scalar maps: increasing bijections of the real line whose parameters come from outside. One scalar map gives three layers by combinator:
 * `elementwise` (free parameters), `coupling` and `autoregressive` (parameters from other coordinates).
 */
import type { Spec } from '../../algebra/spec.ts';
import type { Expr } from '../../core/expr.ts';
import type { Scoped } from '../../core/scope.ts';

/** A mapped array with log |slope| of each element. */
export interface Mapped {
  readonly value: Expr;
  readonly logSlope: Expr;
}

/**
 * An increasing map z = f(x; raw), elementwise. `raw` has shape `[width, ...x.shape]` and may be any real numbers; raw = 0 is the identity (or
 * the map's own start), so that a network whose last layer is zero starts there.
 */
export interface ScalarMap {
  readonly spec: Spec;
  /** Parameters for each coordinate. */
  readonly width: number;
  /** z and log |∂z/∂x|. */
  readonly encode: (x: Expr, raw: Expr) => Scoped<Mapped>;
  /** x and log |∂z/∂x| there (not its negative). */
  readonly decode: (z: Expr, raw: Expr) => Scoped<Mapped>;
}
