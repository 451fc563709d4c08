/** Langevin kernels against what is known in closed form on a Gaussian. */
import { describe, expect, test } from 'vitest';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { type AnyKernel, mala, ula, underdamped } from '../../src/mcmc/index.ts';
import { mean, startAt, tail, traces, variance } from './helpers.ts';

const s = 1.5;
const gaussian = (x: Expr): Expr => o.mul(-0.5 / (s * s), o.sum(o.square(x)));

/** 200 independent chains, long after they forgot where they began. */
const stationary = (kernel: AnyKernel, steps = 250): number[] => {
  const { positions } = traces(kernel, startAt(200, [0]), { steps });
  return tail(positions, 50);
};

describe('ULA', () => {
  test.each([0.1, 0.5, 2])('on N(0, s²) with h = %d has variance s² / (1 − h/(2s²))', (h) => {
    // Chains are correlated in time: the effective number of draws is at least chains × steps × (1 − ρ)/(1 + ρ), ρ = (1 − h/s²)².
    const rho = (1 - h / (s * s)) ** 2;
    const xs = stationary(ula({ stepSize: h })(gaussian), 400);
    const expected = (s * s) / (1 - h / (2 * s * s));
    const effective = (xs.length * (1 - rho)) / (1 + rho);
    const start = rho ** 50;
    expect(Math.abs(variance(xs) / expected - 1)).toBeLessThan(4 * Math.sqrt(2 / effective) + start);
    expect(Math.abs(mean(xs))).toBeLessThan(4 * Math.sqrt((expected * (2 - h / (s * s))) / (h / (s * s)) / xs.length));
  });

  test('follows the affine recursion of its variance exactly', () => {
    // From a point, the variance tail k steps is the sum of 2h (1 − h/s²)^(2i): the same recursion, seen over chains.
    const h = 0.4;
    const { positions } = traces(ula({ stepSize: h })(gaussian), startAt(20_000, [1]), { steps: 5 });
    const rate = 1 - h / (s * s);
    let [m, v] = [1, 0];
    for (let k = 0; k < 5; k++) {
      m *= rate;
      v = rate * rate * v + 2 * h;
      const xs = Array.from(positions.data.slice(k * 20_000, (k + 1) * 20_000));
      expect(Math.abs(mean(xs) - m)).toBeLessThan(4 * Math.sqrt(v / 20_000));
      expect(Math.abs(variance(xs) / v - 1)).toBeLessThan(4 * Math.sqrt(2 / 20_000));
    }
  });

  test('at temperature 0 is gradient ascent, at T it samples p^(1/T)', () => {
    const { positions } = traces(ula({ stepSize: 1, temperature: 0 })(gaussian), startAt(2, [3]), { steps: 3 });
    expect(positions.data[4]).toBeCloseTo(3 * (1 - 1 / (s * s)) ** 3, 12);
    const xs = stationary(ula({ stepSize: 0.5, temperature: 0.25 })(gaussian), 400);
    expect(Math.abs(variance(xs) / ((0.25 * s * s) / (1 - 0.5 / (2 * s * s))) - 1)).toBeLessThan(0.05);
  });
});

describe('MALA', () => {
  test.each([0.5, 3])('has the right variance for any step: h = %d', (h) => {
    const xs = stationary(mala({ stepSize: h })(gaussian), 400);
    expect(Math.abs(variance(xs) / (s * s) - 1)).toBeLessThan(0.04);
  });

  test('preconditions: one step size for scales that differ by 100', () => {
    const scales = o.constant([0.1, 10]);
    const target = (x: Expr): Expr => o.mul(-0.5, o.sum(o.square(o.div(x, scales))));
    const kernel = mala({ stepSize: 0.8, inverseMass: o.square(scales) })(target);
    const { positions, infos } = traces(kernel, startAt(200, [0, 0]), { steps: 300 });
    const xs = tail(positions, 50);
    [0.1, 10].forEach((scale, j) =>
      expect(Math.abs(variance(xs.filter((_, i) => i % 2 === j)) / scale ** 2 - 1)).toBeLessThan(0.06),
    );
    expect(mean(tail(infos.acceptance, 50))).toBeGreaterThan(0.5);
  });
});

describe('underdamped Langevin (BAOAB)', () => {
  test.each([0.3, 1.5])('has exactly the right variance on a Gaussian, uncorrected: h = %d', (h) => {
    const xs = stationary(underdamped({ stepSize: h, friction: 1 })(gaussian), 500);
    expect(Math.abs(variance(xs) / (s * s) - 1)).toBeLessThan(0.05);
  });
});
