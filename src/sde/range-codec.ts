/** A range of data as JSON. */
import { finite, list } from '../core/codec.ts';
import { raise } from '../core/errors.ts';

/** Two numbers. */
export const rangeCodec = list(finite, 'two numbers');

/** The ends of a range. Throws `ArgumentError` where there are not two. */
export const ends = (given: readonly number[]): readonly [number, number] =>
  given.length === 2
    ? [given[0], given[1]]
    : raise('ArgumentError', 'range', 'a range has two ends', { got: `${given.length} numbers` });
