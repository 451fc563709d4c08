/** Elementwise operations. Operands broadcast as in NumPy; numbers are real scalars. */
import { raise } from '../errors.ts';
import { type ElementType, type Expr, makeNode, type Op } from '../expr.ts';
import { broadcastShapes, type Shape, showShape } from '../shape.ts';
import { lift, type Operand, scalar } from './leaves.ts';
import { broadcastTo } from './structure.ts';

type UnaryOp = 'neg' | 'abs' | 'sign' | 'floor' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'softplus' | 'relu' | 'erf' | 'lgamma'; // biome-ignore format: a list of tags

const need = (op: string, type: ElementType, x: Expr): Expr =>
  x.type === type ? x : raise('ShapeError', '', `${op}: wrong element type`, { expected: type, got: x.type });

const unary =
  (op: UnaryOp) =>
  (operand: Operand): Expr => {
    const x = need(op, 'real', lift(operand));
    return makeNode(op, [x], {}, x.shape, 'real');
  };

/**
 * −x, elementwise; real or int32. Throws `ShapeError` for bool.
 *
 * @example
 * value(ops.neg(2));   // -2
 */
export const neg = (operand: Operand): Expr => {
  const x = lift(operand);
  return x.type === 'bool' ? need('neg', 'real', x) : makeNode('neg', [x], {}, x.shape, x.type);
};
/**
 * |x|, elementwise, with derivative sign(x).
 *
 * @example
 * value(ops.abs(-2));   // 2
 */
export const abs = unary('abs');
/**
 * The sign of x, elementwise: −1, 0 or 1, with derivative 0.
 *
 * @example
 * value(ops.sign(-2));   // -1
 */
export const sign = unary('sign');
/**
 * ⌊x⌋, elementwise: the largest integer not above x, with derivative 0.
 *
 * @example
 * value(ops.floor(1.5));   // 1
 */
export const floor = unary('floor');
/**
 * eˣ, elementwise.
 *
 * @example
 * value(ops.exp(0));   // 1
 */
export const exp = unary('exp');
/**
 * eˣ − 1, elementwise, accurate near 0.
 *
 * @example
 * value(ops.expm1(1e-10));   // 1e-10
 */
export const expm1 = unary('expm1');
/**
 * Natural logarithm, elementwise; −∞ at 0, NaN below.
 *
 * @example
 * value(ops.log(1));   // 0
 */
export const log = unary('log');
/**
 * log(1 + x), elementwise, accurate near 0.
 *
 * @example
 * value(ops.log1p(1e-10));   // 1e-10
 */
export const log1p = unary('log1p');
/**
 * √x, elementwise; NaN below 0.
 *
 * @example
 * value(ops.sqrt(4));   // 2
 */
export const sqrt = unary('sqrt');
/**
 * Sine of an angle in radians, elementwise.
 *
 * @example
 * value(ops.sin(0));   // 0
 */
export const sin = unary('sin');
/**
 * Cosine of an angle in radians, elementwise.
 *
 * @example
 * value(ops.cos(0));   // 1
 */
export const cos = unary('cos');
/**
 * Hyperbolic tangent, elementwise.
 *
 * @example
 * value(ops.tanh(0));   // 0
 */
export const tanh = unary('tanh');
/**
 * The logistic function 1 / (1 + e⁻ˣ), elementwise.
 *
 * @example
 * value(ops.sigmoid(0));   // 0.5
 */
export const sigmoid = unary('sigmoid');
/**
 * log(1 + eˣ), elementwise, without overflow on either side.
 *
 * @example
 * value(ops.softplus(0));   // log 2 = 0.693
 */
export const softplus = unary('softplus');
/**
 * max(x, 0), elementwise, with derivative 0 at 0.
 *
 * @example
 * value(ops.relu(-1));   // 0
 */
export const relu = unary('relu');
/**
 * The error function 2/√π ∫₀ˣ e^{−t²} dt, elementwise.
 *
 * @example
 * value(ops.erf(0));   // 0
 */
export const erf = unary('erf');
/**
 * log Γ(x) for x > 0, elementwise.
 *
 * @example
 * value(ops.lgamma(3));   // log 2 = 0.693
 */
export const lgamma = unary('lgamma');
/**
 * ψ⁽ⁿ⁾(x) for x > 0, elementwise: the (n+1)-th derivative of log Γ. `order` is n, from 0.
 *
 * @example
 * value(ops.polygamma(1, 1));   // π²/6 = 1.645
 */
export const polygamma = (order: number, operand: Operand): Expr => {
  const x = need('polygamma', 'real', lift(operand));
  return makeNode('polygamma', [x], { order }, x.shape, 'real');
};
/**
 * ψ(x) = d/dx log Γ(x) for x > 0, elementwise.
 *
 * @example
 * value(ops.digamma(1));   // −0.577, minus Euler’s constant
 */
export const digamma = (x: Operand): Expr => polygamma(0, x);
/**
 * Logical negation of a bool expression, elementwise. Throws `ShapeError` for other element types.
 *
 * @example
 * value(ops.not(ops.less(1, 2)));   // 0
 */
export const not = (x: Expr): Expr => makeNode('not', [need('not', 'bool', x)], {}, x.shape, 'bool');
/**
 * Converts the element type: true becomes 1, a real is truncated towards zero, and any number but 0 becomes true.
 *
 * @example
 * value(ops.cast(ops.scalar(1.9), 'int32'));   // 1
 */
export const cast = (x: Expr, type: ElementType): Expr =>
  x.type === type ? x : makeNode('cast', [x], {}, x.shape, type);

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
