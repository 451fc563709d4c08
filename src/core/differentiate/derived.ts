/** Jacobians and divergences from `vjp`, `jvp` and `vmap`. */
import { raise } from '../errors.ts';
import { applyLambda, type Expr, variable } from '../expr.ts';
import * as o from '../ops/index.ts';
import { sameShape, showShape, sizeOf } from '../shape.ts';
import { vmapAll } from '../vectorize.ts';
import { jvp } from './forward.ts';
import { grad, vjp } from './reverse.ts';

/**
 * The Jacobian ∂yᵢ/∂xⱼ of an expression by a node: shape `y.shape ++ x.shape`. Reverse mode, one cotangent for each element of y,
 * all at once by `vmap`: cost ≈ size(y) programs. See {@link jacobianForward} where x is smaller than y.
 *
 * @example
 * const x = ops.array([1, 2]);
 * value(jacobian(ops.square(x), x));   // [[2, 0], [0, 4]]
 */
export const jacobian = (y: Expr, x: Expr): Expr => {
  const n = sizeOf(y.shape);
  const rows = o.reshape(o.eye(n), [n, ...y.shape]);
  const [j] = vmapAll((c) => vjp([y], [x], [c]))(rows);
  return o.reshape(j, [...y.shape, ...x.shape]);
};

/**
 * The Jacobian ∂yᵢ/∂xⱼ, shape `y.shape ++ x.shape`, by forward mode: cost ≈ size(x) programs. Equal to {@link jacobian}; cheaper where x is smaller than y.
 *
 * @example
 * const x = ops.array([1, 2]);
 * value(jacobianForward(ops.square(x), x));   // [[2, 0], [0, 4]]
 */
export const jacobianForward = (y: Expr, x: Expr): Expr => {
  const n = sizeOf(x.shape);
  const columns = o.reshape(o.eye(n), [n, ...x.shape]);
  const [j] = vmapAll((t) => jvp([y], [x], [t]))(columns);
  return o.reshape(o.transpose(o.reshape(j, [n, sizeOf(y.shape)])), [...y.shape, ...x.shape]);
};

/**
 * The exact divergence Σᵢ ∂yᵢ/∂xᵢ of a field y(x) of x's shape, as a trace of forward derivatives: cost ≈ size(x) programs.
 * Throws `ShapeError` where y and x differ in shape.
 *
 * @example
 * const x = ops.array([1, 2]);
 * value(divergence(ops.square(x), x));   // 2 + 4 = 6
 */
export const divergence = (y: Expr, x: Expr): Expr => {
  if (!sameShape(y.shape, x.shape))
    return raise('ShapeError', '', 'divergence: the field and its argument differ in shape', {
      expected: showShape(x.shape),
      got: showShape(y.shape),
    });
  const n = sizeOf(x.shape);
  const directions = o.reshape(o.eye(n), [n, ...x.shape]);
  const [terms] = vmapAll((e) => {
    const [dy] = jvp([y], [x], [e]);
    return [o.dot(dy, e)];
  })(directions);
  return o.sum(terms);
};

/**
 * Hutchinson's estimate vᵀ (∂y/∂x) v of the divergence for a probe v of x's shape: unbiased where E[v vᵀ] = I (Gaussian or Rademacher
 * noise; Rademacher has the smaller variance: none at all for a diagonal Jacobian). Cost: one vjp.
 *
 * @example
 * const x = ops.array([1, 2]);
 * value(hutchinson(ops.square(x), x, ops.array([1, -1])));   // 6
 */
export const hutchinson = (y: Expr, x: Expr, probe: Expr): Expr => {
  const [c] = vjp([y], [x], [probe]);
  return o.dot(c, probe);
};

/**
 * The derivative of a function of one array with a scalar result, as a function of the same shape. Cost: one vjp.
 *
 * @example
 * value(derivative((x) => ops.sum(ops.square(x)))(ops.array([1, 2])));   // [2, 4]
 */
export const derivative =
  (f: (x: Expr) => Expr) =>
  (x: Expr): Expr => {
    const v = variable(x.shape, x.type);
    return applyLambda({ variables: [v], results: grad(f(v), [v]) }, [x])[0];
  };
