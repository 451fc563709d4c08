/** Elementwise operations of one operand. */
import { raise } from '../errors.ts';
import { type ElementType, type Expr, makeNode } from '../expr.ts';
import { lift, type Operand } from './leaves.ts';

type UnaryOp = 'neg' | 'abs' | 'sign' | 'floor' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'softplus' | 'relu' | 'erf' | 'lgamma'; // biome-ignore format: a list of tags

export const need = (op: string, type: ElementType, x: Expr): Expr =>
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
