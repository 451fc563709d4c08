/** Diagnostics on sequences whose effective size is known. */
import { describe, expect, test } from 'vitest';
import { generator, keyOf } from '../../src/core/prng.ts';
import { range } from '../../src/core/shape.ts';
import {
  bulkSize,
  type Draws,
  effectiveSize,
  energyMixing,
  ranksOf,
  rHat,
  showSummaries,
  standardError,
  summarise,
  tailSize,
} from '../../src/mcmc/index.ts';
import { normalQuantile } from '../../src/mcmc/normal-quantile.ts';

/** Stationary x' = φ x + √(1 − φ²) z: effective size n (1 − φ)/(1 + φ). */
const autoregressive = (phi: number, chains: number, n: number, seed = 0): Float64Array[] => {
  const { normal } = generator(keyOf(seed));
  return range(chains).map(() => {
    let x = normal();
    return Float64Array.from({ length: n }, () => {
      x = phi * x + Math.sqrt(1 - phi * phi) * normal();
      return x;
    });
  });
};

describe('effective sizes', () => {
  test.each([-0.5, 0, 0.5, 0.9])('of an autoregression with φ = %d are n (1 − φ)/(1 + φ)', (phi) => {
    const draws = autoregressive(phi, 8, 5000);
    const expected = (40_000 * (1 - phi)) / (1 + phi);
    for (const size of [effectiveSize, bulkSize]) expect(Math.abs(size(draws) / expected - 1)).toBeLessThan(0.2);
    expect(rHat(draws)).toBeLessThan(1.01);
    expect(Math.abs((standardError(draws) * Math.sqrt(expected)) / 1 - 1)).toBeLessThan(0.15);
  });

  test('do not change under increasing maps in the bulk, nor for heavy tails', () => {
    const draws = autoregressive(0.5, 4, 2000);
    const wild: Draws = draws.map((d) => d.map((x) => Math.exp(5 * x)));
    expect(bulkSize(wild)).toBeCloseTo(bulkSize(draws), 8);
    expect(tailSize(wild)).toBeCloseTo(tailSize(draws), 8);
  });

  test('of the tails see what the bulk does not: a tail that is visited rarely', () => {
    // Out beyond ±1.5 for long stretches, fresh draws otherwise: the quantiles' indicators move more slowly than the ranks do.
    const draws = autoregressive(0.95, 4, 4000, 3).map((slow, c) => {
      const fast = autoregressive(0, 4, 4000, 9)[c];
      return slow.map((s, i) => (Math.abs(s) > 1.5 ? 3 * s : Math.min(1, Math.max(-1, fast[i]))));
    });
    expect(tailSize(draws)).toBeLessThan(0.7 * bulkSize(draws));
  });
});

describe('R̂', () => {
  const good = autoregressive(0.3, 4, 1000);
  test('sees a chain elsewhere, a chain of another width, and chains that drift', () => {
    expect(rHat(good)).toBeLessThan(1.01);
    expect(rHat(good.map((d, c) => d.map((x) => (c === 0 ? x + 1 : x))))).toBeGreaterThan(1.05);
    expect(rHat(good.map((d, c) => d.map((x) => (c === 0 ? 4 * x : x))))).toBeGreaterThan(1.05);
    expect(rHat(good.map((d) => d.map((x, i) => x + i / 500)))).toBeGreaterThan(1.05);
  });
  test('is not fooled by infinite variance', () => {
    const cauchy = good.map((d) => d.map((x) => Math.tan(1.5 * Math.tanh(x))));
    expect(rHat(cauchy)).toBeLessThan(1.01);
  });
});

describe('what cannot be told', () => {
  const statistics = [rHat, bulkSize, tailSize, effectiveSize, standardError];
  const good = autoregressive(0, 4, 100);
  test.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ])('one draw of %d: NaN, and it is said', (bad) => {
    for (let chain = 0; chain < 4; chain++)
      for (const at of [0, 49, 50, 99]) {
        const draws = good.map((d, c) => d.map((x, i) => (c === chain && i === at ? bad : x)));
        for (const statistic of statistics) expect(statistic(draws)).toBeNaN();
        const summary = summarise('x', draws);
        expect(summary.notFinite).toBe(1);
        expect(showSummaries([summary])).toContain('x: 1 of the draws is not finite');
      }
    expect(showSummaries([summarise('x', good)])).not.toContain('finite');
  });
  test.each([0, 0.1, 1 / 3, -1e30])('chains that stay at %d: NaN, however the mean rounds', (value) => {
    const draws = range(4).map(() => new Float64Array(99).fill(value));
    for (const statistic of [rHat, bulkSize, tailSize, effectiveSize]) expect(statistic(draws)).toBeNaN();
  });
  test.each([
    0.5, 0.04, 0.97, 0.2,
  ])('binary draws with P(1) = %d: sizes near the number of draws, in the tail too', (p) => {
    const { uniform } = generator(keyOf(7));
    const draws = range(4).map(() => Float64Array.from({ length: 1000 }, () => (uniform() < p ? 1 : 0)));
    for (const size of [bulkSize, tailSize, effectiveSize]) expect(Math.abs(size(draws) / 4000 - 1)).toBeLessThan(0.25);
    expect(rHat(draws)).toBeLessThan(1.02);
  });
});

describe('the rest', () => {
  test('ranks share ties', () => {
    expect(ranksOf([[3, 1], [3, 2]]).map((r) => Array.from(r))).toEqual([[3.5, 1], [3.5, 2]]); // biome-ignore format: one table
  });

  test('Φ⁻¹ in the middle, in the tails and at the ends', () => {
    // Values of Φ at 1, 2 and −6 (DLMF 7.1): 0.8413447460685429, 0.9772498680518208, 9.865876450376981e-10.
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(0.8413447460685429)).toBeCloseTo(1, 13);
    expect(normalQuantile(0.9772498680518208)).toBeCloseTo(2, 13);
    expect(normalQuantile(9.865876450376981e-10)).toBeCloseTo(-6, 12);
    expect([0, 1, 2].map(normalQuantile)).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN]);
  });

  test('energies that are drawn afresh mix at 2, slow ones near 0', () => {
    expect(energyMixing(autoregressive(0, 1, 5000)[0])).toBeCloseTo(2, 0);
    expect(energyMixing(autoregressive(0.99, 1, 5000)[0])).toBeLessThan(0.1);
  });

  test('a summary says what the draws are', () => {
    const s = summarise('x', autoregressive(0, 4, 4000).map((d) => d.map((x) => 3 + 2 * x))); // biome-ignore format: one call
    expect(Math.abs(s.mean - 3)).toBeLessThan(4 * s.error);
    expect(s.sd).toBeCloseTo(2, 1);
    expect(Math.abs(s.q95 - (3 + 2 * 1.6449))).toBeLessThan(0.1);
    expect(Math.abs(s.q5 - (3 - 2 * 1.6449))).toBeLessThan(0.1);
    const [head, line] = showSummaries([s]).split('\n');
    expect(head.length).toBe(line.length);
  });

  test('too few draws are refused with a sentence', () => {
    expect(() => rHat([[1, 2, 3]])).toThrow(/fewer than four draws/);
    expect(() => rHat([[1, 2, 3, 4], [1, 2, 3, 4, 5]])).toThrow(/different numbers/); // biome-ignore format: one claim
  });
});
