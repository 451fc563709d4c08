import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { type Failure, failure } from '../core/errors.ts';
import { type Dataset, fromRows } from './dataset.ts';
import { unknownName } from './names.ts';
import * as dists from './toys/dists.ts';
import type { Toy } from './toys/toy.ts';

/** Every export of `toys/dists.ts` is a maker of a toy. */
const makers: { readonly [name: string]: () => Toy } = { ...dists };

/** Names of the toy distributions. */
export const toyNames: readonly string[] = Object.keys(makers);

/** The toy distribution of a name with its default parameters; `UnknownName` with the nearest name otherwise. */
export const toyNamed = (name: string): Either<Failure, Toy> =>
  toyNames.includes(name) ? right(makers[name]()) : left(unknownName('toy', 'toy data set', name, toyNames));

/** How many points to draw, and the seed they are drawn from. */
export interface ToyOptions {
  readonly size: number;
  readonly seed: number;
}

/** Points of a toy distribution as a data set of shape `[2]` that carries the distribution's entropy. */
export const toyDatasetOf = (toy: Toy, { size, seed }: ToyOptions): Dataset =>
  fromRows(toy.name, toy.sample(seed, size), [2], { columns: ['x', 'y'], entropy: toy.entropy });

/** The data set of a named toy distribution, with `UnknownName` or `ArgumentError`. */
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
