/** Incomplete gamma and beta functions, log-beta and Bessel functions against mpmath, and their derivatives. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { grad, jvp } from '../../src/core/differentiate/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { tensor } from '../../src/core/tensor.ts';
import { valuesOf } from '../../src/laws/region.ts';

type Rows = readonly (readonly number[])[];
const fixtures = JSON.parse(readFileSync(new URL('./fixtures/special.json', import.meta.url), 'utf8')) as {
  readonly [K in 'gamma' | 'beta' | 'logBeta' | 'logI0']: Rows;
};
const column = (rows: Rows, k: number) => o.constant(rows.map((r) => r[k]));
const numbers = (...es: ReturnType<typeof o.scalar>[]) => valuesOf(es, {}).map((t) => Array.from(t.data));
/** The worst |got − want| / scale, with its row. */
const worst = (rows: Rows, got: readonly number[], want: (r: readonly number[]) => number, scale: (r: readonly number[]) => number) => // biome-ignore format: one head
  rows.map((r, i) => ({ row: r, got: got[i], off: Math.abs(got[i] - want(r)) / scale(r) })).reduce((a, b) => (b.off > a.off || Number.isNaN(b.off) ? b : a)); // biome-ignore format: one idea
const below = (w: { readonly off: number; readonly row: readonly number[]; readonly got: number }, bar: number) =>
  expect(w.off, JSON.stringify(w)).toBeLessThan(bar);

describe('incomplete gamma', () => {
  const { gamma } = fixtures;
  const a = column(gamma, 0);
  const x = column(gamma, 1);
  const [p, q] = numbers(o.regularisedGammaP(a, x), o.regularisedGammaQ(a, x));

  test('P and Q, absolutely', () => {
    below(worst(gamma, p, (r) => r[2], () => 1), 1e-13); // biome-ignore format: one idea
    below(worst(gamma, q, (r) => r[3], () => 1), 1e-13); // biome-ignore format: one idea
  });

  test('the smaller of the two, relatively, away from the uniform expansion', () => {
    const far = gamma.filter((r) => (r[0] < 25 || Math.abs(r[1] - r[0]) > 0.41 * r[0]) && (r[1] > 2 || r[2] < r[3]));
    const at = far.map((r) => gamma.indexOf(r));
    const small = (r: readonly number[]) => Math.max(1e-290, Math.min(r[2], r[3]));
    const got = at.map((i) => (gamma[i][2] < gamma[i][3] ? p[i] : q[i]));
    // xᵃ e⁻ˣ has a relative error of rounding times its exponent.
    below(worst(far, got, (r) => Math.min(r[2], r[3]), (r) => small(r) * (1 + 0.02 * Math.abs(Math.log(small(r))))), 1e-12); // biome-ignore format: one idea
  });

  test('derivatives by a and x agree with differences', () => {
    const h = 1e-4;
    const va = o.input('a', a.shape);
    const vx = o.input('x', a.shape);
    const f = o.regularisedGammaP(va, vx);
    const one = o.broadcastTo(1, a.shape);
    const data = (k: number, s: number) => Float64Array.from(gamma, (r) => r[k] * (1 + s * h));
    const feed = (sa: number, sx: number) => ({ a: tensor(data(0, sa), a.shape), x: tensor(data(1, sx), a.shape) }); // biome-ignore format: one idea
    const [da, dx] = valuesOf([jvp([f], [va], [one])[0], grad(o.sum(f), [vx])[0]], feed(0, 0)).map((t) => t.data);
    const at = (sa: number, sx: number) => valuesOf([f], feed(sa, sx))[0].data;
    // Fourth-order differences, where neither crosses a seam nor |log x| dominates.
    const slope = (f1: ArrayLike<number>, f2: ArrayLike<number>, g1: ArrayLike<number>, g2: ArrayLike<number>, i: number) => (8 * (f1[i] - g1[i]) - (f2[i] - g2[i])) / (12 * h); // biome-ignore format: one idea
    const [a1, a2, b1, b2] = [at(1, 0), at(2, 0), at(-1, 0), at(-2, 0)];
    const [x1, x2, y1, y2] = [at(0, 1), at(0, 2), at(0, -1), at(0, -2)];
    gamma.forEach((r, i) => {
      const steep = 1 + r[0] * (1 + Math.abs(Math.log(r[1] / r[0])));
      expect(Math.abs(da[i] * r[0] - slope(a1, a2, b1, b2, i)), `∂a at ${r}`).toBeLessThan(2e-9 * steep);
      expect(Math.abs(dx[i] * r[1] - slope(x1, x2, y1, y2, i)), `∂x at ${r}`).toBeLessThan(2e-9 * steep);
    });
  });

  test('off the support', () => {
    const x = o.constant([-1, 0, 1e300, Number.POSITIVE_INFINITY]);
    const v = o.input('x', [4]);
    expect(numbers(o.regularisedGammaP(2, x), o.regularisedGammaQ(2, x))).toEqual([[0, 0, 1, 1], [1, 1, 0, 0]]); // biome-ignore format: one idea
    const [g] = valuesOf(grad(o.sum(o.regularisedGammaP(0.5, v)), [v]), { x: tensor(new Float64Array([-1, 0, 1e300, Number.POSITIVE_INFINITY]), [4]) }); // biome-ignore format: one idea
    expect(Array.from(g.data)).toEqual([0, 0, 0, 0]);
  });
});

describe('incomplete beta', () => {
  const { beta } = fixtures;
  const [a, b, x] = [0, 1, 2].map((k) => column(beta, k));
  test('I, absolutely', () => {
    const [i] = numbers(o.regularisedBeta(a, b, x));
    below(worst(beta, i, (r) => r[3], () => 1), 1e-11); // biome-ignore format: one idea
    const small = beta.filter((r) => r[0] <= 1000 && r[1] <= 1000);
    below(worst(small, small.map((r) => i[beta.indexOf(r)]), (r) => r[3], () => 1), 2e-13); // biome-ignore format: one idea
  });
  test('edges', () => {
    expect(numbers(o.regularisedBeta(2, 3, o.constant([-1, 0, 1, 2])))[0]).toEqual([0, 0, 1, 1]);
  });
  test('derivatives by all three agree with differences', () => {
    const rows = [[0.5, 0.5, 0.3], [2, 3, 0.7], [50, 0.5, 0.97], [0.1, 4, 0.02], [100, 80, 0.5]]; // biome-ignore format: a table
    const names = ['a', 'b', 'x'];
    const vs = names.map((n) => o.input(n, [rows.length]));
    const f = o.regularisedBeta(vs[0], vs[1], vs[2]);
    const feed = (k: number, h: number) => Object.fromEntries(names.map((n, j) => [n, tensor(Float64Array.from(rows, (r) => r[j] * (j === k ? 1 + h : 1)), [rows.length])])); // biome-ignore format: one idea
    const g = valuesOf(grad(o.sum(f), vs), feed(0, 0));
    names.forEach((name, k) => {
      const at = (h: number) => valuesOf([f], feed(k, h))[0].data;
      const [p1, p2, m1, m2] = [at(1e-4), at(2e-4), at(-1e-4), at(-2e-4)];
      rows.forEach((r, i) => {
        const slope = (8 * (p1[i] - m1[i]) - (p2[i] - m2[i])) / 12e-4;
        expect(Math.abs(g[k].data[i] * r[k] - slope), `∂${name} at ${r}`).toBeLessThan(1e-9);
      });
    });
  });
});

describe('logarithms', () => {
  test('log-beta', () => {
    const { logBeta } = fixtures;
    const [got] = numbers(o.logBeta(column(logBeta, 0), column(logBeta, 1)));
    below(worst(logBeta, got, (r) => r[2], (r) => Math.max(1, Math.abs(r[2]))), 1e-13); // biome-ignore format: one idea
  });
  test('log I₀ and 1 − I₁/I₀', () => {
    const { logI0 } = fixtures;
    const k = o.input('k', [logI0.length]);
    const f = o.logBesselI0Scaled(k);
    const [v, s] = valuesOf([f, grad(o.sum(f), [k])[0]], { k: tensor(Float64Array.from(logI0, (r) => r[0]), [logI0.length]) }).map((t) => Array.from(t.data)); // biome-ignore format: one idea
    below(worst(logI0, v, (r) => r[1], (r) => Math.max(1e-3, Math.abs(r[1]))), 1e-12); // biome-ignore format: one idea
    below(worst(logI0, s.map((d) => -d), (r) => r[2], (r) => r[2]), 1e-12); // biome-ignore format: one idea
  });
});
