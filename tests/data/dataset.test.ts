import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generator, keyOf } from '../../src/core/prng.ts';
import { batchIndices } from '../../src/data/batches.ts';
import { allRows, fromRows, readRows, splitDataset, take } from '../../src/data/dataset.ts';
import { minMax, rescale, standardise, standardScaling, statistics, unscale } from '../../src/data/scaling.ts';

const counting = (rows: number, width: number) => Float32Array.from({ length: rows * width }, (_, i) => i);
const normals = (seed: number, n: number, map: (z: number, i: number) => number) => {
  const { normal } = generator(keyOf(seed));
  return Float32Array.from({ length: n }, (_, i) => map(normal(), i));
};

describe('fromRows', () => {
  it('serves rows in any order', () => {
    const d = fromRows('d', counting(5, 3), [3]);
    expect(d.size).toBe(5);
    expect(Array.from(readRows(d, [4, 0, 4]))).toEqual([12, 13, 14, 0, 1, 2, 12, 13, 14]);
    expect(allRows(d)).toEqual(counting(5, 3));
  });

  it('names row and column of NaN and infinite values', () => {
    const bad = counting(4, 2);
    bad[5] = Number.NaN;
    expect(() => fromRows('d', bad, [2])).toThrow(/d: row 2, column 1: not a finite number \(got NaN\)/);
    expect(() => fromRows('d', bad, [2], { columns: ['a', 'b'] })).toThrow(/row 2, column "b"/);
    bad[5] = -Infinity;
    expect(() => fromRows('d', bad.slice(4), [2, 2])).toThrow(/row 0, element \[0, 1\]: .*got -Infinity/);
  });

  it('finds a bad value beyond the first block of a long pass', () => {
    const long = new Float32Array(600_001);
    long[600_000] = Number.NaN;
    expect(() => fromRows('long', long, [])).toThrow(/row 600000/);
  });

  it('checks levels', () => {
    expect(fromRows('d', Float32Array.of(0, 255), [], { levels: 256 }).levels).toBe(256);
    for (const v of [256, -1, 0.5])
      expect(() => fromRows('d', Float32Array.of(0, v), [], { levels: 256 })).toThrow(/row 1, column 0: not a level/);
  });

  it('refuses what does not fit together', () => {
    expect(() => fromRows('d', counting(1, 5), [2])).toThrow(/not a whole number of events/);
    expect(() => fromRows('d', new Float32Array(0), [2])).toThrow(/no rows/);
    expect(() => fromRows('d', counting(2, 2), [2], { columns: ['x'] })).toThrow(/one name a column/);
    expect(() => fromRows('d', counting(2, 2), [2], { labels: new Int32Array(3) })).toThrow(/one label a row/);
  });
});

describe('take and splitDataset', () => {
  const d = fromRows('d', counting(10, 1), [], { labels: Int32Array.from({ length: 10 }, (_, i) => 10 * i) });

  it('takes a range with its labels', () => {
    const t = take(take(d, 2, 9), 1, 3);
    expect(Array.from(allRows(t))).toEqual([3, 4]);
    expect(Array.from(t.labels as Int32Array)).toEqual([30, 40]);
    for (const [a, b] of [
      [-1, 2],
      [3, 3],
      [0, 11],
      [0.5, 2],
    ] as const)
      expect(() => take(d, a, b)).toThrow(/cannot take/);
  });

  it('is contiguous without a seed, by counts or fractions', () => {
    const { train, test } = splitDataset(d, { train: 8, test: 2 });
    expect(Array.from(allRows(train))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(Array.from(allRows(test))).toEqual([8, 9]);
    const thirds = splitDataset(d, { train: 1 / 3, validation: 1 / 3, test: 1 / 3 });
    expect([thirds.train.size, thirds.validation.size, thirds.test.size]).toEqual([3, 4, 3]);
  });

  it('is a partition under any seed, labels following rows', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 8 }), (seed, n) => {
        const { train, test } = splitDataset(d, { train: n, test: 10 - n }, seed);
        const rows = [...allRows(train), ...allRows(test)];
        expect([...rows].sort()).toEqual(Array.from(allRows(d)));
        expect([...(train.labels as Int32Array), ...(test.labels as Int32Array)]).toEqual(rows.map((r) => 10 * r));
        expect(allRows(splitDataset(d, { train: n }, seed).train)).toEqual(allRows(train));
      }),
    );
    expect(allRows(splitDataset(d, { train: 9 }, 1).train)).not.toEqual(
      allRows(splitDataset(d, { train: 9 }, 2).train),
    );
  });

  it('refuses parts that are empty or too much', () => {
    expect(() => splitDataset(d, { train: 8, test: 3 })).toThrow(/test would be rows 8 to 11/);
    expect(() => splitDataset(d, { train: 0.9, test: 0.01 })).toThrow(/cannot split/);
    expect(() => splitDataset(d, { train: Number.NaN })).toThrow(/cannot split/);
  });
});

describe('scaling', () => {
  const values = normals(1, 30_000, (z, i) => [1000 + 0.5 * z, -2 + 3 * z, 7][i % 3]);
  const d = fromRows('d', values, [3], { columns: ['a', 'b', 'c'], entropy: 5 });

  it('measures as two passes do', () => {
    const s = statistics(d);
    for (let j = 0; j < 3; j++) {
      const column = Array.from(values).filter((_, i) => i % 3 === j);
      const mean = column.reduce((a, b) => a + b, 0) / column.length;
      const deviation = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / column.length);
      expect(s.mean[j]).toBeCloseTo(mean, 9);
      expect(s.deviation[j]).toBeCloseTo(deviation, 9);
      expect([s.minimum[j], s.maximum[j]]).toEqual([Math.min(...column), Math.max(...column)]);
    }
  });

  it('standardises, naming constant columns, and moves the entropy', () => {
    const y = standardise(d);
    const s = statistics(y);
    expect(s.mean[0]).toBeCloseTo(0, 5);
    expect(s.deviation[1]).toBeCloseTo(1, 5);
    expect(y.scaling?.constant).toEqual(['column "c"']);
    expect([y.scaling?.scale[2], s.mean[2]]).toEqual([1, 0]);
    const scale = y.scaling?.scale as readonly number[];
    expect(y.entropy).toBeCloseTo(5 - Math.log(scale[0]) - Math.log(scale[1]), 12);
  });

  it('maps onto a range and back', () => {
    const y = minMax(d, -1, 1);
    const s = statistics(y);
    expect(Array.from(s.minimum).map((v) => Math.round(v * 1e5) / 1e5)).toEqual([-1, -1, -1]);
    expect(Array.from(s.maximum).map((v) => Math.round(v * 1e5) / 1e5)).toEqual([1, 1, -1]);
    const back = unscale(y.scaling!, allRows(y));
    expect(Math.max(...back.slice(0, 999).map((v, i) => Math.abs(v - values[i])))).toBeLessThan(1e-3);
    expect(() => minMax(d, 1, 1)).toThrow(/range is empty/);
  });

  it('composes scalings into one', () => {
    const twice = rescale(standardise(d), { shift: [1, 2, 3], scale: [2, 4, 8], constant: [] });
    const { shift, scale } = twice.scaling!;
    const direct = rescale(d, { shift, scale, constant: [] });
    expect(twice.entropy).toBeCloseTo(direct.entropy as number, 12);
    const [a, b] = [readRows(twice, [3, 4]), readRows(direct, [3, 4])];
    a.forEach((v, i) => {
      expect(v).toBeCloseTo(b[i], 4);
    });
  });

  it('scales a test part by the training part, and only what fits', () => {
    const { train, test } = splitDataset(d, { train: 0.8, test: 0.2 });
    const scaled = rescale(test, standardScaling(train));
    expect(Math.abs(statistics(scaled).mean[1])).toBeLessThan(0.1);
    expect(() => rescale(d, { shift: [0], scale: [1], constant: [] })).toThrow(/another size/);
    const levels = fromRows('l', Float32Array.of(0, 1), [], { levels: 2, entropy: 0.7 });
    expect(standardise(levels).levels).toBeUndefined();
    expect(standardise(levels).entropy).toBeUndefined();
  });
});

describe('batches', () => {
  it('visits every row once an epoch, in a fresh order, dropping the incomplete batch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), fc.nat(), (a, b, seed) => {
        const [size, batch] = [Math.max(a, b), Math.min(a, b)];
        const perEpoch = Math.floor(size / batch);
        for (const epoch of [0, 1]) {
          const rows = Array.from({ length: perEpoch }, (_, i) => [
            ...batchIndices(size, batch, seed, epoch * perEpoch + i),
          ]).flat();
          expect(rows.length).toBe(perEpoch * batch);
          expect(new Set(rows).size).toBe(rows.length);
          expect(rows.every((r) => r >= 0 && r < size)).toBe(true);
        }
      }),
    );
    expect(batchIndices(100, 100, 0, 0)).not.toEqual(batchIndices(100, 100, 0, 1));
    expect(batchIndices(100, 100, 0, 0)).not.toEqual(batchIndices(100, 100, 1, 0));
  });

  it('is a function of its arguments, whatever was asked before and done to the answer', () => {
    const first = Array.from(batchIndices(50, 7, 3, 12));
    batchIndices(50, 7, 3, 12).fill(0);
    for (let s = 0; s < 100; s++) batchIndices(50, 7, s, s);
    expect(Array.from(batchIndices(50, 7, 3, 12))).toEqual(first);
  });

  it('refuses a batch larger than the data', () => {
    expect(() => batchIndices(10, 11, 0, 0)).toThrow(
      /batchSize: a batch does not fit into the data \(expected an integer 1 … 10, got 11\)/,
    );
    expect(() => batchIndices(10, 0, 0, 0)).toThrow(/does not fit/);
    expect(() => batchIndices(10, 1, 0, -1)).toThrow(/counted from 0/);
  });
});
