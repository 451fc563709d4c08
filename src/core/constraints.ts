/**
 * Constraints: sets of values as differentiable maps from all real numbers onto them. The one registry: parameters are constrained by them, and
 * `bijectTo` makes layers of them.
 */
import { raise } from './errors.ts';
import type { Expr } from './expr.ts';
import * as o from './ops/index.ts';
import type { Operand } from './ops/leaves.ts';
import { type Shape, showShape, sizeOf } from './shape.ts';

export { correlation, correlationCholesky, lowerCholesky } from './matrix-constraints.ts';

/** A set of values as a differentiable map from all real numbers onto it, and its inverse. */
export interface Constraint {
  readonly name: string;
  readonly constrain: (free: Expr) => Expr;
  readonly unconstrain: (value: Expr) => Expr;
  /**
   * log |det ∂value/∂free| of the whole array, a scalar; where a value has more elements than degrees of freedom, of the elements that determine it (the
   * first K − 1 of a simplex, a triangle of a matrix). Absent where the map is not one-to-one.
   */
  readonly logVolume?: (free: Expr) => Expr;
  /** The free array's shape for a value's; absent where it is the same. Throws `ShapeError` where no such value exists. */
  readonly freeShape?: (value: Shape) => Shape;
  /** Where an element can be a value, and a number that can; absent where every number can, or where elements are not judged one by one. */
  readonly inside?: { readonly where: (value: Expr) => Expr; readonly standIn: Operand };
}

/**
 * No constraint: all real numbers, by the identity.
 *
 * @example
 * value(parameters.real.constrain(ops.scalar(-2)));   // -2
 */
export const real: Constraint = {
  name: 'real',
  constrain: (x) => x,
  unconstrain: (x) => x,
  logVolume: () => o.scalar(0),
};

const onPositive: Constraint['inside'] = { where: (x) => o.less(0, x), standIn: 1 };

/**
 * x > 0 by softplus, elementwise.
 *
 * @example
 * value(parameters.positive.constrain(ops.scalar(0)));   // log 2 = 0.693
 */
export const positive: Constraint = {
  name: 'positive',
  constrain: o.softplus,
  unconstrain: o.softplusInverse,
  logVolume: (x) => o.neg(o.sum(o.softplus(o.neg(x)))),
  inside: onPositive,
};

/**
 * x > 0 by exp, elementwise: a step of the free parameter is a relative change.
 *
 * @example
 * value(parameters.positiveExp.constrain(ops.scalar(0)));   // 1
 */
export const positiveExp: Constraint = {
  name: 'positiveExp',
  constrain: o.exp,
  unconstrain: o.log,
  logVolume: (x) => o.sum(x),
  inside: onPositive,
};

/**
 * x > low by softplus, elementwise; by exp with {@link positiveExp} for `by`.
 *
 * @example
 * value(parameters.above(3, parameters.positiveExp).constrain(ops.scalar(0)));   // 4
 */
export const above = (low: number, by: Constraint = positive): Constraint => ({
  ...by,
  name: `above ${low}`,
  constrain: (x) => o.add(low, by.constrain(x)),
  unconstrain: (y) => by.unconstrain(o.sub(y, low)),
  inside: { where: (y) => o.less(low, y), standIn: low + Math.max(1, Math.abs(low)) },
});

/**
 * x < high by softplus, elementwise; by exp with {@link positiveExp} for `by`.
 *
 * @example
 * value(parameters.below(3, parameters.positiveExp).constrain(ops.scalar(0)));   // 2
 */
export const below = (high: Operand, by: Constraint = positive): Constraint => ({
  ...by,
  name: `below ${typeof high === 'number' ? high : 'an end'}`,
  constrain: (x) => o.sub(high, by.constrain(o.neg(x))),
  unconstrain: (y) => o.neg(by.unconstrain(o.sub(high, y))),
  ...(by.logVolume === undefined ? {} : { logVolume: (x) => by.logVolume!(o.neg(x)) }),
  inside: { where: (y) => o.less(y, high), standIn: o.sub(high, o.max(1, o.abs(high))) },
});

/**
 * low < x < high, elementwise, with expressions that broadcast to x as ends; an end that is undefined is infinite. By the logistic function where both are given.
 *
 * @example
 * value(parameters.within(0, 4).constrain(ops.scalar(0)));   // 2
 */
export const within = (low: Operand | undefined, high: Operand | undefined, by: Constraint = positive): Constraint => {
  if (low === undefined) return high === undefined ? real : below(high, by);
  if (high === undefined)
    return {
      ...by,
      name: 'above an end',
      constrain: (x) => o.add(low, by.constrain(x)),
      unconstrain: (y) => by.unconstrain(o.sub(y, low)),
      inside: { where: (y) => o.less(low, y), standIn: o.add(low, o.max(1, o.abs(low))) },
    };
  const width = o.sub(high, low);
  return {
    name: 'between two ends',
    constrain: (x) =>
      o.where(o.less(x, 0), o.add(low, o.mul(width, o.sigmoid(x))), o.sub(high, o.mul(width, o.sigmoid(o.neg(x))))),
    unconstrain: (y) => o.sub(o.log(o.sub(y, low)), o.log(o.sub(high, y))),
    logVolume: (x) => o.sum(o.sub(o.broadcastTo(o.log(width), x.shape), o.add(o.softplus(x), o.softplus(o.neg(x))))),
    inside: { where: (y) => o.and(o.less(low, y), o.less(y, high)), standIn: o.add(low, o.mul(0.5, width)) },
  };
};

/**
 * low < x < high by the logistic function, elementwise, computed from the nearer end. Throws `ArgumentError` where the interval is empty or infinite.
 *
 * @example
 * value(parameters.between(0, 4).constrain(ops.scalar(0)));   // 2
 */
export const between = (low: number, high: number): Constraint => {
  const width = high - low;
  if (!(Number.isFinite(width) && width > 0))
    return raise('ArgumentError', 'between', 'not an interval', {
      expected: 'finite low < high',
      got: `(${low}, ${high})`,
    });
  return {
    name: `between ${low} and ${high}`,
    constrain: (x) =>
      o.where(o.less(x, 0), o.add(low, o.mul(width, o.sigmoid(x))), o.sub(high, o.mul(width, o.sigmoid(o.neg(x))))),
    unconstrain: (y) => o.sub(o.log(o.sub(y, low)), o.log(o.sub(high, y))),
    logVolume: (x) => o.sub(sizeOf(x.shape) * Math.log(width), o.sum(o.add(o.softplus(x), o.softplus(o.neg(x))))),
    inside: { where: (y) => o.and(o.less(low, y), o.less(y, high)), standIn: low + width / 2 },
  };
};

/**
 * 0 < x < 1 by the logistic function, elementwise.
 *
 * @example
 * value(parameters.unitInterval.constrain(ops.scalar(0)));   // 0.5
 */
export const unitInterval: Constraint = {
  ...between(0, 1),
  name: 'unitInterval',
  constrain: o.sigmoid,
  unconstrain: (p) => o.sub(o.log(p), o.log1p(o.neg(p))),
};

/**
 * Unit lower triangular matrices `[n, n]`: ones on the diagonal, zeros above. The rest of the free matrix is not read.
 *
 * @example
 * value(parameters.unitLowerTriangular.constrain(ops.array([[5, 5], [2, 5]])));   // [[1, 0], [2, 1]]
 */
export const unitLowerTriangular: Constraint = {
  name: 'unitLowerTriangular',
  constrain: (x) => o.add(o.triangle(x, true, true), o.eye(x.shape[0])),
  unconstrain: (x) => o.triangle(x, true, true),
};

const vectorOf = (what: string, shape: Shape): number =>
  shape.length === 1 && shape[0] >= 2
    ? shape[0]
    : raise('ShapeError', what, 'not a vector of two or more', { expected: '[K] with K ≥ 2', got: showShape(shape) });

/** log (K − k) for k = 1 … K − 1: makes free numbers of 0 mean equal shares. */
const equalShares = (k: number): Expr =>
  o.constant(Float64Array.from({ length: k - 1 }, (_, i) => Math.log(k - 1 - i)));

/** log of all K shares from K − 1 free numbers. */
const logShares = (free: Expr): Expr => {
  const u = o.sub(free, equalShares(free.shape[0] + 1));
  const left = o.neg(o.softplus(u));
  const broken = o.cumsum(left, 0);
  const before = o.pad(broken, [1], [0]);
  return o.add(o.pad(o.neg(o.softplus(o.neg(u))), [0], [1]), before);
};

/**
 * Positive vectors `[K]` that sum to 1, from K − 1 free numbers u by stick-breaking: xₖ = rₖ σ(uₖ − log(K − k)), where rₖ is the remainder. Computed in logarithms;
 * log |det ∂(x₁ … x_{K−1})/∂u| = Σₖ log xₖ over all K. Free zeros give equal shares.
 *
 * @example
 * value(parameters.simplex.constrain(ops.array([0, 0])));   // [⅓, ⅓, ⅓]
 */
export const simplex: Constraint = {
  name: 'simplex',
  constrain: (free) => o.exp(logShares(free)),
  unconstrain: (x) => {
    const k = vectorOf('simplex', x.shape);
    const left = o.cumsum(x, 0, true);
    return o.add(o.sub(o.log(o.sliceAxis(x, 0, 0, k - 1)), o.log(o.sliceAxis(left, 0, 1, k))), equalShares(k));
  },
  logVolume: (free) => o.sum(logShares(free)),
  freeShape: (value) => [vectorOf('simplex', value) - 1],
};
