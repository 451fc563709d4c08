/** Leaves: constants, inputs, parameters. (Noise comes from `Random`, bound variables from transformations.) */
import { raise } from '../errors.ts';
import { type Attributes, type ElementType, type Expr, makeNode } from '../expr.ts';
import { type Shape, showShape, sizeOf } from '../shape.ts';

/** What an operand may be: an expression, or a number meaning a real scalar. */
export type Operand = Expr | number;

/**
 * A scalar constant.
 *
 * @example
 * ops.scalar(2).shape;   // []
 */
export const scalar = (value: number, type: ElementType = 'real'): Expr =>
  makeNode('constant', [], { data: pack([value], type) }, [], type);

const pack = (values: ArrayLike<number>, type: ElementType): Float64Array | Int32Array | Uint8Array =>
  type === 'real' ? Float64Array.from(values) : type === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);

/**
 * A constant array from numbers in row-major order. Throws `ShapeError` where they do not fill the shape.
 *
 * @example
 * ops.constant([1, 2, 3, 4], [2, 2]).shape;   // [2, 2]
 */
export const constant = (
  values: ArrayLike<number>,
  shape: Shape = [values.length],
  type: ElementType = 'real',
): Expr =>
  values.length === sizeOf(shape)
    ? makeNode('constant', [], { data: pack(values, type) }, shape, type)
    : raise('ShapeError', '', 'constant: the values do not fill the shape', {
        expected: `${sizeOf(shape)} values for ${showShape(shape)}`,
        got: `${values.length}`,
      });

/**
 * A named free input, fed when the program runs.
 *
 * @example
 * ops.input('x', [2]).shape;   // [2]
 */
export const input = (name: string, shape: Shape, type: ElementType = 'real'): Expr =>
  makeNode('input', [], { name }, shape, type);

/**
 * A named free parameter with its initial value as an expression of the same shape; details are its kind and who claims it. Layers use `scope.parameter`.
 *
 * @example
 * ops.parameterLeaf('w', ops.array([1, 2])).shape;   // [2]
 */
export const parameterLeaf = (
  name: string,
  definition: Expr,
  details: Omit<Attributes['parameter'], 'name' | 'definition'> = {},
): Expr => makeNode('parameter', [], { ...details, name, definition }, definition.shape, 'real');

/**
 * An expression from an operand: a number becomes a scalar constant.
 *
 * @example
 * ops.lift(2).shape;   // []
 */
export const lift = (x: Operand, type: ElementType = 'real'): Expr => (typeof x === 'number' ? scalar(x, type) : x);

/**
 * The integers `0 … n−1` as int32 `[n]`.
 *
 * @example
 * value(ops.iota(3));   // [0, 1, 2]
 */
export const iota = (n: number): Expr =>
  constant(
    Int32Array.from({ length: n }, (_, i) => i),
    [n],
    'int32',
  );
