/** Elementwise operations. Operands broadcast as in NumPy; numbers are real scalars. */
import { raise } from '../errors.ts';
import { type Expr, makeNode, type Op } from '../expr.ts';
import { broadcastShapes, type Shape, showShape } from '../shape.ts';
import { lift, type Operand, scalar } from './leaves.ts';
import { broadcastTo } from './structure.ts';
import { need } from './unary.ts';

export {
  abs,
  cast,
  cos,
  digamma,
  erf,
  exp,
  expm1,
  floor,
  lgamma,
  log,
  log1p,
  neg,
  not,
  polygamma,
  relu,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  tanh,
} from './unary.ts';

const aligned = (op: Op, a: Operand, b: Operand): readonly [Expr, Expr, Shape] => {
  const type = typeof a === 'number' ? (typeof b === 'number' ? 'real' : b.type) : a.type;
  const x = lift(a, type);
  const y = lift(b, type);
  const shape = broadcastShapes(x.shape, y.shape);
  if (shape === undefined)
    return raise('ShapeError', '', `${op}: shapes do not fit`, {
      expected: showShape(x.shape),
      got: showShape(y.shape),
    });
  if (x.type !== y.type)
    return raise('ShapeError', '', `${op}: element types differ`, { expected: x.type, got: y.type });
  return [broadcastTo(x, shape), broadcastTo(y, shape), shape];
};

const arithmetic =
  (op: 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'max' | 'min') =>
  (a: Operand, b: Operand): Expr => {
    const [x, y, shape] = aligned(op, a, b);
    if (x.type === 'bool' || ((op === 'div' || op === 'pow') && x.type !== 'real')) need(op, 'real', x);
    return makeNode(op, [x, y], {}, shape, x.type);
  };

const comparison =
  (op: 'less' | 'lessEqual' | 'equal') =>
  (a: Operand, b: Operand): Expr => {
    const [x, y, shape] = aligned(op, a, b);
    return makeNode(op, [x, y], {}, shape, 'bool');
  };

const logical =
  (op: 'and' | 'or') =>
  (a: Expr, b: Expr): Expr => {
    const [x, y, shape] = aligned(op, need(op, 'bool', a), need(op, 'bool', b));
    return makeNode(op, [x, y], {}, shape, 'bool');
  };

/**
 * a + b, elementwise with broadcasting. Throws `ShapeError` where the shapes do not broadcast or the element types differ.
 *
 * @example
 * value(ops.add(ops.array([1, 2]), 1));   // [2, 3]
 */
export const add = arithmetic('add');
/**
 * a − b, elementwise with broadcasting. Throws `ShapeError` where the shapes do not broadcast or the element types differ.
 *
 * @example
 * value(ops.sub(ops.array([1, 2]), 1));   // [0, 1]
 */
export const sub = arithmetic('sub');
/**
 * a · b, elementwise with broadcasting. Throws `ShapeError` where the shapes do not broadcast or the element types differ.
 *
 * @example
 * value(ops.mul(ops.array([1, 2]), 3));   // [3, 6]
 */
export const mul = arithmetic('mul');
/**
 * a / b, elementwise with broadcasting. Throws `ShapeError` where the shapes do not broadcast or the element types differ.
 *
 * @example
 * value(ops.div(ops.array([1, 2]), 2));   // [0.5, 1]
 */
export const div = arithmetic('div');
/**
 * aᵇ, elementwise with broadcasting, for a ≥ 0 (any a where b is a constant integer).
 *
 * @example
 * value(ops.pow(2, 3));   // 8
 */
export const pow = arithmetic('pow');
/**
 * The larger of a and b, elementwise with broadcasting; on ties the gradient goes to a.
 *
 * @example
 * value(ops.max(1, 2));   // 2
 */
export const max = arithmetic('max');
/**
 * The smaller of a and b, elementwise with broadcasting; on ties the gradient goes to a.
 *
 * @example
 * value(ops.min(1, 2));   // 1
 */
export const min = arithmetic('min');
/**
 * a < b, elementwise with broadcasting: bool.
 *
 * @example
 * value(ops.less(1, 2));   // 1
 */
export const less = comparison('less');
/**
 * a ≤ b, elementwise with broadcasting: bool.
 *
 * @example
 * value(ops.lessEqual(2, 2));   // 1
 */
export const lessEqual = comparison('lessEqual');
/**
 * a > b, elementwise with broadcasting: bool.
 *
 * @example
 * value(ops.greater(1, 2));   // 0
 */
export const greater = (a: Operand, b: Operand): Expr => less(b, a);
/**
 * a ≥ b, elementwise with broadcasting: bool.
 *
 * @example
 * value(ops.greaterEqual(2, 2));   // 1
 */
export const greaterEqual = (a: Operand, b: Operand): Expr => lessEqual(b, a);
/**
 * a = b, elementwise with broadcasting: bool.
 *
 * @example
 * value(ops.equal(1, 2));   // 0
 */
export const equal = comparison('equal');
/**
 * Logical conjunction of bool expressions, elementwise with broadcasting.
 *
 * @example
 * value(ops.and(ops.less(1, 2), ops.less(2, 1)));   // 0
 */
export const and = logical('and');
/**
 * Logical disjunction of bool expressions, elementwise with broadcasting.
 *
 * @example
 * value(ops.or(ops.less(1, 2), ops.less(2, 1)));   // 1
 */
export const or = logical('or');

/**
 * `condition ? a : b`, elementwise with broadcasting. The gradient is 0 for the branch not taken.
 *
 * @example
 * value(ops.where(ops.less(1, 2), 10, 20));   // 10
 */
export const where = (condition: Expr, a: Operand, b: Operand): Expr => {
  need('where', 'bool', condition);
  const [x, y, shape] = aligned('select', a, b);
  const full = broadcastShapes(condition.shape, shape);
  if (full === undefined)
    return raise('ShapeError', '', 'where: shapes do not fit', {
      expected: showShape(shape),
      got: showShape(condition.shape),
    });
  return makeNode(
    'select',
    [broadcastTo(condition, full), broadcastTo(x, full), broadcastTo(y, full)],
    {},
    full,
    x.type,
  );
};

/**
 * x², elementwise.
 *
 * @example
 * value(ops.square(3));   // 9
 */
export const square = (operand: Operand): Expr => {
  const x = lift(operand);
  return mul(x, x);
};
/**
 * 1 / x, elementwise.
 *
 * @example
 * value(ops.reciprocal(4));   // 0.25
 */
export const reciprocal = (x: Operand): Expr => div(1, x);
/**
 * The sum of some expressions, with broadcasting; 0 for none.
 *
 * @example
 * value(ops.addAll([ops.scalar(1), ops.scalar(2), ops.scalar(3)]));   // 6
 */
export const addAll = (terms: readonly Expr[]): Expr =>
  terms.length === 0 ? scalar(0) : terms.reduce((a, b) => add(a, b));
