/** Distributions known up to a constant: what products, temperatures and boxes do to densities, and what differentiation makes of them. */
import { describe, expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import * as D from '../../src/core/draw.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { reference } from '../../src/core/interpreters/reference/index.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { bernoulli, energy, enumerated, normal, productOfExperts, restrict, standardNormal, tempered, uniform } from '../../src/distributions/index.ts'; // biome-ignore format: one line
import { blockGibbs, enumeratedPartition, run, sampledBy } from '../../src/inference/index.ts';
import { hmc, randomWalk } from '../../src/mcmc/index.ts';
import { studentExperts } from '../../src/models/index.ts';
import { mlp } from '../../src/nn/index.ts';
import { done, logDensities, logSumExp, parametersFor, samples } from './energies-helpers.ts';

const rows = [
  [0.3, -1.2],
  [2, 0.4],
  [-0.7, -0.1],
];
const net = mlp([5], { activation: 'tanh', zeroLast: false });
/** Differences of log-densities: what a constant cannot change. */
const differences = (l: readonly number[]): number[] => l.slice(1).map((v) => v - l[0]);

describe('products and temperatures', () => {
  test('a product of normal distributions is the normal distribution whose precisions add', () => {
    const product = productOfExperts([
      normal([2], { loc: [1, 0], scale: 0.5 }),
      normal([2], { loc: [-1, 2], scale: 2 }),
    ]);
    const precision = 4 + 0.25;
    const loc = [(4 * 1 - 0.25) / precision, 0.5 / precision];
    const truth = normal([2], { loc, scale: 1 / Math.sqrt(precision) });
    const found = differences(logDensities(product, rows));
    differences(logDensities(truth, rows)).forEach((d, i) => expect(found[i]).toBeCloseTo(d, 10));
  });

  test('each expert has parameters of its own', () => {
    const two = productOfExperts([energy([2], net), energy([2], net)]);
    expect(Object.keys(parametersFor(two, 1)).every((n) => /^experts\/[01]\/energy\//.test(n))).toBe(true);
    const at = parametersFor(two, 1);
    const one = (k: number): number[] =>
      logDensities(energy([2], net), rows, Object.fromEntries(Object.entries(at).filter(([n]) => n.startsWith(`experts/${k}/`)).map(([n, t]) => [n.slice(10), t]))); // biome-ignore format: one idea
    logDensities(two, rows, at).forEach((l, i) => expect(l).toBeCloseTo(one(0)[i] + one(1)[i], 12));
  });

  test('at β a distribution has β times its log-density, over the same parameters', () => {
    const dist = energy([2], net);
    const at = parametersFor(dist, 1);
    const half = logDensities(tempered(0.5)(dist), rows, at);
    logDensities(dist, rows, at).forEach((l, i) => expect(half[i]).toBeCloseTo(0.5 * l, 12));
    expect(() => tempered(-1)(dist)).toThrow('a finite number from 0');
  });

  test('Student-t experts are heavy along their directions and flat across', () => {
    const dist = energy([2], studentExperts(1));
    const at = {
      'energy/weights': tensorOf([2, 0], [2, 1]),
      'energy/bias': tensorOf([0]),
      'energy/strength': tensorOf([Math.log(Math.expm1(1.5))]),
    };
    const found = logDensities(dist, rows, at);
    rows.forEach(([x], i) => expect(found[i]).toBeCloseTo(-1.5 * Math.log1p(2 * x * x), 10));
  });

  test('nothing and misfits are refused', () => {
    expect(() => productOfExperts([])).toThrow('there are no experts');
    expect(() => productOfExperts([normal([2]), energy([3]) as never])).toThrow('events of different shapes');
    const bounded = { ...normal([2]), evidence: 'bound' } as never;
    expect(() => productOfExperts([normal([2]), bounded])).toThrow('the densities themselves');
  });
});

describe('boxes and lattices', () => {
  const dist = energy([2], net);
  const at = parametersFor(dist, 1);

  test('inside nothing changes, outside there is no mass, and no gradient is NaN', async () => {
    const boxed = restrict({ kind: 'interval', low: -1.5, high: 1 })(dist);
    const [inside, outside, other] = logDensities(boxed, rows, at);
    expect(inside).toBeCloseTo(logDensities(dist, rows, at)[0], 12);
    expect(outside).toBe(Number.NEGATIVE_INFINITY);
    expect(Number.isFinite(other)).toBe(true);
    const slopes = await run(boxed, at, reference).score(tensorOf(rows.flat(), [3, 2]));
    expect(toNumbers(slopes).every(Number.isFinite)).toBe(true);
    expect(boxed.support).toEqual({ kind: 'interval', low: -1.5, high: 1 });
  });

  test('on integers log Z is the sum over the lattice, and the distribution sums to one', async () => {
    const lattice = restrict({ kind: 'integers', low: -1, high: 2 })(dist);
    const states = [-1, 0, 1, 2].flatMap((a) => [-1, 0, 1, 2].map((b) => [a, b]));
    const logs = logDensities(dist, states, at);
    const { logZ, evidence } = await done(enumeratedPartition(lattice, at));
    expect(evidence).toBe('exact');
    expect(logZ).toBeCloseTo(logSumExp(logs), 10);
    expect(logDensities(lattice, [[0.5, 1], [0, 3]], at)).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]); // biome-ignore format: one idea
    const exact = enumerated(lattice);
    expect(logSumExp(logDensities(exact, states, at))).toBeCloseTo(0, 10);
    const n = 8000;
    const counts = new Map<string, number>();
    for (const v of samples(exact, n, at)) counts.set(`${v}`, (counts.get(`${v}`) ?? 0) + 1);
    const statistic = states.reduce((s, v, i) => {
      const expected = n * Math.exp(logs[i] - logZ);
      return s + ((counts.get(`${v}`) ?? 0) - expected) ** 2 / expected;
    }, 0);
    // Pearson's statistic over 16 states has mean 15 and deviation √30.
    expect(statistic).toBeLessThan(15 + 5 * Math.sqrt(30));
  });

  test('an exact distribution on its own support stays what it was', async () => {
    const coins = restrict({ kind: 'integers', low: 0, high: 1 })(bernoulli([5], { logits: [0, 1, -1, 2, 0.3] }));
    expect((await done(enumeratedPartition(coins))).logZ).toBeCloseTo(0, 10);
  });

  test('what is no box, or has no states, is refused', async () => {
    expect(() => restrict({ kind: 'interval', low: 1, high: 1 })(dist)).toThrow('two finite ends in order');
    expect(() => restrict({ kind: 'integers', low: 0, high: 1.5 })(dist)).toThrow('integers have integers for ends');
    expect(() => restrict({ kind: 'interval', low: 0, high: 1 })(dist).enumeration()).toThrow('no states to sum over');
    const large = restrict({ kind: 'integers', low: 0, high: 1 })(energy([21], net));
    expect(() => large.enumeration()).toThrow('too many states to sum over 21 coordinates of 2 levels');
  });
});

describe('the score', () => {
  test('of an energy is minus the gradient of its network, by differences', async () => {
    const dist = energy([2], net);
    const at = parametersFor(dist, 1);
    const slopes = toNumbers(await run(dist, at, reference).score(tensorOf(rows.flat(), [3, 2])));
    const h = 1e-5;
    rows.forEach((x, i) =>
      [0, 1].forEach((j) => {
        const moved = (s: number): number[] => x.map((v, k) => (k === j ? v + s * h : v));
        const [up, down] = logDensities(dist, [moved(1), moved(-1)], at);
        expect(slopes[2 * i + j]).toBeCloseTo((up - down) / (2 * h), 6);
      }),
    );
  });
});

describe('a chain for a sampler', () => {
  const backend = onnx('cpu', { threads: 1 });

  test('samples follow the distribution as far as the chain has mixed', async () => {
    const dist = productOfExperts([normal([1], { loc: 1 }), normal([1], { loc: 3 })]);
    const chained = sampledBy({ kernel: hmc({ stepSize: 0.4, steps: 3 }), steps: 50, start: uniform([1], { low: 4, high: 5 }) })(dist); // biome-ignore format: one distribution
    const { data } = await run(chained, {}, backend).sample(8000, 0);
    const mean = Array.from(data).reduce((a, b) => a + b, 0) / 8000;
    const variance = Array.from(data).reduce((a, b) => a + (b - mean) ** 2, 0) / 8000;
    expect(Math.abs(mean - 2)).toBeLessThan((4 * Math.SQRT1_2) / Math.sqrt(8000));
    expect(variance).toBeCloseTo(0.5, 1);
    expect(chained.evidence).toBe('unnormalised');
  });

  test('it keeps what the distribution knows, and refuses what cannot be run', () => {
    const boxed = restrict({ kind: 'interval', low: 0, high: 1 })(standardNormal([2]));
    const chained = sampledBy({ kernel: randomWalk({ stepSize: 0.3 }), steps: 3 })(boxed);
    expect(chained.support).toEqual(boxed.support);
    expect(
      samples(chained as unknown as AnyDist, 50)
        .flat()
        .every((v) => v > 0 && v < 1),
    ).toBe(true);
    expect(() => sampledBy({ kernel: blockGibbs(), steps: 0 })(boxed as never)).toThrow('one step or more');
    expect(() => D.runDraw((sampledBy({ kernel: blockGibbs(), steps: 1 })(boxed as never) as AnyDist).sample)).toThrow(
      'no blocks',
    );
    expect(() => D.runDraw(energy([2]).sample)).toThrow('run a Markov kernel on it (sampledBy)');
  });
});
