import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillNoise, type NoiseDist } from '../../src/core/noise.ts';
import { source } from '../../src/core/noise-module.ts';
import { foldIn, generator, keyOf, type PrngKey, threefry2x32 } from '../../src/core/prng.ts';

const dists: readonly NoiseDist[] = ['normal', 'uniform', 'rademacher'];
const noise = (dist: NoiseDist, key: PrngKey, first: number, rows: number, size: number): Float32Array => {
  const out = new Float32Array(rows * size);
  fillNoise(dist, key, first, rows, size, out);
  return out;
};

/** Element j of example i as the docstring defines it, from the cipher itself. */
const byDefinition = (dist: NoiseDist, key: PrngKey, example: number, j: number): number => {
  const at = dist === 'rademacher' ? j >> 5 : j;
  const [v, w] = threefry2x32(key, [example, at >> 1]);
  const word = at % 2 === 0 ? v : w;
  if (dist === 'uniform') return ((word >>> 9) + 0.5) * 2 ** -23;
  if (dist === 'rademacher') return ((word >>> (j & 31)) & 1) === 1 ? 1 : -1;
  const radius = Math.sqrt(-2 * Math.log((v + 0.5) * 2 ** -32));
  const angle = ((w | 0) + 0.5) * Math.PI * 2 ** -31;
  return radius * (j % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
};

describe('the module', () => {
  it('was made from the source that is here', () => {
    const now = readFileSync(new URL('../../assembly/noise.ts', import.meta.url));
    expect(createHash('sha256').update(now).digest('hex'), 'run npm run build:noise').toBe(source);
  });

  it.each(dists)('computes %s numbers as they are defined', (dist) => {
    const place = fc.record({
      key: fc.tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      first: fc.integer({ min: 0, max: 2 ** 31 }),
      rows: fc.integer({ min: 1, max: 9 }),
      size: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3000 })),
    });
    fc.assert(
      fc.property(place, ({ key, first, rows, size }) => {
        const x = noise(dist, key, first, rows, size);
        // In double both are good to 1e-15, save that Math.cos and Math.sin see a rounded angle where they vanish.
        const off = x.filter((v, i) => {
          const expected = byDefinition(dist, key, first + Math.floor(i / size), i % size);
          return dist === 'normal' ? Math.abs(v - expected) > 6.1e-8 * Math.abs(expected) + 1e-14 : v !== expected;
        });
        expect(off.length).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('rounds normal numbers as double precision does, but for a few in a million at most', () => {
    const [rows, size] = [500, 784];
    const x = noise('normal', keyOf(5), 0, rows, size);
    let other = 0;
    for (let i = 0; i < x.length; i++)
      if (x[i] !== Math.fround(byDefinition('normal', keyOf(5), Math.floor(i / size), i % size))) other++;
    expect(other).toBeLessThan(5);
  });
});

describe.each(dists)('fillNoise %s', (dist) => {
  it('gives an example the same row in batches of 1, 7 and 256', () => {
    for (const size of [1, 2, 3, 65, 784, 5000]) {
      const rows = size > 1000 ? 20 : 256;
      const whole = noise(dist, keyOf(11), 100, rows, size);
      for (const batch of [1, 7]) {
        const parts = new Float32Array(rows * size);
        for (let i = 0; i < rows; i += batch)
          parts.set(noise(dist, keyOf(11), 100 + i, Math.min(batch, rows - i), size), i * size);
        expect(Buffer.compare(Buffer.from(parts.buffer), Buffer.from(whole.buffer))).toBe(0);
      }
    }
  });

  it('gives float32 and float64 arrays identical numbers, at any offset', () => {
    const a = new Float32Array(5 * 77 + 3);
    const b = new Float64Array(5 * 77 + 3);
    fillNoise(dist, keyOf(4), 0, 5, 77, a, 3);
    fillNoise(dist, keyOf(4), 0, 5, 77, b, 3);
    expect(Array.from(b)).toEqual(Array.from(a));
    expect(Array.from(a.subarray(0, 3))).toEqual([0, 0, 0]);
    expect(a.subarray(3)).toEqual(noise(dist, keyOf(4), 0, 5, 77));
  });

  it('does not let the event size change an element', () => {
    expect(noise(dist, keyOf(1), 9, 1, 5).subarray(0, 3)).toEqual(noise(dist, keyOf(1), 9, 1, 3));
    expect(noise(dist, keyOf(1), 9, 1, 200_001).subarray(0, 5000)).toEqual(noise(dist, keyOf(1), 9, 1, 5000));
  });

  it('differs between examples, keys and far examples', () => {
    const row = (key: PrngKey, i: number) => noise(dist, key, i, 1, 64).join();
    const rows = [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33, 2 ** 40].map((i) => row(keyOf(0), i));
    expect(new Set([...rows, row(keyOf(1), 0), row(foldIn(keyOf(0), 'x'), 0)]).size).toBe(9);
    expect(noise(dist, keyOf(0), 2 ** 32 - 1, 2, 64).subarray(64)).toEqual(noise(dist, keyOf(0), 2 ** 32, 1, 64));
  });

  it('has the moments of its distribution', () => {
    const n = 1_000_000;
    const x = noise(dist, keyOf(2024), 0, n / 4, 4);
    const moment = (p: number) => x.reduce((s, v) => s + v ** p, 0) / n;
    const exact = { normal: [0, 1, 0, 3], uniform: [1 / 2, 1 / 3, 1 / 4, 1 / 5], rademacher: [0, 1, 0, 1] }[dist];
    const eighth = { normal: [1, 3, 15, 105], uniform: [1 / 3, 1 / 5, 1 / 7, 1 / 9], rademacher: [1, 1, 1, 1] }[dist];
    for (let p = 1; p <= 4; p++) {
      const error = Math.sqrt(Math.max(0, eighth[p - 1] - exact[p - 1] ** 2) / n);
      expect(Math.abs(moment(p) - exact[p - 1])).toBeLessThanOrEqual(4 * error + 1e-12);
    }
  });

  it('has no correlation between neighbours in a row and between rows', () => {
    const n = 200_000;
    const x = noise(dist, keyOf(77), 0, n / 2, 2);
    const mean = dist === 'uniform' ? 0.5 : 0;
    const variance = dist === 'uniform' ? 1 / 12 : 1;
    for (const lag of [1, 2, 3]) {
      let s = 0;
      for (let i = 0; i + lag < n; i++) s += (x[i] - mean) * (x[i + lag] - mean);
      expect(Math.abs(s / n / variance)).toBeLessThan(4 / Math.sqrt(n));
    }
  });

  it('refuses what does not fit', () => {
    expect(() => fillNoise(dist, [0, 0], 0, 2, 3, new Float32Array(5))).toThrow(/does not fit into the array/);
    expect(() => fillNoise(dist, [0, 0], -1, 1, 1, new Float32Array(5))).toThrow(/natural numbers/);
    expect(() => fillNoise(dist, [0, 0], 0.5, 1, 1, new Float32Array(5))).toThrow(/natural numbers/);
  });
});

describe('distributions', () => {
  it('differs from what a generator draws under the same key', () => {
    expect(Math.fround(generator(keyOf(8)).uniform())).not.toBe(noise('uniform', keyOf(8), 0, 1, 1)[0]);
  });

  it('keeps uniforms off 0 and 1 in float32 and spreads them evenly (chi-square, 256 cells)', () => {
    const x = noise('uniform', keyOf(5), 0, 1000, 2560);
    const cells = new Float64Array(256);
    let low = 1;
    let high = 0;
    for (const u of x) {
      cells[Math.floor(u * 256)]++;
      low = Math.min(low, u);
      high = Math.max(high, u);
    }
    expect(low).toBeGreaterThanOrEqual(2 ** -24);
    expect(high).toBeLessThanOrEqual(1 - 2 ** -24);
    expect(Math.fround(1 - 2 ** -24)).toBeLessThan(1);
    const chi = cells.reduce((s, c) => s + (c - 10_000) ** 2 / 10_000, 0);
    expect(Math.abs(chi - 255)).toBeLessThan(4 * Math.sqrt(2 * 255));
  });

  it('follows the normal distribution (Kolmogorov–Smirnov) with the right tails', () => {
    const n = 500_000;
    const x = noise('normal', keyOf(6), 0, n / 5, 5).sort();
    // Φ by the midpoint rule from one sorted point to the next; below −8 there is nothing to add
    const phi = (z: number) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
    let cdf = 0;
    let z = -8;
    let worst = 0;
    x.forEach((v, i) => {
      const steps = Math.max(1, Math.ceil((v - z) / 1e-3));
      for (let s = 0; s < steps; s++) cdf += (phi(z + ((v - z) * (s + 0.5)) / steps) * (v - z)) / steps;
      z = v;
      worst = Math.max(worst, Math.abs(cdf - (i + 0.5) / n));
    });
    expect(Math.sqrt(n) * worst).toBeLessThan(1.95); // p ≈ 0.001
    const beyond = x.reduce((s, v) => s + (Math.abs(v) > 4 ? 1 : 0), 0);
    expect(Math.abs(beyond - n * 6.334e-5)).toBeLessThan(4 * Math.sqrt(n * 6.334e-5));
    expect(Math.max(Math.abs(x[0]), x[n - 1])).toBeLessThan(6.77);
  });

  it('draws signs only', () => {
    expect(new Set(noise('rademacher', keyOf(0), 0, 10, 1000))).toEqual(new Set([-1, 1]));
  });
});
