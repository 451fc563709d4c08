/** Solvers show their orders on shared Brownian paths; adaptive ones keep their tolerance, and say where they fail. */
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import * as o from '../../src/core/ops/index.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import {
  type AdaptiveOptions,
  adaptive,
  bogackiShampine,
  brownianIncrements,
  dormandPrince,
  euler,
  eulerMaruyamaSolver,
  heun,
  integrate,
  itoSde,
  midpoint,
  milsteinSolver,
  type OdeSolver,
  rk4,
  rungeKutta,
  type SdeSolver,
  solveAdaptive,
  solveOde,
  solveSde,
  stochasticHeunSolver,
  stratonovichSde,
  tableaux,
  toIto,
  toStratonovich,
  tsit5,
} from '../../src/dynamics/index.ts';
import { drawn, moments, numbersOf } from '../sde/values.ts';

/** Slope of log error against log step, by least squares. */
const slopeOf = (points: readonly (readonly [step: number, error: number])[]): number => {
  const xs = points.map(([h]) => Math.log(h));
  const ys = points.map(([, e]) => Math.log(e));
  const [mx, my] = [xs, ys].map((v) => v.reduce((a, b) => a + b, 0) / v.length);
  return xs.reduce((a, x, i) => a + (x - mx) * (ys[i] - my), 0) / xs.reduce((a, x) => a + (x - mx) ** 2, 0);
};

describe('a Brownian path', () => {
  const at = (levels: number, n = 400) => drawn(D.fromRandom(brownianIncrements({ levels, duration: 2 })), n, 5);

  test('is refined by a finer grid: pairs of increments add up', () => {
    const [coarse, fine] = [at(3), at(4)];
    coarse.forEach((w, i) => {
      expect(fine[2 * i] + fine[2 * i + 1]).toBeCloseTo(w, 6);
    });
  });

  test('has independent increments of variance dt', () => {
    const all = at(3, 4000);
    const { mean, meanError, variance, varianceError } = moments(all);
    expect(Math.abs(mean)).toBeLessThan(4 * meanError);
    expect(Math.abs(variance - 2 / 8)).toBeLessThan(4 * varianceError);
    const neighbours = moments(
      all
        .slice(0, -1)
        .map((w, i) => w * all[i + 1])
        .filter((_, i) => i % 8 !== 7),
    );
    expect(Math.abs(neighbours.mean)).toBeLessThan(4 * neighbours.meanError);
  });
});

// Geometric Brownian motion dx = μ x dt + s x dw has x(T) = x(0) exp((μ − s²/2) T + s w(T)).
const [mu, s, T] = [0.7, 0.8, 1];
const ito = itoSde(
  (x) => o.mul(mu, x),
  (x) => o.mul(s, x),
);
const exactEnd = (w: number): number => Math.exp((mu - 0.5 * s * s) * T + s * w);

type Solved = { readonly x: number; readonly exact: number };
const pathsOf = <C extends 'ito' | 'stratonovich'>(
  solver: SdeSolver<C>,
  sde: Parameters<SdeSolver<C>['step']>[0],
  levels: number,
  n: number,
): Solved[] => {
  const end = D.map(({ x, w }: { x: ReturnType<typeof o.scalar>; w: ReturnType<typeof o.scalar> }) => o.stack([x, w]))(
    D.fromRandom(solveSde(solver, sde, { to: T, levels })(o.scalar(1))),
  );
  const all = drawn(end, n, 11);
  return Array.from({ length: n }, (_, i) => ({ x: all[2 * i], exact: exactEnd(all[2 * i + 1]) }));
};

const levels = [4, 5, 6, 7];
const strongOrder = <C extends 'ito' | 'stratonovich'>(
  solver: SdeSolver<C>,
  sde: Parameters<SdeSolver<C>['step']>[0],
): number =>
  slopeOf(
    levels.map((l) => {
      const errors = pathsOf(solver, sde, l, 2000).map(({ x, exact }) => Math.abs(x - exact));
      return [T / 2 ** l, moments(errors).mean];
    }),
  );

describe('orders on shared paths of geometric Brownian motion', () => {
  test('Euler–Maruyama: strong ½, weak 1', () => {
    const strong = strongOrder(eulerMaruyamaSolver, ito);
    expect(Math.abs(strong - eulerMaruyamaSolver.order.strong)).toBeLessThan(0.25);
    // With little noise the difference of means is not lost in that of paths.
    const quiet = itoSde(
      (x) => o.mul(mu, x),
      (x) => o.mul(0.05, x),
    );
    const bias = levels.map((l) => {
      const all = drawn(
        D.map(({ x }: { x: ReturnType<typeof o.scalar> }) => x)(
          D.fromRandom(solveSde(eulerMaruyamaSolver, quiet, { to: T, levels: l })(o.scalar(1))),
        ),
        4000,
        2,
      );
      return [T / 2 ** l, Math.abs(moments(all).mean - Math.exp(mu * T))] as const;
    });
    expect(Math.abs(slopeOf(bias) - eulerMaruyamaSolver.order.weak)).toBeLessThan(0.25);
  });

  test('Milstein: strong 1', () => {
    const strong = strongOrder(milsteinSolver, ito);
    expect(Math.abs(strong - milsteinSolver.order.strong)).toBeLessThan(0.25);
  });

  test('stochastic Heun on the Stratonovich form: strong 1', () => {
    const strong = strongOrder(stochasticHeunSolver, toStratonovich(ito));
    expect(Math.abs(strong - stochasticHeunSolver.order.strong)).toBeLessThan(0.25);
  });

  test('without the change of sense it is another equation', () => {
    const wrong = pathsOf(stochasticHeunSolver, stratonovichSde(ito.drift, ito.diffusion), 7, 500);
    const ratio = moments(wrong.map(({ x, exact }) => x / exact)).mean;
    expect(ratio).toBeCloseTo(Math.exp(0.5 * s * s * T), 1);
  });

  test('to Stratonovich and back is the same equation', () => {
    const back = toIto(toStratonovich(ito));
    for (const f of ['drift', 'diffusion'] as const)
      expect(numbersOf(back[f](o.constant([1.3, -2]), o.scalar(0)))).toEqual(
        numbersOf(ito[f](o.constant([1.3, -2]), o.scalar(0))).map((v) => expect.closeTo(v, 12) as unknown as number),
      );
  });
});

// x' = x cos t has x(t) = exp(sin t); y' = −y.
const field: Parameters<typeof solveOde>[1] = ([x, y], t) => [o.mul(x, o.cos(t)), o.neg(y)];
const solve = (solver: OdeSolver, n: number, from = 0, to = 3): number[] => {
  const times = Array.from({ length: n + 1 }, (_, i) => from + ((to - from) * i) / n);
  const start = [o.scalar(Math.exp(Math.sin(from))), o.scalar(Math.exp(-from))];
  return solveOde(solver, field)(start, times).flatMap((e) => numbersOf(e));
};
const errorAt = (solver: OdeSolver, n: number): number => {
  const [x, y] = solve(solver, n);
  return Math.hypot(x - Math.exp(Math.sin(3)), y - Math.exp(-3));
};

describe('deterministic solvers', () => {
  test.each([
    euler(),
    midpoint(),
    heun(),
    rk4(),
    rungeKutta(tableaux.bogackiShampine),
    rungeKutta(tableaux.dormandPrince),
    rungeKutta(tableaux.tsit5),
  ])('$spec.type $order: error falls by the power of the order', (solver) => {
    const found = slopeOf([32, 64, 128].map((n) => [1 / n, errorAt(solver, n)]));
    expect(Math.abs(found - solver.order)).toBeLessThan(0.25);
  });

  test('go backwards in time', () => {
    const [x, y] = solve(rk4(), 100, 3, 0);
    expect([x, y]).toEqual([expect.closeTo(1, 6), expect.closeTo(1, 6)]);
  });

  test('Dormand–Prince keeps its tolerance: ten times finer, an error that is finer as well', () => {
    const errors = [1e-4, 1e-6, 1e-8].map((tol) => errorAt(dormandPrince({ rtol: tol, atol: tol }), 1));
    expect(errors[0]).toBeLessThan(1e-3);
    expect(errors[1]).toBeLessThan(1e-5);
    expect(errors[2]).toBeLessThan(1e-7);
  });

  test('Dormand–Prince costs what its order says: error ~ evaluations⁻⁵', () => {
    const points = [1e-5, 1e-7, 1e-9].map((tol) => {
      const { state, tried } = integrate(field, { from: 0, to: 3, rtol: tol, atol: tol })([o.scalar(1), o.scalar(1)]);
      return [1 / tried, Math.hypot(state[0][0] - Math.exp(Math.sin(3)), state[1][0] - Math.exp(-3))] as const;
    });
    expect(slopeOf(points)).toBeGreaterThan(3.5);
  });

  test.each([
    ['bogackiShampine', bogackiShampine, tableaux.bogackiShampine],
    ['dormandPrince', dormandPrince, tableaux.dormandPrince],
    ['tsit5', tsit5, tableaux.tsit5],
    ['heun, its slope not the next', (t: AdaptiveOptions) => rungeKutta(tableaux.heun, adaptive(t)), tableaux.heun],
  ] as const)('%s keeps its tolerance, and says its error and its evaluations', (_, make, tableau) => {
    for (const tol of [1e-3, 1e-5, 1e-7]) {
      const options = { rtol: tol, atol: tol, maxSteps: 40_000 };
      const { state, error, tried, evaluations } = integrate(field, { from: 0, to: 3, tableau, ...options })([o.scalar(1), o.scalar(1)]); // biome-ignore format: one idea
      const off = Math.hypot(state[0][0] - Math.exp(Math.sin(3)), state[1][0] - Math.exp(-3));
      expect(off).toBeLessThan(30 * tol);
      // The estimate is that of the embedded method, of lower order: it does not fall short of the error.
      expect(Math.hypot(error[0][0], error[1][0])).toBeGreaterThan(off / 10);
      const stages = { bogackiShampine: 3, dormandPrince: 6, tsit5: 6, heun: 2 }[tableau.name]!;
      expect(evaluations).toBe(1 + stages * tried);
      expect(make(options).adaptive?.atMost).toBe(1 + stages * 40_000);
    }
  });

  test('a method without an estimate of its error does not choose its steps', () => {
    expect(() => rungeKutta(tableaux.rk4, adaptive())).toThrow(/no error estimate/);
    expect(() => integrate(field, { from: 0, to: 1, tableau: tableaux.rk4 })([o.scalar(1), o.scalar(1)])).toThrow(/no error estimate/); // biome-ignore format: one idea
    expect(() => dormandPrince({ rtol: 0 })).toThrow(/tolerances and maxSteps are positive/);
  });

  test('what is only integrated along the path has no say in the steps', () => {
    const [t0, t1] = [o.scalar(0), o.scalar(3)];
    const wild: typeof field = ([x], t) => [o.neg(x), o.cos(o.mul(40, t))];
    const tried = (quadratures: number): number =>
      numbersOf(solveAdaptive(wild, { quadratures })([o.scalar(1), o.scalar(0)], t0, t1).tried)[0];
    expect(3 * tried(1)).toBeLessThan(tried(0));
  });

  test('under vmap each example has steps of its own: the answer does not depend on batch mates', () => {
    const rate = (k: Parameters<typeof o.mul>[0]) =>
      solveOde(dormandPrince(), ([x]) => [o.neg(o.mul(k, x))])([o.scalar(1)], [0, 2]);
    const [batch] = vmapAll((k) => rate(k))(o.constant([0.1, 30, 200]));
    [0.1, 30, 200].forEach((k, i) => {
      expect(numbersOf(batch)[i]).toBeCloseTo(numbersOf(rate(o.scalar(k))[0])[0], 14);
    });
  });

  test('a solution that ends in finite time is a failure that names the step and the time', () => {
    // x' = x² from 1 has x = 1/(1 − t).
    const blowUp = () => integrate(([x]) => [o.square(x)], { from: 0, to: 2 })([o.scalar(1)]);
    expect(blowUp).toThrow(/dormandPrince: the step underflowed at step \d+, t = (0\.99999|1\.0000)/);
    expect(() => integrate(field, { from: 0, to: 3, maxSteps: 3 })([o.scalar(1), o.scalar(1)])).toThrow(
      /3 steps were not enough/,
    );
    const inGraph = solveOde(dormandPrince(), ([x]) => [o.square(x)])([o.scalar(1)], [0, 2]);
    expect(numbersOf(inGraph[0])[0]).toBeNaN();
  });
});
