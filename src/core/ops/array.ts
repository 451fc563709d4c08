/** Constants as a person writes them. */
import type { Expr } from '../expr.ts';
import { asTensor, type HostArray } from '../nested.ts';
import { constant } from './leaves.ts';

/** What stands for an array of real numbers: an expression, a number, nested arrays, or a tensor. */
export type Given = Expr | HostArray;

/**
 * An expression of what is given: an expression as it is; numbers, nested arrays and tensors as constants (real). Throws `ShapeError` where rows differ in
 * length, `ArgumentError` where there is something that is no number; `owner` stands in front of the sentence.
 *
 * @example
 * array([[1, 2], [3, 4]]).shape;   // [2, 2]
 */
export const array = (x: Given, owner = ''): Expr => {
  if (typeof (x as Expr | undefined)?.op === 'string') return x as Expr;
  const { data, shape } = asTensor(x as HostArray, owner);
  return constant(data, shape);
};
