/** Couplings computed on a batch: which second part goes with which first one. */
import { raise } from '../../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../../core/shape.ts';
import { childSeed, source } from '../source.ts';
import type { PairSource } from './paired.ts';
import { besides, partsOfRows } from './parts.ts';

/** The two sides of a batch of pairs. */
export interface Pairs {
  readonly size: number;
  /** shapes of one first and one second part */
  readonly shapes: readonly [Shape, Shape];
  /** `[size, ...shapes[0]]` */
  readonly first: Float32Array;
  /** `[size, ...shapes[1]]` */
  readonly second: Float32Array;
  /** for a coupling that draws; a seed of this batch's own */
  readonly seed: number;
}

/** A rule that couples the two sides of a batch; a pure function of the pairs. */
export interface Coupling {
  readonly name: string;
  /** for each first part the number of the second part that goes with it, `[size]`; a permutation keeps both marginals */
  readonly of: (pairs: Pairs) => ArrayLike<number> | Promise<ArrayLike<number>>;
}

/**
 * Pairs whose second parts are re-ordered by a coupling computed on the batch (mini-batch optimal transport: Pooladian
 * et al. 2023, arXiv:2304.14772; Tong et al. 2023, arXiv:2302.00482). With a permutation each side keeps its distribution, and
 * only how they go together changes. Throws `ArgumentError` for pairs that carry weights, which would be parted from
 * their events; a batch throws `DataError` where the coupling does not name one second part for each first.
 *
 * @example
 * const straight = coupled(paired(drawn(eightGaussians()), drawn(twoMoons())), assignment());
 * const { values } = await straight.batch({ seed: 0, index: 0, size: 64 });   // [64, 4]
 */
export const coupled = (pairs: PairSource, coupling: Coupling): PairSource => {
  const name = `${pairs.name}, coupled by ${coupling.name}`;
  if (pairs.weighted) raise('ArgumentError', name, 'pairs that carry weights cannot be coupled again');
  const { parts } = pairs;
  return {
    ...source({
      ...pairs,
      name,
      batch: async (at) => {
        const { seed, index, size } = at;
        const [first, second] = partsOfRows(parts, (await pairs.batch(at)).values);
        const own = childSeed(childSeed(seed, 'coupling'), index);
        const order = await coupling.of({ size, shapes: parts, first, second, seed: own });
        if (order.length !== size)
          raise('DataError', name, 'a coupling names one second part for each first one', {
            expected: `${size}`,
            got: `${order.length}`,
          });
        for (let i = 0; i < size; i++)
          if (!(Number.isInteger(order[i]) && order[i] >= 0 && order[i] < size))
            raise('DataError', name, `first part ${i} is coupled with nothing`, {
              expected: `0 … ${size - 1}`,
              got: `${order[i]}`,
            });
        return { values: besides(first, second, size, order) };
      },
    }),
    parts,
  };
};

const ranks = (values: Float32Array): Uint32Array =>
  Uint32Array.from(values.keys()).sort((i, j) => values[i] - values[j] || i - j);

/**
 * The monotone coupling of parts of one number each: k-th smallest with k-th smallest, optimal for every convex cost of
 * the difference. O(n log n); ties in the order of the batch. A batch throws `ShapeError` for parts of several numbers.
 *
 * @example
 * const ordered = coupled(paired(drawn('u', [], (n, seed) => twoMoons().sample(seed, n).subarray(0, n)), drawn('v', [], (n) => new Float32Array(n))), sortedCoupling);
 * const batch = await ordered.batch({ seed: 0, index: 0, size: 8 });
 */
export const sortedCoupling: Coupling = {
  name: 'sorting',
  of: ({ size, shapes, first, second }) => {
    for (const shape of shapes)
      if (sizeOf(shape) !== 1)
        raise('ShapeError', 'sortedCoupling', 'only single numbers have an order', { got: showShape(shape) });
    const [a, b] = [ranks(first), ranks(second)];
    const order = new Int32Array(size);
    for (let k = 0; k < size; k++) order[a[k]] = b[k];
    return order;
  },
};
