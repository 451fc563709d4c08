/** Distributions made of distributions: products, mixtures, truncation, maps, empirical distributions and kernel densities. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, it, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import type { AllFacts } from '../../src/algebra/facts.ts';
import { affine } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { tensor } from '../../src/core/tensor.ts';
import {
  bernoulli,
  categorical,
  concrete,
  discretisedLogistic,
  empirical,
  independent,
  kernelDensity,
  map,
  mixture,
  mixtureSameFamily,
  normal,
  product,
  pushforward,
  standardNormal,
  truncate,
  uniform,
} from '../../src/distributions/index.ts';
import { run } from '../../src/inference/run.ts';
import { type DistLawOptions, distLaws, edgeLaws, showVerdicts, violations } from '../../src/laws/index.ts';
import { distOf, drawn, logP, numbers, refusal, relative, rowsOf } from './helpers.ts';

const rows = [[0.1], [0.7], [2.5], [-1.2], [0.3]];
const bumps = mixture({
  logits: [0, 1],
  components: [normal([1], { loc: -2, scale: 0.5 }), normal([1], { loc: 1 })],
});
const sameBumps = mixtureSameFamily({
  logits: [0, 1],
  parameters: { loc: o.constant([-2, 1], [2, 1]), scale: o.constant([0.5, 1], [2, 1]) },
  family: (p) => normal([1], p),
});

const dists: readonly (readonly [string, AnyDist, DistLawOptions])[] = [
  ['independent', independent([2])(normal([], { loc: 1, scale: 2 })), {}],
  ['independent flows', independent([2])(pushforward(affine())(standardNormal([1]))), {}],
  ['product', product([normal([1], { loc: 1 }), normal([1], { scale: 3 })]), {}],
  ['product of flows', product([pushforward(affine())(standardNormal([1])), standardNormal([1])]), {}],
  ['mixture', bumps, {}],
  ['mixture of a family', sameBumps, {}],
  ['mixture of flows', mixture({ logits: [0, 0.3], components: [pushforward(affine())(standardNormal([2])), standardNormal([2])] }), {}], // biome-ignore format: one line a distribution
  ['truncated normal', truncate({ low: -1, high: 2 })(normal([1], { loc: 0.5 })), { region: { low: -1, high: 2 } }],
  ['truncated far out', truncate({ low: 8, high: 9 })(standardNormal([1])), { region: { low: 8, high: 9 } }],
  ['truncated on both axes', truncate({ low: [0, 0], high: 1 })(uniform([2], { low: -3, high: [2, 1.5] })), { region: { low: 0, high: 1 } }], // biome-ignore format: one line a distribution
  ['kernel density', kernelDensity({ rows }), {}],
];

describe('distributions of distributions', () => {
  test.each(dists)('%s', (_name, dist, options) => {
    const verdicts = distLaws(dist, { count: 4096, ...options });
    expect(showVerdicts(violations(verdicts))).toBe('');
  });
});

const facts = (dist: AnyDist): Partial<AllFacts> => dist as AnyDist & Partial<AllFacts>;

describe('in float32 on onnx-cpu', () => {
  const relaxed = concrete({ logits: [0.3, -1, 0.5], temperature: 0.6 });
  const checked: readonly (readonly [string, AnyDist, readonly (readonly number[])[]])[] = [
    ['mixture', bumps, [[-40], [-2], [0.3], [12]]],
    ['mixture of a family', sameBumps, [[-40], [-2], [0.3], [12]]],
    ['truncated far out', truncate({ low: 8, high: 9 })(standardNormal([1])), [[8], [8.25], [9], [9.5]]],
    ['product', product([normal([1]), bernoulli([1], { logits: 20 })]), [[1, 1], [0.5, 0]]],
    ['independent', independent([2])(normal([1], { loc: 1 })), [[1, 2]]],
    ['kernel density', kernelDensity({ rows }), [[0], [30]]],
    ['concrete', relaxed, [[0.25, 0.5, 0.25], [0.984375, 0.0078125, 0.0078125]]],
  ]; // biome-ignore format: one line a distribution
  it.each(checked)('%s: log-densities to 1e-5, finite samples', async (_name, dist, at) => {
    const running = run(dist, {}, onnx('cpu'));
    const x = { ...tensor(Float32Array.from(at.flat()), [at.length, ...dist.shape]) };
    const got = (await running.logDensity(x)).data;
    logP(dist, at).forEach((wanted, i) => expect(relative(got[i], wanted, 0.1)).toBeLessThan(1e-5));
    expect((await running.sample(256, 1)).data.every(Number.isFinite)).toBe(true);
  });
});

describe('facts agree with 50,000 samples', () => {
  const checked: readonly (readonly [string, AnyDist])[] = [
    ['independent', independent([2])(normal([1], { loc: 1, scale: 2 }))],
    ['product', product([normal([1], { loc: 1 }), bernoulli([2], { logits: 1 })])],
    ['mixture', bumps],
    ['empirical', empirical({ rows })],
    ['kernel density', kernelDensity({ rows, bandwidth: [0.4] })],
  ];
  it.each(checked)('%s', (_name, dist) => {
    const { mean, variance } = facts(dist);
    const xs = rowsOf(dist, 50_000, 5);
    const [m, v] = [numbers(mean!), numbers(variance!)];
    m.forEach((wanted, j) => {
      const got = xs.reduce((a, x) => a + x[j], 0) / xs.length;
      expect(Math.abs(got - wanted)).toBeLessThan(5 * Math.sqrt(v[j] / xs.length));
      const spread = xs.reduce((a, x) => a + (x[j] - wanted) ** 2, 0) / xs.length;
      expect(relative(spread, v[j])).toBeLessThan(0.04);
    });
  });
});

describe('products', () => {
  it('copies have noise of their own, whatever the batch', () => {
    const dist = independent([3, 2])(normal([]));
    expect(dist.shape).toEqual([3, 2]);
    const [one] = rowsOf(dist, 1, 3);
    expect(new Set(one).size).toBe(6);
    expect(rowsOf(dist, 5, 3)[0]).toEqual(one);
  });

  it('entropies add up', () => {
    const dist = product([normal([1]), bernoulli([2], { logits: 1 })]);
    expect(numbers(dist.entropy)[0]).toBeCloseTo(numbers(normal([1]).entropy)[0] + numbers(bernoulli([2], { logits: 1 }).entropy)[0], 12); // biome-ignore format: one idea
    expect(numbers(independent([4])(normal([2])).entropy)[0]).toBeCloseTo(8 * numbers(normal([1]).entropy)[0], 12);
  });
});

describe('mixtures', () => {
  it('one family or any distributions, the density is the same', () => {
    const at = [[-3], [-1.9], [0], [1.4], [40]];
    expect(logP(sameBumps, at)).toEqual(logP(bumps, at).map((l) => expect.closeTo(l, 10)));
  });

  it('of discretised logistics sums to one', () => {
    const dist = mixture({
      logits: [0, -1],
      components: [discretisedLogistic([1], { loc: 3, levels: 16 }), discretisedLogistic([1], { loc: 12, scale: 0.2, levels: 16 })], // biome-ignore format: one idea
    });
    const total = logP(dist, Array.from({ length: 16 }, (_, k) => [k])).reduce((a, l) => a + Math.exp(l), 0); // biome-ignore format: one idea
    expect(Math.abs(total - 1)).toBeLessThan(1e-12);
  });

  it('a component that gives an event no chance does not spoil the density', () => {
    const dist = mixture({ logits: [0, 0], components: [uniform([1]), normal([1])] });
    expect(logP(dist, [[3]])[0]).toBeCloseTo(logP(normal([1]), [[3]])[0] - Math.LN2, 12);
  });
});

describe('off the support', () => {
  const boxes = mixture({ logits: [0, 1], components: [uniform([1]), uniform([1], { low: 2, high: 3 })] });
  const boxOf = mixtureSameFamily({
    logits: [0, 1],
    parameters: { low: o.constant([0, 2]), high: o.constant([1, 3]) },
    family: (p) => uniform([1], p),
  });
  it.each([
    ['mixture', boxes],
    ['mixture of a family', boxOf],
    ['truncated', truncate({ low: 0, high: 1 })(normal([1]))],
    ['product', product([uniform([1])])],
    ['independent', independent([1])(uniform([]))],
  ] as readonly (readonly [string, AnyDist])[])('%s: −∞, with finite gradients', (_name, dist) => {
    const outside = tensor(Float64Array.from([-1, 1.5, 4]), [3, 1]);
    expect(showVerdicts(violations(edgeLaws(dist, { outside }, {})))).toBe('');
  });
});

describe('truncation', () => {
  it('keeps its digits in both tails', () => {
    // scipy.stats.truncnorm(8, 9).logpdf(8.5) and its mirror image.
    const wanted = -2.0303199397675336;
    for (const [low, high, x] of [[8, 9, 8.5], [-9, -8, -8.5]])
      expect(relative(logP(truncate({ low, high })(standardNormal([1])), [[x]])[0], wanted)).toBeLessThan(1e-10); // biome-ignore format: one idea
    const far = truncate({ low: 20 })(standardNormal([1]));
    expect(rowsOf(far, 200, 1).every(([x]) => x >= 20 && x < 22)).toBe(true);
  });

  it('cdf and quantile are inverse, from 0 to 1', () => {
    for (const dist of [truncate({ low: 1, high: 4 })(standardNormal([5])), truncate({ high: 0.3 })(normal([5]))]) {
      const u = [0.01, 0.2, 0.5, 0.9, 0.999];
      numbers(dist.cdf(dist.quantile(o.constant(u)))).forEach((v, i) => expect(v).toBeCloseTo(u[i], 9));
    }
    expect(numbers(truncate({ low: 1, high: 4 })(standardNormal([2])).cdf(o.constant([0, 5])))).toEqual([0, 1]);
  });
});

describe('conditioning is application', () => {
  it('a distribution with expressions for parameters is a function of what it is given', () => {
    const decoder = (z: Expr) => normal([2], { loc: o.stack([z, o.mul(2, z)]), scale: o.exp(z) });
    const outcome = (z: Expr) => bernoulli([1], { logits: z });
    const got = drawn(decoder(o.scalar(0.5)).logDensity(o.constant([1, 2])))[0];
    expect(got).toBeCloseTo(logP(normal([2], { loc: [0.5, 1], scale: Math.exp(0.5) }), [[1, 2]])[0], 12);
    const joint = pipe(
      normal([]).sample,
      D.chain((z) => outcome(z).sample),
    );
    expect([0, 1]).toContain(drawn(joint)[0]);
    expect(decoder(o.scalar(0)).spec.loc).toMatchObject({ opaque: 'the parameter is an expression' });
  });
});

describe('maps, empirical distributions, kernel densities', () => {
  it('a map keeps samples and drops the density, in the type too', () => {
    const radius = map((x) => o.sqrt(o.sum(o.square(x))), [])(normal([2]));
    const mean = rowsOf(radius, 40_000).reduce((a, [r]) => a + r, 0) / 40_000;
    expect(Math.abs(mean - Math.sqrt(Math.PI / 2))).toBeLessThan(0.02);
    // @ts-expect-error Samples is not Exact
    expect(refusal(() => mixture({ logits: [0], components: [radius] }))).toContain('mixture/0: a component has no exact density (expected evidence exact, got map, of evidence none)'); // biome-ignore format: one idea
    expect(refusal(() => D.runDraw(radius.logDensity(o.scalar(1))))).toContain('has no density (expected pushforward of a bijection, got map of normal)'); // biome-ignore format: one idea
  });

  it('kernel densities agree with SciPy’s gaussian_kde in one dimension', () => {
    // scipy.stats.gaussian_kde([.1, .7, 2.5, -1.2, .3], rule).logpdf([0, 3, -40])
    const wanted = {
      scott: [-1.327106315215994, -2.5300329015768415, -806.6021991995145],
      silverman: [-1.3589462280582227, -2.535104879922964, -719.2543101035667],
    };
    for (const bandwidth of ['scott', 'silverman'] as const)
      logP(kernelDensity({ rows, bandwidth }), [[0], [3], [-40]]).forEach((l, i) =>
        expect(relative(l, wanted[bandwidth][i])).toBeLessThan(1e-10),
      );
  });

  it('specifications are read back', () => {
    for (const dist of [bumps, product([normal([1]), uniform([2])]), independent([3])(normal([2])), truncate({ low: 0 })(normal([1])), empirical({ rows }), kernelDensity({ rows, bandwidth: 'silverman' })]) // biome-ignore format: one idea
      expect(distOf(JSON.parse(JSON.stringify(dist.spec))).spec).toEqual(dist.spec);
  });
});

describe('what does not fit is refused when built', () => {
  const of = (...components: ReturnType<typeof normal<readonly number[]>>[]) => ({ logits: [0, 0], components });
  it.each([
    [() => mixture({ logits: [], components: [] }), 'ArgumentError mixture: an empty mixture (expected one component or more, got none)'],
    [() => mixture(of(normal([1]), normal([2]))), 'ShapeError mixture/1: components have events of different shapes (expected [1], got [2])'],
    [() => mixture(of(normal([1]))), 'ShapeError mixture: logits does not fit the event (expected [1], got [2])'],
    [() => product([]), 'ArgumentError product: no distributions (expected one distribution or more, got none)'],
    [() => product([normal([2]), normal([2, 2]) as never]), 'ShapeError product/1: events are joined as vectors (expected an event [D], got [2, 2])'],
    [() => independent([0])(normal([1])), 'ShapeError independent: no copies (expected sizes from 1, got [0])'],
    [() => truncate({ low: 2, high: 1 })(normal([1])), 'ArgumentError truncate: the bounds are out of order (expected low < high, got 2, 1)'],
    [() => truncate({})(normal([1])), 'ArgumentError truncate: nothing is cut (expected low, high or both, got neither)'],
    [() => truncate({ low: 0 })(categorical({ logits: [0, 0] }) as never), 'ArgumentError truncate: the distribution cannot be truncated in closed form (expected a distribution with cdf and quantile, got categorical)'],
    [() => empirical({ rows: [] }), 'ArgumentError empirical: the rows are no data (expected 1 to 2²⁰ rows, got 0)'],
    [() => empirical({ rows: [[1, 2], [3]] }), 'ArgumentError empirical/1: a row is no event (expected 2 finite numbers, at least one, got [3])'],
    [() => kernelDensity({ rows, bandwidth: -1 }), 'ArgumentError kernelDensity: bandwidths do not fit (expected 1 positive numbers, got [-1])'],
    [() => kernelDensity({ rows: [[1], [1]] }), 'expected 1 positive numbers, got [0]'],
  ])('%#', (build, message) => {
    expect(refusal(build)).toContain(message);
  }); // biome-ignore format: one line a refusal
});
