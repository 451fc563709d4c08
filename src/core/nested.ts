/** Nested arrays: how a person writes an array down, and reads one. */

import { raise } from './errors.ts';
import { kindOf } from './kind-of.ts';
import { type Shape, sameShape, showShape } from './shape.ts';
import { isTensor, type Tensor, tensorOf } from './tensor.ts';

/** A number, or arrays of numbers nested to any depth: `0.3`, `[1, 2]`, `[[1, 2], [3, 4]]`. */
export type Nested = number | readonly Nested[];

/** Whether something is a number or an array, where it may be an expression or a tensor. What an array holds is checked by {@link fromNested}. */
export const isNested = (of: unknown): of is Nested => typeof of === 'number' || Array.isArray(of);

/**
 * The shape of nested arrays: `[]` of a number, else the length and the shape of every row. Throws `ShapeError` where rows differ, `ArgumentError` where
 * there is something that is no number; `owner` stands in front of the sentence.
 *
 * @example
 * shapeOfNested([[1, 2, 3], [4, 5, 6]]);   // [2, 3]
 */
export const shapeOfNested = (of: Nested, owner = ''): Shape => {
  if (typeof of === 'number') return [];
  if (!Array.isArray(of)) return raise('ArgumentError', owner, 'an array holds numbers', { got: kindOf(of) });
  const inner = of.map((row) => shapeOfNested(row as Nested, owner));
  const ragged = inner.find((s) => !sameShape(s, inner[0]));
  return ragged === undefined
    ? [of.length, ...(inner[0] ?? [])]
    : raise('ShapeError', owner, 'the rows differ in length', { expected: showShape(inner[0]), got: showShape(ragged) });
}; // biome-ignore format: one sentence

/**
 * Nested arrays as a float64 tensor, row-major. The inverse of {@link toNested}. Throws as {@link shapeOfNested} does. Cost: one copy.
 *
 * @example
 * fromNested([[1, 2], [3, 4]]).shape;   // [2, 2]
 */
export const fromNested = (of: Nested, owner = ''): Tensor => {
  const shape = shapeOfNested(of, owner);
  return typeof of === 'number'
    ? tensorOf([of], [])
    : tensorOf((of as readonly unknown[]).flat(Number.POSITIVE_INFINITY) as number[], shape);
};

/**
 * A tensor as nested plain arrays: a number for shape `[]`, an array of numbers for `[n]`, rows of rows for more. Booleans are 0 and 1. Cost: one copy.
 *
 * @example
 * toNested(tensorOf([1, 2, 3, 4], [2, 2]));   // [[1, 2], [3, 4]]
 */
export const toNested = ({ shape, data }: Tensor): Nested => {
  let at = 0;
  const part = (axis: number): Nested =>
    axis === shape.length ? data[at++] : Array.from({ length: shape[axis] }, () => part(axis + 1));
  return part(0);
};

/** Host arrays as a person gives them: a tensor, a number, or nested arrays. */
export type HostArray = Tensor | Nested;

/**
 * A host array as a tensor; a tensor as it is. Throws as {@link shapeOfNested} does, and `ArgumentError` where it is neither.
 *
 * @example
 * asTensor([1, 2], 'x').shape;   // [2]
 */
export const asTensor = (x: HostArray, owner: string): Tensor => {
  if (isNested(x)) return fromNested(x, owner);
  if (typeof x === 'object' && x !== null && isTensor(x)) return x;
  return raise('ArgumentError', owner, 'this is no array of numbers', {
    expected: 'a tensor, a number or nested arrays',
    got: `${kindOf(x)}${ArrayBuffer.isView(x) ? ' without a shape: tensorOf(array, shape)' : ''}`,
  });
};
