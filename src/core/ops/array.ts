/** Constants as a person writes them. */
import type { Expr } from '../expr.ts';
import { fromNested, isNested, type Nested } from '../nested.ts';
import type { Tensor } from '../tensor.ts';
import { constant } from './leaves.ts';

/** What stands for an array of real numbers: an expression, a number, nested arrays, or a tensor. */
export type Given = Expr | Nested | Tensor;

/**
 * An expression of what is given: an expression as it is; numbers, nested arrays and tensors as constants (real). Throws `ShapeError` where rows differ in
 * length, `ArgumentError` where there is something that is no number; `owner` stands in front of the sentence.
 *
 * @example
 * array([[1, 2], [3, 4]]).shape;   // [2, 2]
 */
export const array = (x: Given, owner = ''): Expr => {
  if (typeof (x as Expr | undefined)?.op === 'string') return x as Expr;
  const t = isNested(x) || !ArrayBuffer.isView((x as Tensor | undefined)?.data) ? fromNested(x as Nested, owner) : (x as Tensor);
  return constant(t.data, t.shape);
}; // biome-ignore format: one idea
