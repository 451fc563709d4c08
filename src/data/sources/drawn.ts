/** Fresh draws at every batch: nothing is seen twice. */
import { raise } from '../../core/errors.ts';
import { foldIn, type Generator, generator, keyOf } from '../../core/prng.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { childSeed, type Source, source } from '../source.ts';
import type { Toy } from '../toys/toy.ts';

/** `n` events as an array, or as a tensor (what `run(…).sample` gives). */
export type Draws = ArrayLike<number> | { readonly data: ArrayLike<number> };

/** `n` events of a distribution, row-major: a pure function of its arguments. */
export type Sampler = (n: number, seed: number) => Draws | Promise<Draws>;

/** How {@link drawn} is called. */
export interface Drawn {
  (toy: Toy): Source<readonly [2]>;
  <const S extends Shape>(name: string, shape: S, sampler: Sampler): Source<S>;
}

/**
 * Fresh draws: of a toy distribution, or of any function `(n, seed) => events`, such as the `sample` of a distribution that runs on a
 * backend. Each batch has a seed of its own. A batch throws `ShapeError` where the sampler gives another number of
 * elements, `DataError` naming the event where one is not a finite number.
 *
 * @example
 * const moons = drawn(twoMoons());
 * const running = run(dist, fitted.parameters, reference);
 * const teacher = drawn('teacher', [2], running.sample);
 * const { values } = await teacher.batch({ seed: 0, index: 0, size: 4 });   // [4, 2]
 */
export const drawn: Drawn = <S extends Shape>(
  of: Toy | string,
  shape?: S,
  sampler?: Sampler,
): Source<S> & Source<readonly [2]> =>
  (typeof of === 'string'
    ? bySampler(of, shape as S, sampler as Sampler)
    : bySampler(of.name, [2], (n, seed) => of.sample(seed, n))) as Source<S> & Source<readonly [2]>;

const bySampler = <S extends Shape>(name: string, shape: S, sampler: Sampler): Source<S> => {
  const width = sizeOf(shape);
  const finite = (draws: Draws): { readonly values: Float32Array } => {
    const values = Float32Array.from('data' in draws ? draws.data : draws);
    const bad = values.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      raise('DataError', name, `event ${Math.floor(bad / width)} of a batch: not a finite number`, {
        got: `${values[bad]}`,
      });
    return { values };
  };
  return source<S>({
    name,
    shape,
    batch: ({ seed, index, size }) => {
      const draws = sampler(size, childSeed(childSeed(seed, 'drawn'), index));
      return draws instanceof Promise ? draws.then(finite) : finite(draws);
    },
  });
};

/**
 * Fresh draws of a simulator written for one event over a generator of random numbers. Event i of a batch has a stream
 * of its own, so it does not depend on the size of the batch, nor on how many numbers other events used. Throws as
 * {@link drawn} does.
 *
 * @example
 * const walks = simulated('walks', [10], ({ normal }) => {
 *   let at = 0;
 *   return Array.from({ length: 10 }, () => (at += normal()));
 * });
 */
export const simulated = <const S extends Shape>(
  name: string,
  shape: S,
  event: (random: Generator) => ArrayLike<number>,
): Source<S> => {
  const width = sizeOf(shape);
  return bySampler(name, shape, (n, seed) => {
    const key = foldIn(keyOf(seed), 'simulated');
    const out = new Float64Array(n * width);
    for (let i = 0; i < n; i++) {
      const x = event(generator(foldIn(key, i)));
      if (x.length !== width)
        raise('ShapeError', name, 'the simulator gave an event of another size', {
          expected: `${width}`,
          got: `${x.length}`,
        });
      out.set(x, i * width);
    }
    return out;
  });
};
