import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { type Failure, failure } from '../core/errors.ts';
import { type Dataset, fromRows } from './dataset.ts';
import { unknownName } from './names.ts';
import * as dists from './toys/dists.ts';
import type { Toy } from './toys/toy.ts';

/** Every export of `toys/dists.ts` is a maker of a toy. */
const makers: { readonly [name: string]: () => Toy } = { ...dists };

/**
 * The names of the toy distributions, as {@link toyNamed} and the command line take them.
 *
 * @example
 * toyNames.includes('twoMoons');   // true
 */
export const toyNames: readonly string[] = Object.keys(makers);

/**
 * The toy distribution with a name and default parameters. Returns `UnknownName`, with the nearest name, where there is none.
 *
 * @example
 * toyNamed('twoMoons');   // right(…)
 */
export const toyNamed = (name: string): Either<Failure, Toy> =>
  toyNames.includes(name) ? right(makers[name]()) : left(unknownName('toy', 'toy data set', name, toyNames));

/** How many points to draw, and the seed they are drawn from. */
export interface ToyOptions {
  readonly size: number;
  readonly seed: number;
}

/**
 * `size` points of a toy distribution as a data set of shape `[2]` that knows the distribution's entropy.
 *
 * @example
 * toyDatasetOf(twoMoons(), { size: 1000, seed: 0 }).size;   // 1000
 */
export const toyDatasetOf = (toy: Toy, { size, seed }: ToyOptions): Dataset =>
  fromRows(toy.name, toy.sample(seed, size), [2], { columns: ['x', 'y'], entropy: toy.entropy });

/**
 * The data set of a named toy distribution. Returns `UnknownName` where there is none and `ArgumentError` where `size` is not a positive integer.
 *
 * @example
 * toyDataset('twoMoons', { size: 1000, seed: 0 });   // right(…)
 */
export const toyDataset = (name: string, options: ToyOptions): Either<Failure, Dataset> => {
  const found = toyNamed(name);
  if (found._tag === 'Left') return found;
  if (!(Number.isSafeInteger(options.size) && options.size >= 1))
    return left(
      failure('ArgumentError', `${name}/size`, 'a data set has at least one row', { got: `${options.size}` }),
    );
  if (!Number.isSafeInteger(options.seed))
    return left(failure('ArgumentError', `${name}/seed`, 'not a safe integer', { got: `${options.seed}` }));
  return right(toyDatasetOf(found.right, options));
};
