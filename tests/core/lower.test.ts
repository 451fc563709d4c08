import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Expr, topological } from '../../src/core/expr.ts';
import { expm1BySeries, groupsBySlices, inputGradientGroupsBySlices, kernelGradientGroupsBySlices, log1pBySeries, signByComparison, sinByQuadrants, sinNearZero, stridesByGather, tanhByExpm1 } from '../../src/core/lower/eager.ts'; // biome-ignore format: one import
import * as l from '../../src/core/lower/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { tensorOf } from '../../src/core/tensor.ts';
import { answers, kinds, place } from '../../src/laws/conformance-kinds.ts';
import { conformanceCases } from '../../src/laws/index.ts';
import { build, distance, feedsFor, inputsOf, recipe, run } from './programs.ts';

const inf = Number.POSITIVE_INFINITY;
const powersOfTen = (low: number, high: number): number[] =>
  Array.from({ length: 4 * (high - low) + 1 }, (_, i) => 1.03 * 10 ** (low + i / 4));
const both = (v: readonly number[]): number[] => [...v, ...v.map((x) => -x)];
const wide = [0, ...both(powersOfTen(-30, 30)), inf, -inf, Number.NaN];

/** Largest relative error, with non-finite values required to agree. `floor` is the size below which the error counts as absolute. */
const worst = (
  exact: (x: Expr) => Expr,
  lowered: (x: Expr) => Expr,
  at: readonly number[],
  floor = 0,
): [number, number] => {
  const x = o.input('x', [at.length]);
  const [want, got] = run([exact(x), lowered(x)], { x: tensorOf(at) });
  let most: [number, number] = [0, Number.NaN];
  want.forEach((w, i) => {
    const error = Object.is(w, got[i]) || w === got[i] ? 0 : Math.abs(got[i] - w) / Math.max(Math.abs(w), floor);
    if (!(error <= most[0])) most = [Number.isFinite(error) ? error : inf, at[i]];
  });
  return most;
};

describe('special functions in simpler terms, over the whole range of float64', () => {
  const positive = [...powersOfTen(-30, 30), ...Array.from({ length: 400 }, (_, i) => 0.05 * (i + 1)), inf, Number.NaN];
  const cases: readonly (readonly [string, (x: Expr) => Expr, (x: Expr) => Expr, readonly number[], number, number])[] = [
    ['log1p', o.log1p, l.log1pByLog, [...wide.filter((x) => !(x < -1)), -1, -0.999999, -0.5, -0.1, -0.9], 4e-16 * 2, 0],
    ['expm1', o.expm1, l.expm1ByTanh, wide, 1e-15, 0],
    ['softplus', o.softplus, l.softplusByExp, wide.filter((x) => !(x < -700 && x > -800)), 1e-15, 0],
    ['sigmoid', o.sigmoid, l.sigmoidByExp, wide.filter((x) => !(x < -700 && x > -800)), 1e-15, 0],
    ['erf', o.erf, l.erfBySeries, [...wide, ...both(positive.filter((x) => x < 10))], 2e-15, 0],
    ['lgamma', o.lgamma, l.lgammaByStirling, positive, 3e-14, 1],
    ...[0, 1, 2, 3, 4].map((k) => [`polygamma ${k}`, (x: Expr) => o.polygamma(k, x), (x: Expr) => l.polygammaBySeries(k, x), positive, 3e-14, k === 0 ? 0.1 : 1e-280] as const), // biome-ignore format: one row
    ['sign', o.sign, signByComparison, wide, 0, 0],
    // For single precision:
    ['sin near 0', o.sin, sinNearZero, wide, 1e-10, 0],
    ['sin by quadrants', o.sin, (x) => sinByQuadrants(x, false), both(powersOfTen(-30, 3)), 1e-7, 1e-3],
    ['cos by quadrants', o.cos, (x) => sinByQuadrants(x, true), both(powersOfTen(-30, 3)), 1e-7, 1e-3],
    ['expm1 by series', o.expm1, expm1BySeries, wide, 1e-9, 0],
    ['tanh by expm1', o.tanh, tanhByExpm1, wide, 1e-7, 0],
    ['log1p by series', o.log1p, log1pBySeries, [...wide.filter((x) => !(x < -1)), -1, -0.999, -0.51, -0.49, 0.49, 0.51], 2e-9, 0],
  ]; // biome-ignore format: a table
  test.each(cases)('%s', (_, exact, lowered, at, tolerance, floor) => {
    const [error, where] = worst(exact, lowered, at, floor);
    expect(error, `at ${where}`).toBeLessThanOrEqual(tolerance);
  });
});

const matrixOf = (n: number, f: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, k) => f(Math.floor(k / n), k % n));

describe('inverse of a triangle by doubling', () => {
  const noise = (i: number, j: number): number => Math.sin(12.9898 * i + 78.233 * j + 1);
  const systems: readonly (readonly [string, (i: number, j: number) => number, number])[] = [
    ['random', (i, j) => (i === j ? 1.5 + noise(i, j) : noise(i, j)), 1e-12],
    ['garbage above the diagonal', (i, j) => (j > i ? Number.NaN : i === j ? 2 : noise(i, j)), 1e-12],
    // Condition ≈ 3ⁿ: entries of the inverse reach 2ⁿ⁻², alternate in sign in the products, and keep their digits.
    ['ill-conditioned: ones', (i, j) => (i === j ? 1 : i > j ? -1 : 0), 1e-12],
    ['graded over sixteen decades', (i, j) => (i >= j ? 10 ** (-2 * i) * (i === j ? 1 : noise(i, j)) : 0), 1e-10],
  ]; // biome-ignore format: a table
  for (const [name, entry, tolerance] of systems)
    for (let n = 1; n <= 9; n++)
      for (const unit of [false, true])
        test(`${name}, ${n} rows${unit ? ', unit' : ''}`, () => {
          const a = o.input('a', [n, n]);
          const identity = o.eye(n);
          const feeds = { a: tensorOf(matrixOf(n, entry), [n, n]) };
          const [got, want] = run([l.lowerInverse(a, unit), o.triangularSolve(a, identity, { unit })], feeds);
          // Each entry is compared with what rounding at its own row and column allows.
          const scale = Math.max(...want.map(Math.abs));
          got.forEach((g, k) => {
            expect(Math.abs(g - want[k])).toBeLessThanOrEqual(tolerance * scale);
          });
        });

  test('batches', () => {
    const a = o.add(o.input('a', [2, 3, 5, 5]), o.mul(3, o.eye(5)));
    const want = o.triangularSolve(a, o.broadcastTo(o.eye(5), [2, 3, 5, 5]));
    const outputs = [l.lowerInverse(a, false), want];
    const [x, y] = run(outputs);
    expect(distance([x], [y])).toBeLessThan(1e-13);
  });
});

/** Every lowering at once: what a backend with almost nothing would ask for. */
const everything: l.Lowering = {
  log1p: (_, x) => l.log1pByLog(x),
  expm1: (_, x) => l.expm1ByTanh(x),
  softplus: (_, x) => l.softplusByExp(x),
  sigmoid: (_, x) => l.sigmoidByExp(x),
  lgamma: (_, x) => l.lgammaByStirling(x),
  polygamma: (n, x) => l.polygammaBySeries(n.attributes.order, x),
  erf: (_, x) => l.erfBySeries(x),
  sign: (_, x) => signByComparison(x),
  slice: (n, x) => (n.attributes.stride.some((s) => s > 1) ? stridesByGather(n, x) : undefined),
  pad: (n, x) => (n.attributes.interior.some((s) => s > 0) ? l.interiorByReshape(n, x) : undefined),
  scatterAdd: (n, i, u) => (n.type === 'real' ? l.scatterByOneHot(n, i, u) : undefined),
  triangularSolve: (n, a, b) => l.triangularSolveByInverse(n, a, b),
};

const plans: readonly (readonly [string, l.Lowering])[] = [
  ['by taps and by products', { ...everything, conv2d: (n, x, w) => l.convByTaps(n, x, w), conv2dInputGradient: (n, g, w) => l.inputGradientByConv(n, g, w), conv2dKernelGradient: (n, x, g) => l.kernelGradientByTaps(n, x, g) }],
  ['group by group', {
    conv2d: (n, x, w) => (n.attributes.groups > 1 ? groupsBySlices(n, x, w) : undefined),
    conv2dInputGradient: (n, g, w) => (n.attributes.groups > 1 ? inputGradientGroupsBySlices(n, g, w) : undefined),
    conv2dKernelGradient: (n, x, g) => (n.attributes.groups > 1 ? kernelGradientGroupsBySlices(n, x, g) : undefined),
  }],
]; // biome-ignore format: a table

describe.each(plans)('lowered %s', (_, rules) => {
  test.each(Object.entries(conformanceCases))('%s', (op, cases) => {
    for (const c of cases) {
      const p = place(`${op}/${c.name}`, c);
      const outputs = kinds.filter((k) => k !== 'mixed').flatMap((k) => answers(p, k));
      const lowered = l.lower(outputs, rules);
      // A finished program: nothing that was to be replaced is left, in loops neither.
      const left = topological(lowered).filter((e) => 'log1p' in rules && ['log1p', 'lgamma', 'triangularSolve'].includes(e.op)); // biome-ignore format: one idea
      expect(left).toEqual([]);
      expect(program(lowered).slots.length).toBeLessThanOrEqual(program(outputs).slots.length);
      expect(distance(run(outputs, p.feeds), run(lowered, p.feeds)), c.name).toBeLessThan(1e-11);
    }
  });

  test('random programs', () => {
    fc.assert(
      fc.property(recipe, (r) => {
        const y = build(r)(...inputsOf(r));
        const feeds = feedsFor([y, ...inputsOf(r)]);
        expect(distance(run([y], feeds), run(l.lower([y], rules), feeds))).toBeLessThan(1e-9);
      }),
      { seed: Number(process.env.LAW_SEED ?? 1), numRuns: Number(process.env.LAW_RUNS ?? 100) },
    );
  });
});
