/** Stochastic equations with a matrix of noise: orders on shared Brownian paths, and means and covariances in closed form. */
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { sequence } from '../../src/core/random.ts';
import {
  eulerMaruyamaSolver,
  itoSde,
  matrixItoSde,
  matrixStratonovichSde,
  type NoiseKind,
  type Sde,
  type SdeSolver,
  solveSde,
  stochasticHeunSolver,
  toIto,
  toStratonovich,
} from '../../src/dynamics/index.ts';
import { drawn, moments, numbersOf } from '../sde/values.ts';
import { exponential, type Matrix, plus, scaled, slopeOf, times, turned } from './linear-field.ts';

const matrix = (m: Matrix): Expr => o.reshape(o.constant(m.flat()), [m.length, m[0].length]);
const T = 1;

// dx = A x dt + a x ∘ dw₁ + b J x ∘ dw₂ with A = μ I + ω J, J a quarter turn: all commute, so x(T) = exp(A T + a w₁ I + b w₂ J) x(0).
const [mu, omega, a, b] = [-0.4, 1.2, 0.5, 0.7];
const J: Matrix = [[0, -1], [1, 0]]; // biome-ignore format: rows
const A = plus(scaled(mu, [[1, 0], [0, 1]]), scaled(omega, J)); // biome-ignore format: rows
const start = [1, 0.5];
const spiral = matrixStratonovichSde(
  (x) => o.matvec(matrix(A), x),
  (x) => o.stack([o.mul(a, x), o.mul(b, o.matvec(matrix(J), x))], 1),
  { motions: 2 },
);
const exactEnd = ([w1, w2]: readonly number[]): number[] => {
  const grown = Math.exp(mu * T + a * w1);
  const angle = omega * T + b * w2;
  const [c, s] = [grown * Math.cos(angle), grown * Math.sin(angle)];
  return [c * start[0] - s * start[1], s * start[0] + c * start[1]];
};

const errorsOf = <C extends 'ito' | 'stratonovich'>(
  solver: SdeSolver<C, NoiseKind>,
  sde: Sde<C, 'matrix'>,
  levels: number,
  n: number,
): number[] => {
  const end = D.map(({ x, w }: { readonly x: Expr; readonly w: Expr }) => o.concat([x, w], 0))(
    D.fromRandom(solveSde(solver, sde, { to: T, levels })(o.constant(start))),
  );
  const all = drawn(end, n, 11);
  return Array.from({ length: n }, (_, i) => {
    const [x, y, ...w] = all.slice(4 * i, 4 * i + 4);
    const truth = exactEnd(w);
    return Math.hypot(x - truth[0], y - truth[1]);
  });
};
const strongOrder = <C extends 'ito' | 'stratonovich'>(
  solver: SdeSolver<C, NoiseKind>,
  sde: Sde<C, 'matrix'>,
): number => slopeOf([4, 5, 6, 7].map((l) => [T / 2 ** l, moments(errorsOf(solver, sde, l, 1500)).mean]));

describe('orders on shared paths of a linear equation with matrix noise', () => {
  test('Euler–Maruyama: strong ½', () => {
    expect(Math.abs(strongOrder(eulerMaruyamaSolver, toIto(spiral)) - 0.5)).toBeLessThan(0.2);
  });

  test('stochastic Heun, where the columns commute: strong 1', () => {
    expect(Math.abs(strongOrder(stochasticHeunSolver, spiral) - 1)).toBeLessThan(0.2);
  });
});

describe('the two senses', () => {
  test('differ by ½ Σ (∂bₖ/∂x) bₖ: here ½ (a² I + b² J²) x', () => {
    const x = o.constant([0.3, -1.1]);
    const truth = times(plus(A, [[(a * a - b * b) / 2, 0], [0, (a * a - b * b) / 2]]), [[0.3], [-1.1]]).flat(); // biome-ignore format: rows
    numbersOf(toIto(spiral).drift(x, o.scalar(0))).forEach((v, i) => {
      expect(v).toBeCloseTo(truth[i], 13);
    });
    expect(numbersOf(toStratonovich(toIto(spiral)).drift(x, o.scalar(0)))[0]).toBeCloseTo(
      numbersOf(spiral.drift(x, o.scalar(0)))[0],
      13,
    );
  });

  test('a diagonal matrix is noise of its own for each element: the same path, the same solution', () => {
    const drift = (x: Expr): Expr => o.neg(x);
    const own = itoSde(drift, (x) => o.sin(x));
    const asMatrix = matrixItoSde(drift, (x) => o.mul(o.eye(2), o.expandDims(o.sin(x), 0)), { motions: 2 });
    const end = (sde: Sde<'ito'>, solver: SdeSolver<'ito', NoiseKind>): D.Draw<Expr> =>
      D.map(({ x }: { readonly x: Expr }) => x)(
        D.fromRandom(solveSde(solver, sde, { to: T, levels: 4 })(o.constant(start))),
      );
    const [p, q] = [own, asMatrix].map((sde) => drawn(end(sde, eulerMaruyamaSolver), 3, 2));
    p.forEach((v, i) => {
      expect(v).toBeCloseTo(q[i], 12);
    });
    const at = o.constant([0.4, 2]);
    const [f, g] = [toStratonovich(own), toStratonovich(asMatrix)].map((s) => numbersOf(s.drift(at, o.scalar(0))));
    f.forEach((v, i) => {
      expect(v).toBeCloseTo(g[i], 12);
    });
  });
});

test('an Ornstein–Uhlenbeck process with three motions has its mean and covariance', () => {
  const B: Matrix = [[0.6, 0.2, -0.3], [0, 0.5, 0.4]]; // biome-ignore format: rows
  const M: Matrix = [[-1, 0.8], [-0.5, -0.7]]; // biome-ignore format: rows
  const ou = matrixItoSde((x) => o.matvec(matrix(M), x), () => matrix(B), { motions: 3 }); // biome-ignore format: an equation
  const n = 6000;
  const end = D.map(([{ x }]: readonly { readonly x: Expr }[]) => x)(
    D.fromRandom(sequence([solveSde(eulerMaruyamaSolver, ou, { to: T, levels: 6 })(o.constant(start))])),
  );
  const all = drawn(end, n, 4);
  const coordinate = (i: number): number[] => Array.from({ length: n }, (_, k) => all[2 * k + i]);
  const mean = times(exponential(scaled(T, M)), start.map((v) => [v])).flat(); // biome-ignore format: one idea
  // The covariance ∫ e^{Ms} B Bᵀ e^{Mᵀs} ds, by Simpson’s rule.
  const grid = Array.from({ length: 201 }, (_, i) => i / 200);
  const integrand = (s: number): number[][] => {
    const e = exponential(scaled(s, M));
    return times(times(e, times(B, turned(B))), turned(e));
  };
  const covariance = grid.map((s, i) => scaled((i === 0 || i === 200 ? 1 : i % 2 === 1 ? 4 : 2) / 600, integrand(T * s))).reduce((x, y) => plus(x, y)); // biome-ignore format: one idea
  for (const i of [0, 1]) {
    const found = moments(coordinate(i));
    expect(Math.abs(found.mean - mean[i])).toBeLessThan(4 * found.meanError + 0.02);
    expect(Math.abs(found.variance - covariance[i][i])).toBeLessThan(4 * found.varianceError + 0.02);
  }
  const coordinate1 = coordinate(1);
  const cross = moments(coordinate(0).map((v, k) => (v - mean[0]) * (coordinate1[k] - mean[1])));
  expect(Math.abs(cross.mean - covariance[0][1])).toBeLessThan(4 * cross.meanError + 0.02);
});
