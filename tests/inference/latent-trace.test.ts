/** Traces: the ledger of what a distribution infers, on every registered model with latent variables; discrete codes; groups of a top-down posterior. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { conditional } from '../../src/algebra/conditional.ts';
import { type Dist, pushforward } from '../../src/algebra/dist.ts';
import { dream } from '../../src/algebra/dream.ts';
import type { Bound, Exact, Samples } from '../../src/algebra/evidence.ts';
import { trace } from '../../src/algebra/trace.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { constantly } from '../../src/core/parameters.ts';
import type { Feeds } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import { tensorOf } from '../../src/core/tensor.ts';
import { bernoulli, conditionalNormal, hierarchical, normal, standardNormal } from '../../src/distributions/index.ts';
import {
  boundTerms,
  dreg,
  elbo,
  importanceWeighted,
  reweightedWakeSleep,
  scoreFunction,
  scoreFunctionWithAverage,
  sgvb,
  stickingTheLanding,
  wakeSleep,
} from '../../src/inference/index.ts';
import { distParameters } from '../../src/laws/index.ts';
import { models } from '../../src/models/index.ts';
import { mlp } from '../../src/nn/index.ts';
import { stochastic } from '../../src/transports/index.ts';
import { errorOf, gradients, linearVae, meanOf, values } from './linear-gaussian.ts';

const built = Object.entries(models).flatMap(([name, { build }]) => {
  const dist = build({ shape: [2], levels: 8 });
  if (dist.evidence !== 'bound') return [];
  return D.runDraw(trace(dist)(o.input('x', [2]))).sites.length > 0 ? [[name, dist] as const] : [];
});

describe('the trace of a distribution', () => {
  test('there are distributions with latent variables', () => expect(built.length).toBeGreaterThan(3));

  test.each(built)('%s: sums to the log-density under the same noise, from term to term', (_, dist) => {
    const x = o.constant([3, 5]);
    const both: D.Draw<readonly Expr[]> = (scope) => (cursor) => {
      const [direct, next] = dist.logDensity(x)(scope)(cursor);
      const [t] = trace(dist)(x)(scope)(cursor);
      const terms = [t.reconstruction, ...t.groups.map((g) => o.sub(g.logPrior, g.logPosterior))];
      return [[direct, t.logDensity, o.addAll(terms)], next];
    };
    const [direct, total, summed] = values(both, 4, distParameters(dist, { levels: 8 }, 0, 0.1));
    direct.forEach((l, i) => {
      expect(Number.isFinite(l)).toBe(true);
      for (const again of [total[i], summed[i]]) expect(Math.abs(again - l)).toBeLessThan(1e-10 * (1 + Math.abs(l)));
    });
  });

  test.each(built)('%s: every estimator’s loss is minus the bound of its samples', (_, dist) => {
    const bounded = dist as unknown as Dist<readonly [2], Bound & Samples>;
    const all = [importanceWeighted(2), dreg(2), stickingTheLanding(2), reweightedWakeSleep(2)];
    const losses: D.Draw<readonly Expr[]> = (scope) => (cursor) => [
      all.map((f) => f(bounded).loss(o.constant([3, 5]))(scope)(cursor)[0]),
      { ...cursor, next: cursor.next + 1 },
    ];
    const [bound, ...others] = values(losses, 3, distParameters(dist, { levels: 8 }, 0, 0.1));
    for (const found of others)
      found.forEach((l, i) => expect(Math.abs(l - bound[i])).toBeLessThan(1e-7 * (1 + Math.abs(bound[i])))); // biome-ignore format: one idea
  });

  test.each(built)('%s: a dream is a sample under the same noise, with a finite log q of what was drawn', (_, dist) => {
    const both: D.Draw<readonly Expr[]> = (scope) => (cursor) => {
      const [sample, next] = dist.sample(scope)(cursor);
      const [night] = dream(dist)(scope)(cursor);
      return [[sample, night.value, night.logPosterior], next];
    };
    const [sample, value, log] = values(both, 4, distParameters(dist, { levels: 8 }, 0, 0.1));
    expect(value).toEqual(sample);
    for (const l of log) expect(Number.isFinite(l)).toBe(true);
  });

  test('knows the posterior, the value and the prior of a code that goes straight to the base', () => {
    const t = D.runDraw(trace(linearVae(2, 3))(o.constant([1, 2])));
    expect(t.groups.length).toBe(1);
    expect(t.groups[0].posterior.dist.shape).toEqual([3]);
    expect(t.groups[0].posterior.scope.path).toBe('0.stochastic/encoder');
    expect(t.groups[0].prior?.dist.spec.type).toBe('standardNormal');
  });
});

describe('discrete codes', () => {
  // Two coin flips: every expectation is a sum over four codes.
  const codes = [[0, 0], [0, 1], [1, 0], [1, 1]]; // biome-ignore format: a list
  const parameter = (name: string, shape: readonly number[], value: number): Sc.Scoped<Expr> =>
    Sc.parameter(name, shape, { init: constantly(value) });
  const prior = bernoulli([2] as const, { logits: [0.3, -0.5] });
  const encoder = conditional(
    [1],
    (x) => (scope) =>
      bernoulli([2], {
        logits: o.add(o.mul(o.sum(x), parameter('w', [2], 0.4)(scope)), parameter('b', [2], -0.2)(scope)),
      }),
  );
  const decoder = conditional(
    [2],
    (z) => (scope) => normal([1], { loc: o.reshape(o.dot(z, parameter('v', [2], 1.2)(scope)), [1]), scale: 0.8 }),
  );
  const dist = pipe(
    prior as unknown as Dist<readonly [2], Exact & Samples>,
    pushforward(stochastic({ encoder, decoder })),
  ) as Dist<readonly [1], Bound & Samples>;
  const x = 0.9;
  const feeds: Feeds = {
    '0.stochastic/encoder/w': { shape: [2], type: 'float64', data: Float64Array.of(0.4, -0.6) },
    '0.stochastic/encoder/b': { shape: [2], type: 'float64', data: Float64Array.of(-0.2, 0.5) },
    '0.stochastic/decoder/v': { shape: [2], type: 'float64', data: Float64Array.of(1.2, -0.4) },
  };

  /** E_q log p(x, z) − log q by the sum over codes, with v and b of the four parameters free. */
  const exactBound = (v: readonly number[], b: readonly number[]): number => {
    const logit = (p: number): number => 1 / (1 + Math.exp(-p));
    const q = [0.4, -0.6].map((s, i) => logit(x * s + b[i]));
    const p = [0.3, -0.5].map(logit);
    return codes.reduce((sum, z) => {
      const pq = z.reduce((m, zi, i) => m * (zi === 1 ? q[i] : 1 - q[i]), 1);
      const pp = z.reduce((m, zi, i) => m * (zi === 1 ? p[i] : 1 - p[i]), 1);
      const read = x - z[0] * v[0] - z[1] * v[1];
      const likelihood = -0.5 * Math.log(2 * Math.PI * 0.64) - read ** 2 / 1.28;
      return sum + pq * (likelihood + Math.log(pp) - Math.log(pq));
    }, 0);
  };
  const [v0, b0] = [[1.2, -0.4], [-0.2, 0.5]]; // biome-ignore format: a pair
  const slope = (f: (h: number) => number): number => (f(1e-5) - f(-1e-5)) / 2e-5;
  const shifted = (a: readonly number[], i: number, h: number): number[] => a.map((c, j) => (j === i ? c + h : c));

  test.each([
    ['score function', scoreFunction()(dist)],
    ['leave one out', scoreFunction({ samples: 3, baseline: 'leaveOneOut' })(dist)],
    ['closed-form divergences of the model', sgvb()(dist)],
  ] as const)('%s: the value is the bound, summed over codes', (_, objective) => {
    const { loss } = gradients(objective.loss(o.constant([x])), 20_000, feeds);
    expect(Math.abs(meanOf(loss) + exactBound(v0, b0))).toBeLessThan(4.5 * errorOf(loss));
  });

  test.each([
    ['score function', scoreFunction()(dist)],
    ['leave one out', scoreFunction({ samples: 3, baseline: 'leaveOneOut' })(dist)],
  ] as const)('%s: gradients of encoder and decoder are those of the sum', (_, objective) => {
    const { by } = gradients(objective.loss(o.constant([x])), 40_000, feeds);
    for (const i of [0, 1]) {
      const truthB = -slope((h) => exactBound(v0, shifted(b0, i, h)));
      const truthV = -slope((h) => exactBound(shifted(v0, i, h), b0));
      const [foundB, foundV] = ['encoder/b', 'decoder/v'].map((n) => by[`0.stochastic/${n}`].map((row) => row[i]));
      expect(Math.abs(meanOf(foundB) - truthB)).toBeLessThan(4.5 * errorOf(foundB));
      expect(Math.abs(meanOf(foundV) - truthV)).toBeLessThan(4.5 * errorOf(foundV));
    }
  });

  test('a moving average as baseline keeps the gradient and lowers its variance', () => {
    const objective = scoreFunctionWithAverage({ decay: 0.9 })(dist);
    const batch = o.constant([x], [1, 1]);
    const loss = D.map((losses: Expr) => o.mean(losses))(objective.batchLoss(batch));
    const buffers = (average: number, gathered: number): Feeds => ({
      average: { ...tensorOf([average]), shape: [] },
      gathered: { ...tensorOf([gathered]), shape: [] },
    });
    const [plain, baselined] = [buffers(0, 0), buffers(exactBound(v0, b0), 1)].map((at) =>
      gradients(loss, 20_000, { ...feeds, ...at }).by['0.stochastic/encoder/b'].map((row) => row[0]),
    );
    expect(Math.abs(meanOf(plain) - meanOf(baselined))).toBeLessThan(
      4.5 * Math.hypot(errorOf(plain), errorOf(baselined)),
    );
    expect(errorOf(baselined)).toBeLessThan(errorOf(plain) / 1.5);
  });

  test('wake–sleep and its reweighted form train them too: their losses are the bounds', () => {
    const [wake] = [wakeSleep(dist)].map((f) => gradients(f.loss(o.constant([x])), 20_000, feeds));
    expect(Math.abs(meanOf(wake.loss) + exactBound(v0, b0))).toBeLessThan(4.5 * errorOf(wake.loss));
    const tight = gradients(reweightedWakeSleep(200)(dist).loss(o.constant([x])), 500, feeds).loss;
    expect(meanOf(tight)).toBeLessThan(meanOf(wake.loss));
  });
});

describe('a top-down posterior', () => {
  const network = mlp([4], { activation: 'tanh', zeroLast: false });
  const prior = hierarchical(
    standardNormal([2]),
    conditionalNormal([2], [1], { network }),
    conditionalNormal([3], [2], { network }),
  );
  const encoder = conditional(
    [2],
    (x) => () =>
      hierarchical(
        normal([2], { loc: o.mul(0.5, x), scale: 0.7 }),
        conditional([2], (z) => () => normal([1], { loc: o.reshape(o.sum(o.add(z, x)), [1]), scale: 0.5 })),
        conditionalNormal([3], [2], { network }),
      ),
  );
  const decoder = conditionalNormal([5], [2], { network });
  const dist = pipe(
    prior as Dist<readonly [number], Exact & Samples>,
    pushforward(stochastic({ encoder, decoder } as never)),
  ) as Dist<readonly [2], Bound & Samples>;
  const x = o.constant([0.4, -1.2]);
  const parameters = distParameters(dist);

  test('has a closed form for every group', () => {
    const { divergences } = D.runDraw(boundTerms(dist)(x));
    expect(divergences.map((d) => [d.size, d.evidence])).toEqual([[2, 'exact'], [1, 'exact'], [2, 'exact']]); // biome-ignore format: a list
  });

  test('whose sum has the mean of the one-sample bound, and less variance', () => {
    const [plain, closed] = [elbo(dist), sgvb()(dist)].map((f) => gradients(f.loss(x), 8000, parameters).loss);
    expect(Math.abs(meanOf(plain) - meanOf(closed))).toBeLessThan(4.5 * Math.hypot(errorOf(plain), errorOf(closed)));
    expect(errorOf(closed)).toBeLessThan(errorOf(plain));
  });
});
