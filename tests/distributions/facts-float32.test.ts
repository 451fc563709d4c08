/**
 * Every fact in float32 against float64, parameters being inputs (constants are folded in float64), over concentrations 1e-3 … 1e7. Right values by
 * mpmath.
 */
import { describe, expect, it, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import type { AllFacts } from '../../src/algebra/facts.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import * as d from '../../src/distributions/index.ts';
import { inBoth, inBothRows, numbers, relative } from './helpers.ts';

/** Distributions of one and of two concentrations. */
const families: readonly (readonly [string, 1 | 2, (a: Expr, b: Expr) => AnyDist])[] = [
  ['gamma', 2, (a, b) => d.gamma([], { concentration: a, rate: b })],
  ['inverse gamma', 1, (a) => d.inverseGamma([], { concentration: a })],
  ['χ²', 1, (a) => d.chiSquared([], { degrees: a })],
  ['beta', 2, (a, b) => d.beta([], { alpha: a, beta: b })],
  ['Dirichlet', 2, (a, b) => d.dirichlet({ concentration: o.stack([a, b, a]) })],
  ['F', 2, (a, b) => d.fisherF([], { numerator: a, denominator: b })],
  ['t', 1, (a) => d.studentT([], { degrees: a })],
  ['multivariate t', 1, (a) => d.multivariateT({ degrees: a, scaleTril: [[1, 0], [0.5, 2]] })], // biome-ignore format: one line a distribution
  ['Kumaraswamy', 2, (a, b) => d.kumaraswamy([], { a, b })],
  ['Weibull', 1, (a) => d.weibull([], { concentration: a })],
  ['Pareto', 1, (a) => d.pareto([], { concentration: a })],
  ['Gompertz', 1, (a) => d.gompertz([], { concentration: a })],
  ['von Mises', 1, (a) => d.vonMises([], { concentration: a })],
  ['exponential', 1, (a) => d.exponential([], { rate: a })],
  ['normal', 1, (a) => d.normal([], { scale: a })],
  ['half-normal', 1, (a) => d.halfNormal([], { scale: a })],
  ['Rayleigh', 1, (a) => d.rayleigh([], { scale: a })],
  ['Gumbel', 1, (a) => d.gumbel([], { scale: a })],
  ['logistic', 1, (a) => d.logistic([], { scale: a })],
  ['Laplace', 1, (a) => d.laplace([], { scale: a })],
  ['Cauchy', 1, (a) => d.cauchy([], { scale: a })],
];
const sizes = [1e-3, 0.05, 0.7, 2.5, 7.99, 40, 1e3, 1e5, 1e7];
const rows = (n: 1 | 2) => sizes.flatMap((a) => (n === 1 ? [[a, 1]] : sizes.map((b) => [a, b])));
const names = ['mean', 'variance', 'covariance', 'mode', 'entropy'] as const;

/** Numbers that float32 has. */
const held = (w: number) => Math.abs(w) < 3e38 && (w === 0 || Math.abs(w) > 1e-36);
/** A float32 result beside the float64 one: `slack` is absolute. */
const near = (got: number, wanted: number, bar: number, slack: number, where: string) => {
  if (Number.isNaN(wanted)) expect(got, where).toBeNaN();
  else if (held(wanted) && got !== wanted) expect(Math.abs(got - wanted) / (Math.abs(wanted) + slack), `${where}: ${got} for ${wanted}`).toBeLessThan(bar); // biome-ignore format: one idea
};

describe('every fact, float32 beside float64', () => {
  it.each(families)(
    '%s',
    async (_name, n, family) => {
      const known: string[] = [];
      const got = await inBothRows(rows(n), (a, b) => {
        const dist: Partial<AllFacts> = family(a, b) as AnyDist & Partial<AllFacts>;
        const there = names.filter((k) => dist[k] !== undefined);
        known.push(...there);
        return there.map((k) => dist[k] as Expr);
      });
      got.forEach(({ float32, float64 }, i) => {
        known.forEach((fact, k) => {
          const where = `${fact} at ${rows(n)[i]}`;
          // Moments keep their relative accuracy; an entropy is 0 somewhere.
          float64[k].forEach((w, j) => {
            near(float32[k][j], w, fact === 'entropy' ? 1e-5 : 2e-4, fact === 'entropy' ? 1 : 0, where);
          });
        });
      });
    },
    60_000,
  );

  const divergences: readonly (readonly [string, (a: Expr, b: Expr) => AnyDist])[] = [
    ['gamma', (a, b) => d.gamma([], { concentration: a, rate: o.add(1, o.div(1, b)) })],
    ['beta', (a, b) => d.beta([], { alpha: a, beta: b })],
    ['Dirichlet', (a, b) => d.dirichlet({ concentration: o.stack([a, b, a]) })],
  ];
  it.each(divergences)(
    'KL of %s: never negative, right beside float64',
    async (_name, family) => {
      const all = rows(2).flatMap(([a, b]) => [[a, b, 1 + 1 / Math.sqrt(a + 4), 1], [a, b, 2, 0.3], [a, b, 1, 1]]); // biome-ignore format: a table
      const got = await inBothRows(all, (a, b, r, s) => [
        D.runDraw(d.kl(family(a, b) as never, family(o.mul(a, r), o.mul(b, s)) as never).value),
      ]);
      got.forEach(({ float32: [[g]], float64: [[w]] }, i) => {
        const where = `${all[i]}`;
        near(g, w, 2e-3, 0.05, where);
        expect(w, where).toBeGreaterThan(-1e-9 * (all[i][2] === 1 ? 1 : w));
        expect(g, where).toBeGreaterThan(-1e-5);
      });
    },
    60_000,
  );
});

describe('the examples', () => {
  test('entropies', async () => {
    const { float32 } = await inBoth([1e6, 1e5, 3e5], (a, b, c) => [
      d.gamma([], { concentration: a }).entropy,
      d.beta([], { alpha: b, beta: c }).entropy,
      d.fisherF([], { numerator: a, denominator: o.mul(2, a) }).entropy,
      d.studentT([], { degrees: o.mul(10, a) }).entropy,
      d.inverseGamma([], { concentration: b }).entropy,
    ]);
    [8.326693478853393, -5.867661957745551, -4.93951071255477, 1.4189386332046752, -15.85044299757567].forEach((w, i) =>
      expect(relative(float32[i][0], w)).toBeLessThan(2e-6),
    );
  });
  test('variances', async () => {
    const { float32 } = await inBoth([1000, 2], (a, b) => [
      d.kumaraswamy([], { a, b }).variance,
      d.weibull([], { concentration: a }).variance,
    ]);
    [1.2440183909190977e-6, 1.640642681484991e-6].forEach((w, i) =>
      expect(relative(float32[i][0], w)).toBeLessThan(1e-5),
    );
  });
  test('divergences', async () => {
    const { float32 } = await inBoth([1e5, 3e5], (a, b) => [
      D.runDraw(d.kl(d.beta([], { alpha: a, beta: b }), d.beta([], { alpha: o.mul(a, 1.002), beta: o.sub(b, 500) })).value), // biome-ignore format: one line a distribution
      D.runDraw(d.kl(d.dirichlet({ concentration: o.mul(a, o.constant([0.01, 0.02, 0.03])) }), d.dirichlet({ concentration: o.mul(a, o.constant([0.0101, 0.0199, 0.03])) })).value), // biome-ignore format: one line a distribution
    ]);
    [0.504238558725397, 0.07490704762955508].forEach((w, i) => expect(relative(float32[i][0], w)).toBeLessThan(1e-3));
  });
  test('a draw of a large Dirichlet or beta distribution scores what its density says', async () => {
    const dists: readonly ((a: Expr) => AnyDist)[] = [
      (a) => d.dirichlet({ concentration: o.mul(a, o.constant([1, 2, 3])) }),
      (a) => d.beta([1], { alpha: a, beta: o.mul(3, a) }),
    ];
    for (const dist of dists)
      for (const size of [1e-3, 1, 1e3, 1e6]) {
        const { float32, float64 } = await inBoth([size], (a) => [
          D.runDraw(D.map((s: { readonly logDensity: Expr }) => s.logDensity)(dist(a).sampleAndLogDensity)),
        ]);
        const [got, wanted] = [float32[0][0], float64[0][0]];
        expect(Math.abs(got - wanted), `${got} for ${wanted} at ${size}`).toBeLessThan(0.02 + 1e-5 * Math.abs(wanted));
      }
  });
  test('ψ − log and second differences of log Γ', () => {
    for (const [a, w] of [
      [1e-3, -993.6678166528282],
      [0.3, -2.2985514178741973],
      [7.9, -0.06462427190940483],
      [8.1, -0.0629966045978116],
      [1e7, -5.000000083333333e-8],
    ])
      expect(relative(numbers(o.digammaRemainder(a))[0], w)).toBeLessThan(2e-13);
    for (const [c, h, w] of [[1.25, 0.25, 0.0757614352083811], [2, 1e-4, 6.449340672598427e-9], [1e5, 10, 0.0010000050016833583], [2, 1.1, 0.8537513230086056]]) expect(relative(numbers(o.lgammaCurvature(o.scalar(c), o.scalar(h)))[0], w), `${c}, ${h}`).toBeLessThan(1e-12); // biome-ignore format: one idea
  });
});
