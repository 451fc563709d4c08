/** Boltzmann machines small enough to sum: densities, conditionals and bridges against plain sums over states. */
import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Tensor, tensor } from '../../src/core/tensor.ts';
import { enumerated, logPartition, normal, rbm } from '../../src/distributions/index.ts';
import { enumeratedPartition } from '../../src/inference/energies/index.ts';
import { bits, done, logDensities, logSumExp, parametersFor, refusal, samples, values } from './energies-helpers.ts';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((s, v, i) => s + v * b[i], 0);

/** bᵀv + cᵀh + vᵀW h, written out. */
const joint = (w: Record<string, Tensor>, v: readonly number[], h: readonly number[]): number => {
  const weights = w['rbm/weights'].data;
  const field = v.reduce((s, vi, i) => s + vi * dot(h, weights.subarray(i * h.length, (i + 1) * h.length)), 0);
  return dot(v, w['rbm/visibleBias'].data) + dot(h, w['rbm/hiddenBias'].data) + field;
};
const logZ = (dist: Parameters<typeof logPartition>[0], w: Record<string, Tensor>): number =>
  values([D.runDraw(logPartition(dist))], w)[0][0];

describe('a machine of coin flips', () => {
  const machine = rbm([2, 3], { hidden: 4 });
  const w = parametersFor(machine, 1);
  const states = bits(6);

  test('log f(v) sums the joint weight over hidden states', () => {
    const found = logDensities(machine, states, w);
    states.forEach((v, i) => expect(found[i]).toBeCloseTo(logSumExp(bits(4).map((h) => joint(w, v, h))), 10));
  });

  test('log f is −∞ off zeros and ones', () => {
    expect(logDensities(machine, [[0, 1, 0, 1, 0.5, 0]], w)).toEqual([Number.NEGATIVE_INFINITY]);
  });

  test('log Z is the same from either side, and in blocks', () => {
    const truth = logSumExp(logDensities(machine, states, w));
    expect(logZ(machine, w)).toBeCloseTo(truth, 10);
    // The same machine with its sides exchanged has more hidden units than visible ones: the sum runs over the visible side.
    const weights = w['rbm/weights'].data;
    const turned = rbm([4], { hidden: 6 });
    const exchanged = {
      'rbm/weights': tensor(
        Float64Array.from({ length: 24 }, (_, k) => weights[(k % 6) * 4 + Math.floor(k / 6)]),
        [4, 6],
      ),
      'rbm/visibleBias': w['rbm/hiddenBias'],
      'rbm/hiddenBias': w['rbm/visibleBias'],
    };
    expect(logZ(turned, exchanged)).toBeCloseTo(truth, 10);
    // 2¹³ states take two blocks of a loop; without weights the sum is a product.
    const large = rbm([14], { hidden: 13 });
    const alone: Record<string, Tensor> = {
      ...parametersFor(large, 1),
      'rbm/weights': tensor(new Float64Array(14 * 13), [14, 13]),
    };
    const softplus = (v: number): number => Math.log1p(Math.exp(v));
    const product = [...alone['rbm/visibleBias'].data, ...alone['rbm/hiddenBias'].data].reduce((s, b) => s + softplus(b), 0); // biome-ignore format: one sum
    expect(logZ(large, alone)).toBeCloseTo(product, 8);
  });

  test('enumerated, it has mass one and samples by its probabilities', () => {
    const dist = enumerated(machine);
    const chances = logDensities(dist, states, w).map(Math.exp);
    expect(chances.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10);
    const n = 20_000;
    const counts = new Map<string, number>();
    for (const v of samples(dist, n, w)) counts.set(`${v}`, (counts.get(`${v}`) ?? 0) + 1);
    // Pearson's statistic over 64 states has mean 63 and deviation √126.
    const statistic = states.reduce((s, v, i) => s + ((counts.get(`${v}`) ?? 0) - n * chances[i]) ** 2 / (n * chances[i]), 0); // biome-ignore format: one sum
    expect(statistic).toBeLessThan(63 + 5 * Math.sqrt(126));
  });

  test('block Gibbs leaves its distribution as it is, and is reversible', () => {
    const small = rbm([3], { hidden: 2 });
    const p = parametersFor(small, 1.5);
    const [visible, hidden] = [bits(3), bits(2)];
    const chances = logDensities(enumerated(small), visible, p).map(Math.exp);
    const at = { path: '' };
    const hiddenGiven = visible.map(
      (v) =>
      hidden.map((h) => Math.exp(values([D.runDraw(small.blocks.hiddenGiven(o.constant(v))(at).logDensity(o.constant(h)))], p)[0][0])), // biome-ignore format: one table
    );
    const visibleGiven = hidden.map(
      (h) =>
      visible.map((v) => Math.exp(values([D.runDraw(small.blocks.visibleGiven(o.constant(h))(at).logDensity(o.constant(v)))], p)[0][0])), // biome-ignore format: one table
    );
    const step = visible.map((_, i) => visible.map((_, j) => hidden.reduce((s, _, k) => s + hiddenGiven[i][k] * visibleGiven[k][j], 0))); // biome-ignore format: one table
    visible.forEach((_, i) =>
      visible.forEach((_, j) => expect(chances[i] * step[i][j]).toBeCloseTo(chances[j] * step[j][i], 12)),
    );
  });

  test('its bridge starts at independent units and ends at the machine', () => {
    const loc = [0.3, -1, 2, 0, 0.5, -0.2];
    const bridge = machine.bridge({ loc });
    expect(logDensities(bridge.at(o.scalar(0)), states, w)).toEqual(
      logDensities(bridge.from, states).map((l) => expect.closeTo(l, 10)),
    );
    expect(logDensities(bridge.at(o.scalar(1)), states, w)).toEqual(
      logDensities(machine, states, w).map((l) => expect.closeTo(l, 10)),
    );
    // In between, the joint weight is a geometric mean, so block Gibbs stays exact: the marginal is its sum over h.
    const between = logDensities(bridge.at(o.scalar(0.4)), states, w);
    const free = loc.reduce((s, l) => s + Math.log1p(Math.exp(l)), 0) + 4 * Math.LN2;
    states.forEach((v, i) => {
      const mixed = bits(4).map((h) => 0.6 * (dot(v, loc) - free) + 0.4 * joint(w, v, h));
      expect(between[i]).toBeCloseTo(logSumExp(mixed), 10);
    });
  });
});

describe('a machine with normal visible units', () => {
  const machine = rbm([1], { hidden: 3, visible: 'normal', scale: 0.7 });
  const w = parametersFor(machine, 1);
  const grid = Array.from({ length: 8001 }, (_, i) => [-20 + i * 0.005]);

  test('log Z by summing hidden states is the integral', () => {
    const total = logDensities(machine, grid, w).reduce((s, l) => s + 0.005 * Math.exp(l), 0);
    expect(logZ(machine, w)).toBeCloseTo(Math.log(total), 8);
  });

  test('enumerated, its samples have the moments of its density', () => {
    const dist = enumerated(machine);
    const chances = logDensities(dist, grid, w).map((l) => 0.005 * Math.exp(l));
    const mean = grid.reduce((s, [x], i) => s + x * chances[i], 0);
    const variance = grid.reduce((s, [x], i) => s + (x - mean) ** 2 * chances[i], 0);
    const xs = samples(dist, 20_000, w).map(([x]) => x);
    const found = xs.reduce((a, b) => a + b, 0) / xs.length;
    expect(Math.abs(found - mean)).toBeLessThan(4 * Math.sqrt(variance / xs.length));
    expect(xs.reduce((s, x) => s + (x - found) ** 2, 0) / xs.length / variance).toBeCloseTo(1, 1);
  });

  test('p(v | h) is the normal distribution of its joint weight, all along a bridge', () => {
    const [b] = w['rbm/visibleBias'].data;
    const field = dot([1, 0, 1], w['rbm/weights'].data);
    for (const beta of [0, 0.3, 1]) {
      const bridge = machine.bridge({ loc: 0.5, scale: 2 });
      const dist = bridge.at(o.scalar(beta)).blocks.visibleGiven(o.constant([1, 0, 1]))({ path: '' });
      const logJoint = (v: number): number =>
        beta * (-((v - b) ** 2) / (2 * 0.49) + (v / 0.7) * field) - (1 - beta) * ((v - 0.5) ** 2 / 8);
      const [l0, l1, l2] = logDensities(dist, [[-1], [0.2], [1.7]], w);
      expect(l1 - l0).toBeCloseTo(logJoint(0.2) - logJoint(-1), 9);
      expect(l2 - l0).toBeCloseTo(logJoint(1.7) - logJoint(-1), 9);
    }
    const bridge = machine.bridge({ loc: 0.5, scale: 2 });
    const start = logDensities(normal([1], { loc: 0.5, scale: 2 }), [[-1], [3]]);
    expect(logDensities(bridge.at(o.scalar(0)), [[-1], [3]], w)).toEqual(start.map((l) => expect.closeTo(l, 9)));
  });
});

describe('what cannot be summed is refused with a sentence', () => {
  test('more than 20 units on the smaller side', async () => {
    const large = rbm([28, 28], { hidden: 64 });
    expect(await refusal(enumeratedPartition(large, parametersFor(large, 0.1)))).toMatch(
      /too many states to sum over 64 hidden units: annealed importance sampling estimates log Z/,
    );
  });

  test('a machine without hidden units, or with a scale of 0', () => {
    expect(() => rbm([2], { hidden: 0 })).toThrow('the number of hidden units is a positive integer');
    expect(() => rbm([2], { hidden: 2, visible: 'normal', scale: 0 })).toThrow('a standard deviation is positive');
  });

  test('sampling it without a chain', () => {
    expect(() => D.runDraw(rbm([2], { hidden: 2 }).sample)).toThrow('run a Markov kernel on it');
  });

  test('twelve are summed', async () => {
    const twelve = rbm([30], { hidden: 12 });
    expect(isRight(await enumeratedPartition(twelve, parametersFor(twelve, 0.1))())).toBe(true);
    expect((await done(enumeratedPartition(twelve, parametersFor(twelve, 0.1)))).evidence).toBe('exact');
  });
});
