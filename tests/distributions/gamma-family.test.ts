/** Gamma, inverse-gamma, χ², beta, Dirichlet, F, t and von Mises distributions: against SciPy, by their distributions, and their pathwise gradients by quadrature. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import type { AllFacts } from '../../src/algebra/facts.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Tensor, tensor, tensorOf } from '../../src/core/tensor.ts';
import { pathwiseLogGamma } from '../../src/distributions/gamma-draws.ts';
import {
  beta,
  chiSquared,
  dirichlet,
  fisherF,
  gamma,
  inverseGamma,
  multivariateT,
  studentT,
  vonMises,
} from '../../src/distributions/index.ts';
import { pathwiseVonMises } from '../../src/distributions/von-mises.ts';
import { run } from '../../src/inference/run.ts';
import { logDensities, samples } from '../../src/laws/dist-values.ts';
import { type DistLawOptions, distLaws, edgeLaws, showVerdicts, violations } from '../../src/laws/index.ts';
import { valuesOf } from '../../src/laws/region.ts';

type Univariate = AnyDist & Pick<AllFacts, 'cdf' | 'entropy'> & Partial<AllFacts>;
interface Row {
  readonly parameters: readonly number[];
  readonly x: readonly number[];
  readonly logDensity: readonly number[];
  readonly cdf: readonly number[];
  readonly entropy: number;
  readonly mean?: number | null;
  readonly variance?: number | null;
  readonly grid: readonly number[];
  readonly gridCdf: readonly number[];
}
const fixtures = JSON.parse(readFileSync(new URL('./fixtures/gamma-family.json', import.meta.url), 'utf8'));
const families: { readonly [name: string]: (p: readonly number[]) => Univariate } = {
  gamma: ([concentration, rate]) => gamma([], { concentration, rate }),
  inverseGamma: ([concentration, scale]) => inverseGamma([], { concentration, scale }),
  chiSquared: ([degrees]) => chiSquared([], { degrees }),
  beta: ([a, b]) => beta([], { alpha: a, beta: b }),
  fisherF: ([numerator, denominator]) => fisherF([], { numerator, denominator }),
  studentT: ([degrees, loc, scale]) => studentT([], { degrees, loc, scale }),
  vonMises: ([loc, concentration]) => vonMises([], { loc, concentration }),
};
const cases = Object.keys(families).flatMap(
  (name) =>
  (fixtures[name] as readonly Row[]).map((row) => [name, `${row.parameters}`, families[name](row.parameters), row] as const), // biome-ignore format: one idea
);
const column = (v: readonly number[]): Tensor => tensor(Float64Array.from(v), [v.length]);
const relative = (got: ArrayLike<number>, want: readonly number[], x: readonly number[]) =>
  want
    .map((w, i) => ({ off: Math.abs(got[i] - w) / Math.max(1, Math.abs(w)), x: x[i], got: got[i], want: w }))
    .reduce((a, b) => (b.off > a.off || Number.isNaN(b.off) ? b : a));

describe('against SciPy', () => {
  test.each(cases)('%s(%s): log-density, cdf, facts', (name, _p, dist, row) => {
    const l = relative(logDensities(dist, column(row.x), {}), row.logDensity, row.x);
    expect(l.off, JSON.stringify(l)).toBeLessThan(1e-10);
    const c = relative(valuesOf([dist.cdf(o.constant(row.x))], {})[0].data, row.cdf, row.x);
    // SciPy's von Mises cdf is a normal approximation from κ = 50.
    expect(c.off, JSON.stringify(c)).toBeLessThan(name === 'vonMises' && row.parameters[1] > 50 ? 1e-7 : 1e-9);
    const [h] = valuesOf([dist.entropy], {})[0].data;
    expect(Math.abs(h - row.entropy) / Math.max(1, Math.abs(row.entropy)), `entropy ${h} ${row.entropy}`).toBeLessThan(1e-6); // biome-ignore format: one idea
    for (const fact of ['mean', 'variance'] as const) {
      const want = row[fact];
      const own = dist[fact];
      if (own === undefined || want === undefined || want === null) continue;
      expect(Math.abs(valuesOf([own], {})[0].data[0] / want - 1) * (want === 0 ? 0 : 1) || 0, fact).toBeLessThan(1e-10);
    }
  });

  test('Dirichlet and multivariate t', () => {
    const [d] = fixtures.dirichlet;
    const dist = dirichlet({ concentration: d.parameters });
    const at = (x: readonly (readonly number[])[]) => tensor(Float64Array.from(x.flat()), [x.length, x[0].length]);
    expect(relative(logDensities(dist, at(d.x), {}), d.logDensity, d.x).off).toBeLessThan(1e-10);
    const [mean, variance, entropy] = valuesOf([dist.mean, dist.variance, dist.entropy], {});
    expect(relative(mean.data, d.mean, d.mean).off).toBeLessThan(1e-12);
    expect(relative(variance.data, d.variance, d.mean).off).toBeLessThan(1e-12);
    expect(entropy.data[0]).toBeCloseTo(d.entropy, 10);
    const [t] = fixtures.multivariateT;
    const many = multivariateT({ degrees: 5, loc: [1, -1], scaleTril: [[1, 0], [0.5, 2]] }); // biome-ignore format: one idea
    expect(relative(logDensities(many, at(t.x), {}), t.logDensity, t.x).off).toBeLessThan(1e-10);
  });

  test('Dirichlet and multivariate t in float32 on onnx', async () => {
    const [d] = fixtures.dirichlet;
    const [t] = fixtures.multivariateT;
    const dists: readonly (readonly [AnyDist, readonly (readonly number[])[]])[] = [
      [dirichlet({ concentration: d.parameters }), d.x],
      [multivariateT({ degrees: 5, loc: [1, -1], scaleTril: [[1, 0], [0.5, 2]] }), t.x], // biome-ignore format: one idea
    ];
    for (const [dist, rows] of dists) {
      const single = Float32Array.from(rows.flat());
      const shape = [rows.length, rows[0].length];
      // The truth is at the rounded event; a rounded point of the simplex still sums to 1 as closely as float32 can say.
      const want = logDensities(dist, tensor(Float64Array.from(single), shape), {});
      const got = await run(dist, {}, onnx('cpu')).logDensity(tensor(single, shape));
      expect(Array.from(want).filter(Number.isFinite).length).toBeGreaterThan(2);
      want.forEach((w: number, i: number) => {
        if (Number.isFinite(w)) expect(Math.abs(got.data[i] - w) / Math.max(1, Math.abs(w))).toBeLessThan(1e-5);
      });
    }
  });

  test('log-densities in float32 on onnx', async () => {
    const backend = onnx('cpu');
    for (const [name, p, dist, row] of cases) {
      const x = row.x.filter((v) => Math.abs(v) > 1e-30 && Math.abs(v) < 1e30 && (name !== 'beta' || v < 0.999));
      const single = Float32Array.from(x);
      // The truth is at the rounded event.
      const want = logDensities(dist, column(Array.from(single)), {});
      const got = await run(dist, {}, backend).logDensity(tensor(single, [x.length]));
      const w = relative(got.data, Array.from(want), x);
      expect(w.off, `${name} ${p} ${JSON.stringify(w)}`).toBeLessThan(1e-5);
    }
  });
});

/** One distribution of each sampler and regime is drawn in float64 by `reference`; the others in float32 by onnx, which is much quicker. */
const full = ['gamma 0.01,1', 'gamma 30,3', 'beta 0.05,0.05', 'fisherF 5,10', 'studentT 3,1,2', 'vonMises 0,2'];

describe('samplers', () => {
  test.each(cases)('%s(%s): Kolmogorov–Smirnov, 10⁵ draws', async (name, p, dist, row) => {
    const n = 100_000;
    const drawn = full.includes(`${name} ${p}`)
      ? samples(dist, n, {}, 7)
      : await run(dist, {}, onnx('cpu')).sample(n, 7);
    const draws = Float64Array.from(drawn.data).sort();
    let i = 0;
    let worst = 0;
    row.grid.forEach((x, k) => {
      while (i < n && draws[i] <= x) i++;
      worst = Math.max(worst, Math.abs(i / n - row.gridCdf[k]));
    });
    // P(√n D > 1.95) = 0.001 for the supremum over all x.
    expect(worst * Math.sqrt(n)).toBeLessThan(1.95);
    expect(draws.every((v) => !Number.isNaN(v))).toBe(true);
  });

  /** √n times the largest distance between the empirical distribution of draws and a cdf, at the draws themselves. */
  const distance = (draws: readonly number[], cdf: (x: Float64Array) => ArrayLike<number>): number => {
    const sorted = Float64Array.from(draws).sort();
    const f = cdf(sorted);
    return Math.max(...Array.from(f).map((v, i) => Math.max(Math.abs(v - i / f.length), Math.abs(v - (i + 1) / f.length))).filter((_, i) => i % 10 === 0)) * Math.sqrt(f.length); // biome-ignore format: one idea
  };
  const cdfOf = (dist: { readonly cdf: (x: Expr) => Expr }) => (x: Float64Array) => {
    // A grid is enough: the cdf is monotone, and interpolating it is below the noise.
    const at = Array.from({ length: 400 }, (_, i) => x[Math.floor((i / 399) * (x.length - 1))]);
    const values = valuesOf([dist.cdf(o.constant(at, [400, 1]))], {})[0].data;
    return x.map((v) => {
      const j = Math.max(
        1,
        at.findIndex((a) => a >= v),
      );
      const t = at[j] === at[j - 1] ? 1 : (v - at[j - 1]) / (at[j] - at[j - 1]);
      return values[j - 1] + t * (values[j] - values[j - 1]);
    });
  };

  test('marginals of Dirichlet are beta, of multivariate t are t: 10⁵ draws', async () => {
    const n = 100_000;
    const x = Array.from((await run(dirichlet({ concentration: [0.7, 2, 3] }), {}, onnx('cpu')).sample(n, 1)).data);
    const first = x.filter((_, i) => i % 3 === 0);
    expect(distance(first, cdfOf(beta([400, 1], { alpha: 0.7, beta: 5 })))).toBeLessThan(1.95);
    const many = multivariateT({ degrees: 5, loc: [1, -1], scaleTril: [[1, 0], [0.5, 2]] }); // biome-ignore format: one idea
    const y = Array.from((await run(many, {}, onnx('cpu')).sample(n, 2)).data);
    const second = y.filter((_, i) => i % 2 === 1);
    const marginal = studentT([400, 1], { degrees: 5, loc: -1, scale: Math.sqrt(4.25) });
    expect(distance(second, cdfOf(marginal))).toBeLessThan(1.95);
  });

  test('Dirichlet marginals are beta; tiny concentrations keep their log-density', () => {
    const x = Array.from(samples(dirichlet({ concentration: [0.01, 0.01, 0.01] }), 4096, {}).data);
    const mean = [0, 1, 2].map((k) => x.filter((_, i) => i % 3 === k).reduce((s, v) => s + v, 0) / 4096);
    for (const m of mean) expect(Math.abs(m - 1 / 3)).toBeLessThan(5 * Math.sqrt(2 / 9 / 1.03 / 4096));
  });
});

const law1 = (s: Partial<DistLawOptions>): DistLawOptions => ({ count: 4096, ...s });
const lawful: readonly (readonly [string, AnyDist, DistLawOptions])[] = [
  ['gamma', gamma([2], { concentration: [1.5, 4], rate: 2 }), law1({ region: { low: 0, high: 30 }, quadrature: 1e-3 })],
  ['gamma of small concentration', gamma([3], { concentration: 0.02 }), law1({ region: { low: 0, high: 30 } })],
  ['inverse-gamma', inverseGamma([3], { concentration: 3 }), law1({ region: { low: 0, high: 50 } })],
  ['χ²', chiSquared([1], { degrees: 5 }), law1({ region: { low: 0, high: 80 } })],
  ['beta', beta([1], { alpha: 2, beta: 4 }), law1({ region: 'unit' })],
  ['beta of small parameters', beta([3], { alpha: 0.02, beta: 0.3 }), law1({ region: 'unit' })],
  ['F', fisherF([3], { numerator: 6, denominator: 9 }), law1({ region: { low: 0, high: 50 } })],
  ['t', studentT([2], { degrees: 5, loc: 1, scale: 2 }), law1({ quadrature: 1e-4 })],
  ['multivariate t', multivariateT({ degrees: 5, scaleTril: [[1, 0], [0.5, 2]] }), law1({ quadrature: 1e-3 })], // biome-ignore format: one line a distribution
  ['von Mises', vonMises([1], { loc: 1, concentration: 2 }), law1({ region: { low: -Math.PI, high: Math.PI } })],
];

describe('distributions', () => {
  test.each(lawful)('%s', (_name, dist, options) => {
    expect(showVerdicts(violations(distLaws(dist, options)))).toBe('');
  });

  test('off the support and at its edges', () => {
    const outside = tensorOf([-1, -1e-9, -1e9], [3, 1]);
    for (const dist of [gamma([1], { concentration: 0.5 }), inverseGamma([1], { concentration: 2 }), chiSquared([1], { degrees: 3 }), fisherF([1], { numerator: 2, denominator: 3 })]) // biome-ignore format: one list
      expect(showVerdicts(violations(edgeLaws(dist, { outside, edges: tensorOf([0], [1, 1]) }, {})))).toBe('');
    const dist = beta([1], { alpha: 0.5, beta: 2 });
    expect(showVerdicts(violations(edgeLaws(dist, { outside: tensorOf([-1, 1.5], [2, 1]), edges: tensorOf([0, 1], [2, 1]) }, {})))).toBe(''); // biome-ignore format: one idea
    const d = dirichlet({ concentration: [0.5, 2] });
    expect(showVerdicts(violations(edgeLaws(d, { outside: tensorOf([-0.5, 1.5, 0.5, 0.6], [2, 2]), edges: tensorOf([0, 1], [1, 2]) }, {})))).toBe(''); // biome-ignore format: one idea
  });
});

/** d/dα of E[f] by the trapezoid rule over events y on the line: Σ density · ∂f/∂α h, the derivative taken along the path. */
const pathwise = (ys: Expr, logDensity: Expr, value: Expr, alpha: Expr, at: number, h: number): number => {
  const weights = o.stopGradient(o.exp(logDensity));
  const [g] = grad(o.mul(h, o.sum(o.mul(weights, value))), [alpha]);
  return valuesOf([g], { alpha: tensor(Float64Array.of(at), []) })[0].data[0] + 0 * ys.shape.length;
};
const line = (low: number, high: number, h: number): number[] =>
  Array.from({ length: Math.round((high - low) / h) + 1 }, (_, i) => low + i * h);
const numberOf = (e: Expr, at: number) => valuesOf([e], { alpha: tensor(Float64Array.of(at), []) })[0].data[0];

describe('pathwise gradients are d/dα E[f]', () => {
  const alpha = o.input('alpha', []);
  const integrands: { readonly [name: string]: (z: Expr, logZ: Expr) => Expr } = {
    z: (z) => z,
    'z²': (z) => o.square(z),
    'log z': (_, l) => l,
    'sin z': (z) => o.sin(z),
  };

  test.each([0.05, 0.3, 2.5, 24, 25.5, 300])('gamma, α = %f', (a) => {
    const sd = 1 / Math.sqrt(a);
    const low = a < 20 ? -40 / a - 2 : Math.log(a) - 12 * sd;
    const high = a < 20 ? Math.log(a + 60 + 10 * Math.sqrt(a)) : Math.log(a) + 10 * sd;
    const h = a < 0.2 ? 0.3 : a < 1 ? 0.1 : Math.min(0.02, sd / 12);
    const y = o.constant(line(low, high, h));
    const l = pathwiseLogGamma(o.broadcastTo(alpha, y.shape), y);
    const p = o.gammaKernel(o.broadcastTo(alpha, y.shape), o.exp(y));
    // E sin Z = Im (1 − i)^{−α} = 2^{−α/2} sin(πα/4)
    const mean: { readonly [name: string]: Expr } = {
      z: alpha,
      'z²': o.mul(alpha, o.add(alpha, 1)),
      'log z': o.digamma(alpha),
      'sin z': o.mul(o.exp(o.mul(-Math.LN2 / 2, alpha)), o.sin(o.mul(Math.PI / 4, alpha))),
    };
    for (const [name, f] of Object.entries(integrands)) {
      const got = pathwise(y, p, f(o.exp(l), l), alpha, a, h);
      const want = numberOf(grad(mean[name], [alpha])[0], a);
      expect(Math.abs(got - want) / Math.max(1, Math.abs(want)), `${name}: ${got} ${want}`).toBeLessThan(1e-6);
    }
  });

  // Two gamma variables as (logit x, log s): x and s = z₁ + z₂ are independent.
  const pair = (a: number, b: number, h: number) => {
    const us = line(-36 / a, 36 / b, h);
    const vs = line(Math.log(a + b) - 30 / (a + b), Math.log(a + b + 60), h);
    const n = us.length * vs.length;
    const x = o.constant(Array.from({ length: n }, (_, i) => us[Math.floor(i / vs.length)]));
    const s = o.constant(Array.from({ length: n }, (_, i) => vs[i % vs.length]));
    const full = (e: Expr) => o.broadcastTo(e, [n]);
    const other = o.scalar(b);
    const l1 = pathwiseLogGamma(full(alpha), o.add(s, o.neg(o.softplus(o.neg(x)))));
    const l2 = pathwiseLogGamma(full(other), o.add(s, o.neg(o.softplus(x))));
    const p = o.add(o.betaKernel(full(alpha), full(other), o.sigmoid(x), o.sigmoid(o.neg(x))), o.gammaKernel(full(o.add(alpha, other)), o.exp(s))); // biome-ignore format: one idea
    return { x, l1, l2, p };
  };

  test.each([
    [1.5, 2],
    [3, 0.8],
    [6, 5],
  ])('beta, Dirichlet and F, α = %f, β = %f', (a, b) => {
    const h = a > 5 ? 0.2 : 0.4;
    const { x, l1, l2, p } = pair(a, b, h);
    const share = o.logSigmoid(o.sub(l1, l2));
    const n = o.add(alpha, b);
    const m = o.div(alpha, n);
    const mean: { readonly [name: string]: Expr } = {
      z: m,
      'z²': o.mul(m, o.div(o.add(alpha, 1), o.add(n, 1))),
      'log z': o.sub(o.digamma(alpha), o.digamma(n)),
      // By the same rule over the density itself, differentiated.
      'sin z': o.mul(h, o.sum(o.mul(o.exp(o.betaKernel(...([alpha, o.scalar(b)].map((e) => o.broadcastTo(e, [line(-36 / a, 36 / b, h).length])) as [Expr, Expr]), o.sigmoid(o.constant(line(-36 / a, 36 / b, h))), o.sigmoid(o.neg(o.constant(line(-36 / a, 36 / b, h)))))), o.sin(o.sigmoid(o.constant(line(-36 / a, 36 / b, h))))))), // biome-ignore format: one idea
    };
    for (const [name, f] of Object.entries(integrands)) {
      const got = pathwise(x, p, f(o.exp(share), share), alpha, a, h * h);
      const want = numberOf(grad(mean[name], [alpha])[0], a);
      expect(Math.abs(got - want), `${name}: ${got} ${want}`).toBeLessThan(1e-6);
    }
  });

  test.each([1.5, 3, 8, 70])('t, ν = %f: E cos T and E log|T|, with E over the normal in closed form', (nu) => {
    const a = nu / 2;
    const h = Math.min(0.05, 0.3 / Math.sqrt(a));
    const y = o.constant(line(a < 20 ? -40 / a - 2 : Math.log(a) - 1.6, Math.log(a + 60 + 10 * Math.sqrt(a)), h));
    const full = o.broadcastTo(o.mul(0.5, alpha), y.shape);
    const l = pathwiseLogGamma(full, y);
    const p = o.gammaKernel(full, o.exp(y));
    const stretchSquared = o.exp(o.sub(o.log(full), l));
    const direct = o.mul(h, o.sum(o.mul(o.exp(p), o.exp(o.mul(-0.5, o.exp(o.sub(o.log(full), y)))))));
    const cases: readonly (readonly [Expr, Expr])[] = [
      [o.exp(o.mul(-0.5, stretchSquared)), direct],
      [o.mul(0.5, o.log(stretchSquared)), o.mul(0.5, o.sub(o.log(o.mul(0.5, alpha)), o.digamma(o.mul(0.5, alpha))))],
    ];
    for (const [value, mean] of cases) {
      const got = pathwise(y, p, value, alpha, nu, h);
      const want = numberOf(grad(mean, [alpha])[0], nu);
      expect(Math.abs(got - want), `${got} ${want}`).toBeLessThan(1e-6);
    }
  });

  test.each([0.1, 1, 5, 30, 400])('von Mises, κ = %f: E cos Θ = I₁/I₀', (k) => {
    const n = 600;
    const h = (2 * Math.PI) / n;
    const y = o.constant(Array.from({ length: n }, (_, i) => -Math.PI + (i + 0.5) * h));
    const full = o.broadcastTo(alpha, y.shape);
    const theta = pathwiseVonMises(full, y);
    const p = o.sub(o.sub(o.mul(full, o.sub(o.cos(y), 1)), o.logBesselI0Scaled(full)), Math.log(2 * Math.PI));
    const logI0 = o.logBesselI0Scaled(alpha);
    const want = numberOf(grad(grad(logI0, [alpha])[0], [alpha])[0], k);
    expect(Math.abs(pathwise(y, p, o.cos(theta), alpha, k, h) - want)).toBeLessThan(1e-6);
  });
});

describe('refusals', () => {
  test('name what, expected and got', () => {
    expect(() => gamma([1], { concentration: -1 })).toThrow(/concentration must be positive.*-1/);
    expect(() => gamma([1], { concentration: 1, rate: [0] })).toThrow(/rate/);
    expect(() => beta([2], { alpha: [1, 0], beta: 1 })).toThrow(/alpha must be positive/);
    expect(() => beta([2], { alpha: 1, beta: [1, 2, 3] })).toThrow(/beta does not fit/);
    expect(() => dirichlet({ concentration: [1] })).toThrow(/two or more/);
    expect(() => studentT([1], { degrees: Number.NaN })).toThrow(/degrees/);
    expect(() => multivariateT({ degrees: 3, scaleTril: [[1, 1], [0, 1]] })).toThrow(/not lower triangular/); // biome-ignore format: one idea
    expect(() => multivariateT({ degrees: 3, scaleTril: [[1, 0], [0, -1]] })).toThrow(/diagonal/); // biome-ignore format: one idea
    expect(() => vonMises([1], { concentration: 0 })).toThrow(/concentration/);
    expect(() => chiSquared([1], { degrees: 0 })).toThrow(/degrees/);
    expect(() => fisherF([1], { numerator: 1, denominator: -2 })).toThrow(/denominator/);
    expect(() => inverseGamma([1], { concentration: Number.POSITIVE_INFINITY })).toThrow(/finite/);
  });
});
