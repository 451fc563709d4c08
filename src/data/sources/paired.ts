/** Pairs: two events side by side, drawn independently or from the same row. */
import { raise } from '../../core/errors.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { type Dataset, fromSource, readRows } from '../dataset.ts';
import { type Batch, childSeed, type Source, source } from '../source.ts';
import { besides } from './parts.ts';
import { sourceOf } from './reading.ts';

/** Pairs as vectors: the elements of the first part, then those of the second. */
export type PairSource = Source<readonly [number]> & { readonly parts: readonly [Shape, Shape] };

const product = (a: Batch, b: Batch): Float32Array | undefined =>
  a.weights === undefined || b.weights === undefined
    ? (a.weights ?? b.weights)
    : a.weights.map((w, i) => w * (b.weights as Float32Array)[i]);

const both = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);

/**
 * Independent pairs: part one by `a`, part two by `b`, each from a stream of its own, so that two sources of one kind do
 * not move together. The event is a vector of both, flattened ({@link partsOf} splits it); weights are multiplied. A
 * data set stands for its {@link shuffled} batches. Throws `ArgumentError` where both are Poisson sampled: rows that are
 * drawn would meet padding.
 *
 * @example
 * const pairs = paired(drawn(eightGaussians()), drawn(twoMoons()));
 * const { values } = await pairs.batch({ seed: 0, index: 0, size: 64 });   // [64, 4]
 * const [from, to] = partsOfRows(pairs, values);
 */
export const paired = (a: Dataset | Source, b: Dataset | Source): PairSource => {
  const [first, second] = [sourceOf(a), sourceOf(b)];
  const name = `${first.name} with ${second.name}`;
  if (first.slots !== undefined && second.slots !== undefined)
    raise('ArgumentError', name, 'both parts are padded, and drawn rows of one would meet padding of the other', {
      expected: 'one Poisson sampled part at most',
    });
  const slots = first.slots ?? second.slots;
  const largest = both(first.largest, second.largest);
  const parts = [first.shape, second.shape] as const;
  const declared: Source<readonly [number]> = {
    name,
    shape: [sizeOf(first.shape) + sizeOf(second.shape)],
    ...(slots === undefined ? {} : { slots }),
    ...(largest === undefined ? {} : { largest }),
    ...(first.weighted || second.weighted ? { weighted: true } : {}),
    parts,
    batch: async ({ seed, index, size }) => {
      const x = await first.batch({ seed: childSeed(seed, 'first'), index, size });
      const y = await second.batch({ seed: childSeed(seed, 'second'), index, size });
      const values = besides(x.values, y.values, size);
      const weights = product(x, y);
      return weights === undefined ? { values } : { values, weights };
    },
  };
  return { ...source(declared), parts };
};

/**
 * Pairs of the same row of two data sets of one size, as a data set of vectors (paired images, a teacher's noise and
 * what it made of it), which any source then shuffles, samples or weighs. Labels are those of `a`, or of `b` where `a`
 * has none. Throws `DataError` where the sizes differ.
 *
 * @example
 * const couples = shuffled(aligned(data, fromRows('noise', new Float32Array(2 * data.size), [2])));   // shape [4]
 */
export const aligned = (a: Dataset, b: Dataset): Dataset & { readonly parts: readonly [Shape, Shape] } => {
  const name = `${a.name} beside ${b.name}`;
  if (a.size !== b.size)
    raise('DataError', name, 'rows of two data sets can be aligned where there are equally many', {
      expected: `${a.size}`,
      got: `${b.size}`,
    });
  const labels = a.labels ?? b.labels;
  const columns = a.columns && b.columns && [...a.columns, ...b.columns];
  const read = (indices: ArrayLike<number>, out: Float32Array): void =>
    out.set(besides(readRows(a, indices), readRows(b, indices), indices.length));
  const joined = fromSource(
    name,
    { length: a.size, read },
    [sizeOf(a.shape) + sizeOf(b.shape)],
    { ...(labels === undefined ? {} : { labels }), ...(columns === undefined ? {} : { columns }) },
    true,
  );
  return { ...joined, parts: [a.shape, b.shape] };
};
