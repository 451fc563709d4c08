import { expect, test } from 'vitest';
import { grad } from '../../src/core/differentiate/index.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { tensorOf } from '../../src/core/tensor.ts';
import { run } from './programs.ts';

const at = (f: (x: Expr) => Expr, values: readonly number[]): number[] => {
  const x = o.input('x', [values.length]);
  return run([f(x)], { x: tensorOf(values) })[0];
};
const slope =
  (f: (x: Expr) => Expr) =>
  (x: Expr): Expr =>
    grad(o.sum(f(x)), [x])[0];
const decades = (low: number, high: number): number[] =>
  Array.from({ length: 8 * (high - low) }, (_, i) => 1.07 * 10 ** (low + i / 8));

/** Relative agreement. */
const near = (got: readonly number[], want: readonly number[], tolerance: number, where: readonly number[]): void => {
  got.forEach((g, i) => {
    expect(Math.abs(g - want[i]), `at ${where[i]}: ${g}, not ${want[i]}`).toBeLessThanOrEqual(tolerance * Math.abs(want[i])); // biome-ignore format: one idea
  });
};

test('softplus of its inverse, from 1e-30 to 1e30, with its derivative', () => {
  const ys = decades(-30, 30);
  near(
    at((y) => o.softplus(o.softplusInverse(y)), ys),
    ys,
    2e-14,
    ys,
  );
  // dy/dx of the inverse is 1 / (1 − e⁻ʸ).
  near(at(slope(o.softplusInverse), ys), ys.map((y) => -1 / Math.expm1(-y)), 1e-14, ys); // biome-ignore format: one idea
});

test('log(1 − eˣ) on both sides of −log 2, with its derivative', () => {
  const xs = [...decades(-20, 2).map((x) => -x), -Math.LN2];
  const want = xs.map((x) => (x > -0.1 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x))));
  near(at(o.log1mExp, xs), want, 1e-15 * 2, xs);
  near(at(slope(o.log1mExp), xs), xs.map((x) => Math.exp(x) / Math.expm1(x)), 1e-14, xs); // biome-ignore format: one idea
});

test('log σ and log(1 − tanh²) far out, with their derivatives', () => {
  const xs = [-700, -50, -20, 20, 50, 700];
  near(at(o.logSigmoid, xs), xs.map((x) => -(Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x))))), 1e-15, xs); // biome-ignore format: one idea
  near(at(o.logOneMinusTanhSquared, xs), xs.map((x) => 2 * (Math.LN2 - Math.abs(x) - Math.log1p(Math.exp(-2 * Math.abs(x))))), 1e-15, xs); // biome-ignore format: one idea
  near(at(slope(o.logOneMinusTanhSquared), xs), xs.map((x) => -2 * Math.tanh(x)), 1e-14, xs); // biome-ignore format: one idea
});

test('logSumExp of huge, tiny and absent terms', () => {
  expect(at((x) => o.logSumExp(x), [1000, 1000])[0]).toBeCloseTo(1000 + Math.LN2, 10);
  expect(at((x) => o.logSumExp(x), [-1000, -1000])[0]).toBeCloseTo(-1000 + Math.LN2, 10);
  expect(at((x) => o.logSumExp(x), [Number.NEGATIVE_INFINITY, 3])[0]).toBe(3);
  expect(at((x) => o.logSumExp(x), [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])[0]).toBe(Number.NEGATIVE_INFINITY); // biome-ignore format: one idea
  expect(
    at(
      slope((x) => o.logSumExp(x)),
      [Number.NEGATIVE_INFINITY, 3, 3],
    ),
  ).toEqual([0, 0.5, 0.5]);
  expect(at((x) => o.softmax(x), [-1e300, 1e300])).toEqual([0, 1]);
});
