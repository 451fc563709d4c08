/** Constraints of matrices by their free numbers: Cholesky factors and correlation matrices. */
import type { Constraint } from './constraints.ts';
import { raise } from './errors.ts';
import type { Expr } from './expr.ts';
import * as o from './ops/index.ts';
import { type Shape, showShape } from './shape.ts';

const squareOf = (what: string, shape: Shape): number =>
  shape.length === 2 && shape[0] === shape[1]
    ? shape[0]
    : raise('ShapeError', what, 'not a square matrix', { expected: '[n, n]', got: showShape(shape) });

/** The n of a triangle with `size` elements, its diagonal included or not. */
const sideOf = (size: number, strict: boolean): number => Math.round((Math.sqrt(8 * size + 1) + (strict ? 1 : -1)) / 2);

/** The flat places of the lower triangle of `[n, n]`, row by row. */
const triangleAt = (n: number, strict: boolean): number[] =>
  Array.from({ length: n * n }, (_, k) => k).filter((k) => Math.floor(k / n) >= (k % n) + (strict ? 1 : 0));

const integers = (values: readonly number[], shape: Shape = [values.length]): Expr =>
  o.constant(Int32Array.from(values), shape, 'int32');

/** A vector filled into the lower triangle of a matrix, zeros elsewhere. */
const filled = (free: Expr, n: number, strict: boolean): Expr => {
  const places = triangleAt(n, strict);
  const from = Array.from({ length: n * n }, (_, k) => (places.includes(k) ? places.indexOf(k) : places.length));
  return o.gather(o.pad(free, [0], [1]), integers(from, [n, n]));
};

const readTriangle = (m: Expr, strict: boolean): Expr => {
  const n = m.shape[0];
  return o.gather(o.reshape(m, [n * n]), integers(triangleAt(n, strict)));
};

const onDiagonal = (n: number): Expr => o.less(0.5, o.eye(n));

/**
 * Lower triangular matrices `[n, n]` with a positive diagonal, from n (n + 1) / 2 free numbers, row by row; the diagonal by exp. log |det| = Σ log Lᵢᵢ.
 *
 * @example
 * value(parameters.lowerCholesky.constrain(ops.array([0, 2, 0])));   // [[1, 0], [2, 1]]
 */
export const lowerCholesky: Constraint = {
  name: 'lowerCholesky',
  constrain: (free) => {
    const n = sideOf(free.shape[0], false);
    const m = filled(free, n, false);
    return o.where(onDiagonal(n), o.exp(o.where(onDiagonal(n), m, 0)), m);
  },
  unconstrain: (l) => {
    const n = squareOf('lowerCholesky', l.shape);
    return readTriangle(o.where(onDiagonal(n), o.log(o.where(onDiagonal(n), l, 1)), l), false);
  },
  logVolume: (free) => {
    const n = sideOf(free.shape[0], false);
    return o.sum(o.gather(free, integers(Array.from({ length: n }, (_, i) => (i * (i + 3)) / 2))));
  },
  freeShape: (value) => {
    const n = squareOf('lowerCholesky', value);
    return [(n * (n + 1)) / 2];
  },
};

/** Free numbers in place, log(1 − tanh²) of each, and the running sums of those to the left. */
const partials = (free: Expr): { readonly n: number; readonly z: Expr; readonly logs: Expr; readonly left: Expr } => {
  const n = sideOf(free.shape[0], true);
  const z = filled(free, n, true);
  // 0 above the diagonal, where z = 0.
  const logs = o.logOneMinusTanhSquared(z);
  const earlier = o.triangle(o.broadcastTo(1, [n, n]), false, true);
  return { n, z, logs, left: o.matmul(o.triangle(logs, true, true), earlier) };
};

/**
 * Cholesky factors `[n, n]` of correlation matrices (rows of unit length), from n (n − 1) / 2 free numbers whose tanh are partial correlations: Lᵢⱼ = tanh zᵢⱼ ·
 * √Πₖ﹤ⱼ (1 − tanh² zᵢₖ), and the diagonal is the remainder of the row. log |det| (of the elements below the diagonal) = Σᵢⱼ ℓᵢⱼ + ½ Σₖ﹤ⱼ ℓᵢₖ with ℓ = log(1 − tanh² z).
 * Free zeros give the identity. Source: Lewandowski, Kurowicka & Joe (2009).
 *
 * @example
 * value(parameters.correlationCholesky.constrain(ops.array([0])));   // [[1, 0], [0, 1]]
 */
export const correlationCholesky: Constraint = {
  name: 'correlationCholesky',
  constrain: (free) => {
    const { n, z, left } = partials(free);
    const root = o.exp(o.mul(0.5, left));
    return o.where(onDiagonal(n), root, o.mul(o.tanh(z), root));
  },
  unconstrain: (l) => {
    squareOf('correlationCholesky', l.shape);
    // Lᵢⱼ² + what is to its right is what was left before it: sinh z = Lᵢⱼ / √right, and no difference is taken.
    const later = o.triangle(o.broadcastTo(1, l.shape), true, true);
    const right = readTriangle(o.matmul(o.square(l), later), true);
    return o.asinh(o.div(readTriangle(l, true), o.sqrt(right)));
  },
  logVolume: (free) => {
    const { logs, left } = partials(free);
    return o.sum(o.triangle(o.add(logs, o.mul(0.5, left)), true, true));
  },
  freeShape: (value) => {
    const n = squareOf('correlationCholesky', value);
    return n >= 2
      ? [(n * (n - 1)) / 2]
      : raise('ShapeError', 'correlationCholesky', 'nothing is correlated', {
          expected: 'n ≥ 2',
          got: showShape(value),
        });
  },
};

/**
 * Correlation matrices `[n, n]`: L Lᵀ with L of {@link correlationCholesky}.
 *
 * @example
 * value(parameters.correlation.constrain(ops.array([0])));   // [[1, 0], [0, 1]]
 */
export const correlation: Constraint = {
  name: 'correlation',
  constrain: (free) => {
    const l = correlationCholesky.constrain(free);
    return o.matmul(l, o.transpose(l));
  },
  unconstrain: (c) => correlationCholesky.unconstrain(o.cholesky(c)),
  ...(correlationCholesky.freeShape === undefined ? {} : { freeShape: correlationCholesky.freeShape }),
};
