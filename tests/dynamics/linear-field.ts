/** The oracle of solves: ẏ = A y, whose value and derivatives are matrix exponentials. */
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import type { VectorField } from '../../src/dynamics/index.ts';

export type Matrix = readonly (readonly number[])[];

export const times = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => b[0].map((_, j) => row.reduce((s, v, k) => s + v * b[k][j], 0)));
export const plus = (a: Matrix, b: Matrix): number[][] => a.map((row, i) => row.map((v, j) => v + b[i][j]));
export const scaled = (c: number, a: Matrix): number[][] => a.map((row) => row.map((v) => c * v));
export const turned = (a: Matrix): number[][] => a[0].map((_, j) => a.map((row) => row[j]));
export const unit = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_v, j) => (i === j ? 1 : 0)));
export const column = (v: readonly number[]): number[][] => v.map((x) => [x]);

/** e^A by its series on A/2¹⁰, squared ten times. */
export const exponential = (a: Matrix): number[][] => {
  const small = scaled(2 ** -10, a);
  let [sum, term] = [unit(a.length), unit(a.length)];
  for (let k = 1; k < 20; k++) {
    term = scaled(1 / k, times(term, small));
    sum = plus(sum, term);
  }
  for (let k = 0; k < 10; k++) sum = times(sum, sum);
  return sum;
};

/** The problem of reference/second-half.md, §1.4: L = cᵀ y(T), y(0) = y0. */
export const problem = { A: [[-0.3, 1.1], [-0.9, 0.2]], y0: [0.9, 0.4], c: [0.7, -0.5], T: 1.3 } as const; // biome-ignore format: numbers

/** L and dL/dA, the upper right block of exp [[AᵀT, T c y0ᵀ], [0, AᵀT]], and dL/dy0 = e^{AᵀT} c. */
export const exact = (): {
  readonly loss: number;
  readonly dA: number[][];
  readonly dy0: number[];
  readonly dT: number;
} => {
  const { A, y0, c, T } = problem;
  const at = scaled(T, turned(A));
  const outer = scaled(T, times(column(c), [y0]));
  const block = [...at.map((row, i) => [...row, ...outer[i]]), ...at.map((row) => [0, 0, ...row])];
  const end = times(exponential(scaled(T, A)), column(y0));
  return {
    loss: times([c], end)[0][0],
    dA: exponential(block).slice(0, 2).map((row) => row.slice(2)),
    dy0: times(exponential(at), column(c)).map(([v]) => v),
    dT: times([c], times(A, end))[0][0],
  }; // biome-ignore format: one idea
};

/** ẏ = A y with A as an expression. */
export const linearField =
  (a: Expr): VectorField =>
  ([y]) => [o.matvec(a, y)];

/** Values of expressions without free leaves but the inputs given. */
export const valuesOf = (
  es: readonly Expr[],
  inputs: { readonly [name: string]: readonly number[] } = {},
): number[][] => {
  const p = program(es, 'float64');
  const feeds = Object.fromEntries(
    p.slots.map((s) => [s.name, { shape: s.shape, type: 'float64' as const, data: Float64Array.from(inputs[s.name]) }]),
  );
  return evaluateProgram(p, feeds).map((v) => toNumbers(v));
};

/** Equal steps over [0, T]. */
export const grid = (n: number, T: number = problem.T): number[] =>
  Array.from({ length: n + 1 }, (_, i) => (T * i) / n);

/** Slope of log error against log step, by least squares. */
export const slopeOf = (points: readonly (readonly [step: number, error: number])[]): number => {
  const xs = points.map(([h]) => Math.log(h));
  const ys = points.map(([, e]) => Math.log(e));
  const [mx, my] = [xs, ys].map((v) => v.reduce((a, b) => a + b, 0) / v.length);
  return xs.reduce((a, x, i) => a + (x - mx) * (ys[i] - my), 0) / xs.reduce((a, x) => a + (x - mx) ** 2, 0);
};
