import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldIn, generator, keyOf, permutation, split, threefry2x32 } from '../../src/core/prng.ts';

const hex = (words: readonly [number, number]) => words.map((w) => w.toString(16).padStart(8, '0')).join(' ');
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

describe('generator and permutation', () => {
  it('repeats from the same key', () => {
    const a = generator(keyOf(8));
    const b = generator(keyOf(8));
    const draw = (g: typeof a) => [g.uniform(), g.normal(), g.normal(), g.integer(10), g.normal()];
    expect(draw(a)).toEqual(draw(b));
  });

  it('has the moments of the normal distribution', () => {
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
