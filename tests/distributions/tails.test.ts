/** Both tails of every distribution with a quantile function, in float32 with parameters as inputs; and windows far out. Right values by mpmath. */
import { describe, expect, it, test } from 'vitest';
import type { AllFacts, Facts, TailFact } from '../../src/algebra/facts.ts';
import { bijectTo } from '../../src/bijectors/index.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import * as d from '../../src/distributions/index.ts';
import { inBoth, inBothRows, logP, numbers, onnxRows, refusal, relative } from './helpers.ts';

type Tailed = Facts<TailFact | 'cdf' | 'quantile'>;

/** Distributions of two parameters. */
const families: readonly (readonly [string, (a: Expr, b: Expr) => Tailed])[] = [
  ['normal', (a, b) => d.normal([], { loc: a, scale: b })],
  ['laplace', (a, b) => d.laplace([], { loc: a, scale: b })],
  ['logistic', (a, b) => d.logistic([], { loc: a, scale: b })],
  ['gumbel', (a, b) => d.gumbel([], { loc: a, scale: b })],
  ['cauchy', (a, b) => d.cauchy([], { loc: a, scale: b })],
  ['uniform', (a, b) => d.uniform([], { low: a, high: o.add(a, b) })],
  ['triangular', (a, b) => d.triangular([], { low: o.neg(a), mode: 0, high: b })],
  ['exponential', (a) => d.exponential([], { rate: a })],
  ['half-normal', (a) => d.halfNormal([], { scale: a })],
  ['log-normal', (a, b) => d.logNormal([], { loc: a, scale: b })],
  ['weibull', (a, b) => d.weibull([], { concentration: a, scale: b })],
  ['rayleigh', (a) => d.rayleigh([], { scale: a })],
  ['pareto', (a, b) => d.pareto([], { concentration: a, scale: b })],
  ['gompertz', (a, b) => d.gompertz([], { concentration: a, rate: b })],
  ['kumaraswamy', (a, b) => d.kumaraswamy([], { a, b })],
];
const logs = [-1e-3, -0.1, -0.6, -0.8, -2, -6, -13, -40];

describe('tails in float32', () => {
  it.each(families)('%s: each inverse undoes its tail, and float64 says the same', async (_name, family) => {
    const { float32, float64 } = await inBoth([0.7, 1.3], (a, b) => {
      const dist = family(a, b);
      return logs.flatMap((l) => {
        const [low, high] = [dist.lowerQuantile(o.scalar(l)), dist.upperQuantile(o.scalar(l))];
        return [low, high, dist.logCdf(low), dist.logSurvival(high), dist.logSurvival(low), dist.logCdf(high)];
      });
    });
    logs.forEach((l, i) => {
      // A chance of e^{−40} next to an end that is no 0 has no digits in x.
      const at = (rows: number[][], k: number) => rows[6 * i + k][0];
      for (const k of [0, 1]) expect(relative(at(float32, k), at(float64, k), 1e-3), `x at ${l}`).toBeLessThan(2e-5);
      for (const k of [2, 3]) if (l > -12) expect(relative(at(float64, k), l, 1e-3), `undone ${l}`).toBeLessThan(1e-9);
      for (const k of [2, 3, 4, 5])
        if (l > -3) expect(Math.abs(at(float32, k) - at(float64, k)), `log at ${l}`).toBeLessThan(1e-4);
      // The two tails are all there is.
      for (const [p, q] of [[2, 4], [3, 5]]) expect(Math.exp(at(float64, p)) + Math.exp(at(float64, q))).toBeCloseTo(1, 9); // biome-ignore format: one idea
    });
  });

  it.each(
    families,
  )('%s: the tails are those of the cdf and the quantile, and their gradients are finite', async (_name, family) => {
    const { float64 } = await inBoth([0.7, 1.3], (a, b) => {
      const dist = family(a, b);
      const us = [0.01, 0.3, 0.5, 0.8, 0.999].map((u) => o.scalar(u));
      const ends = [-3, 0, 1, 8].map((x) => o.scalar(x));
      const all = ends.flatMap((x) => [dist.logCdf(x), dist.logSurvival(x)]);
      const finite = all.map((l) => o.where(o.less(-1e30, l), l, 0));
      return [
        ...us.flatMap((u) => {
          const x = dist.quantile(u);
          return [o.exp(dist.logCdf(x)), dist.cdf(x), dist.lowerQuantile(o.log(u)), x];
        }),
        ...grad(o.addAll(finite), [a, b]),
      ];
    });
    for (let i = 0; i < 10; i++) expect(float64[2 * i][0]).toBeCloseTo(float64[2 * i + 1][0], 10);
    expect(float64.slice(20).flat().every(Number.isFinite), `${float64.slice(20)}`).toBe(true);
  });

  test('against mpmath', async () => {
    const normal = [[-40, -804.6084420137538], [-15, -116.1313848457117], [-5, -15.064998393988725], [3, -0.0013508099647481938], [8, -6.220960574271786e-16]]; // biome-ignore format: a table
    for (const [x, wanted] of normal) {
      const { float32, float64 } = await inBoth([x], (v) => [o.normalLogCdf(v), o.normalQuantileOfLog(o.normalLogCdf(v)), d.normal([]).logSurvival(o.neg(v))]); // biome-ignore format: one idea
      expect(relative(float64[0][0], wanted)).toBeLessThan(1e-12);
      expect(relative(float32[0][0], wanted, 1e-12)).toBeLessThan(1e-5);
      expect(float32[2]).toEqual(float32[0]);
      if (x < 3) expect(relative(float32[1][0], x)).toBeLessThan(1e-6);
      if (x < 3) expect(relative(float64[1][0], x)).toBeLessThan(1e-13);
    }
    for (const x of [-1e4, -37.4, -37.5, -38]) expect(relative(numbers(o.normalQuantileOfLog(o.normalLogCdf(x)))[0], x)).toBeLessThan(1e-13); // biome-ignore format: one idea
    const gumbel = d.gumbel([]);
    for (const [
      z,
      wanted,
    ] of [[-3, -1.8921786966284627e-9], [0, -0.4586751453870819], [5, -5.003367081836518], [20, -20.00000000103058], [100, -100]]) // biome-ignore format: a table
      expect(relative(numbers(gumbel.logSurvival(o.scalar(z)))[0], wanted)).toBeLessThan(1e-12);
    const half = d.halfNormal([]);
    for (const [
      z,
      below,
    ] of [[1e-3, -7.13354679829352], [0.5, -0.9599163336956223], [2, -0.046567912292390164], [6, -1.9731752920221066e-9]]) // biome-ignore format: a table
      expect(relative(numbers(half.logCdf(o.scalar(z)))[0], below)).toBeLessThan(1e-12);
    expect(numbers(half.logSurvival(o.scalar(30)))[0]).toBeCloseTo(-453.62809677578326, 9);
    expect(numbers(d.cauchy([]).logSurvival(o.scalar(1e6)))[0]).toBeCloseTo(-14.960240443814008, 12);
  });
});

/** Values by mpmath: parameters, x, log P(X ≤ x), log P(X > x); NaN where it has no digits there. */
const none = Number.NaN;
describe('tails of the gamma and beta families, in float32 and float64', () => {
  type Row = readonly [a: number, b: number, x: number, below: number, above: number];
  const chances: readonly (readonly [string, (a: Expr, b: Expr) => Facts<'logCdf' | 'logSurvival'>, readonly Row[]])[] = [
    ['gamma', (a, b) => d.gamma([], { concentration: a, rate: b }), [
      [2, 1, 1e-6, -28.32416896315513, -4.999996666669166e-13], [2, 1, 200, none, -194.6966950919409],
      [100, 1, 70, -7.750859224517794, -0.00043046523184501117], [100, 1, 135, -0.0007081025382239458, -7.253275677134255],
      [100, 1, 20, -83.94606805427584, -3.488878669689653e-37], [100, 1, 400, none, -165.69594353766095],
      [1e4, 1, 9000, -56.83548616875225, -2.073299202433928e-25], [0.5, 1, 1e-3, -3.3334286907475343, -0.036322332917113245],
    ]],
    ['beta', (a, b) => d.beta([], { alpha: a, beta: b }), [
      [2, 5, 1e-6, -24.92297358149356, -1.4999960000157497e-11], [2, 5, 0.5, -0.1158318155251217, -2.2129729343043585],
      [200, 300, 0.1, -159.15767518232542, none], [200, 300, 0.9, none, -379.3896953067763], [0.5, 0.5, 0.3, -0.9969312110207781, -0.4604654539158712],
    ]],
    ['t', (a) => d.studentT([], { degrees: a }), [
      [1, 1, -1e20, -47.196431745730315, none], [3, 1, -1e12, -82.79533990874104, none], [3, 1, 50, none, -11.639784763243979],
      [30, 1, -40, -62.54623464729917, none], [0.5, 1, 1e30, none, -35.67602252568221],
    ]],
  ]; // biome-ignore format: tables
  it.each(chances)('%s', async (_name, family, rows) => {
    const got = await inBothRows(rows.map(([a, b, x]) => [a, b, x]), (a, b, x) => [family(a, b).logCdf(x), family(a, b).logSurvival(x)]); // biome-ignore format: one call
    got.forEach(({ float32, float64 }, i) => {
      rows[i].slice(3).forEach((wanted, k) => {
        const where = `${rows[i]}: ${float32[k]} ${float64[k]}`;
        // Where mpmath's digits ended: what the other tail leaves.
        if (Number.isNaN(wanted)) expect(float64[k][0], where).toBeCloseTo(Math.log1p(-Math.exp(rows[i][4 - k])), 14);
        // float32 rounds x itself.
        else expect(relative(float64[k][0], wanted, 1e-12), where).toBeLessThan(2e-4);
        expect(relative(float32[k][0], float64[k][0], 1e-6), where).toBeLessThan(2e-4);
      });
    });
  });
  it('in float64, to rounding; and as parts of one', () => {
    for (const [name, family, rows] of chances)
      for (const [a, b, x, below, above] of rows) {
        const dist = family(o.scalar(a), o.scalar(b));
        const [l, s] = [numbers(dist.logCdf(o.scalar(x)))[0], numbers(dist.logSurvival(o.scalar(x)))[0]];
        if (!Number.isNaN(below)) expect(relative(l, below), `${name} ${a} ${b} ${x}: ${l}`).toBeLessThan(1e-11);
        if (!Number.isNaN(above)) expect(relative(s, above), `${name} ${a} ${b} ${x}: ${s}`).toBeLessThan(1e-11);
        expect(Math.exp(l) + Math.exp(s)).toBeCloseTo(1, 11);
      }
  });
  it('inverse gamma, F and χ² follow', () => {
    for (const dist of [d.inverseGamma([], { concentration: 3, scale: 2 }), d.fisherF([], { numerator: 5, denominator: 8 }), d.chiSquared([], { degrees: 4 })]) // biome-ignore format: one idea
      for (const x of [-1, 0, 0.1, 1, 6, 40]) {
        const [c, l, s] = [dist.cdf, dist.logCdf, dist.logSurvival].map((f) => numbers(f(o.scalar(x)))[0]);
        expect(Math.exp(l)).toBeCloseTo(c, 11);
        expect(Math.exp(s)).toBeCloseTo(1 - c, 11);
      }
  });
  it('the cdf of t is right where t² overflows', async () => {
    const { float32 } = await inBoth([1, -1e20, 1e20, 0.5, -1e30], (one, low, high, half, deep) => [
      d.studentT([], { degrees: one }).cdf(low),
      d.studentT([], { degrees: one }).cdf(high),
      d.studentT([], { degrees: half }).cdf(deep),
    ]);
    expect(relative(float32[0][0], Math.exp(-47.196431745730315))).toBeLessThan(1e-4);
    expect(float32[1]).toEqual([1]);
    expect(relative(float32[2][0], Math.exp(-35.67602252568221))).toBeLessThan(1e-4);
  });
  it('the mode of a beta distribution with two poles is one of them', () => {
    for (const [alpha, beta, mode] of [[0.5, 0.5, 0], [0.2, 0.5, 0], [0.5, 0.2, 1], [1, 1, 0.5], [2, 2, 0.5]]) // biome-ignore format: a table
      expect(numbers(d.beta([], { alpha, beta }).mode)).toEqual([mode]);
  });
});

const mean = (xs: readonly (readonly number[])[]) => xs.reduce((s, [x]) => s + x, 0) / xs.length;

describe('windows far out', () => {
  it('samples of the issue’s windows have the right mean, in float32', async () => {
    const n = 20_000;
    const cases = [
      [d.truncate({ low: -20, high: -15 })(d.normal([1])), -15.06608, 0.0657],
      [d.truncate({ low: 20, high: 21 })(d.normal([1])), 20.04975, 0.0496],
      [d.truncate({ low: 5 })(d.exponential([1], { rate: 1 })), 6, 1],
      [d.truncate({ low: 40 })(d.normal([1])), 40.02497, 0.025],
    ] as const;
    for (const [dist, wanted, sd] of cases) {
      const xs = await onnxRows(dist, n, 3);
      expect(xs.every(([x]) => Number.isFinite(x))).toBe(true);
      expect(Math.abs(mean(xs) - wanted)).toBeLessThan((4.5 * sd) / Math.sqrt(n));
    }
  });

  it('densities and samples with parameters and bounds as inputs: float32 agrees with float64', async () => {
    const cases = [
      [40, Number.POSITIVE_INFINITY, 40.01, 3.289453480549195],
      [20, 21, 20.05, undefined],
      [-20, -15, -15.1, undefined],
      [-1, 2, 0.3, undefined],
      [-300, -200, -200.001, undefined],
    ] as const;
    for (const [low, high, x, wanted] of cases) {
      const { float32, float64 } = await inBoth([low, Number.isFinite(high) ? high : 0, x, 0, 1], (a, b, at, m, s) => {
        const dist = d.truncate({ low: a, ...(Number.isFinite(high) ? { high: b } : {}) })(d.normal([], { loc: m, scale: s })); // biome-ignore format: one idea
        const l = D.runDraw(dist.logDensity(at));
        return [l, ...grad(l, [m, s]), dist.quantile(o.scalar(0.9)), dist.logCdf(at), dist.upperQuantile(o.scalar(-3))];
      });
      if (wanted !== undefined) expect(relative(float64[0][0], wanted, 1)).toBeLessThan(1e-4);
      // The density is a difference of numbers of the size of ½ x².
      const size = 1 + x * x;
      float64.forEach(([w], k) => {
        expect(Number.isFinite(w)).toBe(true);
        expect(Math.abs(float32[k][0] - w), `${k} of ${low}`).toBeLessThan(
          (k === 4 ? 1e-6 : 4e-7) * size * (k === 2 ? 10 : 1),
        );
      });
    }
    expect(logP(d.truncate({ low: 40 })(d.normal([1])), [[40.01]])[0]).toBeCloseTo(3.289453480549195, 9);
  });

  it('a truncated distribution is a distribution with tails, and can be truncated again', () => {
    const once = d.truncate({ low: 0 })(d.normal([1]));
    const twice = d.truncate({ low: 40 })(once);
    expect(logP(twice, [[40.01]])[0]).toBeCloseTo(3.289453480549195, 9);
    for (const dist of [d.truncate({ low: 8, high: 9 })(d.normal([1])), d.truncate({ high: 0.3 })(d.gumbel([1])), d.truncate({ low: 2, high: 3 })(d.exponential([1]))]) // biome-ignore format: one idea
      for (const u of [1e-6, 0.2, 0.5, 0.9, 1 - 1e-6]) {
        const x = dist.quantile(o.constant([u]));
        expect(numbers(dist.cdf(x))[0]).toBeCloseTo(u, 9);
        expect(numbers(dist.lowerQuantile(o.constant([Math.log(u)])))[0]).toBeCloseTo(numbers(x)[0], 9);
        expect(numbers(o.add(o.exp(dist.logSurvival(x)), dist.cdf(x)))[0]).toBeCloseTo(1, 9);
      }
  });

  it('a window without mass is refused', () => {
    const sentence =
      /ArgumentError truncate: the distribution has no mass in the window \(expected a window that holds some of the distribution, got exponential between −∞ and -1\)/;
    expect(refusal(() => d.truncate({ high: -1 })(d.exponential([1])))).toMatch(sentence);
    expect(refusal(() => d.truncate({ low: 2 })(d.uniform([1])))).toMatch(/no mass in the window/);
    expect(refusal(() => d.truncate({ low: [0, 2], high: 3 })(d.uniform([2])))).toMatch(/no mass in the window/);
  });
});

describe('supports of windows', () => {
  const supportOf = (dist: Pick<AllFacts, 'support'>) => dist.support;
  it('says what is cut, of numbers', () => {
    expect(supportOf(d.truncate({ high: 0 })(d.normal([1])))).toEqual({ kind: 'below', high: 0 });
    expect(supportOf(d.truncate({ low: 1 })(d.normal([1])))).toEqual({ kind: 'above', low: 1 });
    expect(supportOf(d.truncate({ high: 2 })(d.exponential([1])))).toEqual({ kind: 'interval', low: 0, high: 2 });
    expect(supportOf(d.truncate({ low: -1 })(d.uniform([1], { low: -3, high: 4 })))).toEqual({ kind: 'interval', low: -1, high: 4 }); // biome-ignore format: one idea
  });
  it('maps the reals onto windows of arrays and expressions, with the right volume', () => {
    const shift = o.constant([0.5, -1]);
    for (const support of [
      supportOf(d.truncate({ low: [0, 1] })(d.normal([2]))),
      supportOf(d.truncate({ high: shift })(d.normal([2]))),
      supportOf(d.truncate({ low: shift, high: [1, 2] })(d.normal([2]))),
      supportOf(d.truncate({ high: 3 })(d.normal([2]))),
    ])
      for (const by of ['softplus', 'exp'] as const) {
        const layer = bijectTo(support as never, { by });
        const z = o.constant([-1.3, 0.8]);
        const h = 1e-5;
        const [x, volume] = [D.runDraw(layer.decode(z)).value, D.runDraw(layer.decode(z)).contribution];
        const [up] = [D.runDraw(layer.decode(o.add(z, h))).value];
        const slope = numbers(o.sum(o.log(o.div(o.sub(up, x), h))))[0];
        expect(numbers(volume)[0]).toBeCloseTo(-slope, 3);
        expect(numbers(D.runDraw(layer.encode(x)).value)).toEqual([expect.closeTo(-1.3, 9), expect.closeTo(0.8, 9)]);
      }
  });
});
