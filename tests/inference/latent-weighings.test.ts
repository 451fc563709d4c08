/** What is done to divergences: scaled, warmed up, free up to a point, balanced. */
import { describe, expect, test } from 'vitest';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Feeds, noiseFeeds, program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import {
  balanceKl,
  freeBits,
  meanLoss,
  type Objective,
  scaleKl,
  sgvb,
  type Weighing,
} from '../../src/inference/index.ts';
import { affineAt, exactMean, linearHvae, linearVae } from './linear-gaussian.ts';

const dist = linearVae(1, 1);
const feeds: Feeds = {
  ...affineAt('0.stochastic/decoder', [[1.3]], [0.4], [-0.3]),
  ...affineAt('0.stochastic/encoder', [[0.6]], [0.1], [-0.4]),
};
const x = o.constant([1.4]);
const at = (step: number): Feeds => ({
  ...feeds,
  'training step': { shape: [], type: 'float64', data: Float64Array.of(step) },
});
const loss = (kl: readonly Weighing[], given: Feeds = at(0)): number => exactMean(sgvb({ kl })(dist).loss(x), given);
const reconstruction = loss([scaleKl(0)]);
const divergence = loss([]) - reconstruction;

/** The mean loss of a batch of two events under fixed noise. */
const batchLoss = (objective: Objective<readonly [number]>, given: Feeds): number => {
  const p = program([meanLoss(objective, o.constant([1.4, -2], [2, 1]))], 'float64');
  return toNumbers(evaluateProgram(p, { ...given, ...noiseFeeds(p, { seed: 2 }) })[0])[0];
};

describe('weighings', () => {
  test('β multiplies the divergence, which is KL(q ‖ p) in closed form', () => {
    const [m, v] = [0.6 * 1.4 + 0.1, Math.exp(-0.8)];
    expect(divergence).toBeCloseTo(0.5 * (v + m * m - 1 - Math.log(v)), 10);
    for (const b of [0.5, 2, 7]) expect(loss([scaleKl(b)])).toBeCloseTo(reconstruction + b * divergence, 10);
    expect(loss([scaleKl(2), scaleKl(3)])).toBeCloseTo(loss([scaleKl(6)]), 10);
  });

  test('a warm-up goes from none to all of it', () => {
    for (const [step, share] of [[0, 0], [250, 0.25], [1000, 1], [5000, 1]] as const) // biome-ignore format: a list
      expect(loss([scaleKl({ warmUp: 1000 })], at(step))).toBeCloseTo(reconstruction + share * divergence, 8);
  });

  test('what lies above the divergence still bounds log p(x), and says so', () => {
    expect(sgvb({ kl: [scaleKl(2), freeBits(1)] })(dist).evidence).toBe('bound');
    expect(sgvb({ kl: [scaleKl(0.5)] })(dist).evidence).toBe('none');
    expect(sgvb({ kl: [scaleKl({ warmUp: 10 })] })(dist).evidence).toBe('none');
    expect(sgvb({ kl: [balanceKl()] })(dist).evidence).toBe('none');
  });

  test('free nats cost what they are where the batch uses less, nothing more where it uses more', () => {
    const plain = batchLoss(sgvb()(dist), feeds);
    const none = batchLoss(sgvb({ kl: [scaleKl(0)] })(dist), feeds);
    expect(batchLoss(sgvb({ kl: [freeBits(0)] })(dist), feeds)).toBeCloseTo(plain, 10);
    expect(batchLoss(sgvb({ kl: [freeBits((plain - none) / 2)] })(dist), feeds)).toBeCloseTo(plain, 10);
    expect(batchLoss(sgvb({ kl: [freeBits(50)] })(dist), feeds)).toBeCloseTo(none + 50, 10);
  });

  test('balancing gives groups weights of mean 1, more to the group that carries more', () => {
    const deep = linearHvae();
    const values: Feeds = {
      ...affineAt('0.stochastic/decoder', [[0.8]], [0.2], [-0.4]),
      ...affineAt('0.stochastic/encoder', [[0.5]], [-0.1], [-0.3]),
      ...affineAt('1.stochastic/decoder', [[1.1]], [0.3], [-0.5]),
      ...affineAt('1.stochastic/encoder', [[0.4]], [0.2], [-0.6]),
    };
    const only = (g: number): Weighing => ({
      spec: { type: 'only' },
      keepsBound: false,
      apply: (terms) => terms.map((t, i) => ({ ...t, value: o.mul(i === g ? 1 : 0, t.value) })),
    });
    const value = (kl: readonly Weighing[]): number => batchLoss(sgvb({ kl })(deep), values);
    const bare = value([scaleKl(0)]);
    const groups = [0, 1].map((g) => value([only(g)]) - bare);
    // Each group's weight, read off by leaving only that group after balancing.
    const weights = groups.map((kl, g) => (value([balanceKl(), only(g)]) - bare) / kl);
    expect((weights[0] + weights[1]) / 2).toBeCloseTo(1, 8);
    expect(weights[0] > weights[1]).toBe(Math.abs(groups[0]) > Math.abs(groups[1]));
    const late = { ...values, 'training step': { shape: [], type: 'float64', data: Float64Array.of(99) } } as Feeds;
    expect(batchLoss(sgvb({ kl: [balanceKl({ warmUp: 50 })] })(deep), late)).toBeCloseTo(
      batchLoss(sgvb()(deep), late),
      10,
    );
  });

  test('weights that cannot be are refused in a sentence', () => {
    expect(() => scaleKl(-1)).toThrow(/the weight of a divergence is negative/);
    expect(() => freeBits(-0.1)).toThrow(/free nats are negative/);
    expect(() => sgvb({ samples: 0 })).toThrow(/sgvb: the number of samples is too small/);
  });
});
