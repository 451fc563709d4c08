/** What holds for every source: a pure function of (seed, index), of the size that was asked for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aligned,
  assignment,
  batchesOf,
  batchIndices,
  batchSizeOf,
  childSeed,
  chosenBy,
  coupled,
  drawn,
  fromRows,
  paired,
  poissonSampled,
  readRows,
  type Source,
  shuffled,
  simulated,
  sortedCoupling,
  source,
  sourceOf,
  stackedBatches,
  twoMoons,
  weightedBy,
  withWeights,
} from '../../../src/data/index.ts';

const rows = (n: number, shape: readonly number[] = [2]) => {
  const width = shape.reduce((a, b) => a * b, 1);
  return fromRows(
    'rows',
    Float32Array.from({ length: n * width }, (_, i) => i),
    shape,
    { labels: Int32Array.from({ length: n }, (_, i) => i % 3) },
  );
};

const noise = (shape: readonly number[]) =>
  simulated('noise', shape, ({ normal }) => Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, normal));

const data = rows(40);
const weights = Float32Array.from({ length: 40 }, (_, i) => i);
const all: readonly (readonly [string, Source])[] = [
  ['shuffled', shuffled(data)],
  ['poissonSampled', poissonSampled(data, { rate: 0.1 })],
  ['weightedBy', weightedBy(data, weights)],
  ['withWeights', withWeights(data, weights)],
  ['chosenBy', chosenBy(data)],
  ['chosenBy with its class', chosenBy(data, {}, { append: true })],
  ['drawn from a toy', drawn(twoMoons())],
  [
    'drawn from a promise',
    drawn('later', [3], (n, seed) => Promise.resolve({ data: new Float64Array(3 * n).fill(seed % 7) })),
  ],
  ['simulated', noise([2, 2])],
  ['paired', paired(data, noise([3]))],
  ['paired with weights', paired(poissonSampled(data, { rate: 0.1 }), noise([]))],
  ['aligned', shuffled(aligned(data, rows(40, [3])))],
  ['coupled', coupled(paired(data, noise([2])), assignment())],
  ['sorted', coupled(paired(noise([]), noise([1])), sortedCoupling)],
];

describe.each(all)('%s', (_, of) => {
  const width = of.shape.reduce((a, b) => a * b, 1);

  it('is a pure function of seed and index, in whatever order batches are asked for', async () => {
    const at = fc.record({
      seed: fc.maxSafeInteger(),
      index: fc.oneof(fc.nat(1000), fc.maxSafeNat()),
      size: fc.integer({ min: of.slots ?? 1, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(at, { minLength: 1, maxLength: 6 }), async (asked) => {
        const forwards = [];
        for (const a of asked) forwards.push(await of.batch(a));
        // what was given is the caller's: writing into it changes nothing
        const kept = forwards.map((b) => ({ values: b.values.slice(), weights: b.weights?.slice() }));
        for (const b of forwards) {
          b.values.fill(Number.NaN);
          b.weights?.fill(Number.NaN);
        }
        for (let i = asked.length - 1; i >= 0; i--) {
          const again = await of.batch(asked[i]);
          expect(again.values).toEqual(kept[i].values);
          expect(again.weights).toEqual(kept[i].weights);
          expect(again.values.length).toBe(asked[i].size * width);
          expect(again.weights?.length).toBe(of.weighted ? asked[i].size : undefined);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('depends on the seed and on the index', async () => {
    const size = batchSizeOf(of, 12 > (of.slots ?? 0) ? 12 : of.slots);
    const [a, b, c] = await Promise.all(
      [[1, 0], [2, 0], [1, 1]].map(([seed, index]) => of.batch({ seed, index, size })), // biome-ignore format: three
    );
    expect(a.values).not.toEqual(b.values);
    expect(a.values).not.toEqual(c.values);
  });

  it('stacks what it gives one by one', async () => {
    const size = of.slots ?? 7;
    const at = { seed: 5, from: 3, steps: 4, size };
    const stacked = await stackedBatches(of, at);
    expect(stacked.values.shape).toEqual([4, size, ...of.shape]);
    expect(stacked.weights?.shape).toEqual(of.weighted ? [4, size] : undefined);
    let index = 3;
    for await (const batch of batchesOf(of, { seed: 5, size, from: 3 })) {
      const k = index++ - 3;
      expect(stacked.values.data.slice(k * size * width, (k + 1) * size * width)).toEqual(batch.values);
      expect(stacked.weights?.data.slice(k * size, (k + 1) * size)).toEqual(batch.weights);
      if (k === 3) break;
    }
  });

  it('refuses what is no batch', () => {
    expect(() => of.batch({ seed: 0, index: -1, size: 8 })).toThrow(/index: batches are counted from 0 \(got -1\)/);
    expect(() => of.batch({ seed: 0, index: 0.5, size: 8 })).toThrow(/counted from 0/);
    expect(() => of.batch({ seed: 0, index: 0, size: 0 })).toThrow(/at least one event/);
  });
});

describe('shuffled', () => {
  it('gives the batches of training so far, bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.maxSafeInteger(),
        fc.nat(500),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom([], [2], [2, 3]),
        async (a, b, seed, from, steps, shape) => {
          const d = rows(Math.max(a, b), shape);
          const size = Math.min(a, b);
          const { values } = await stackedBatches(d, { seed, from, steps, size });
          const indices = Int32Array.from(
            Array.from({ length: steps }, (_, k) => [...batchIndices(d.size, size, seed, from + k)]).flat(),
          );
          const data = readRows(d, indices);
          expect(values).toEqual({ shape: [steps, size, ...shape], type: 'float32', data });
        },
      ),
    );
  });

  it('is what a data set stands for, at once and no larger than the data', () => {
    expect(sourceOf(data).batch({ seed: 1, index: 2, size: 9 })).toEqual(
      shuffled(data).batch({ seed: 1, index: 2, size: 9 }),
    );
    const own = noise([]);
    expect(sourceOf(own)).toBe(own);
    expect(batchSizeOf(shuffled(data))).toBe(40);
    expect(batchSizeOf(shuffled(data), 8)).toBe(8);
    expect(batchSizeOf(own)).toBe(256);
    expect(() => shuffled(data).batch({ seed: 0, index: 0, size: 41 })).toThrow(
      /a batch does not fit into the data \(expected an integer 1 … 40, got 41\)/,
    );
  });
});

describe('source', () => {
  const of = (declared: Partial<Source>) =>
    source({ name: 's', shape: [2], batch: ({ size }) => ({ values: new Float32Array(2 * size) }), ...declared });
  const at = { seed: 0, index: 4, size: 3 };

  it('holds what it is given to its word', async () => {
    expect(() => of({ shape: [0] })).toThrow(/s: an event has no elements/);
    expect(() => of({ shape: [2, -1] })).toThrow(/no elements/);
    expect(() => of({ parts: [[2], []] })).toThrow(/the parts do not fill the event \(expected 2 .*got 3/);
    expect(() => of({ batch: () => ({ values: new Float32Array(5) }) }).batch(at)).toThrow(
      /batch 4 is not 3 events of shape \[2\] \(expected 6 elements, got 5\)/,
    );
    await expect(of({ batch: async () => ({ values: new Float32Array(5) }) }).batch(at)).rejects.toThrow(
      /not 3 events/,
    );
    expect(() => of({ weighted: true }).batch(at)).toThrow(/batch 4 has no weights/);
    const weighing = (w: readonly number[], weighted: { weighted?: true } = { weighted: true }) =>
      of({ ...weighted, batch: () => ({ values: new Float32Array(6), weights: Float32Array.from(w) }) });
    expect(() => weighing([1, 1, 1], {}).batch(at)).toThrow(/not announced/);
    expect(() => weighing([1, 1]).batch(at)).toThrow(/one weight a row \(expected 3, got 2\)/);
    for (const bad of [-1, Number.NaN, Infinity])
      expect(() => weighing([1, bad, 1]).batch(at)).toThrow(/weight 1: not a finite number of at least 0/);
    expect(() => weighing([1, 0, 1]).batch(at)).not.toThrow();
  });

  it('has children with seeds of their own', () => {
    const seeds = [0, 1, -1].flatMap((s) => ['a', 'b', 0, 1, '0'].map((name) => childSeed(s, name)));
    const grandchildren = ['a', 'b'].flatMap((x) => ['a', 'b'].map((y) => childSeed(childSeed(0, x), y)));
    expect(new Set([...seeds, ...grandchildren]).size).toBe(19);
    for (const s of seeds) expect(Number.isSafeInteger(s) && s >= 0).toBe(true);
  });
});
