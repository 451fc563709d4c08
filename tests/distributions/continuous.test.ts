/** Continuous families against fixtures of 60 digits that SciPy agrees with, on `reference` and in single precision; samplers, distributions, refusals. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx, reference } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Backend, noiseFeeds, program } from '../../src/core/program.ts';
import { type Tensor, tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import * as d from '../../src/distributions/index.ts';
import { type DistLawOptions, distLaws, edgeLaws, showVerdicts, violations } from '../../src/laws/index.ts';
import { distOf, refusal, relative } from './helpers.ts';

type Numeral = number | 'inf' | '-inf';
interface Case {
  readonly family: string;
  readonly options: Readonly<Record<string, number>>;
  readonly events: readonly number[];
  readonly logDensity: readonly Numeral[];
  readonly cdf: readonly Numeral[];
  readonly probabilities: readonly number[];
  readonly quantile: readonly Numeral[];
  readonly mean?: Numeral;
  readonly variance?: Numeral;
  readonly mode?: Numeral;
  readonly entropy?: Numeral;
}
interface VectorCase {
  readonly family: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly events: readonly (readonly number[])[];
  readonly logDensity: readonly number[];
  readonly covariance: readonly number[];
  readonly variance: readonly number[];
  readonly entropy: number;
}
const fixtures = JSON.parse(readFileSync(new URL('./fixtures/continuous.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
  readonly vectors: readonly VectorCase[];
  readonly special: Readonly<Record<string, readonly number[]>>;
};
const value = (v: Numeral): number =>
  v === 'inf' ? Number.POSITIVE_INFINITY : v === '-inf' ? Number.NEGATIVE_INFINITY : v;

/** A distribution that carries facts; what it lacks is found by the fixtures. */
type Known = AnyDist & {
  readonly [F in 'mean' | 'variance' | 'mode' | 'entropy' | 'covariance']: Expr;
} & { readonly cdf: (x: Expr) => Expr; readonly quantile: (u: Expr) => Expr };

const run = async (
  backend: Backend,
  outputs: readonly Expr[],
  feeds: Record<string, Tensor> = {},
): Promise<number[][]> => {
  const p = program(outputs, backend.precisions[0]);
  const executable = await backend.compile(p);
  try {
    return (await executable.run({ ...noiseFeeds(p, { seed: 5 }), ...feeds })).map(toNumbers);
  } finally {
    await executable.dispose();
  }
};

const eachDensity = (dist: AnyDist, x: Expr): Expr => vmapAll((v: Expr) => [D.runDraw(dist.logDensity(v))])(x)[0];

const moments = ['mean', 'variance', 'mode', 'entropy'] as const;
/** Numbers below this are compared absolutely: sums of terms of order one that nearly cancel have no digits of their own. */
const floors = { float64: 1e-3, float32: 0.3 } as const;
/** Asked for are 1e-10 and 1e-5; the former would not notice a wrong digit in a coefficient. */
const tolerances = { float64: 1e-12, float32: 1e-5 } as const;

const families = [...new Set(fixtures.cases.map((c) => c.family))];

describe.each([
  ['float64', reference],
  ['float32', onnx('cpu')],
] as const)('%s', (precision, backend) => {
  const floor = floors[precision];
  const holds = (name: string, got: readonly number[], wanted: readonly number[], least: number): void => {
    expect(got.length).toBe(wanted.length);
    got.forEach((g, i) => {
      const off = relative(g, wanted[i], least);
      expect(off, `${name} ${i}: ${g}, not ${wanted[i]}`).toBeLessThanOrEqual(tolerances[precision]);
    });
  };

  test.each(families)('%s', async (family) => {
    const cases = fixtures.cases.filter((c) => c.family === family);
    const feeds: Record<string, Tensor> = {};
    const outputs = cases.flatMap((c, i) => {
      const dist = distOf({ type: family, shape: [1], ...c.options }) as Known;
      const [n, m] = [c.events.length, c.probabilities.length];
      const [x, u] = [o.input(`x${i}`, [n, 1]), o.input(`u${i}`, [m, 1])];
      feeds[`x${i}`] = tensorOf(c.events, [n, 1]);
      feeds[`u${i}`] = tensorOf(c.probabilities, [m, 1]);
      const density = eachDensity(dist, x);
      return [density, grad(o.sum(density), [x])[0], dist.cdf(x), dist.quantile(u), ...moments.filter((f) => c[f] !== undefined).map((f) => dist[f])]; // biome-ignore format: one idea
    });
    const results = await run(backend, outputs, feeds);
    for (const c of cases) {
      const [density, slope, cdf, quantile] = results.splice(0, 4);
      const at = `${family} ${JSON.stringify(c.options)}`;
      holds(`${at} log-density`, density, c.logDensity.map(value), floor);
      holds(`${at} cdf`, cdf, c.cdf.map(value), precision === 'float32' ? 1e-30 : 1e-300);
      holds(`${at} quantile`, quantile, c.quantile.map(value), floor * (c.options.scale ?? 1));
      slope.forEach((s, i) => {
        const off = c.logDensity[i] === '-inf';
        expect(off ? s === 0 : Number.isFinite(s), `${at} slope at ${c.events[i]}: ${s}`).toBe(true);
      });
      for (const f of moments.filter((name) => c[name] !== undefined))
        holds(`${at} ${f}`, results.shift()!, [value(c[f]!)], f === 'variance' ? 1e-30 : floor);
    }
    expect(results).toEqual([]);
  });

  test('Φ, log Φ, atan and the inverse of erf', async () => {
    const { events, fractions, ...wanted } = fixtures.special;
    const [x, y] = [o.input('x', [events.length]), o.input('y', [fractions.length])];
    const [cdf, logCdf, angle, inverse] = await run(
      backend,
      [o.normalCdf(x), o.normalLogCdf(x), o.atan(x), o.erfInverse(y)],
      { x: tensorOf(events), y: tensorOf(fractions) },
    );
    const tiny = precision === 'float32' ? 1e-30 : 1e-300;
    holds('Φ', cdf, wanted.normalCdf, tiny);
    holds('log Φ', logCdf, wanted.normalLogCdf, tiny);
    holds('atan', angle, wanted.atan, tiny);
    holds('erf⁻¹', inverse, wanted.erfInverse, tiny);
  });

  test.each(
    fixtures.vectors.map((v) => [v.family, v.events[0].length, v] as const),
  )('%s of %i', async (type, size, v) => {
    const dist = distOf({ type, ...v.options }) as Known;
    const x = o.input('x', [v.events.length, size]);
    const [density, covariance, variance, entropy] = await run(
      backend,
      [eachDensity(dist, x), dist.covariance, dist.variance, dist.entropy],
      { x: tensorOf(v.events.flat(), [v.events.length, size]) },
    );
    const largest = Math.max(...v.covariance.map(Math.abs));
    holds('log-density', density, v.logDensity, floor);
    holds('covariance', covariance, v.covariance, largest * 1e-3);
    holds('variance', variance, v.variance, 1e-30);
    holds('entropy', entropy, [v.entropy], floor);
  });
});

describe('samplers', () => {
  /** √n times Kolmogorov's distance of numbers from the uniform distribution on (0, 1); above 1.95 once in a thousand. */
  const kolmogorov = (values: readonly number[]): number => {
    const sorted = Float64Array.from(values).sort();
    const n = sorted.length;
    return Math.sqrt(n) * sorted.reduce((worst, u, i) => Math.max(worst, u - i / n, (i + 1) / n - u), 0);
  };
  const N = 100_000;

  test.each(families)('%s follows its cdf', async (family) => {
    const cases = fixtures.cases.filter((c) => c.family === family).slice(0, 3);
    const drawn = cases.map((c, i) => {
      const dist = distOf({ type: family, shape: [1], ...c.options }) as Known;
      const sample = D.at(`case${i}`, dist.sample);
      return vmapAll(() => [dist.cdf(D.runDraw(sample))], { size: N, fresh: () => true })()[0];
    });
    for (const values of await run(onnx('cpu'), drawn)) expect(kolmogorov(values)).toBeLessThan(1.95);
  });

  test.each(
    fixtures.vectors.map((v) => [v.family, v.events[0].length, v] as const),
  )('%s of %i along lines', async (type, size, v) => {
    const dist = distOf({ type, ...v.options }) as Known;
    const lines = [0, 1, 2].map((k) => o.constant(Array.from({ length: size }, (_, i) => Math.cos(1 + 3 * i + 7 * k))));
    const along = vmapAll(
      () => {
        const z = o.sub(D.runDraw(dist.sample), dist.mean);
        return lines.map((a) => o.normalCdf(o.div(o.dot(a, z), o.sqrt(o.dot(a, o.matvec(dist.covariance, a))))));
      },
      { size: N, fresh: () => true },
    )();
    for (const values of await run(onnx('cpu'), along)) expect(kolmogorov(values)).toBeLessThan(1.95);
  });
});

describe('distributions', () => {
  const from = (low: number, high: number): DistLawOptions => ({ region: { low, high } });
  const dists: readonly (readonly [string, AnyDist, DistLawOptions])[] = [
    ['normal', d.normal([2], { loc: [1, -2], scale: 0.5 }), {}],
    ['laplace', d.laplace([1], { scale: 0.5 }), { quadrature: 1e-4 }],
    ['logistic', d.logistic([2], { loc: 1 }), {}],
    ['cauchy', d.cauchy([1], { loc: 0.5 }), { quadrature: 1e-4 }],
    ['gumbel', d.gumbel([1], { loc: -1, scale: 2 }), {}],
    ['uniform', d.uniform([2], { low: -1, high: 2 }), from(-1, 2)],
    ['triangular', d.triangular([2], { low: -1, mode: 1, high: 2 }), { ...from(-1, 2), quadrature: 1e-3 }],
    ['exponential', d.exponential([1], { rate: 2 }), from(0, 20)],
    ['weibull', d.weibull([1], { concentration: 2.5, scale: 2 }), { ...from(0, 12), quadrature: 1e-5 }],
    ['rayleigh', d.rayleigh([1], { scale: 2 }), from(0, 20)],
    ['pareto', d.pareto([1], { concentration: 20, scale: 1 }), from(1, 3)],
    ['gompertz', d.gompertz([1], { concentration: 0.3, rate: 2 }), from(0, 4)],
    ['kumaraswamy', d.kumaraswamy([2], { a: 2, b: 3 }), { region: 'unit' }],
    ['logNormal', d.logNormal([1], { loc: 0.3, scale: 0.4 }), from(0, 40)],
    ['halfNormal', d.halfNormal([1], { scale: 2 }), from(0, 20)],
    ['multivariateNormal', d.multivariateNormal({ loc: [1, -1], scaleTril: [[1, 0], [0.7, 0.5]] }), {}], // biome-ignore format: one line a distribution
    ['lowRankNormal', d.lowRankNormal({ factor: [[1], [0.5]], diagonal: [0.3, 0.2] }), {}],
    ['diagonalNormal', d.diagonalNormal({ loc: [1, -1], scale: [0.3, 2] }), {}],
  ];
  test.each(dists)('%s', (_name, dist, options) => {
    expect(showVerdicts(violations(distLaws(dist, options)))).toBe('');
    expect(distOf(dist.spec).spec).toEqual(dist.spec);
  });

  test('off the support and at its edges', () => {
    const one = (...values: number[]): Tensor => tensorOf(values, [values.length, 1]);
    const tried: readonly (readonly [AnyDist, Tensor, Tensor])[] = [
      [d.exponential([1]), one(-1, -1e-300), one(0)],
      [d.halfNormal([1]), one(-1, -1e-300), one(0)],
      [d.gompertz([1], { concentration: 1 }), one(-1, -1e-300), one(0)],
      [d.rayleigh([1]), one(-1, -1e-300), one(0)],
      [d.logNormal([1]), one(-1, -1e-300), one(0)],
      [d.pareto([1], { concentration: 1 }), one(-1, 0, 0.999), one(1)],
      ...[0.5, 1, 2].map((k) => [d.weibull([1], { concentration: k }), one(-1, -1e-300), one(0)] as const),
      ...[0.5, 1, 2].map((a) => [d.kumaraswamy([1], { a, b: a }), one(-1, 1.001, 7), one(0, 1)] as const),
      ...[0, 0.3, 1].map((mode) => [d.triangular([1], { mode }), one(-1, 1.001), one(0, mode, 1)] as const),
    ];
    for (const [dist, outside, edges] of tried)
      expect(showVerdicts(violations(edgeLaws(dist, { outside, edges }, {})))).toBe('');
  });

  test('parameters get gradients: of the low-rank density, by finite differences', () => {
    const f = o.input('f', [3, 2]);
    const dist = d.lowRankNormal({ factor: f, diagonal: [0.3, 0.2, 0.5] });
    const l = D.runDraw(dist.logDensity(o.constant([1, -0.5, 0.3])));
    const at = [0.5, -0.2, 0.1, 0.9, -0.7, 0.4];
    const values = (outputs: readonly Expr[], x: readonly number[]) =>
      run(reference, outputs, { f: tensorOf(x, [3, 2]) });
    return Promise.all(
      at.map(async (_, i) => {
        const moved = (h: number) => at.map((v, k) => (k === i ? v + h : v));
        const [[up]] = await values([l], moved(1e-5));
        const [[down]] = await values([l], moved(-1e-5));
        const [slope] = await values(grad(l, [f]), at);
        expect(Math.abs(slope[i] - (up - down) / 2e-5)).toBeLessThan(1e-8);
      }),
    );
  });

  test('Cholesky of 32 × 32, and the slope of log Φ in the far tail', async () => {
    const n = 32;
    const b = o.constant(
      Array.from({ length: n * n }, (_, i) => Math.sin(i * i + 1)),
      [n, n],
    );
    const a = o.add(o.matmul(b, o.transpose(b)), o.mul(0.1, o.eye(n)));
    const l = o.cholesky(a);
    const x = o.input('x', [5]);
    const [back, upper, slope] = await run(
      reference,
      [o.sub(o.matmul(l, o.transpose(l)), a), o.triangle(l, false, true), grad(o.sum(o.normalLogCdf(x)), [x])[0]],
      { x: tensorOf([-1000, -30, -0.5, 3, 20]) },
    );
    expect(Math.max(...back.map(Math.abs))).toBeLessThan(1e-12);
    expect(Math.max(...upper.map(Math.abs))).toBe(0);
    const wanted = [
      1000.000999998, 30.033259667433677, 1.1410777703680686, 0.0044378390421256638, 5.520948362159764e-88,
    ];
    slope.forEach((s, i) => {
      expect(relative(s, wanted[i]), `slope ${i}: ${s}`).toBeLessThan(1e-8);
    });
  });
});

describe('refusals', () => {
  const refused: readonly (readonly [() => unknown, string])[] = [
    [() => d.laplace([2], { scale: -1 }), 'ArgumentError laplace: scale must be positive (got -1)'],
    [() => d.logNormal([2], { scale: [1, 0] }), 'ArgumentError logNormal: scale must be positive (got 0)'],
    [() => d.cauchy([2], { loc: [1, 2, 3] }), 'ShapeError cauchy: loc does not fit the event (expected [2], got [3])'],
    [() => d.exponential([2], { rate: Number.NaN }), 'ArgumentError exponential: rate must be positive (got NaN)'],
    [() => d.weibull([2], { concentration: 0 }), 'ArgumentError weibull: concentration must be positive (got 0)'],
    [() => d.uniform([1], { low: 2, high: 1 }), 'ArgumentError uniform: the bounds are out of order (expected low < high, got 2, 1)'],
    [() => d.triangular([1], { mode: 2 }), 'ArgumentError triangular: the mode is outside the bounds (expected low ≤ mode ≤ high, got 2)'],
    [() => d.multivariateNormal({ scaleTril: [[1, 0.5], [0, 1]] }), 'ArgumentError multivariateNormal: scaleTril is not lower triangular with a positive diagonal (expected 0 in row 0, column 1, got 0.5)'],
    [() => d.multivariateNormal({ scaleTril: [[1, 0], [0, -1]] }), 'ArgumentError multivariateNormal: scaleTril is not lower triangular with a positive diagonal (expected a number above 0 in row 1, column 1, got -1)'],
    [() => d.multivariateNormal({ scaleTril: [[1, 0, 0], [0, 1, 0]] }), 'ShapeError multivariateNormal: scaleTril has another shape (expected [2, 2], got [2, 3])'],
    [() => d.multivariateNormal({ scaleTril: [[1], [0, 1]] }), 'ShapeError multivariateNormal: scaleTril is not a matrix (expected one row or more of one length, got row 1 of 2 numbers after rows of 1)'],
    [() => d.multivariateNormal({ loc: [1, 2, 3], scaleTril: [[1, 0], [0, 1]] }), 'ShapeError multivariateNormal: loc does not fit the event (expected [2], got [3])'],
    [() => d.lowRankNormal({ factor: [[1], [2]], diagonal: [1, 0] }), 'ArgumentError lowRankNormal: diagonal must be positive (got 0)'],
    [() => d.lowRankNormal({ factor: [[1], [2]], diagonal: [1, 1, 1] }), 'ShapeError lowRankNormal: diagonal does not fit the event (expected [2], got [3])'],
    [() => d.diagonalNormal({}), 'ShapeError diagonalNormal: loc and scale do not say the dimension (expected a vector, got two numbers)'],
    [() => o.cholesky(o.constant([1, 2])), 'ShapeError cholesky: not a square matrix (expected [n, n], got [2])'],
  ]; // biome-ignore format: one line a mistake
  test.each(refused)('%#', (build, sentence) => expect(refusal(build)).toBe(sentence));
});

test('facts that a distribution does not have do not compile, and are not there', () => {
  // @ts-expect-error a Cauchy distribution has no mean
  expect(d.cauchy([1]).mean).toBeUndefined();
  // @ts-expect-error a Cauchy distribution has no variance
  expect(d.cauchy([1]).variance).toBeUndefined();
  // @ts-expect-error the mean of a Gompertz distribution is no closed form
  expect(d.gompertz([1], { concentration: 1 }).mean).toBeUndefined();
  // @ts-expect-error Kumaraswamy's distribution may have no mode
  expect(d.kumaraswamy([1], { a: 1, b: 1 }).mode).toBeUndefined();
});
