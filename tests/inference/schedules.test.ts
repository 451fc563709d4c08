/** Schedules: ends, peaks, ratios, and the rule of the plateau. */
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import {
  exponentialRate,
  oneCycle,
  plateau,
  type Schedule,
  stepwise,
  type Told,
  warmUp,
} from '../../src/inference/index.ts';
import { readSchedule } from '../../src/models/index.ts';

const options = { seed: Number(process.env.LAW_SEED ?? 12), numRuns: 200 };
const positive = fc.double({ min: 1e-6, max: 10, noNaN: true });
const steps = fc.integer({ min: 2, max: 300 });
const told = (values: readonly number[]): Told => ({
  validations: values.map((value, i) => ({ step: 10 * (i + 1), value })),
});
const all = (s: Schedule, n: number): number[] => Array.from({ length: n + 1 }, (_, t) => s.at(t));
const close = (a: number, b: number): void =>
  expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(Math.abs(a), Math.abs(b)));

describe('one cycle', () => {
  it('starts, peaks and ends where it says, rising before the peak and falling after it', () =>
    fc.assert(
      fc.property(
        steps,
        positive,
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.constantFrom('cosine' as const, 'linear' as const),
        (n, peak, rise, anneal) => {
          const [from, to] = [peak / 7, peak / 1000];
          const values = all(oneCycle({ peak, steps: n, rise, from, to, anneal }), n);
          const top = Math.min(n - 1, Math.max(1, Math.round(rise * n)));
          close(values[0], from);
          close(values[top], peak);
          close(values[n], to);
          for (let t = 0; t < n; t++)
            if (t < top) expect(values[t + 1]).toBeGreaterThan(values[t]);
            else expect(values[t + 1]).toBeLessThan(values[t]);
        },
      ),
      options,
    ));

  it('goes by lines or by half cosines', () => {
    const cycle = (anneal: 'cosine' | 'linear') => oneCycle({ peak: 5, steps: 40, rise: 0.5, from: 1, to: 1, anneal });
    close(cycle('linear').at(5), 2);
    close(cycle('linear').at(25), 4);
    close(cycle('cosine').at(5), 5 + 0.5 * (1 - 5) * (1 + Math.cos(Math.PI / 4)));
    close(cycle('cosine').at(10), 3);
    expect(cycle('linear').at(4000)).toBe(1);
    expect(oneCycle({ peak: 1, steps: 10 }).spec).toMatchObject({ from: 1 / 25, to: 1 / 25 / 1e4, rise: 0.3 });
  });
});

describe('exponential and stepwise', () => {
  it('one has a constant ratio between its ends', () =>
    fc.assert(
      fc.property(positive, positive, steps, (from, to, n) => {
        const values = all(exponentialRate(from, to, n), n);
        close(values[0], from);
        expect([values[n], exponentialRate(from, to, n).at(10 * n)]).toEqual([to, to]);
        for (let t = 0; t < n; t++) close(values[t + 1] / values[t], (to / from) ** (1 / n));
      }),
      options,
    ));

  it('the other changes at its steps alone', () => {
    const values = all(stepwise({ from: 8, at: [2, 5], factor: 0.5 }), 6);
    expect(values).toEqual([8, 8, 4, 4, 4, 2, 2]);
  });
});

describe('plateau', () => {
  const rate = plateau({ from: 1, factor: 0.5, patience: 3, threshold: 0.1 });
  const rateAfter = (...values: readonly number[]): number => rate.at(0, told(values));

  it('stays while validation gets better, and before there is any', () => {
    expect([rate.at(7), rate.at(7, told([])), rateAfter(5), rateAfter(5, 4, 3, 2, 1, 0, -1, -2)]).toEqual([1, 1, 1, 1]);
  });

  it('falls after three in a row that are not better by more than the threshold', () => {
    expect(rateAfter(5, 5, 5)).toBe(1);
    expect(rateAfter(5, 5, 5, 5)).toBe(0.5);
    expect(rateAfter(5, 4.95, 4.92, 4.91)).toBe(0.5);
    expect(rateAfter(5, 5, 5, 4.8, 5, 5)).toBe(1);
    expect(rateAfter(5, 5, 5, 4.8, 5, 5, 5)).toBe(0.5);
  });

  it('the threshold is a difference: losses may be negative', () => {
    expect(rateAfter(-5, -5.05, -5.08, -5.09)).toBe(0.5);
    expect(rateAfter(-5, -5.2, -5.4, -5.6)).toBe(1);
  });

  it('a value that is not a number is never better, be it the first', () => {
    expect(rateAfter(Number.NaN, Number.NaN, Number.NaN)).toBe(0.5);
    expect(rateAfter(Number.NaN, 3, Number.NaN, 3)).toBe(1);
    expect(rateAfter(3, Number.NaN, 3, Number.NaN)).toBe(0.5);
  });

  it('validations that never get better lower the rate every `patience` of them; what came first decides, so a resumed run agrees', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.double({ min: 0, max: 9, noNaN: true })),
        (patience, worse) => {
          const s = plateau({ from: 2, factor: 0.5, patience });
          const values = [-1, ...worse];
          close(s.at(0, told(values)), 2 * 0.5 ** Math.floor(worse.length / patience));
          const rates = values.map((_, i) => s.at(0, told(values.slice(0, i + 1))));
          for (let i = 1; i < rates.length; i++) expect([1, 0.5]).toContain(rates[i] / rates[i - 1]);
        },
      ),
      options,
    ));

  it('is told through a warm-up', () => {
    const s = warmUp(4, rate);
    expect([s.at(1), s.at(1, told([5, 5, 5, 5])), s.at(9, told([5, 5, 5, 5]))]).toEqual([0.5, 0.25, 0.5]);
  });
});

describe('schedules', () => {
  it('read back from JSON with the same values', () => {
    const schedules = [
      oneCycle({ peak: 0.1, steps: 50, anneal: 'linear', rise: 0.4 }),
      exponentialRate(1e-2, 1e-4, 30),
      stepwise({ from: 1, at: [3, 9], factor: 0.1 }),
      plateau({ from: 1, factor: 0.3, patience: 2, threshold: 0.5 }),
      warmUp(3, plateau({ from: 1 })),
    ];
    for (const s of schedules) {
      const again = readSchedule(JSON.parse(JSON.stringify(s.spec)));
      if (E.isLeft(again)) throw new Error(again.left.message);
      expect(again.right.spec).toEqual(s.spec);
      const known = told([3, 3, 2, 2, 2, 2]);
      for (let t = 0; t < 60; t++) expect(again.right.at(t, known)).toBe(s.at(t, known));
    }
  });

  it.each([
    [() => oneCycle({ peak: 0, steps: 10 }), 'oneCycle: rates must be positive'],
    [() => oneCycle({ peak: 1, steps: 1 }), 'oneCycle: the steps must be an integer of at least 2 (got 1)'],
    [() => oneCycle({ peak: 1, steps: 10, rise: 1 }), 'oneCycle: the rise is a share'],
    [() => exponentialRate(1, 0, 10), 'exponentialRate: both ends must be positive (got 1,0)'],
    [() => exponentialRate(1, 2, 0.5), 'exponentialRate: the steps must be 1, 2, 3, … (got 0.5)'],
    [() => stepwise({ from: 1, at: [5, 5], factor: 0.1 }), 'stepwise: the steps must be positive integers that ascend'],
    [() => plateau({ from: 1, factor: 1 }), 'plateau: the factor must be between 0 and 1'],
    [() => plateau({ from: 1, patience: 0 }), 'plateau: the patience must be 1, 2, 3, … (got 0)'],
    [() => plateau({ from: 1, threshold: -1 }), 'plateau: the threshold must not be negative'],
  ])('refuse %#', (build, message) => expect(build).toThrow(message));
});
