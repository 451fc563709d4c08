/** Where batches come from: a pure function of (seed, index), so that training can stop and go on anywhere. */
import { raise } from '../core/errors.ts';
import { foldIn, keyOf } from '../core/prng.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';

/** The batch that is requested. */
export interface BatchAt {
  readonly seed: number;
  /** number of the batch, from 0 */
  readonly index: number;
  /** events in it, padding included */
  readonly size: number;
}

/** `size` events, row-major, with their weights where the source has some. */
export interface Batch {
  /** `[size, ...shape]` */
  readonly values: Float32Array;
  /** `[size]`; the loss of the batch is `Σᵢ wᵢ ℓᵢ / size`, and an event of weight 0 is padding */
  readonly weights?: Float32Array;
}

/** Batches of events of one shape. */
export interface Source<S extends Shape = Shape> {
  readonly name: string;
  /** shape of one event */
  readonly shape: S;
  /** Batch number `index` of `size` events: a pure function of its argument. */
  readonly batch: (at: BatchAt) => Batch | Promise<Batch>;
  /** every batch carries weights */
  readonly weighted?: true;
  /** the size of batch that this source asks for (Poisson sampling pads up to it) */
  readonly slots?: number;
  /** the largest batch that it can give (the rows of one pass), where there is a limit */
  readonly largest?: number;
  /** shapes of the parts whose flattened elements lie side by side in an event, where it has several */
  readonly parts?: readonly Shape[];
}

/** Throws `ShapeError` unless the parts fill an event of this shape. */
export const checkParts = (name: string, shape: Shape, parts: readonly Shape[]): void => {
  const total = parts.reduce((sum, part) => sum + sizeOf(part), 0);
  if (total !== sizeOf(shape))
    raise('ShapeError', name, 'the parts do not fill the event', {
      expected: `${sizeOf(shape)} elements for ${showShape(shape)}`,
      got: `${total} for ${parts.map(showShape).join(' and ')}`,
    });
};

const positive = (n: number): boolean => Number.isSafeInteger(n) && n >= 1;

/**
 * A source from its declaration: `batch` is checked on both sides, so that the request is a batch and what it
 * gives fills one. Throws `ShapeError` where an event has no elements or the parts do not fill it; a batch throws
 * `ArgumentError` for an index below 0 or a size below 1, `ShapeError` where the values or weights have another number
 * of elements, `DataError` where weights are missing or unannounced, negative or not finite.
 *
 * @example
 * const grid = source({
 *   name: 'grid',
 *   shape: [],
 *   batch: ({ index, size }) => ({ values: Float32Array.from({ length: size }, (_, i) => index * size + i) }),
 * });
 * const { values } = await grid.batch({ seed: 0, index: 2, size: 3 });   // 6, 7, 8
 */
export const source = <const S extends Shape>(declared: Source<S>): Source<S> => {
  const { name, shape, weighted = false, parts } = declared;
  const width = sizeOf(shape);
  if (!positive(width)) raise('ShapeError', name, 'an event has no elements', { got: showShape(shape) });
  if (parts !== undefined) checkParts(name, shape, parts);
  const checked =
    ({ index, size }: BatchAt) =>
    (batch: Batch): Batch => {
      const { values, weights } = batch;
      if (values.length !== size * width)
        raise('ShapeError', name, `batch ${index} is not ${size} events of shape ${showShape(shape)}`, {
          expected: `${size * width} elements`,
          got: `${values.length}`,
        });
      if ((weights !== undefined) !== weighted)
        raise(
          'DataError',
          name,
          `batch ${index} ${weighted ? 'has no weights' : 'has weights that were not announced'}`,
        );
      if (weights !== undefined) checkWeights(name, weights, size);
      return batch;
    };
  return {
    ...declared,
    batch: (at) => {
      if (!(Number.isSafeInteger(at.index) && at.index >= 0))
        raise('ArgumentError', `${name}/index`, 'batches are counted from 0', { got: `${at.index}` });
      if (!positive(at.size))
        raise('ArgumentError', `${name}/size`, 'a batch has at least one event', { got: `${at.size}` });
      const made = declared.batch(at);
      return made instanceof Promise ? made.then(checked(at)) : checked(at)(made);
    },
  };
};

/** Throws unless there are `expected` weights (`ShapeError`), each finite and not negative (`DataError`). */
export const checkWeights = (name: string, weights: ArrayLike<number>, expected: number): void => {
  if (weights.length !== expected)
    raise('ShapeError', name, 'one weight a row', { expected: `${expected}`, got: `${weights.length}` });
  for (let i = 0; i < expected; i++)
    if (!(weights[i] >= 0 && weights[i] < Infinity))
      raise('DataError', name, `weight ${i}: not a finite number of at least 0`, { got: `${weights[i]}` });
};

/**
 * A seed for a child of a stream of batches (a part of a pair, a move of a game): 53 bits of the key of (seed, name).
 * Children of different names are unrelated, and so are children of children.
 *
 * @example
 * const seeds = ['critic', 'generator'].map((move) => childSeed(0, move));
 */
export const childSeed = (seed: number, name: number | string): number => {
  const [high, low] = foldIn(foldIn(keyOf(seed), 'child'), name);
  return (high >>> 11) * 4294967296 + low;
};
