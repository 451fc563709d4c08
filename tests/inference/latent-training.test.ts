/** Estimators train to what is known: the evidence of a linear regression, the maximum likelihood of probabilistic PCA. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import { type Dist, distribution } from '../../src/algebra/dist.ts';
import type { Exact, Samples } from '../../src/algebra/evidence.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { zeros } from '../../src/core/parameters.ts';
import type { Feeds } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  adam,
  cosine,
  elbo,
  fit,
  fullVariationalBayes,
  maximumLikelihood,
  monteCarloEm,
  posteriorMeans,
  sgvb,
  wakeSleep,
} from '../../src/inference/index.ts';
import type { AnyObjective } from '../../src/inference/objective.ts';
import { exactMean, linearVae, meanOf } from './linear-gaussian.ts';

const logNormal = (v: number, m: number, variance: number): number =>
  -0.5 * Math.log(2 * Math.PI * variance) - (v - m) ** 2 / (2 * variance);

/** Events `[f, y]`: y = slope f + intercept + noise, f as it is. */
const regression = (noise: number): Dist<readonly [2], Exact & Samples> =>
  distribution({
    shape: [2] as const,
    spec: { type: 'regression' },
    evidence: 'exact',
    logDensity: (event) =>
      D.fromScoped((scope) => {
        const theta = Sc.parameter('theta', [2], { init: zeros })(scope);
        const [f, y] = [0, 1].map((i) => o.sliceAxis(event, 0, i, i + 1));
        const row = o.concat([f, o.constant([1])]);
        return o.add(
          o.mul(-0.5, o.square(o.div(o.sub(o.sum(y), o.dot(row, theta)), noise))),
          -0.5 * Math.log(2 * Math.PI * noise * noise),
        );
      }),
    sample: D.of(o.constant([0, 0])),
  });

const must = <A>(result: E.Either<{ readonly message: string }, A>): A => {
  if (E.isLeft(result)) throw new Error(result.left.message);
  return result.right;
};

describe('full variational Bayes (appendix F)', () => {
  // Features with Σ f = 0: the posterior of slope and intercept factorises, so that the family of posteriors holds it.
  const noise = 0.5;
  const f = Array.from({ length: 16 }, (_, i) => (i - 7.5) / 4);
  const rows = f.map((v, i) => [v, 0.8 * v - 0.3 + noise * Math.sin(37 * i)] as const);
  const data = fromRows('regression', Float32Array.from(rows.flat()), [2]);
  const n = rows.length;
  const precisions = [1 + f.reduce((s, v) => s + v * v, 0) / noise ** 2, 1 + n / noise ** 2];
  const y = rows.map((row) => Math.fround(row[1]));
  const means = [f.reduce((s, v, i) => s + v * y[i], 0) / noise ** 2 / precisions[0], y.reduce((s, v) => s + v, 0) / noise ** 2 / precisions[1]]; // biome-ignore format: a pair
  /** log p(y) = log N(y; 0, I s² + Φ Φᵀ), by p(y | θ) p(θ) / p(θ | y) at the posterior's mean. */
  const evidence =
    y.reduce((s, v, i) => s + logNormal(v, means[0] * f[i] + means[1], noise ** 2), 0) +
    means.reduce((s, m, j) => s + logNormal(m, 0, 1) - logNormal(m, m, 1 / precisions[j]), 0);
  const objective = fullVariationalBayes({ events: n })(maximumLikelihood(regression(noise)));
  const batch = o.constant(rows.flat().map(Math.fround), [n, 2]);
  const bound = (feeds: Feeds): number =>
    -n * exactMean(D.map((losses: Expr) => o.mean(losses))(objective.batchLoss(batch)), feeds);
  const float64 = (t: Tensor): Tensor => ({ ...t, type: 'float64', data: Float64Array.from(t.data) });

  test('is the exact evidence at the exact posterior', () => {
    const scale = precisions.map((p) => Math.log(Math.expm1(1 / Math.sqrt(p))));
    const vector = (xs: readonly number[]): Tensor => ({ shape: [2], type: 'float64', data: Float64Array.from(xs) });
    expect(Math.abs(bound({ 'theta:mean': vector(means), 'theta:scale': vector(scale) }) - evidence)).toBeLessThan(
      1e-9,
    );
  });

  test('finds it by training, to 1e-3', async () => {
    const fitted = must(
      await fit({ objective, data, batchSize: n, steps: 8000, optimizer: adam({ learningRate: cosine(0.02, 8000, 1e-6) }) })(), // biome-ignore format: one line
    );
    const found = bound(Object.fromEntries(Object.entries(fitted.parameters).map(([k, v]) => [k, float64(v)])));
    expect(found).toBeLessThan(evidence + 1e-9);
    expect(evidence - found).toBeLessThan(1e-3);
    const learned = posteriorMeans(fitted.parameters).theta.data;
    expect(learned[0]).toBeCloseTo(means[0], 2);
    expect(learned[1]).toBeCloseTo(means[1], 2);
  });
});

describe('probabilistic PCA', () => {
  const [d, n] = [3, 2000];
  /** A fixed sequence that looks like standard normal numbers. */
  const pseudoNormal = (i: number, j: number): number => {
    const u = (k: number): number => {
      const v = Math.sin(12.9898 * (i + 1) + 78.233 * (3 * j + k + 1)) * 43758.5453;
      return Math.min(1 - 1e-9, Math.max(1e-9, v - Math.floor(v)));
    };
    return Math.sqrt(-2 * Math.log(u(0))) * Math.cos(2 * Math.PI * u(1));
  };
  const rows = Array.from({ length: n }, (_, i) => {
    const z = pseudoNormal(i, 7);
    return [1.2, -0.7, 0.5].map((l, j) => l * z + 0.5 * pseudoNormal(i, j) + 0.3);
  });
  const data = fromRows('ppca', Float32Array.from(rows.flat()), [d]);
  const axes = [0, 1, 2];
  const mean = axes.map((j) => meanOf(rows.map((row) => row[j])));
  const covariance = axes.map((i) =>
    axes.map((j) => meanOf(rows.map((row) => (row[i] - mean[i]) * (row[j] - mean[j])))),
  );
  const trace = axes.reduce((s, i) => s + covariance[i][i], 0);
  const times = (v: readonly number[]): number[] => covariance.map((row) => row.reduce((s, c, j) => s + c * v[j], 0));
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, v, i) => s + v * b[i], 0);

  /** Tipping & Bishop 1999, eq. 8 and 10: the largest eigenvalue by power iteration, the noise the mean of the others. */
  const largest = ((): number => {
    let v = [1, 1, 1];
    for (let i = 0; i < 500; i++) {
      const next = times(v);
      v = next.map((c) => c / Math.sqrt(dot(next, next)));
    }
    return dot(v, times(v));
  })();
  const noise = (trace - largest) / (d - 1);
  const optimum = 0.5 * (d * Math.log(2 * Math.PI) + Math.log(largest) + (d - 1) * Math.log(noise) + d);

  /** Mean of −log N(m, W Wᵀ + s² I) over the data, by Woodbury's identity. */
  const nll = (W: readonly number[], m: readonly number[], s2: number): number => {
    const full = s2 + dot(W, W);
    const offset = mean.map((v, i) => v - m[i]);
    const along = dot(W, times(W)) + dot(W, offset) ** 2;
    const squares = (trace + dot(offset, offset) - along / full) / s2;
    return 0.5 * (d * Math.log(2 * Math.PI) + Math.log(full) + (d - 1) * Math.log(s2) + squares);
  };
  const model = linearVae(d, 1);
  const trained = async (objective: AnyObjective<readonly [number]>): Promise<number> => {
    const steps = 2000;
    const optimizer = adam({ learningRate: cosine(0.02, steps, 1e-4) });
    const { parameters } = must(await fit({ objective, data, batchSize: 100, steps, optimizer })());
    const [W, B, R] = ['w', 'b', 'r'].map((p) => [...parameters[`0.stochastic/decoder/${p}`].data]);
    return nll(W, B, Math.exp(2 * R[0]));
  };

  test.each([
    ['elbo', elbo(model)],
    ['closed-form divergences', sgvb()(model)],
    ['wake–sleep', wakeSleep(model)],
    ['Monte-Carlo EM', monteCarloEm({ stepSize: 0.15, leapfrogSteps: 4 })(model)],
  ] as const)('%s finds the eigen-solution', async (_, objective) => {
    const found = await trained(objective);
    expect(found).toBeGreaterThan(optimum - 1e-6);
    expect(found - optimum).toBeLessThan(0.005);
  });
});
