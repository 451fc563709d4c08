import { raise } from '../../core/errors.ts';
import { foldIn, generator, keyOf, type PrngKey } from '../../core/prng.ts';
import type { Shape } from '../../core/shape.ts';
import type { Dataset } from '../dataset.ts';
import type { Source } from '../source.ts';
import { ofRows } from './of-rows.ts';

/** The chance of each row, or the number of rows expected in a batch (chance times rows); one of the two. */
export type PoissonRate = { readonly rate: number } | { readonly expected: number };

/** The most likely that more rows are drawn than a batch holds. */
const OVERFLOW = 1e-9;

/** `n · KL(k/n ‖ q)`: `P(Binomial(n, q) ≥ k) ≤ exp(−this)` for `k ≥ nq` (Chernoff). */
const chernoff = (n: number, q: number, k: number): number => {
  const a = k / n;
  return n * (a * Math.log(a / q) + (a < 1 ? (1 - a) * Math.log((1 - a) / (1 - q)) : 0));
};

/**
 * The smallest batch size k with P(X > k) < 10⁻⁹ for X ~ Binomial(rows, rate), by Chernoff's bound P(X ≥ k) ≤ exp(−n KL(k/n ‖ q)); never more than all rows.
 *
 * @example
 * poissonSlots(1_000_000, 256 / 1_000_000);   // 365
 */
export const poissonSlots = (rows: number, rate: number): number => {
  let [low, high] = [Math.floor(rows * rate), rows];
  // `high` holds enough, always; the bound grows with k above the mean
  while (low < high) {
    const k = Math.floor((low + high) / 2);
    if (k + 1 > rows * rate && chernoff(rows, rate, k + 1) > -Math.log(OVERFLOW)) high = k;
    else low = k + 1;
  }
  return Math.max(1, high);
};

/** Rows drawn each with chance `rate`, in rising order: the gaps between them are geometric, `⌊ln u / ln(1 − q)⌋`. */
export const poissonRows = (rows: number, rate: number, key: PrngKey): number[] => {
  const { uniform } = generator(key);
  const logOff = Math.log1p(-rate);
  const out: number[] = [];
  for (let row = Math.floor(Math.log(uniform()) / logOff); row < rows; ) {
    out.push(row);
    row += 1 + Math.floor(Math.log(uniform()) / logOff);
  }
  return out;
};

/** Rows padded to `size` by row 0 with weight 0; drawn rows weigh `size / expected`. Throws `DataError` where there are too many. */
export const padded = (name: string, drawn: readonly number[], size: number, expected: number) => {
  if (drawn.length > size)
    raise('DataError', name, 'more rows were drawn than the batch holds; another seed, or a larger batch, will do', {
      expected: `at most ${size}`,
      got: `${drawn.length}`,
    });
  const indices = new Int32Array(size);
  indices.set(drawn);
  return { indices, weights: new Float32Array(size).fill(size / expected, 0, drawn.length) };
};

/**
 * Poisson sampling: each row is in a batch independently, with chance q, as the accounting of differential privacy by
 * subsampling supposes (Abadi et al. 2016, arXiv:1607.00133; a shuffled batch does not do). The number of rows varies,
 * so batches are padded to `slots` by a row of weight 0 (row 0, whose loss is as finite as any). A drawn row weighs
 * `slots / (q n)`, so that the loss `Σ wᵢ ℓᵢ / slots` is the sum over the rows drawn divided by their expected number,
 * unbiased for the mean over the data.
 *
 * What looks at the batch as a whole (batch statistics, couplings) sees the padding too. Cost of a batch: O(q n).
 * Throws `ArgumentError` where the probability is not in (0, 1], and where the batch size overflows with
 * probability 10⁻⁹ or more; `DataError` where one does overflow.
 *
 * @example
 * const source = poissonSampled(data, { expected: 64 });
 * const { values, weights } = await source.batch({ seed: 0, index: 0, size: batchSizeOf(source) });
 */
export const poissonSampled = (dataset: Dataset, by: PoissonRate): Source<Shape> => {
  const rows = dataset.size;
  const rate = 'rate' in by ? by.rate : by.expected / rows;
  if (!(rate > 0 && rate <= 1))
    raise('ArgumentError', dataset.name, 'each row is drawn with a chance above 0 and of at most 1', {
      expected: 'rate' in by ? 'a rate in (0, 1]' : `an expected number in (0, ${rows}]`,
      got: `${'rate' in by ? by.rate : by.expected}`,
    });
  const slots = poissonSlots(rows, rate);
  return ofRows(
    'Poisson sampled',
    dataset,
    ({ seed, index, size }) => {
      if (size < slots)
        raise('ArgumentError', `${dataset.name}/size`, 'a batch of this size overflows too often (10⁻⁹ is allowed)', {
          expected: `at least ${slots} for ${rate * rows} rows expected`,
          got: `${size}`,
        });
      const drawn = poissonRows(rows, rate, foldIn(foldIn(keyOf(seed), 'Poisson'), index));
      return padded(dataset.name, drawn, size, rate * rows);
    },
    { weighted: true, slots },
  );
};
