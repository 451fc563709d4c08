/** Discrete distributions: SciPy's log-probabilities in both precisions, mass one, χ² of the samplers, facts, and what is refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import type { AllFacts } from '../../src/algebra/facts.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { tensor, tensorOf } from '../../src/core/tensor.ts';
import {
  bernoulli,
  binomial,
  categorical,
  discretisedLogistic,
  discretisedLogisticMixture,
  geometric,
  multinomial,
  negativeBinomial,
  oneHotCategorical,
  poisson,
} from '../../src/distributions/index.ts';
import { run } from '../../src/inference/run.ts';
import { batchLaws, edgeLaws, showVerdicts, violations } from '../../src/laws/index.ts';
import { chiSquare, distOf, logP, numbers, onnxRows, refusal, relative } from './helpers.ts';

interface Case {
  readonly dist: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly x: readonly number[];
  readonly logp: number | null;
}
const cases = JSON.parse(readFileSync(new URL('discrete-fixtures.json', import.meta.url), 'utf8')) as readonly Case[];
const scalarEvents = ['categorical', 'oneHotCategorical', 'multinomial'];
const groups = new Map<string, { dist: AnyDist; cases: Case[] }>();
for (const c of cases) {
  const key = JSON.stringify([c.dist, c.args]);
  const shape = scalarEvents.includes(c.dist) ? {} : { shape: [1] };
  const known = groups.get(key) ?? { dist: distOf({ type: c.dist, ...shape, ...c.args }), cases: [] };
  groups.set(key, { ...known, cases: [...known.cases, c] });
}
const wanted = (c: Case): number => c.logp ?? Number.NEGATIVE_INFINITY;

describe('log-probabilities', () => {
  it('agree with SciPy and 60-digit sums to 1e-10, relative, in float64', () => {
    const worst = [...groups].flatMap(([key, g]) =>
      logP(g.dist, g.cases.map((c) => c.x)).map((got, i) => ({
        key, x: g.cases[i].x, got, wanted: wanted(g.cases[i]), error: relative(got, wanted(g.cases[i])),
      })),
    ); // biome-ignore format: one idea
    expect(worst.filter((w) => !(w.error <= 1e-10))).toEqual([]);
  });

  it('and to 1e-5 in float32 on onnx-cpu', async () => {
    const backend = onnx('cpu');
    const bad: unknown[] = [];
    for (const [key, g] of groups) {
      const x = { ...tensor(Float32Array.from(g.cases.flatMap((c) => c.x)), [g.cases.length, ...g.dist.shape]) };
      const got = (await run(g.dist, {}, backend).logDensity(x)).data;
      g.cases.forEach((c, i) => {
        if (!(relative(got[i], wanted(c)) <= 1e-5))
          bad.push([key, c.x, got[i], wanted(c), relative(got[i], wanted(c))]);
      });
    }
    expect(bad).toEqual([]);
  });
});

const span = (n: number): number[][] => Array.from({ length: n }, (_, k) => [k]);
const mixtureParameters = { logits: [0.2, -0.5, 1], loc: [3, 12, 25], scale: [0.7, 2, 0.2], levels: 32 };

/** One-number distributions with how many values they are asked about. */
const dists: readonly (readonly [string, AnyDist, number])[] = [
  ['bernoulli', bernoulli([1], { logits: 0.8 }), 2],
  ['categorical', categorical({ logits: [0.3, -1, 2, -3], shape: [1] }), 4],
  ['binomial, few', binomial([1], { total: 12, logits: 1.5 }), 13],
  ['binomial, rare', binomial([1], { total: 4000, logits: -7 }), 80],
  ['binomial, many', binomial([1], { total: 200, logits: 0.4 }), 201],
  ['poisson, low', poisson([1], { rate: 3.3 }), 60],
  ['poisson, just below ten', poisson([1], { rate: 9.99 }), 60],
  ['poisson, just above ten', poisson([1], { rate: 10.01 }), 60],
  ['poisson, high', poisson([1], { rate: 400 }), 900],
  ['geometric', geometric([1], { logits: -1.5 }), 400],
  ['negative binomial, below one', negativeBinomial([1], { total: 0.4, logits: 1 }), 400],
  ['negative binomial', negativeBinomial([1], { total: 7.5, logits: 2 }), 900],
  ['discretised logistic', discretisedLogistic([1], { loc: 5.2, scale: 3, levels: 16 }), 16],
  ['discretised logistic mixture', discretisedLogisticMixture([1], mixtureParameters), 32],
];

describe.each(dists)('%s', (_name, dist, n) => {
  const chances = logP(dist, span(n)).map(Math.exp);

  it('probabilities sum to one', () => {
    expect(Math.abs(chances.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-10);
  });

  it('100,000 samples pass a χ² test', async () => {
    const counts = new Array<number>(n).fill(0);
    let outside = 0;
    for (const [k] of await onnxRows(dist, 100_000, 7)) if (k < n && k === Math.floor(k) && k >= 0) counts[k]++; else outside++; // biome-ignore format: one idea
    expect(outside).toBe(0);
    expect(chiSquare(counts, chances)).toBeGreaterThan(1e-3);
  });

  it('facts are those of the probabilities', () => {
    const facts = dist as AnyDist & Partial<AllFacts>;
    const mean = chances.reduce((a, p, k) => a + p * k, 0);
    const check = (name: 'mean' | 'variance' | 'entropy', value: number): void => {
      const fact = facts[name];
      if (fact !== undefined) expect(relative(numbers(fact)[0], value), name).toBeLessThan(1e-8);
    };
    check('mean', mean);
    check('variance', chances.reduce((a, p, k) => a + p * (k - mean) ** 2, 0)); // biome-ignore format: one idea
    check('entropy', chances.reduce((a, p) => a - (p === 0 ? 0 : p * Math.log(p)), 0)); // biome-ignore format: one idea
    if (facts.mode !== undefined)
      expect(chances[numbers(facts.mode)[0]]).toBeGreaterThanOrEqual(Math.max(...chances) * (1 - 1e-12));
    const { cdf } = facts;
    if (cdf !== undefined) {
      let sum = 0;
      const got = numbers(cdf(o.constant(span(n).flat())));
      chances.forEach((p, k) => {
        sum += p;
        expect(Math.abs(got[k] - sum)).toBeLessThan(1e-12);
      });
      expect(numbers(cdf(o.constant([-1, -0.5])))).toEqual([0, 0]);
      // The larger half of each from the other tail, in logarithms.
      const { logCdf, logSurvival } = facts;
      if (logCdf !== undefined && logSurvival !== undefined) {
        const at = o.constant([-1, ...span(n).flat()]);
        const [below, above] = [numbers(logCdf(at)), numbers(logSurvival(at))];
        [0, ...got].forEach((p, k) => {
          expect(Math.abs(Math.exp(below[k]) - p)).toBeLessThan(1e-12);
          expect(Math.abs(Math.exp(above[k]) - (1 - p))).toBeLessThan(1e-12);
        });
      }
    }
  });

  it('is −∞ off the support, with finite gradients, and does not see the batch', () => {
    const outside = tensorOf([-1, 0.5, 1.25], [3, 1]);
    expect(showVerdicts(violations(edgeLaws(dist, { outside }, {})))).toBe('');
    expect(showVerdicts(violations(batchLaws(dist, tensorOf([0, 1, 1], [3, 1]), {})))).toBe('');
  });
});

describe('samplers in float32 on onnx-cpu', () => {
  it.each([
    ['poisson', poisson([1], { rate: 9e5 })],
    ['poisson, either way', poisson([2], { rate: [3, 60] })],
    ['binomial', binomial([1], { total: 1_000_000, logits: -1 })],
    ['negative binomial', negativeBinomial([1], { total: 50, logits: 3 })],
    ['multinomial', multinomial({ total: 1000, logits: [0, 1, -1] })],
  ])('%s: whole numbers with the mean and variance of the distribution', async (_name, dist) => {
    const n = 4096;
    const { data } = await run(dist, {}, onnx('cpu')).sample(n, 11);
    const { mean, variance } = dist as AnyDist & Pick<AllFacts, 'mean' | 'variance'>;
    const [m, v] = [numbers(mean), numbers(variance)];
    expect(data.every((k) => Number.isInteger(k) && k >= 0)).toBe(true);
    m.forEach((wanted, j) => {
      const xs = Array.from({ length: n }, (_, i) => data[i * m.length + j]);
      expect(Math.abs(xs.reduce((a, x) => a + x, 0) / n - wanted)).toBeLessThan(4.5 * Math.sqrt(v[j] / n));
      expect(relative(xs.reduce((a, x) => a + (x - wanted) ** 2, 0) / n, v[j])).toBeLessThan(0.15);
    });
  });
});

describe('vector distributions', () => {
  const logits = [0.3, -1, 1.2];
  const p = logits.map((l) => Math.exp(l) / logits.reduce((a, b) => a + Math.exp(b), 0));

  it('one-hot categories pass a χ² test', async () => {
    const counts = [0, 0, 0];
    for (const row of await onnxRows(oneHotCategorical({ logits }), 100_000, 3)) counts[row.indexOf(1)]++;
    expect(chiSquare(counts, p)).toBeGreaterThan(1e-3);
  });

  it('multinomial probabilities sum to one, and its counts pass a χ² test', async () => {
    const dist = multinomial({ total: 5, logits });
    const events: number[][] = [];
    for (let a = 0; a <= 5; a++) for (let b = 0; a + b <= 5; b++) events.push([a, b, 5 - a - b]);
    const chances = logP(dist, events).map(Math.exp);
    expect(Math.abs(chances.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-12);
    const at = new Map(events.map((e, i) => [e.join(), i] as const));
    const counts = events.map(() => 0);
    for (const row of await onnxRows(dist, 100_000, 1)) counts[at.get(row.join())!]++;
    expect(chiSquare(counts, chances)).toBeGreaterThan(1e-3);
  });

  it('multinomial of a large total: marginals are binomial', async () => {
    const dist = multinomial({ total: 300, logits, shape: [2] as const });
    expect(dist.shape).toEqual([2, 3]);
    const rows = await onnxRows(dist, 20_000, 5);
    expect(rows.every((r) => r[0] + r[1] + r[2] === 300 && r[3] + r[4] + r[5] === 300)).toBe(true);
    for (const k of [0, 1, 2]) {
      const marginal = binomial([1], { total: 300, logits: Math.log(p[k] / (1 - p[k])) });
      const counts = new Array<number>(301).fill(0);
      for (const r of rows) counts[r[3 + k]]++;
      expect(chiSquare(counts, logP(marginal, span(301)).map(Math.exp))).toBeGreaterThan(1e-3);
    }
  });

  it('parameters may be expressions: a distribution for each row', () => {
    const table = o.constant([0, 1, 2, 3, 0, 0], [2, 3]);
    const dist = categorical({ logits: table, shape: [2] as const });
    const logZ = (ls: number[]): number => Math.log(ls.reduce((a, l) => a + Math.exp(l), 0));
    expect(logP(dist, [[2, 0]])[0]).toBeCloseTo(2 - logZ([0, 1, 2]) + 3 - logZ([3, 0, 0]), 12);
  });
});

describe('what does not fit is refused when built', () => {
  it.each([
    [() => binomial([1], { total: 0 }), 'ArgumentError binomial: total is not a number of trials (expected an integer from 1 to 16777216, got 0)'],
    [() => binomial([1], { total: 2.5 }), 'got 2.5'],
    [() => multinomial({ total: -1, logits: [0, 0] }), 'ArgumentError multinomial: total is not a number of trials'],
    [() => poisson([1], { rate: 0 }), 'ArgumentError poisson: rate has a value outside its range (expected rates in (0, 1000000], got 0)'],
    [() => poisson([2], { rate: [1, 2e6] }), 'got 2000000'],
    [() => bernoulli([1], { logits: Number.NaN }), 'ArgumentError bernoulli: logits has a value outside its range (expected finite numbers, got NaN)'],
    [() => bernoulli([2], { logits: [1, 2, 3] }), 'ShapeError bernoulli: logits does not fit the event (expected [2], got [3])'],
    [() => categorical({ logits: [] }), 'categorical: logits has a value outside its range (expected finite numbers, got no value)'],
    [() => categorical({ logits: o.constant([0, 0, 0, 0], [2, 2]) }), 'ShapeError categorical: logits does not fit the event (expected [2], got [2, 2])'],
    [() => negativeBinomial([1], { total: -1 }), 'ArgumentError negativeBinomial: total must be positive (got -1)'],
    [() => discretisedLogistic([1], { levels: 1 }), 'ArgumentError discretisedLogistic: levels is not a number of levels (expected an integer from 2, got 1)'],
    [() => discretisedLogistic([1], { levels: 4, scale: -1 }), 'ArgumentError discretisedLogistic: scale must be positive (got -1)'],
    [() => discretisedLogisticMixture([1], { logits: [0, 0], loc: [1, 2, 3], scale: 1, levels: 4 }), 'ShapeError discretisedLogisticMixture: the parameters have no common number of components (expected [1, 3], one component or more, got [2], [3], []'],
  ])('%#', (build, message) => {
    expect(refusal(build)).toContain(message);
  }); // biome-ignore format: one line a refusal
});
