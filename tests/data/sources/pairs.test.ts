/** Pairs, couplings and fresh draws. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reference } from '../../../src/core/interpreters/index.ts';
import * as o from '../../../src/core/ops/index.ts';
import { program } from '../../../src/core/program.ts';
import {
  aligned,
  assignment,
  coupled,
  drawn,
  fromRows,
  minimalAssignment,
  type PairSource,
  paired,
  partsOf,
  partsOfRows,
  poissonSampled,
  shuffled,
  simulated,
  sortedCoupling,
  source,
  twoMoons,
  withWeights,
} from '../../../src/data/index.ts';
import { standardNormal } from '../../../src/distributions/index.ts';
import { run } from '../../../src/inference/index.ts';
import { chiSquare, chiSquareBound } from './statistics.ts';

const numbered = (n: number, times = 1) =>
  fromRows(
    `numbers × ${times}`,
    Float32Array.from({ length: n }, (_, i) => times * i),
    [],
  );
const normals = (shape: readonly number[], shift = 0) =>
  simulated('normals', shape, ({ normal }) => Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => shift + normal())); // biome-ignore format: one idea

const sides = async (pairs: PairSource, index: number, size: number, seed = 0) =>
  partsOfRows(pairs, (await pairs.batch({ seed, index, size })).values).map((side) => Array.from(side));

describe('paired', () => {
  it('draws the parts independently, two shuffles of one size too (chi-square)', async () => {
    const pairs = paired(numbered(5), numbered(5));
    const counts = new Float64Array(25);
    // one pair an epoch pair: batches of a whole epoch, first event only
    for (let index = 0; index < 20_000; index++) {
      const [[a], [b]] = await sides(pairs, index, 5);
      counts[5 * a + b]++;
    }
    expect(chiSquare(counts, new Array(25).fill(800))).toBeLessThan(chiSquareBound(24));
  });

  it('keeps each part a shuffle of its own data', async () => {
    const [a, b] = await sides(paired(numbered(30), numbered(30, 2)), 4, 30);
    expect([...a].sort((x, y) => x - y)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect([...b].sort((x, y) => x - y)).toEqual(Array.from({ length: 30 }, (_, i) => 2 * i));
  });

  it('gives nested pairs streams of their own', async () => {
    const inner = paired(numbered(50), numbered(50));
    const { values } = await paired(inner, numbered(50)).batch({ seed: 0, index: 0, size: 50 });
    const [a, b, c] = partsOfRows([[], [], []], values);
    for (const [x, y] of [[a, b], [a, c], [b, c]]) expect(x).not.toEqual(y); // biome-ignore format: three pairs
  });

  it('multiplies weights, and asks for what its parts need', async () => {
    const weighted = withWeights(numbered(4), [1, 2, 3, 2]);
    const masked = poissonSampled(numbered(100), { rate: 0.02 });
    const pairs = paired(weighted, withWeights(numbered(9), [9, 1, 1, 1, 1, 1, 1, 1, 2]));
    const { values, weights } = await pairs.batch({ seed: 0, index: 0, size: 4 });
    const [a, b] = partsOfRows(pairs, values);
    expect(weights).toEqual(a.map((x, i) => Math.fround([0.5, 1, 1.5, 1][x] * Math.fround(b[i] === 0 ? 4.5 : b[i] === 8 ? 1 : 0.5)))); // biome-ignore format: one idea
    expect([pairs.largest, pairs.slots, pairs.weighted]).toEqual([4, undefined, true]);
    const some = paired(normals([]), masked);
    expect([some.slots, some.largest, some.weighted]).toEqual([masked.slots, undefined, true]);
    expect(paired(normals([]), normals([2])).weighted).toBeUndefined();
    expect(() => paired(masked, masked)).toThrow(/one Poisson sampled part at most/);
  });
});

describe('aligned', () => {
  it('has the same row of both, whatever source reads it', async () => {
    const both = aligned(numbered(20), fromRows('twice', Float32Array.from({ length: 40 }, (_, i) => i), [2])); // biome-ignore format: one idea
    expect([both.shape, both.parts]).toEqual([[3], [[], [2]]]);
    for (const of of [shuffled(both), poissonSampled(both, { rate: 0.5 })]) {
      const { values } = await of.batch({ seed: 1, index: 0, size: of.slots ?? 10 });
      const [i, xy] = partsOfRows(of, values);
      expect(Array.from(xy)).toEqual(Array.from(i).flatMap((k) => [2 * k, 2 * k + 1]));
    }
    expect(() => aligned(numbered(3), numbered(4))).toThrow(/equally many \(expected 3, got 4\)/);
  });

  it('keeps columns and labels', () => {
    const a = fromRows('a', Float32Array.of(1, 2), [], { columns: ['x'] });
    const b = fromRows('b', Float32Array.of(3, 4), [], { columns: ['y'], labels: Int32Array.of(0, 1) });
    expect(aligned(a, b).columns).toEqual(['x', 'y']);
    expect(aligned(a, b).labels).toEqual(Int32Array.of(0, 1));
  });
});

describe('partsOf', () => {
  it('splits an expression as it splits rows', async () => {
    const parts = [[2, 3], [], [4]];
    const value = Float32Array.from({ length: 11 }, (_, i) => i * i);
    const split = partsOf(parts, o.input('event', [11]));
    expect(split.map((p) => p.shape)).toEqual(parts);
    const go = await reference.compile(program(split, 'float64'));
    const out = await go.run({ event: { shape: [11], type: 'float32', data: value } });
    expect(out.map((t) => Array.from(t.data))).toEqual(partsOfRows(parts, value).map((x) => Array.from(x)));
  });

  it('refuses what has no parts, or others', () => {
    expect(() => partsOf(numbered(3), o.input('x', []))).toThrow(/it has no parts/);
    expect(() => partsOf([[2], [2]], o.input('x', [5]))).toThrow(/do not fill the event \(expected 5 .*got 4/);
    expect(() => partsOfRows([[2]], new Float32Array(3))).toThrow(/not whole rows/);
  });
});

describe('coupled', () => {
  const pairs = paired(normals([2]), normals([2], 3));

  it('re-orders the second side and changes nothing else', async () => {
    const before = await sides(pairs, 3, 64);
    const reversed = coupled(pairs, { name: 'reversal', of: ({ size }) => Array.from({ length: size }, (_, i) => size - 1 - i) }); // biome-ignore format: one idea
    const after = await sides(reversed, 3, 64);
    expect(after[0]).toEqual(before[0]);
    const rows = (xs: readonly number[]) => Array.from({ length: 64 }, (_, i) => xs.slice(2 * i, 2 * i + 2));
    expect(rows(after[1])).toEqual(rows(before[1]).reverse());
    const same = coupled(pairs, { name: 'identity', of: async ({ size }) => Int32Array.from({ length: size }, (_, i) => i) }); // biome-ignore format: one idea
    expect(await sides(same, 3, 64)).toEqual(before);
  });

  it('gives a coupling that draws a seed of the batch', async () => {
    const seeds: number[] = [];
    const noting = coupled(pairs, {
      name: 'noting',
      of: ({ size, seed }) => {
        seeds.push(seed);
        return new Int32Array(size);
      },
    });
    for (const [seed, index] of [[0, 0], [0, 1], [1, 0], [0, 0]]) await noting.batch({ seed, index, size: 2 }); // biome-ignore format: four
    expect(new Set(seeds).size).toBe(3);
    expect(seeds[3]).toBe(seeds[0]);
  });

  it('refuses weights, and couplings that are none', async () => {
    const weighted = paired(withWeights(numbered(3), [1, 1, 2]), numbered(3));
    expect(() => coupled(weighted, sortedCoupling)).toThrow(/pairs that carry weights cannot be coupled/);
    const by = (order: readonly number[]) =>
      coupled(pairs, { name: 'given', of: () => order }).batch({ seed: 0, index: 0, size: 3 });
    await expect(by([0, 1])).rejects.toThrow(/one second part for each first one \(expected 3, got 2\)/);
    await expect(by([0, 3, 1])).rejects.toThrow(/first part 1 is coupled with nothing \(expected 0 … 2, got 3\)/);
    await expect(by([0, 1, Number.NaN])).rejects.toThrow(/first part 2 is coupled with nothing/);
    const wide = paired(normals([2]), normals([3]));
    await expect(coupled(wide, sortedCoupling).batch({ seed: 0, index: 0, size: 3 })).rejects.toThrow(
      /only single numbers have an order \(got \[2\]\)/,
    );
    await expect(coupled(wide, assignment()).batch({ seed: 0, index: 0, size: 3 })).rejects.toThrow(
      /no distance; give a cost \(expected \[2\], got \[3\]\)/,
    );
    await expect(coupled(pairs, assignment()).batch({ seed: 0, index: 0, size: 513 })).rejects.toThrow(
      /too many pairs to couple at once \(expected at most 512, got 513\)/,
    );
  });

  it('sorts: the smallest with the smallest, at the cost of the exact assignment', async () => {
    const line = paired(normals([]), normals([1], 2));
    const [a, b] = await sides(coupled(line, sortedCoupling), 0, 100);
    const byFirst = a.map((x, i) => [x, b[i]]).sort((p, q) => p[0] - q[0]);
    expect(byFirst.map((p) => p[1])).toEqual([...b].sort((x, y) => x - y));
    const [c, d] = await sides(
      coupled(
        line,
        assignment((x, y) => (x[0] - y[0]) ** 2),
      ),
      0,
      100,
    );
    const cost = (x: readonly number[], y: readonly number[]) => x.reduce((s, v, i) => s + (v - y[i]) ** 2, 0);
    expect(cost(a, b)).toBeCloseTo(cost(c, d), 6);
  });

  it('assigns parts a translation apart to their images: optimal for the squared distance', async () => {
    const moved = source({
      name: 'moved, in reverse',
      shape: [4],
      parts: [[2], [2]],
      batch: async ({ seed, index, size }) => {
        const { values } = await normals([2]).batch({ seed, index, size });
        const rows = Array.from({ length: size }, (_, i) => [...values.subarray(2 * i, 2 * i + 2)]);
        return { values: Float32Array.from(rows.flatMap((x, i) => [...x, ...rows[size - 1 - i].map((v) => v + 5)])) };
      },
    }) as PairSource;
    const [a, b] = await sides(coupled(moved, assignment()), 0, 200);
    expect(b).toEqual(a.map((v) => Math.fround(v + 5)));
  });
});

describe('minimalAssignment', () => {
  const permutations = (n: number): number[][] =>
    n === 0 ? [[]] : permutations(n - 1).flatMap((p) => Array.from({ length: n }, (_, at) => [...p.slice(0, at), n - 1, ...p.slice(at)])); // biome-ignore format: one idea
  const all = Array.from({ length: 8 }, (_, n) => permutations(n));
  const costOf = (cost: readonly number[], n: number, columns: ArrayLike<number>) =>
    Array.from({ length: n }, (_, i) => cost[i * n + columns[i]]).reduce((a, b) => a + b, 0);
  const square = (most: number, entry: fc.Arbitrary<number>) =>
    fc.integer({ min: 1, max: most }).chain((n) => fc.tuple(fc.constant(n), fc.array(entry, { minLength: n * n, maxLength: n * n }))); // biome-ignore format: one idea

  it('costs what the best of all permutations costs, up to 7 rows', () => {
    const entry = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -100, max: 100, noNaN: true }));
    fc.assert(
      fc.property(square(7, entry), ([n, cost]) => {
        const { columns } = minimalAssignment(cost, n);
        expect(new Set(columns).size).toBe(n);
        const best = Math.min(...all[n].map((p) => costOf(cost, n, p)));
        expect(costOf(cost, n, columns)).toBeCloseTo(best, 9);
      }),
      { numRuns: 200 },
    );
  });

  it('carries the certificate that none costs less', () => {
    fc.assert(
      fc.property(
        square(60, fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ min: 0, max: 9, noNaN: true }))),
        ([n, cost]) => {
          // biome-ignore format: one idea
          const { columns, u, v } = minimalAssignment(cost, n);
          expect(new Set(columns).size).toBe(n);
          const slack = cost.map((c, k) => c - u[Math.floor(k / n)] - v[k % n]);
          expect(Math.min(...slack)).toBeGreaterThan(-1e-9);
          for (let i = 0; i < n; i++) expect(Math.abs(slack[i * n + columns[i]])).toBeLessThan(1e-9);
        },
      ),
    );
  });

  it('refuses costs that are no square or not finite', () => {
    expect(() => minimalAssignment([1, 2, 3], 2)).toThrow(/not a square \(expected 4, got 3\)/);
    expect(() => minimalAssignment([1, 2, Number.NaN, 3], 2)).toThrow(/a cost is not finite/);
  });
});

describe('drawn', () => {
  it('draws a toy anew in every batch', async () => {
    const of = drawn(twoMoons());
    expect([of.name, of.shape]).toEqual(['twoMoons', [2]]);
    const points = new Set<number>();
    for (let index = 0; index < 20; index++)
      for (const x of (await of.batch({ seed: 0, index, size: 50 })).values) points.add(x);
    expect(points.size).toBeGreaterThan(1990);
  });

  it('takes the sampler of a distribution on a backend as it is', async () => {
    const running = run(standardNormal([3]), {}, reference);
    const of = drawn('dist', [3], running.sample);
    const { values } = await of.batch({ seed: 2, index: 1, size: 5 });
    expect(values).toEqual((await of.batch({ seed: 2, index: 1, size: 9 })).values.slice(0, 15));
    expect(new Set(values).size).toBe(15);
  });

  it('gives event i of a simulator a stream of its own', async () => {
    const greedy = simulated('greedy', [], ({ uniform }) => {
      for (let k = 0; k < 5; k++) uniform();
      return [uniform()];
    });
    const at = { seed: 0, index: 3 };
    const { values } = await greedy.batch({ ...at, size: 40 });
    expect(values.slice(0, 7)).toEqual((await greedy.batch({ ...at, size: 7 })).values);
    expect(new Set(values).size).toBe(40);
  });

  it('says what was drawn wrongly', async () => {
    const at = { seed: 0, index: 0, size: 3 };
    expect(() => drawn('short', [2], () => new Float32Array(5)).batch(at)).toThrow(/not 3 events of shape \[2\]/);
    const bad = () => [1, 2, 3, Number.NaN, 5, 6];
    expect(() => drawn('bad', [2], bad).batch(at)).toThrow(/bad: event 1 of a batch: not a finite number \(got NaN\)/);
    await expect(drawn('bad', [2], async () => bad()).batch(at)).rejects.toThrow(/event 1/);
    expect(() => simulated('wide', [], () => [1, 2]).batch(at)).toThrow(
      /an event of another size \(expected 1, got 2\)/,
    );
  });
});
