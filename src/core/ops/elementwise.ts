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

/** −x; also for int32. */
export const neg = (operand: Operand): Expr => {
  const x = lift(operand);
  return x.type === 'bool' ? need('neg', 'real', x) : makeNode('neg', [x], {}, x.shape, x.type);
};
/** |x|, with derivative sign(x). */
export const abs = unary('abs');
/** −1, 0 or 1, with derivative 0. */
export const sign = unary('sign');
/** The largest integer not above x, with derivative 0. */
export const floor = unary('floor');
/** eˣ. */
export const exp = unary('exp');
/** eˣ − 1, accurate near 0. */
export const expm1 = unary('expm1');
/** Natural logarithm; −∞ at 0, NaN below. */
export const log = unary('log');
/** log(1 + x), accurate near 0. */
export const log1p = unary('log1p');
/** √x. */
export const sqrt = unary('sqrt');
/** Sine of radians. */
export const sin = unary('sin');
/** Cosine of radians. */
export const cos = unary('cos');
/** Hyperbolic tangent. */
export const tanh = unary('tanh');
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = unary('sigmoid');
/** log(1 + eˣ), stable on both sides. */
export const softplus = unary('softplus');
/** max(x, 0), with derivative 0 at 0. */
export const relu = unary('relu');
/** The error function 2/√π ∫₀ˣ e^{−t²} dt. */
export const erf = unary('erf');
/** log Γ(x) for x > 0. */
export const lgamma = unary('lgamma');
/** ψ⁽ⁿ⁾(x) for x > 0: the (n+1)-th derivative of log Γ. */
export const polygamma = (order: number, operand: Operand): Expr => {
  const x = need('polygamma', 'real', lift(operand));
  return makeNode('polygamma', [x], { order }, x.shape, 'real');
};
/** ψ(x) = d/dx log Γ(x) for x > 0. */
export const digamma = (x: Operand): Expr => polygamma(0, x);
/** Logical not. */
export const not = (x: Expr): Expr => makeNode('not', [need('not', 'bool', x)], {}, x.shape, 'bool');
/** Another element type: true is 1, a real is truncated towards zero, and any number but 0 is true. */
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

/** a + b. */
export const add = arithmetic('add');
/** a − b. */
export const sub = arithmetic('sub');
/** a · b. */
export const mul = arithmetic('mul');
/** a / b. */
export const div = arithmetic('div');
/** aᵇ for a ≥ 0 (any a where b is a constant integer). */
export const pow = arithmetic('pow');
/** The larger of two; on ties the gradient goes to a. */
export const max = arithmetic('max');
/** The smaller of two; on ties the gradient goes to a. */
export const min = arithmetic('min');
/** a < b. */
export const less = comparison('less');
/** a ≤ b. */
export const lessEqual = comparison('lessEqual');
/** a > b. */
export const greater = (a: Operand, b: Operand): Expr => less(b, a);
/** a ≥ b. */
export const greaterEqual = (a: Operand, b: Operand): Expr => lessEqual(b, a);
/** a = b. */
export const equal = comparison('equal');
/** Both. */
export const and = logical('and');
/** Either. */
export const or = logical('or');

/** `condition ? a : b`, elementwise. No gradient flows through the branch not taken. */
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

/** x². */
export const square = (operand: Operand): Expr => {
  const x = lift(operand);
  return mul(x, x);
};
/** 1 / x. */
export const reciprocal = (x: Operand): Expr => div(1, x);
/** Sum of one or more expressions. */
export const addAll = (terms: readonly Expr[]): Expr =>
  terms.length === 0 ? scalar(0) : terms.reduce((a, b) => add(a, b));
