/** Sources that choose rows: how often, how independently, and what the mean loss of a batch estimates. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generator, keyOf } from '../../../src/core/prng.ts';
import {
  type Batch,
  chosenBy,
  fromRows,
  partsOfRows,
  poissonSampled,
  poissonSlots,
  type Source,
  weightedBy,
  withWeights,
} from '../../../src/data/index.ts';
import { aliasTable } from '../../../src/data/sources/alias.ts';
import { padded } from '../../../src/data/sources/poisson.ts';
import { chiSquare, chiSquareBound, countsOf, Z } from './statistics.ts';

/** Row i holds the number i. */
const numbered = (n: number, labels?: readonly number[]) =>
  fromRows(
    'numbered',
    Float32Array.from({ length: n }, (_, i) => i),
    [],
    labels === undefined ? {} : { labels: Int32Array.from(labels) },
  );

const batchesFrom = (of: Source, count: number, size: number, seed = 0): Batch[] =>
  Array.from({ length: count }, (_, index) => of.batch({ seed, index, size }) as Batch);

const rowsDrawn = (of: Source, count: number, size: number, seed = 0): number[] =>
  batchesFrom(of, count, size, seed).flatMap((b) => [...b.values]);

describe('weightedBy', () => {
  it('has a table that holds the probabilities exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-300, max: 1e6, noNaN: true })), { minLength: 1, maxLength: 30 }), // biome-ignore format: one idea
        (weights) => {
          const total = weights.reduce((a, b) => a + b, 0);
          fc.pre(total > 0);
          const n = weights.length;
          const { keep, other } = aliasTable('w', weights, n);
          const p = new Float64Array(n);
          keep.forEach((k, i) => {
            p[i] += k / n;
            p[other[i]] += (1 - k) / n;
          });
          weights.forEach((w, i) => {
            expect(Math.abs(p[i] - w / total)).toBeLessThan(1e-14);
            if (w === 0) expect(p[i]).toBe(0);
          });
        },
      ),
    );
  });

  it('draws rows as often as they weigh (chi-square), those of weight 0 never', () => {
    const weights = [1, 0, 3, 0.5, 0, 10, 2, 2];
    const drawn = rowsDrawn(weightedBy(numbered(8), weights), 400, 250);
    const counts = countsOf(drawn, 8);
    const used = [0, 2, 3, 5, 6, 7];
    const expected = used.map((i) => (1e5 * weights[i]) / 18.5);
    expect(chiSquare(used.map((i) => counts[i]), expected)).toBeLessThan(chiSquareBound(used.length - 1)); // biome-ignore format: one idea
    expect(counts[1] + counts[4]).toBe(0);
  });

  it('draws one row independently of the next (chi-square of pairs)', () => {
    const drawn = rowsDrawn(weightedBy(numbered(4), [1, 2, 3, 4]), 1, 100_000);
    const counts = new Float64Array(16);
    for (let i = 0; i < drawn.length; i += 2) counts[4 * drawn[i] + drawn[i + 1]]++;
    const expected = Array.from(counts, (_, k) => (50_000 * (1 + Math.floor(k / 4)) * (1 + (k % 4))) / 100);
    expect(chiSquare(counts, expected)).toBeLessThan(chiSquareBound(15));
  });

  it('begins a larger batch with the smaller one', () => {
    const of = weightedBy(numbered(50), new Float32Array(50).fill(1));
    expect(rowsDrawn(of, 1, 200).slice(0, 30)).toEqual(rowsDrawn(of, 1, 30));
  });
});

describe('withWeights', () => {
  it('estimates the weighted mean: over one epoch of whole batches it is that mean', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: 0, max: 100, noNaN: true }), { minLength: 12, maxLength: 12 }),
        fc.nat(),
        (weights, seed) => {
          const total = weights.reduce((a, b) => a + b, 0);
          fc.pre(total > 1e-3);
          const batches = batchesFrom(withWeights(numbered(12), weights), 4, 3, seed);
          const losses = batches.map((b) => b.values.reduce((s, x, i) => s + b.weights![i] * x ** 2, 0) / 3);
          const wanted = weights.reduce((s, w, i) => s + w * i ** 2, 0) / total;
          expect(losses.reduce((a, b) => a + b, 0) / 4).toBeCloseTo(wanted, 3);
        },
      ),
    );
  });
});

describe.each([
  ['weightedBy', weightedBy],
  ['withWeights', withWeights],
])('%s refuses', (_, by) => {
  it.each([
    [[1, 2], /numbered: one weight a row \(expected 3, got 2\)/],
    [[], /one weight a row/],
    [[1, -1, 1], /numbered: weight 1: not a finite number of at least 0 \(got -1\)/],
    [[1, 1, Number.NaN], /weight 2: not a finite number/],
    [[Infinity, 1, 1], /weight 0: not a finite number/],
    [[0, 0, 0], /numbered: all weights are 0/],
    [[1e308, 1e308, 1e308], /the sum of the weights is not finite/],
  ])('weights %j', (weights, sentence) => {
    expect(() => by(numbered(3), weights)).toThrow(sentence);
  });
});

describe('poissonSampled', () => {
  const n = 200;
  const rate = 0.15;
  const of = poissonSampled(numbered(n), { rate });
  const slots = of.slots as number;
  const count = 4000;
  const batches = batchesFrom(of, count, slots, 3);
  const drawn = batches.map((b) => [...b.values].filter((_, i) => b.weights![i] > 0));

  it('draws each row with its chance (chi-square over rows)', () => {
    const counts = countsOf(drawn.flat(), n);
    // each count is binomial and independent: its standardised square is chi-square of one degree
    const chi = Array.from(counts).reduce((s, c) => s + (c - count * rate) ** 2 / (count * rate * (1 - rate)), 0);
    expect(chi).toBeLessThan(chiSquareBound(n));
    // and not less spread than chance (P(χ²_k ≤ k − 2√(k x)) ≤ e^{−x}), as a fixed number of draws would be
    expect(chi).toBeGreaterThan(n - 2 * Math.sqrt(n * Math.log(1e6)));
  });

  it('draws as many rows as a binomial distribution does: mean and variance', () => {
    const variance = n * rate * (1 - rate);
    const sizes = drawn.map((rows) => rows.length);
    const mean = sizes.reduce((a, b) => a + b, 0) / count;
    expect(Math.abs(mean - n * rate)).toBeLessThan(Z * Math.sqrt(variance / count));
    const spread = sizes.reduce((s, k) => s + (k - n * rate) ** 2, 0) / count;
    // the fourth central moment of a binomial distribution is 3v² + v(1 − 6q(1 − q))
    const fourth = 3 * variance ** 2 + variance * (1 - 6 * rate * (1 - rate));
    expect(Math.abs(spread - variance)).toBeLessThan(Z * Math.sqrt((fourth - variance ** 2) / count));
  });

  it('draws neighbours independently (chi-square of the four cases)', () => {
    const counts = new Float64Array(4);
    for (const rows of drawn) {
      const set = new Set(rows);
      for (let i = 0; i < n; i += 2) counts[(set.has(i) ? 2 : 0) + (set.has(i + 1) ? 1 : 0)]++;
    }
    const trials = (count * n) / 2;
    const expected = [(1 - rate) ** 2, rate * (1 - rate), rate * (1 - rate), rate ** 2].map((p) => p * trials);
    expect(chiSquare(counts, expected)).toBeLessThan(chiSquareBound(4));
  });

  it('draws no row twice, pads with row 0 of weight 0, and divides by the expected number', () => {
    batches.forEach((b, i) => {
      expect(new Set(drawn[i]).size).toBe(drawn[i].length);
      const loss = b.values.reduce((s, x, k) => s + b.weights![k] * (x + 1), 0) / slots;
      expect(loss).toBeCloseTo(drawn[i].reduce((s, x) => s + x + 1, 0) / (n * rate), 3);
      const padding = [b.values, b.weights!].flatMap((x) => [...x.subarray(drawn[i].length)]);
      expect(padding.every((x) => x === 0)).toBe(true);
    });
  });

  it('draws all rows with chance 1, and pads to any larger size', () => {
    const whole = poissonSampled(numbered(5), { expected: 5 });
    expect(whole.slots).toBe(5);
    const batch = whole.batch({ seed: 0, index: 0, size: 8 }) as Batch;
    expect([...batch.values]).toEqual([0, 1, 2, 3, 4, 0, 0, 0]);
    expect([...batch.weights!].map((w) => w.toFixed(5))).toEqual([...Array(5).fill('1.60000'), ...Array(3).fill('0.00000')]); // biome-ignore format: one idea
  });

  it('may draw nothing', () => {
    const rare = poissonSampled(numbered(3), { rate: 1e-12 });
    const batch = rare.batch({ seed: 0, index: 0, size: rare.slots! }) as Batch;
    expect([...batch.weights!]).toEqual(new Array(rare.slots).fill(0));
  });

  it('pads to a size that overflows with probability below 10⁻⁹, and not much above the least such size', () => {
    /** P(Binomial(n, q) > k), summed from the top. */
    const tail = (rows: number, q: number, k: number): number => {
      let logChoose = 0;
      let sum = 0;
      for (let j = rows; j > k; j--) {
        sum += Math.exp(logChoose + j * Math.log(q) + (rows - j) * Math.log1p(-q));
        logChoose += Math.log(j) - Math.log(rows - j + 1);
      }
      return sum;
    };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 1e-6, max: 0.999, noNaN: true }), (rows, q) => {
        const k = poissonSlots(rows, q);
        expect(k).toBeGreaterThanOrEqual(1);
        expect(k).toBeLessThanOrEqual(rows);
        expect(tail(rows, q, k)).toBeLessThan(1e-9);
        const less = Math.floor(k - 3 - 0.8 * Math.sqrt(rows * q * (1 - q)));
        if (less >= 1) expect(tail(rows, q, less)).toBeGreaterThan(1e-9);
      }),
    );
    expect(poissonSlots(1_000_000, 256e-6)).toBe(365);
  });

  it('says what does not fit', () => {
    for (const rate of [0, -0.1, 1.1, Number.NaN])
      expect(() => poissonSampled(numbered(9), { rate })).toThrow(
        /a chance above 0 and of at most 1 \(expected a rate/,
      );
    expect(() => poissonSampled(numbered(9), { expected: 10 })).toThrow(/an expected number in \(0, 9\], got 10/);
    expect(() => of.batch({ seed: 0, index: 0, size: slots - 1 })).toThrow(
      new RegExp(`overflows too often .*expected at least ${slots} for 30 rows expected, got ${slots - 1}`),
    );
    expect(() => padded('d', [1, 2, 3], 2, 1)).toThrow(/d: more rows were drawn .*expected at most 2, got 3/);
  });
});

describe('chosenBy', () => {
  const labels = Array.from({ length: 1000 }, (_, i) => (i < 900 ? 0 : i < 990 ? 2 : 3));
  const counts = [900, 0, 90, 10];
  const d = numbered(1000, labels);
  const logs = counts.map((c) => Math.log(1 + c));
  const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0);

  it.each([
    ['frequency', counts],
    ['log-frequency', logs],
    ['uniform', [1, 0, 1, 1]],
    [
      [0.2, 0, 0.5, 0],
      [0.2, 0, 0.5, 0],
    ],
  ] as const)('draws classes by %j and rows of a class alike (chi-square)', (probabilities, weights) => {
    const rows = rowsDrawn(chosenBy(d, { probabilities }), 1000, 100);
    const byClass = countsOf(rows.map((r) => labels[r]), 4); // biome-ignore format: one idea
    const used = [0, 2, 3].filter((k) => weights[k] > 0);
    const share = (k: number) => weights[k] / sum(weights);
    expect(chiSquare(used.map((k) => byClass[k]), used.map((k) => 1e5 * share(k)))).toBeLessThan(chiSquareBound(used.length - 1)); // biome-ignore format: one idea
    expect(sum(used.map((k) => byClass[k]))).toBe(1e5);
    const byRow = countsOf(rows, 1000);
    const drawnRows = labels.flatMap((k, i) => (weights[k] > 0 ? [i] : []));
    const expected = drawnRows.map((i) => (1e5 * share(labels[i])) / counts[labels[i]]);
    expect(chiSquare(drawnRows.map((i) => byRow[i]), expected)).toBeLessThan(chiSquareBound(drawnRows.length - 1)); // biome-ignore format: one idea
  });

  it('takes the logarithm of frequencies where nothing is said', () => {
    expect(rowsDrawn(chosenBy(d), 2, 50)).toEqual(rowsDrawn(chosenBy(d, { probabilities: 'log-frequency' }), 2, 50));
  });

  it('draws a class of a single row by the logarithm too: ln(1 + 1) against ln(1 + 3)', () => {
    const rows = rowsDrawn(chosenBy(numbered(4, [0, 0, 1, 0])), 1, 30_000);
    const single = rows.filter((r) => r === 2).length;
    expect(chiSquare([single, 30_000 - single], [10_000, 20_000])).toBeLessThan(chiSquareBound(1));
  });

  it('appends which class of which condition was drawn, and the row meets it', () => {
    const second = labels.map((_, i) => i % 2);
    const of = chosenBy(d, [{}, { labels: second, probabilities: [3, 1] }], { append: true });
    expect(of.shape).toEqual([1 + 4 + 2]);
    expect(of.parts).toEqual([[], [6]]);
    const { values } = of.batch({ seed: 1, index: 0, size: 50_000 }) as Batch;
    const [x, hot] = partsOfRows(of, values);
    const drawn = Array.from(x, (_, i) => hot.subarray(6 * i, 6 * i + 6).indexOf(1));
    expect(hot.reduce((a, b) => a + b)).toBe(50_000);
    expect(Array.from(x, (row, i) => (drawn[i] < 4 ? labels[row] : 4 + second[row]))).toEqual(drawn);
    const wanted = [...logs.map((l) => l / sum(logs)), 0.75, 0.25].map((p) => (p / 2) * 50_000);
    const used = [0, 2, 3, 4, 5];
    const c = countsOf(drawn, 6);
    expect(chiSquare(used.map((k) => c[k]), used.map((k) => wanted[k]))).toBeLessThan(chiSquareBound(4)); // biome-ignore format: one idea
  });

  it('keeps the elements of an event in front of the class', () => {
    const { normal } = generator(keyOf(3));
    const images = fromRows('images', Float32Array.from({ length: 24 }, normal), [2, 3], { labels: Int32Array.of(0, 1, 0, 1) }); // biome-ignore format: one idea
    const at = { seed: 9, index: 2, size: 16 };
    const plain = chosenBy(images).batch(at) as Batch;
    const told = chosenBy(images, {}, { append: true });
    expect(partsOfRows(told, (told.batch(at) as Batch).values)[0]).toEqual(plain.values);
  });

  it('begins a larger batch with the smaller one', () => {
    expect(rowsDrawn(chosenBy(d), 1, 300).slice(0, 30)).toEqual(rowsDrawn(chosenBy(d), 1, 30));
  });

  it('says what does not fit', () => {
    expect(() => chosenBy(numbered(3))).toThrow(/numbered: there are no labels: one class a row is needed/);
    expect(() => chosenBy(numbered(3), [])).toThrow(/no condition to choose by/);
    expect(() => chosenBy(numbered(3), { labels: [0, 1] })).toThrow(/one label a row \(expected 3, got 2\)/);
    expect(() => chosenBy(numbered(3), { labels: [0, 1, 0.5] })).toThrow(/row 2: not a class/);
    expect(() => chosenBy(numbered(3), { labels: [0, -1, 1] })).toThrow(/row 1: not a class/);
    expect(() => chosenBy(numbered(3), { labels: [0, 1, 2], classes: 2 })).toThrow(
      /row 2: not a class \(expected 0 … 1, got 2\)/,
    );
    expect(() => chosenBy(numbered(3), { labels: [0, 1, 1], classes: 0 })).toThrow(/number of classes/);
    const by = (probabilities: ArrayLike<number>) => chosenBy(d, { probabilities });
    expect(() => by([1, 0, 1])).toThrow(/probabilities: one weight a row/);
    expect(() => by([1, 0, -1, 1])).toThrow(/weight 2: not a finite number/);
    expect(() => by([1, 0.1, 1, 1])).toThrow(/class 1 is to be drawn and no row has it/);
    expect(() => by([0, 0, 0, 0])).toThrow(/no class is to be drawn/);
    expect(() => chosenBy(d, { probabilities: 'rare' as 'uniform' })).toThrow(
      /expected frequency, log-frequency, uniform/,
    );
  });
});
