/** Continuous flows: their inverses, log-determinants and densities against matrix exponentials; how they refine; probes against all signs. */

import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { errorFrom, refinedOf } from '../../src/algebra/approximation.ts';
import { pushforward } from '../../src/algebra/dist.ts';
import { layerKind } from '../../src/algebra/kinds.ts';
import { inverse, type Layer } from '../../src/algebra/transport.ts';
import { divergence as exactDivergence, grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, parametersOf, program } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { standardNormal } from '../../src/distributions/index.ts';
import {
  dormandPrince,
  euler,
  heun,
  type OdeSolver,
  rk4,
  rungeKutta,
  tableaux,
  traceOf,
} from '../../src/dynamics/index.ts';
import { codecOf, describe as described } from '../../src/models/index.ts';
import { resMlp } from '../../src/nn/index.ts';
import { continuous, type VelocityField } from '../../src/transports/index.ts';
import { exponential, problem, scaled, slopeOf, times, turned, valuesOf } from './linear-field.ts';

const { A, T } = problem;
const a = o.reshape(o.constant(A.flat()), [2, 2]);
const linear = (x: Expr, _t: Expr) => Sc.of(o.matvec(a, x));
const trace = A[0][0] + A[1][1];
const e = exponential(scaled(T, A));

const x = o.input('x', [2]);
const at = [0.9, 0.4];
const numbers = (d: D.Draw<readonly Expr[]>, point: readonly number[] = at, seed = 0): number[][] => {
  const p = program(D.runDraw(d), 'float64');
  const feeds = {
    ...noiseFeeds(p, { seed }),
    x: { shape: [2], type: 'float64' as const, data: Float64Array.from(point) },
  };
  return evaluateProgram(p, feeds).map((v) => toNumbers(v));
};
const encoded = (layer: Layer, point = at, seed = 0): { readonly value: number[]; readonly contribution: number } => {
  const [value, [contribution]] = numbers(D.map((s: { value: Expr; contribution: Expr }) => [s.value, s.contribution])(layer.encode(x)), point, seed); // biome-ignore format: one idea
  return { value, contribution };
};
const decoded = (layer: Layer, point: readonly number[]) =>
  numbers(D.map((s: { value: Expr; contribution: Expr }) => [s.value, s.contribution])(layer.decode(x)), point);

const over = (solver: OdeSolver, steps: number) =>
  continuous(linear, { solver, times: Array.from({ length: steps + 1 }, (_, i) => (T * i) / steps) });

describe('a linear field', () => {
  test('encode is e^{AT}, decode its inverse, the log-determinant T tr A', () => {
    const layer = over(dormandPrince({ rtol: 1e-9, atol: 1e-9 }), 1);
    const { value, contribution } = encoded(layer);
    const truth = times(e, [[at[0]], [at[1]]]).flat();
    truth.forEach((v, i) => {
      expect(value[i]).toBeCloseTo(v, 7);
    });
    expect(contribution).toBeCloseTo(T * trace, 10);
    const [back, [given]] = decoded(layer, value);
    at.forEach((v, i) => {
      expect(back[i]).toBeCloseTo(v, 6);
    });
    expect(given).toBeCloseTo(T * trace, 10);
  });

  test('the flow of N(0, I) along it from the latent is N(0, e^{AT} e^{AᵀT})', () => {
    const dist = pipe(standardNormal([2]), pushforward(inverse(over(rk4(), 200))));
    const cov = times(e, turned(e));
    const det = cov[0][0] * cov[1][1] - cov[0][1] ** 2;
    const quadratic = (cov[1][1] * at[0] ** 2 - 2 * cov[0][1] * at[0] * at[1] + cov[0][0] * at[1] ** 2) / det;
    const truth = -0.5 * quadratic - 0.5 * Math.log(det) - Math.log(2 * Math.PI);
    expect(numbers(D.map((l: Expr) => [l])(dist.logDensity(x)))[0][0]).toBeCloseTo(truth, 8);
  });

  test.each([euler(), heun(), rk4()])('$spec.type: the inverse is off by the power $order of the step', (solver) => {
    const points = [10, 20, 40].map((n) => {
      const layer = over(solver, n);
      const [back] = decoded(layer, encoded(layer).value);
      return [1 / n, Math.hypot(back[0] - at[0], back[1] - at[1])] as const;
    });
    expect(slopeOf(points)).toBeGreaterThan(solver.order - 0.3);
  });
});

// A field that is not linear, with a divergence that it declares: f = tanh(W x + t).
const w = [0.8, -0.5, 0.3, 1.1];
const curved = (v: Expr, t: Expr) => o.tanh(o.add(o.matvec(o.reshape(o.constant(w), [2, 2]), v), t));
const bent: VelocityField = {
  velocity: (v, t) => Sc.of(curved(v, t)),
  divergence: (v, t) => Sc.of(o.dot(o.sub(1, o.square(curved(v, t))), o.constant([w[0], w[3]]))),
};

describe('divergences', () => {
  test('the mean of Hutchinson’s estimate over all signs is the exact divergence', () => {
    for (const dimension of [1, 2, 4]) {
      const v = o.input('v', [dimension]);
      const matrix = o.constant(Array.from({ length: dimension ** 2 }, (_, i) => Math.sin(3 * i + 1)));
      const f = o.tanh(o.matvec(o.reshape(matrix, [dimension, dimension]), o.sin(v)));
      const signs = Array.from({ length: 2 ** dimension }, (_, k) =>
        Array.from({ length: dimension }, (_v, i) => ((k >> i) & 1 ? 1 : -1)),
      );
      const point = { v: signs[0].map((_, i) => 0.3 + 0.4 * i) };
      const all = valuesOf(signs.map((s) => traceOf(f, v, o.constant(s))), point).flat(); // biome-ignore format: one idea
      const [[exact]] = valuesOf([exactDivergence(f, v)], point);
      expect(all.reduce((s, u) => s + u, 0) / all.length).toBeCloseTo(exact, 13);
      if (dimension > 1) expect(Math.max(...all) - Math.min(...all)).toBeGreaterThan(0.1);
    }
  });

  test('declared is exact; a probe is drawn once for a solve, and is right in the mean', () => {
    const layer = (divergence: 'exact' | 'declared' | 'rademacher') => continuous(bent, { divergence, times: 8 });
    const [exact, said] = [encoded(layer('exact')), encoded(continuous(bent, { times: 8 }))];
    expect(said.contribution).toBeCloseTo(exact.contribution, 13);
    expect(said.value).toEqual(exact.value);
    // Four signs, two of each trace: seeds see both.
    const found = Array.from({ length: 40 }, (_, seed) => encoded(layer('rademacher'), at, seed).contribution);
    const kinds = [...new Set(found.map((v) => v.toFixed(10)))].map(Number);
    expect(kinds).toHaveLength(2);
    expect((kinds[0] + kinds[1]) / 2).toBeCloseTo(exact.contribution, 9);
  });

  test('one that is said to be declared and is not is refused; so is a velocity of another shape', () => {
    expect(() => continuous(linear, { divergence: 'declared' })).toThrow(/the field has none/);
    expect(() => encoded(continuous((v) => Sc.of(o.sum(v))))).toThrow(/the velocity has another shape/);
    expect(() => continuous(linear, { times: [0, 1, 1] })).toThrow(/rise or fall strictly/);
    expect(() => continuous(linear, { times: 0 })).toThrow(/a positive number of steps/);
  });
});

describe('a flow says what it is computed by', () => {
  test('and a finer one measures its error', () => {
    const truth = encoded(continuous(bent, { solver: dormandPrince({ rtol: 1e-10, atol: 1e-10 }) })).contribution;
    for (const solver of [euler(), heun(), rk4()]) {
      const layer = continuous(bent, { solver, times: 10 });
      expect(layer.approximation?.because).toBe(`10 steps of ${solver.spec.type}`);
      expect(layer.approximation?.order).toBe(solver.order);
      const [coarse, fine] = [layer, refinedOf<Layer>(layer)].map((l) => encoded(l).contribution);
      expect(refinedOf<Layer>(layer).approximation?.because).toBe(`20 steps of ${solver.spec.type}`);
      const ratio = errorFrom(coarse, fine, layer.approximation?.order) / Math.abs(coarse - truth);
      expect(Math.abs(ratio - 1)).toBeLessThan(0.35);
    }
  });

  test('one that chooses its steps refines its tolerance, and counts evaluations at most', () => {
    const layer = continuous(bent, { solver: dormandPrince({ rtol: 1e-3, atol: 1e-3, maxSteps: 50 }) });
    expect(layer.approximation?.because).toBe('dormandPrince to rtol 0.001, atol 0.001');
    expect(layer.approximation?.order).toBeUndefined();
    expect(refinedOf<Layer>(layer).spec.solver).toEqual({ type: 'dormandPrince', rtol: 1e-3 / 32, atol: 1e-3 / 32, maxSteps: 50 }); // biome-ignore format: one idea
    expect(layer.cost.encode).toEqual({ how: 'iterative', passes: 301, atMost: true });
    expect(continuous(bent, { solver: heun(), times: 7 }).cost.decode).toEqual({ how: 'iterative', passes: 14 });
    expect(continuous(bent, { solver: rungeKutta(tableaux.tsit5), times: 7 }).cost.decode.passes).toBe(42);
    expect(rungeKutta(tableaux.bogackiShampine).evaluations).toBe(3);
  });

  test('a flow and its finer version are one model: they read the same parameters in one program', () => {
    const layer = continuous(resMlp([4]), { times: 2 });
    const both = D.chain((s: { contribution: Expr }) =>
      D.map((t: { contribution: Expr }) => [s.contribution, t.contribution])(D.at('flow', refinedOf<Layer>(layer).encode(x))),
    )(D.at('flow', layer.encode(x))); // biome-ignore format: one idea
    const names = (d: D.Draw<readonly Expr[]>): string[] => parametersOf(D.runDraw(d)).map((p) => p.attributes.name);
    const one = D.map((s: { contribution: Expr }) => [s.contribution])(D.at('flow', layer.encode(x)));
    expect(names(both).sort()).toEqual(names(one).sort());
    expect(names(one).every((n) => n.startsWith('flow/net/'))).toBe(true);
  });
});

describe('a network’s flow', () => {
  const gradients = ['throughSteps', 'checkpointed', 'backsolve'] as const;

  test('has three gradients by its parameters', () => {
    const slopes = gradients.map((gradient) => {
      const layer = continuous(resMlp([4]), { times: 30, gradient });
      const step = D.runDraw(layer.encode(x));
      const loss = o.add(step.contribution, o.sum(o.square(step.value)));
      // Their order is that of the graph; their names are not.
      const ps = parametersOf([loss]).sort((p, q) => (p.attributes.name < q.attributes.name ? -1 : 1));
      const values = Object.fromEntries(ps.map((p, k) => [p.attributes.name, Array.from({ length: p.shape.reduce((s, n) => s * n, 1) }, (_, i) => 0.4 * Math.sin(i + 2 * k + 1))])); // biome-ignore format: one idea
      const leaf = new Map(ps.map((p) => [p.attributes.name, o.input(p.attributes.name, p.shape)]));
      const named = layer.encode(x)({ path: '', reads: (p) => leaf.get((p as (typeof ps)[number]).attributes.name)! })({ path: 'noise', next: 0 })[0]; // biome-ignore format: one idea
      const whole = o.add(named.contribution, o.sum(o.square(named.value)));
      return valuesOf(grad(whole, [...leaf.values()]), { ...values, x: at }).flat();
    });
    const off = (k: number): number => Math.max(...slopes[k].map((v, i) => Math.abs(v - slopes[0][i])));
    expect(Math.max(...slopes[0].map(Math.abs))).toBeGreaterThan(0.1);
    expect(off(1)).toBeLessThan(1e-12);
    expect(off(2)).toBeGreaterThan(0);
    expect(off(2)).toBeLessThan(1e-4);
  });

  test('is read back from JSON, and described with ≈', () => {
    const layer = continuous(resMlp([4]), { times: 3, solver: rungeKutta(tableaux.heun), gradient: 'checkpointed' });
    const back = codecOf(layerKind).decode(JSON.parse(JSON.stringify(layer.spec)));
    expect(back).toMatchObject({ _tag: 'Right', right: { spec: layer.spec } });
    expect(codecOf(layerKind).decode(inverse(layer).spec)).toMatchObject({ right: { spec: inverse(layer).spec } });
    const dist = pipe(standardNormal([2]), pushforward(layer));
    expect(described(dist)).toMatchObject({ sign: '≈', computed: '3 steps of heun' });
  });
});
