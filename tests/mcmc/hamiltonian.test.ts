/** The leapfrog's geometry, and HMC and NUTS against closed forms. */
import { describe, expect, test } from 'vitest';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { hamiltonian } from '../../src/mcmc/hamiltonian.ts';
import { type AnyKernel, evaluated, hmc, leapfrog, nuts, type Phase } from '../../src/mcmc/index.ts';
import { mean, startAt, tail, traces, variance } from './helpers.ts';

/** A banana: x₁ ~ N(0, 1), x₂ | x₁ ~ N(0.3 x₁², 1). */
const banana = (x: Expr): Expr => {
  const a = o.sliceAxis(x, 0, 0, 1);
  const b = o.sliceAxis(x, 0, 1, 2);
  return o.sum(o.mul(-0.5, o.add(o.square(a), o.square(o.sub(b, o.mul(0.3, o.square(a)))))));
};
const at = evaluated(banana);
const phase = (position: readonly number[], momentum: readonly number[]): Phase => ({
  ...at(o.constant(position)),
  momentum: o.constant(momentum),
});
const trajectory = (from: Phase, stepSize: number, steps: number): Phase => {
  const move = leapfrog(at, stepSize);
  return Array.from({ length: steps }).reduce<Phase>((z) => move(z), from);
};
const numbers = (...es: Expr[]): number[] => evaluateProgram(program(es, 'float64'), {}).flatMap(toNumbers);

describe('leapfrog', () => {
  test('goes back when its momentum is flipped', () => {
    const from = phase([0.7, -0.4], [1.1, 0.3]);
    const there = trajectory(from, 0.05, 40);
    const back = trajectory({ ...there, momentum: o.neg(there.momentum) }, 0.05, 40);
    const [x, y, p, q] = numbers(back.position, back.momentum);
    expect([x, y, -p, -q].map((v, i) => Math.abs(v - [0.7, -0.4, 1.1, 0.3][i]) < 1e-10)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    const [a] = numbers(there.position);
    expect(Math.abs(a - 0.7)).toBeGreaterThan(0.1);
  });

  test('has an energy error of order ε² over a fixed time', () => {
    const from = phase([0.7, -0.4], [1.1, 0.3]);
    const errors = [20, 40, 80, 160].map((n) => {
      const [h0, h1] = numbers(hamiltonian(from, 1), hamiltonian(trajectory(from, 2 / n, n), 1));
      return Math.abs(h1 - h0);
    });
    const slopes = errors.slice(1).map((e, i) => Math.log2(errors[i] / e));
    expect(slopes.at(-1)).toBeGreaterThan(1.8);
    expect(slopes.at(-1)).toBeLessThan(2.2);
  });

  test('preserves volume: its Jacobian determinant is 1', () => {
    const h = 1e-5;
    const z = [0.7, -0.4, 1.1, 0.3];
    const image = (v: readonly number[]): number[] => {
      const out = trajectory(phase(v.slice(0, 2), v.slice(2)), 0.2, 3);
      return numbers(out.position, out.momentum);
    };
    const columns = z.map((_, j) => {
      const [a, b] = [1, -1].map((s) => image(z.map((v, i) => (i === j ? v + s * h : v))));
      return a.map((v, i) => (v - b[i]) / (2 * h));
    });
    expect(determinant(columns)).toBeCloseTo(1, 6);
  });
});

const determinant = (m: readonly (readonly number[])[]): number =>
  m.length === 1
    ? m[0][0]
    : m[0].reduce((a, v, j) => a + (j % 2 === 0 ? 1 : -1) * v * determinant(m.slice(1).map((r) => r.filter((_, k) => k !== j))), 0); // biome-ignore format: one formula

const column = (xs: readonly number[], j: number): number[] => xs.filter((_, i) => i % 2 === j);

describe.each([
  ['hmc', hmc({ stepSize: 0.25, steps: 8 })(banana)],
  ['hmc with jitter', hmc({ stepSize: 0.25, steps: 8, jitter: 0.3 })(banana)],
  ['nuts', nuts({ stepSize: 0.4, maxDepth: 5 })(banana)],
] as const)('%s', (_, kernel) => {
  const { positions, infos } = traces(kernel as AnyKernel, startAt(100, [0, 0]), { steps: 230 });
  const xs = tail(positions, 30);
  const [a, b] = [column(xs, 0), column(xs, 1)];

  test('recovers the moments of a banana', () => {
    // x₁: 0 and 1; x₂: E = 0.3, Var = 1 + 0.09·2; E x₁ x₂ = 0; E x₁² x₂ = 0.3 E x₁⁴ = 0.9. Errors over chains, which are independent.
    const moments: readonly (readonly [readonly number[], number])[] = [
      [a, 0],
      [a.map((v) => v * v), 1],
      [b, 0.3],
      [b.map((v) => (v - 0.3) ** 2), 1.18],
      [a.map((v, i) => v * b[i]), 0],
      [a.map((v, i) => v * v * b[i]), 0.9],
    ];
    for (const [values, expected] of moments) {
      const byChain = Array.from({ length: 100 }, (_, c) => mean(values.filter((_, i) => i % 100 === c)));
      expect(Math.abs(mean(byChain) - expected)).toBeLessThan(4 * Math.sqrt(variance(byChain) / 100));
      expect(4 * Math.sqrt(variance(byChain) / 100)).toBeLessThan(0.3);
    }
  });

  test('accepts most steps and diverges nowhere', () => {
    expect(mean(tail(infos.acceptance, 30))).toBeGreaterThan(0.8);
    expect(Math.max(...tail(infos.divergent, 0))).toBe(0);
  });
});

test('jitter ends the resonance of a fixed trajectory', () => {
  // 10 steps of π/10 are half a period of a standard normal distribution: x ↦ −x, so that x² hardly moves.
  const normal = (x: Expr): Expr => o.mul(-0.5, o.sum(o.square(x)));
  const squares = (jitter: number): number => {
    const { positions } = traces(hmc({ stepSize: Math.PI / 10, steps: 10, jitter })(normal), startAt(50, [3]), {
      steps: 20,
    });
    return mean(tail(positions, 19).map((x) => x * x));
  };
  expect(squares(0)).toBeGreaterThan(6);
  expect(squares(0.5)).toBeLessThan(2);
});
