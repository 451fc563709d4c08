import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fillNoise,
  foldIn,
  generator,
  keyOf,
  type NoiseLaw,
  type PrngKey,
  permutation,
  split,
  threefry2x32,
} from '../../src/core/prng.ts';

const laws: readonly NoiseLaw[] = ['normal', 'uniform', 'rademacher'];
const hex = (words: readonly [number, number]) => words.map((w) => w.toString(16).padStart(8, '0')).join(' ');
const noise = (law: NoiseLaw, key: PrngKey, first: number, rows: number, size: number): Float32Array => {
  const out = new Float32Array(rows * size);
  fillNoise(law, key, first, rows, size, out);
  return out;
};

describe('threefry2x32', () => {
  it('agrees with the published vectors of Random123', () => {
    expect(hex(threefry2x32([0, 0], [0, 0]))).toBe('6b200159 99ba4efe');
    expect(hex(threefry2x32([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff]))).toBe('1cb996fc bb002be7');
    expect(hex(threefry2x32([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]))).toBe('c4923a9c 483df7a0');
  });

  it('is injective in the counter', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 20_000; i++) seen.add(hex(threefry2x32([1, 2], [i, 3])));
    expect(seen.size).toBe(20_000);
  });

  it('flips half of the bits when one bit of key or counter changes', () => {
    let flipped = 0;
    for (let i = 0; i < 128; i++) {
      const w = [5, 6, 7, 8];
      const a = threefry2x32([w[0], w[1]], [w[2], w[3]]);
      w[i >> 5] ^= 1 << (i & 31);
      const b = threefry2x32([w[0], w[1]], [w[2], w[3]]);
      for (const j of [0, 1] as const) for (let x = a[j] ^ b[j]; x !== 0; x &= x - 1) flipped++;
    }
    expect(Math.abs(flipped / (128 * 64) - 0.5)).toBeLessThan(0.02);
  });
});

describe('keys', () => {
  it('is the two words of a seed, negative ones included', () => {
    expect(keyOf(7)).toEqual([0, 7]);
    expect(keyOf(-1)).toEqual([0xffffffff, 0xffffffff]);
    expect(keyOf(2 ** 40 + 5)).toEqual([256, 5]);
  });

  it('refuses what is not a safe integer', () => {
    for (const seed of [0.5, Number.NaN, Infinity, 2 ** 53]) expect(() => keyOf(seed)).toThrow(/not a safe integer/);
    expect(() => foldIn([0, 0], 1.5)).toThrow(/not a safe integer/);
  });

  it('has a seed for each key', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => a === b || hex(keyOf(a)) !== hex(keyOf(b))),
    );
  });

  it('folds different names to different keys', () => {
    const name = fc.oneof(fc.maxSafeInteger(), fc.string({ unit: 'binary', maxLength: 12 }));
    fc.assert(
      fc.property(name, name, (a, b) => a === b || hex(foldIn([1, 2], a)) !== hex(foldIn([1, 2], b))),
      { numRuns: 200 },
    );
    const names = ['', '\0', '\0\0', 'a', 'a\0', 'ab', 'abcd', 'abcde', '1', 1, -1, 2 ** 32, 2 ** 32 + 1, 0];
    expect(new Set(names.map((n) => hex(foldIn([0, 0], n)))).size).toBe(names.length);
  });

  it('does not commute: a path is a sequence', () => {
    const k = keyOf(3);
    expect(foldIn(foldIn(k, 'a'), 'b')).not.toEqual(foldIn(foldIn(k, 'b'), 'a'));
    expect(foldIn(foldIn(k, 'a'), 'b')).not.toEqual(foldIn(k, 'ab'));
  });

  it('splits into distinct keys, a longer split extending a shorter', () => {
    const keys = split(keyOf(1), 100);
    expect(new Set(keys.map(hex)).size).toBe(100);
    expect(split(keyOf(1), 3)).toEqual(keys.slice(0, 3));
  });
});

describe.each(laws)('fillNoise %s', (law) => {
  it('gives an example the same row in batches of 1, 7 and 256', () => {
    for (const size of [1, 2, 3, 65, 784, 5000]) {
      const rows = size > 1000 ? 20 : 256;
      const whole = noise(law, keyOf(11), 100, rows, size);
      for (const batch of [1, 7]) {
        const parts = new Float32Array(rows * size);
        for (let i = 0; i < rows; i += batch)
          parts.set(noise(law, keyOf(11), 100 + i, Math.min(batch, rows - i), size), i * size);
        expect(Buffer.compare(Buffer.from(parts.buffer), Buffer.from(whole.buffer))).toBe(0);
      }
    }
  });

  it('gives float32 and float64 arrays identical numbers, at any offset', () => {
    const a = new Float32Array(5 * 77 + 3);
    const b = new Float64Array(5 * 77 + 3);
    fillNoise(law, keyOf(4), 0, 5, 77, a, 3);
    fillNoise(law, keyOf(4), 0, 5, 77, b, 3);
    expect(Array.from(b)).toEqual(Array.from(a));
    expect(Array.from(a.subarray(0, 3))).toEqual([0, 0, 0]);
    expect(a.subarray(3)).toEqual(noise(law, keyOf(4), 0, 5, 77));
  });

  it('does not let the event size change an element', () => {
    expect(noise(law, keyOf(1), 9, 1, 5).subarray(0, 3)).toEqual(noise(law, keyOf(1), 9, 1, 3));
    expect(noise(law, keyOf(1), 9, 1, 200_001).subarray(0, 5000)).toEqual(noise(law, keyOf(1), 9, 1, 5000));
  });

  it('differs between examples, keys and far examples', () => {
    const row = (key: PrngKey, i: number) => noise(law, key, i, 1, 64).join();
    const rows = [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33, 2 ** 40].map((i) => row(keyOf(0), i));
    expect(new Set([...rows, row(keyOf(1), 0), row(foldIn(keyOf(0), 'x'), 0)]).size).toBe(9);
    expect(noise(law, keyOf(0), 2 ** 32 - 1, 2, 64).subarray(64)).toEqual(noise(law, keyOf(0), 2 ** 32, 1, 64));
  });

  it('has the moments of its law', () => {
    const n = 1_000_000;
    const x = noise(law, keyOf(2024), 0, n / 4, 4);
    const moment = (p: number) => x.reduce((s, v) => s + v ** p, 0) / n;
    const exact = { normal: [0, 1, 0, 3], uniform: [1 / 2, 1 / 3, 1 / 4, 1 / 5], rademacher: [0, 1, 0, 1] }[law];
    const eighth = { normal: [1, 3, 15, 105], uniform: [1 / 3, 1 / 5, 1 / 7, 1 / 9], rademacher: [1, 1, 1, 1] }[law];
    for (let p = 1; p <= 4; p++) {
      const error = Math.sqrt(Math.max(0, eighth[p - 1] - exact[p - 1] ** 2) / n);
      expect(Math.abs(moment(p) - exact[p - 1])).toBeLessThanOrEqual(4 * error + 1e-12);
    }
  });

  it('has no correlation between neighbours in a row and between rows', () => {
    const n = 200_000;
    const x = noise(law, keyOf(77), 0, n / 2, 2);
    const mean = law === 'uniform' ? 0.5 : 0;
    const variance = law === 'uniform' ? 1 / 12 : 1;
    for (const lag of [1, 2, 3]) {
      let s = 0;
      for (let i = 0; i + lag < n; i++) s += (x[i] - mean) * (x[i + lag] - mean);
      expect(Math.abs(s / n / variance)).toBeLessThan(4 / Math.sqrt(n));
    }
  });

  it('refuses what does not fit', () => {
    expect(() => fillNoise(law, [0, 0], 0, 2, 3, new Float32Array(5))).toThrow(/does not fit into the array/);
    expect(() => fillNoise(law, [0, 0], -1, 1, 1, new Float32Array(5))).toThrow(/natural numbers/);
    expect(() => fillNoise(law, [0, 0], 0.5, 1, 1, new Float32Array(5))).toThrow(/natural numbers/);
  });
});

describe('laws', () => {
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

describe('generator and permutation', () => {
  it('repeats from the same key and differs from the noise of that key', () => {
    const a = generator(keyOf(8));
    const b = generator(keyOf(8));
    const draw = (g: typeof a) => [g.uniform(), g.normal(), g.normal(), g.integer(10), g.normal()];
    expect(draw(a)).toEqual(draw(b));
    expect(Math.fround(generator(keyOf(8)).uniform())).not.toBe(noise('uniform', keyOf(8), 0, 1, 1)[0]);
  });

  it('has the moments of the normal law', () => {
    const { normal } = generator(keyOf(9));
    const n = 100_000;
    let first = 0;
    let second = 0;
    for (let i = 0; i < n; i++) {
      const z = normal();
      first += z / n;
      second += (z * z) / n;
    }
    expect(Math.abs(first)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(second - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  });

  it('draws integers evenly', () => {
    const { integer } = generator(keyOf(10));
    const counts = new Float64Array(7);
    for (let i = 0; i < 70_000; i++) counts[integer(7)]++;
    expect(counts.reduce((s, c) => s + (c - 10_000) ** 2 / 10_000, 0)).toBeLessThan(22.5); // p ≈ 0.001, 6 degrees
    expect(integer(1)).toBe(0);
    expect(() => integer(0)).toThrow(/the bound is an integer/);
  });

  it('permutes', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(300), (seed, n) => {
        expect(Array.from(permutation(keyOf(seed), n).sort())).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it('gives all 24 orders of four things equally often', () => {
    const counts = new Map<string, number>();
    for (let s = 0; s < 24_000; s++) {
      const order = permutation(keyOf(s), 4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect([...counts.values()].reduce((s, c) => s + (c - 1000) ** 2 / 1000, 0)).toBeLessThan(49.7); // p ≈ 0.001
  });
});
