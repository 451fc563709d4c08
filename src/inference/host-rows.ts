/** Rows of events and numbers of them, as a person gives them. */

import { raise } from '../core/errors.ts';
import { kindOf } from '../core/kind-of.ts';
import { asTensor, type HostArray } from '../core/nested.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';

/** `[n, …event]` as text: the shape of rows. */
const showRows = (event: Shape): string => `[${['n', ...event].join(', ')}]`;

/**
 * Rows of events as a tensor `[n, …event]`, n ≥ 1. Throws `ShapeError` where they have another shape, `ArgumentError` where there is something that is no
 * number; `owner` says who asked.
 */
export const rowsOf = (owner: string, given: HostArray, event: Shape): Tensor => {
  const x = asTensor(given, owner);
  if (x.shape.length === 0 || x.shape[0] === 0 || !sameShape(x.shape.slice(1), event))
    return raise('ShapeError', owner, sameShape(x.shape, event) ? 'events come in rows: put one event in an array' : 'the rows do not fit', {
      expected: showRows(event),
      got: showShape(x.shape),
    });
  return x;
}; // biome-ignore format: one sentence

/** A number of samples. Throws `ArgumentError` where it is not 1, 2, 3, …. */
export const countOf = (owner: string, n: number): number =>
  Number.isSafeInteger(n) && n >= 1
    ? n
    : raise('ArgumentError', owner, 'the number of samples must be 1, 2, 3, …', { got: typeof n === 'number' ? `${n}` : kindOf(n) }); // biome-ignore format: one sentence

/** A seed of noise. Throws `ArgumentError` where it is no integer. */
export const seedOf = (owner: string, seed: number): number =>
  Number.isSafeInteger(seed) ? seed : raise('ArgumentError', owner, 'a seed is an integer', { got: `${seed}` });
