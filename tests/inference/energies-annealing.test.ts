/** Annealed importance sampling where log Z is known: Gaussians, and machines small enough to sum. */
import { describe, expect, test } from 'vitest';
import { type Dist, distribution } from '../../src/algebra/dist.ts';
import type { Unnormalised } from '../../src/algebra/evidence.ts';
import * as D from '../../src/core/draw.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import * as o from '../../src/core/ops/index.ts';
import type { Feeds } from '../../src/core/program.ts';
import { tensorOf } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import { energy, enumerated, normal, productOfExperts, rbm, restrict, standardNormal, tempered, uniform } from '../../src/distributions/index.ts'; // biome-ignore format: one line
import {
  type AnnealingProgress,
  annealedImportanceSampling,
  betasOf,
  blockGibbs,
  enumeratedPartition,
  evaluate,
  normalised,
  run,
  sampledBy,
  showEvaluation,
  showPartition,
} from '../../src/inference/index.ts';
import { hmc, mala, randomWalk } from '../../src/mcmc/index.ts';
import { done, parametersFor, refusal, samples } from './energies-helpers.ts';

const backend = onnx('cpu', { threads: 1 });

/** exp(−½ xᵀ Λ x): its normaliser is |2πΛ⁻¹|^½. */
const quadratic = (precision: readonly (readonly number[])[]): Dist<readonly [number], Unnormalised> => {
  const n = precision.length;
  const matrix = o.constant(precision.flat(), [n, n]);
  return distribution({
    shape: [n],
    spec: { type: 'quadratic' },
    evidence: 'unnormalised',
    logDensity: (x) => D.of(o.mul(-0.5, o.dot(x, o.vecmat(x, matrix)))),
    sample: D.of(o.broadcastTo(0, [n])),
  });
};

const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / v.length;
const error = (v: ArrayLike<number>): number => {
  const m = mean(v);
  return Math.sqrt(mean(Array.from(v, (x) => (x - m) ** 2)) / v.length);
};

describe('a Gaussian', () => {
  const precision = [
    [2, 0.6],
    [0.6, 0.5],
  ];
  const truth = Math.log(2 * Math.PI) - 0.5 * Math.log(2 * 0.5 - 0.36);
  const target = quadratic(precision);
  const from = normal([2], { scale: 2 });

  test('log Z = ½ log |2πΣ|, between its two bounds', async () => {
    const covariance = [0.5, -0.6, -0.6, 2].map((v) => v / (2 * 0.5 - 0.36));
    const a = Math.sqrt(covariance[0]);
    const b = covariance[1] / a;
    const c = Math.sqrt(covariance[3] - b * b);
    const exact = samples(standardNormal([2]), 500, {}, 3).flatMap(([u, v]) => [a * u, b * u + c * v]);
    const z = await done(annealedImportanceSampling({ from, to: target, kernel: hmc({ stepSize: 0.5, steps: 3 }), betas: 100, chains: 500, reverse: tensorOf(exact, [500, 2]), backend })); // biome-ignore format: one call
    expect(Math.abs(z.logZ - truth)).toBeLessThan(0.05);
    expect(z.interval[0]).toBeLessThan(z.logZ);
    expect(z.interval[1]).toBeGreaterThan(z.logZ);
    expect(z.lower.mean).toBeLessThan(truth + 3 * z.lower.error);
    expect(z.upper!.mean).toBeGreaterThan(truth - 3 * z.upper!.error);
    expect(z.upper!.mean - z.lower.mean).toBeLessThan(0.1);
    expect(z.upper!.startedAt).toBe('exact samples');
    expect(showPartition(z)).toMatch(/^log Z ≈ .* 95 % interval .* lower bound .* upper bound .* from exact samples$/);
  });

  test('E w = Z₁/Z₀ for any schedule, however coarse', async () => {
    for (const betas of [1, 3, [0, 0.01, 0.5, 0.5, 1]]) {
      const { logWeights } = await done(annealedImportanceSampling({ from, to: target, kernel: mala({ stepSize: 0.3 }), betas, chains: 10_000, backend })); // biome-ignore format: one call
      const ratios = logWeights.map((w) => Math.exp(w - truth));
      expect(Math.abs(mean(ratios) - 1)).toBeLessThan(4 * error(ratios));
    }
  });

  test('more temperatures bring the bounds together', async () => {
    const gaps: number[] = [];
    for (const betas of [4, 64]) {
      const z = await done(annealedImportanceSampling({ from, to: target, kernel: mala({ stepSize: 0.3 }), betas, chains: 500, reverse: { steps: 20 }, backend })); // biome-ignore format: one call
      expect(z.upper!.startedAt).toBe('long chains');
      gaps.push(z.upper!.mean - z.lower.mean);
    }
    expect(gaps[1]).toBeLessThan(0.4 * gaps[0]);
    expect(gaps[1]).toBeGreaterThan(0);
  });

  test('weighted, the ends of the chains are samples of the distribution', async () => {
    const { samples: ends, logWeights } = await done(annealedImportanceSampling({ from, to: target, kernel: mala({ stepSize: 0.3 }), betas: 8, chains: 10_000, backend })); // biome-ignore format: one call
    const weights = logWeights.map((w) => Math.exp(w - truth));
    const total = weights.reduce((a, b) => a + b, 0);
    const second = weights.reduce((s, w, i) => s + (w * ends.data[2 * i] ** 2) / total, 0);
    expect(second / (0.5 / 0.64)).toBeCloseTo(1, 1);
  });

  test('chain i is the same for any number of chains, and the same seed gives the same numbers', async () => {
    const walk = (chains: number) => done(annealedImportanceSampling({ from, to: target, kernel: mala({ stepSize: 0.3 }), betas: 5, chains, seed: 9, backend })); // biome-ignore format: one call
    const [few, many, again] = [await walk(3), await walk(7), await walk(3)];
    expect(Array.from(again.logWeights)).toEqual(Array.from(few.logWeights));
    Array.from(few.logWeights).forEach((w, i) => expect(many.logWeights[i]).toBeCloseTo(w, 4));
  });
});

describe('a small machine', () => {
  const machine = rbm([8], { hidden: 6 });
  const parameters: Feeds = parametersFor(machine, 1);

  test('AIS is within 0.1 nat of the sum over states, which its bounds bracket', async () => {
    const exact = await done(enumeratedPartition(machine, parameters));
    const reverse = tensorOf(samples(enumerated(machine), 400, parameters, 5).flat(), [400, 8]);
    const progress: AnnealingProgress[] = [];
    const z = await done(annealedImportanceSampling({ bridge: machine.bridge(), kernel: blockGibbs(), betas: 250, chains: 400, parameters, reverse, backend, onProgress: (p) => progress.push(p) })); // biome-ignore format: one call
    expect(Math.abs(z.logZ - exact.logZ)).toBeLessThan(0.1);
    expect(z.lower.mean).toBeLessThan(exact.logZ + 3 * z.lower.error);
    expect(z.upper!.mean).toBeGreaterThan(exact.logZ - 3 * z.upper!.error);
    expect(z.acceptance).toBeCloseTo(1, 4);
    expect(z.effectiveChains).toBeLessThanOrEqual(400.001);
    expect(progress.map((p) => `${p.way} ${p.done}/${p.of}`)).toEqual([
      'forward 100/250',
      'forward 200/250',
      'forward 250/250',
      'reverse 100/250',
      'reverse 200/250',
      'reverse 250/250',
    ]);
  });

  test('E w = Z₁/Z₀ along its bridge, even in one step', async () => {
    const exact = await done(enumeratedPartition(machine, parameters));
    for (const betas of [2, [0, 0.3, 0.4, 1]]) {
      const { logWeights } = await done(annealedImportanceSampling({ bridge: machine.bridge({ loc: 0.5 }), kernel: blockGibbs(), betas, chains: 10_000, parameters, backend })); // biome-ignore format: one call
      const ratios = logWeights.map((w) => Math.exp(w - exact.logZ));
      expect(Math.abs(mean(ratios) - 1)).toBeLessThan(4 * error(ratios));
    }
  });

  test('normal visible units anneal from normal ones', async () => {
    const real = rbm([2], { hidden: 3, visible: 'normal', scale: 0.5 });
    const p = parametersFor(real, 0.8);
    const exact = await done(enumeratedPartition(real, p));
    const z = await done(annealedImportanceSampling({ bridge: real.bridge({ scale: 1.5 }), kernel: blockGibbs(), betas: 200, chains: 400, parameters: p, backend })); // biome-ignore format: one call
    expect(Math.abs(z.logZ - exact.logZ)).toBeLessThan(0.1);
  });
});

describe('a normaliser makes a distribution whose evidence is honest', () => {
  const dist = productOfExperts([normal([1], { loc: 1 }), normal([1], { loc: -1 })]);
  const data = fromRows('zeros', new Float32Array(8), [1]);

  test('≈ where it was estimated, = where it is exact', async () => {
    // exp(−½(x−1)² − ½(x+1)²)/2π = e^{−1−x²}/2π: log Z = −1 − log 2√π.
    const logZ = -1 - Math.log(2 * Math.sqrt(Math.PI));
    const estimated = await evaluate(run(normalised({ logZ, evidence: 'estimated' })(dist), {}, backend), data);
    expect(showEvaluation(estimated)).toMatch(/^−log p ≈ 0\.572/);
    const exact = await evaluate(run(normalised({ logZ, evidence: 'exact' })(dist), {}, backend), data);
    expect(showEvaluation(exact)).toMatch(/^−log p = 0\.572/);
    expect(exact.nats).toBeCloseTo(0.5 * Math.log(Math.PI), 5);
  });

  test('what can be sampled stays so', async () => {
    const chained = sampledBy({ kernel: randomWalk({ stepSize: 1 }), steps: 200 })(dist);
    const x = await run(normalised({ logZ: 0, evidence: 'estimated' })(chained), {}, backend).sample(2000, 0);
    expect(Math.abs(mean(x.data))).toBeLessThan(4 * error(x.data) + 0.01);
    expect(mean(x.data.map((v) => v * v))).toBeCloseTo(0.5, 1);
  });
});

describe('what cannot be annealed is refused with a sentence', () => {
  const from = standardNormal([2]);
  const to = tempered(2)(from);
  const kernel = mala({ stepSize: 0.3 });

  test('schedules that do not rise from 0 to 1', async () => {
    expect(() => betasOf(0)).toThrow('one temperature or more');
    expect(() => betasOf([0, 0.5, 0.4, 1])).toThrow(
      'inverse temperatures rise from 0 to 1 (expected 0 ≤ … ≤ 1, got 0.4 at 2)',
    );
    expect(() => betasOf([0.1, 1])).toThrow('got 0.1 at 0');
    expect(() => betasOf([0, 0.9])).toThrow('got 0.9 at the end');
    expect(await refusal(annealedImportanceSampling({ from, to, kernel, betas: [0], chains: 2, backend }))).toContain('rise from 0 to 1'); // biome-ignore format: one call
  });

  test('distributions over other events, a base with parameters, no chains', async () => {
    expect(await refusal(annealedImportanceSampling({ from: standardNormal([3]) as never, to, kernel, backend }))).toContain('different shapes'); // biome-ignore format: one call
    expect(await refusal(annealedImportanceSampling({ from, to, kernel, chains: 0, backend }))).toContain('chains: must be a positive integer'); // biome-ignore format: one call
    expect(await refusal(annealedImportanceSampling({ from, to: energy([2]), kernel, betas: 2, chains: 2, backend }))).toContain('nothing was fed'); // biome-ignore format: one call
  });

  test('a discrete energy by gradients, a distribution where the base has no mass', async () => {
    const spins = restrict({ kind: 'integers', low: 0, high: 1 })(productOfExperts([standardNormal([2])]));
    expect(await refusal(annealedImportanceSampling({ from, to: spins, kernel, betas: 2, chains: 2, backend }))).toContain('cannot sample a discrete distribution'); // biome-ignore format: one call
    const far = restrict({ kind: 'interval', low: 5, high: 6 })(standardNormal([2]));
    expect(await refusal(annealedImportanceSampling({ from: uniform([2]), to: far, kernel: randomWalk({ stepSize: 0.1 }), betas: 2, chains: 2, backend }))).toContain('stopped being finite'); // biome-ignore format: one call
  });

  test('an interrupted walk says how far it came', async () => {
    const signal = AbortSignal.abort();
    expect(await refusal(annealedImportanceSampling({ from, to, kernel, betas: 300, chains: 2, backend, signal }))).toContain('interrupted after 0 of 300 temperatures'); // biome-ignore format: one call
  });
});
