/** Estimators of one bound: on a linear-Gaussian VAE the bound, log p(x) and every gradient are known. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type Dist, pushforward } from '../../src/algebra/dist.ts';
import type { Bound, Samples } from '../../src/algebra/evidence.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Feeds, program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import {
  dreg,
  elbo,
  importanceWeighted,
  monteCarloEm,
  reweightedWakeSleep,
  scoreFunction,
  sgvb,
  stickingTheLanding,
  wakeSleep,
} from '../../src/inference/index.ts';
import type { Objective } from '../../src/inference/objective.ts';
import { dequantise } from '../../src/transports/index.ts';
import {
  affineAt,
  errorOf,
  exactMean,
  gradients,
  linearHvae,
  linearVae,
  meanOf,
  varianceOf,
} from './linear-gaussian.ts';

const dist = linearVae(1, 1);
const [DECODER, ENCODER] = ['0.stochastic/decoder', '0.stochastic/encoder'];
const x = o.constant([1.4]);
const [w, b, r] = [1.3, 0.4, Math.log(0.7)];
const [a, c, e] = [0.3, 0.1, Math.log(0.9)];
const poor: Feeds = { ...affineAt(DECODER, [[w]], [b], [r]), ...affineAt(ENCODER, [[a]], [c], [e]) };
const total = w * w + Math.exp(2 * r);
const posterior: Feeds = affineAt(ENCODER, [[w / total]], [(-w * b) / total], [r - 0.5 * Math.log(total)]);
const atPosterior: Feeds = { ...poor, ...posterior };

const leaf = (name: string, shape: readonly number[]): Expr => o.parameterLeaf(name, o.broadcastTo(o.scalar(0), shape));
const names = ['w', 'b', 'r'].flatMap((p) => [`${DECODER}/${p}`, `${ENCODER}/${p}`]);
const leaves = Object.fromEntries(names.map((n) => [n, leaf(n, n.endsWith('w') ? [1, 1] : [1])]));
const number = (name: string): Expr => o.reshape(leaves[name], []);
const logNormal = (v: Expr | number, m: Expr | number, variance: Expr): Expr =>
  o.mul(-0.5, o.add(o.log(o.mul(2 * Math.PI, variance)), o.div(o.square(o.sub(v, m)), variance)));

/** E_q [log p(x, z) − log q(z | x)] in closed form. */
const exactBound = ((): Expr => {
  const [W, B, R] = ['w', 'b', 'r'].map((p) => number(`${DECODER}/${p}`));
  const [A, C, E] = ['w', 'b', 'r'].map((p) => number(`${ENCODER}/${p}`));
  const [m, v] = [o.add(o.mul(A, 1.4), C), o.exp(o.mul(2, E))];
  const noise = o.exp(o.mul(2, R));
  const likelihood = o.sub(
    logNormal(1.4, o.add(o.mul(W, m), B), noise),
    o.mul(0.5, o.div(o.mul(o.square(W), v), noise)),
  );
  const divergence = o.mul(0.5, o.sub(o.add(v, o.square(m)), o.add(1, o.mul(2, E))));
  return o.sub(likelihood, divergence);
})();
const numbers = (outputs: readonly Expr[], feeds: Feeds): number[] =>
  evaluateProgram(program(outputs, 'float64'), feeds).map((t) => toNumbers(t)[0]);
const exactGradient = (feeds: Feeds): Record<string, number> => {
  const all = numbers(grad(exactBound, names.map((n) => leaves[n])), feeds); // biome-ignore format: one idea
  return Object.fromEntries(names.map((n, i) => [n, -all[i]]));
};
const agrees = (found: readonly number[], truth: number, what: string): void =>
  expect(Math.abs(meanOf(found) - truth), `${what}: ${meanOf(found)} for ${truth}`).toBeLessThan(
    4.5 * errorOf(found) + 1e-9,
  );
const gradientsOf = (objective: Objective<readonly [number]>, n: number, feeds = poor, seed = 3) =>
  gradients(objective.loss(x), n, feeds, seed);
const column = (rows: readonly (readonly number[])[]): number[] => rows.map((row) => row[0]);

describe('one-sample bounds', () => {
  const estimators = {
    elbo: elbo(dist),
    'sgvb, one sample': sgvb()(dist),
    'sgvb, three samples': sgvb({ samples: 3 })(dist),
    'sticking the landing': stickingTheLanding(1)(dist),
    'doubly reparameterised, one sample': dreg(1)(dist),
    'score function': scoreFunction()(dist),
    'score function, five samples': scoreFunction({ samples: 5 })(dist),
    'score function, leave one out': scoreFunction({ samples: 4, baseline: 'leaveOneOut' })(dist),
  };
  const truth = exactGradient(poor);
  const [bound] = numbers([exactBound], poor);

  test.each(Object.entries(estimators))('%s: the value and every gradient in the mean', (_, objective) => {
    const found = gradientsOf(objective, 8000);
    agrees(found.loss, -bound, 'loss');
    expect(Object.keys(found.by).sort()).toEqual([...names].sort());
    for (const n of names) agrees(column(found.by[n]), truth[n], n);
  });

  test('the leave-one-out baseline lowers the variance', () => {
    const [plain, baselined] = [
      scoreFunction({ samples: 4 }),
      scoreFunction({ samples: 4, baseline: 'leaveOneOut' }),
    ].map((f) => varianceOf(column(gradientsOf(f(dist), 4000).by[`${ENCODER}/b`])));
    expect(baselined).toBeLessThan(plain / 1.5);
  });

  test('the score function has a hundred times the variance of reparameterisation, three deviations off', () => {
    const off = {
      ...affineAt(DECODER, [[1]], [0], [Math.log(0.5)]),
      ...affineAt(ENCODER, [[0]], [0.5], [Math.log(0.2)]),
    };
    const [plain, scored] = [elbo(dist), scoreFunction()(dist)].map((f) =>
      varianceOf(column(gradientsOf(f, 8000, off).by[`${ENCODER}/b`])),
    );
    // z ↦ −(x − z)/s² + z has slope 1/s² + 1, and log q none: the reparameterised variance is (σ (1 + 1/s²))².
    expect(plain).toBeCloseTo((0.2 * 5) ** 2, 1);
    expect(scored / plain).toBeGreaterThan(100);
  });

  test('closed-form divergences have less gradient variance in all than their Monte-Carlo form', () => {
    const spread = (objective: Objective<readonly [number]>): number => {
      const { by } = gradientsOf(objective, 8000);
      return names.reduce((sum, n) => sum + varianceOf(column(by[n])), 0);
    };
    expect(spread(sgvb()(dist))).toBeLessThan(0.9 * spread(elbo(dist)));
  });
});

describe('at the true posterior', () => {
  test('the one-sample bounds are log p(x) itself, whatever the noise', () => {
    const [truth] = numbers([exactBound], atPosterior);
    const direct = -0.5 * Math.log(2 * Math.PI * total) - (1.4 - b) ** 2 / (2 * total);
    expect(truth).toBeCloseTo(direct, 12);
    for (const objective of [elbo(dist), stickingTheLanding(1)(dist), scoreFunction()(dist), wakeSleep(dist)])
      for (const l of gradientsOf(objective, 50, atPosterior).loss) expect(l).toBeCloseTo(-direct, 10);
  });

  test('sticking the landing has no variance: every draw has the gradient 0 for the posterior, where elbo has noise', () => {
    const [stuck, plain] = [stickingTheLanding(1)(dist), elbo(dist)].map((f) => gradientsOf(f, 200, atPosterior).by);
    for (const p of ['w', 'b', 'r']) {
      for (const row of stuck[`${ENCODER}/${p}`]) expect(Math.abs(row[0])).toBeLessThan(1e-10);
      expect(varianceOf(column(plain[`${ENCODER}/${p}`]))).toBeGreaterThan(1e-3);
    }
  });

  test('so have doubly reparameterised gradients, for any k', () => {
    for (const row of gradientsOf(dreg(7)(dist), 200, atPosterior).by[`${ENCODER}/b`])
      expect(Math.abs(row[0])).toBeLessThan(1e-10);
  });
});

describe('importance-weighted bounds', () => {
  test('dreg(k) is importanceWeighted(k) with another gradient: the same values, the same mean gradient', () => {
    const [plain, doubly] = [importanceWeighted(5)(dist), dreg(5)(dist)].map((f) => gradientsOf(f, 6000));
    for (let i = 0; i < 100; i++) expect(doubly.loss[i]).toBeCloseTo(plain.loss[i], 10);
    for (const n of names) {
      const gap = plain.by[n].map((row, i) => row[0] - doubly.by[n][i][0]);
      agrees(gap, 0, n);
    }
  });

  test('with many samples the posterior’s gradient has less variance doubly reparameterised', () => {
    const [plain, doubly] = [importanceWeighted(50)(dist), dreg(50)(dist)].map((f) =>
      varianceOf(column(gradientsOf(f, 1500).by[`${ENCODER}/b`])),
    );
    expect(doubly).toBeLessThan(plain / 10);
  });

  test('reweighted wake–sleep has the bound’s gradient for the model', () => {
    const [plain, reweighted] = [importanceWeighted(5)(dist), reweightedWakeSleep(5)(dist)].map((f) =>
      gradientsOf(f, 3000),
    );
    for (let i = 0; i < 100; i++) expect(reweighted.loss[i]).toBeCloseTo(plain.loss[i], 10);
    for (const p of ['w', 'b', 'r']) {
      const n = `${DECODER}/${p}`;
      for (let i = 0; i < 100; i++) expect(reweighted.by[n][i][0]).toBeCloseTo(plain.by[n][i][0], 8);
    }
  });

  test('… and moves the encoder by the gradient of E over the true posterior of log q, with many samples', () => {
    const n = 300;
    const { by } = gradientsOf(reweightedWakeSleep(400)(dist), n);
    // KL(p ‖ q): ∂/∂c of −E_p log q = (m_q − m_p) / v_q.
    const truth = (a * 1.4 + c - (w * (1.4 - b)) / total) / Math.exp(2 * e);
    const found = column(by[`${ENCODER}/b`]);
    expect(Math.abs(meanOf(found) - truth)).toBeLessThan(4.5 * errorOf(found) + 0.01);
  });
});

describe('wake–sleep', () => {
  test('the model has the bound’s gradient, the encoder that of its dreams', () => {
    const { by } = gradientsOf(wakeSleep(dist), 12_000);
    const truth = exactGradient(poor);
    for (const p of ['w', 'b', 'r']) agrees(column(by[`${DECODER}/${p}`]), truth[`${DECODER}/${p}`], p);
    // x ~ N(b, total), z | x: residual z − a x − c has mean −(a b + c) and variance (1 − a w)² + a² s².
    const [mean, variance] = [-(a * b + c), (1 - a * w) ** 2 + a * a * Math.exp(2 * r)];
    const v = Math.exp(2 * e);
    agrees(column(by[`${ENCODER}/b`]), -mean / v, 'the encoder’s offset');
    agrees(column(by[`${ENCODER}/r`]), 1 - (variance + mean * mean) / v, 'the encoder’s log-scale');
  });
});

describe('Monte-Carlo EM', () => {
  test('has the gradient of the marginal likelihood for the model, once chains forget where they start', () => {
    const { by } = gradientsOf(monteCarloEm({ stepSize: 0.25, leapfrogSteps: 3, transitions: 6 })(dist), 4000);
    // Fisher: ∂_θ log p(x) = E over the posterior of ∂_θ log p(x, z); for b it is (x − b)/total.
    agrees(column(by[`${DECODER}/b`]), -(1.4 - b) / total, 'b');
    // ∂_w log p(x) = −w/total + w (x − b)²/total².
    agrees(column(by[`${DECODER}/w`]), w / total - (w * (1.4 - b) ** 2) / total ** 2, 'w');
  });
});

describe('Monte-Carlo EM of rounded data', () => {
  test('sees one y in all that it does for an event: start, chain and end', () => {
    // A chain that does not move, from the true posterior: the two gradients give back (y, z), and the loss is −log p(y) + log 2 at that very y.
    const rounded = pipe(dist, pushforward(dequantise({ levels: 2 }))) as Dist<readonly [1], Bound & Samples>;
    const objective = monteCarloEm({ stepSize: 1e-12, leapfrogSteps: 1 })(rounded);
    const { loss, by } = gradients(objective.loss(o.constant([1])), 20, atPosterior);
    const [s2, v] = [Math.exp(2 * r), Math.exp(2 * (r - 0.5 * Math.log(total)))];
    const [slope, offset] = [w / total, (-w * b) / total];
    const ys = loss.map((l, i) => {
      const [ofModel, ofEncoder] = [by[`${DECODER}/b`][i][0], by[`${ENCODER}/b`][i][0]];
      const y = (b + w * offset - w * v * ofEncoder - s2 * ofModel) / (1 - w * slope);
      expect(-l).toBeCloseTo(-0.5 * Math.log(2 * Math.PI * total) - (y - b) ** 2 / (2 * total) - Math.LN2, 8);
      return y;
    });
    for (const y of ys) expect(y >= 0.5 && y < 1).toBe(true);
    expect(Math.max(...ys) - Math.min(...ys)).toBeGreaterThan(0.2);
  });
});

describe('two stochastic layers', () => {
  const deep = linearHvae();
  const feeds: Feeds = {
    ...affineAt('0.stochastic/decoder', [[0.8]], [0.2], [-0.4]),
    ...affineAt('0.stochastic/encoder', [[0.5]], [-0.1], [-0.3]),
    ...affineAt('1.stochastic/decoder', [[1.1]], [0.3], [-0.5]),
    ...affineAt('1.stochastic/encoder', [[0.4]], [0.2], [-0.6]),
  };
  // Everything is quadratic in the noise, so that quadrature gives exact means.
  test('every estimator has the bound in the mean', () => {
    const truth = exactMean(elbo(deep).loss(x), feeds);
    for (const objective of [sgvb()(deep), stickingTheLanding(1)(deep), dreg(1)(deep)])
      expect(exactMean(objective.loss(x), feeds)).toBeCloseTo(truth, 10);
  });

  test('and its gradient', () => {
    const reference = gradients(elbo(deep).loss(x), 8000, feeds);
    for (const objective of [
      sgvb()(deep),
      stickingTheLanding(1)(deep),
      dreg(1)(deep),
      scoreFunction({ samples: 3, baseline: 'leaveOneOut' })(deep),
    ]) {
      const found = gradients(objective.loss(x), 8000, feeds, 5);
      for (const [n, rows] of Object.entries(reference.by)) {
        const [p, q] = [column(rows), column(found.by[n])];
        expect(Math.abs(meanOf(p) - meanOf(q)), `${objective.spec.type} ${n}`).toBeLessThan(
          4.5 * Math.hypot(errorOf(p), errorOf(q)),
        );
      }
    }
  });

  test('asleep, each encoder learns from the dreams of its own layer', () => {
    const { by } = gradients(wakeSleep(deep).loss(x), 8000, feeds);
    // z₂ ~ N(0, 1), z₁ | z₂ ~ N(0.8 z₂ + 0.2, e^−0.8), x | z₁ ~ N(1.1 z₁ + 0.3, e^−1): the encoders' residuals are normal.
    const inner = 0.8 ** 2 + Math.exp(-0.8);
    const upper = {
      mean: -(0.5 * 0.2 - 0.1),
      variance: (1 - 0.5 * 0.8) ** 2 + 0.25 * Math.exp(-0.8),
      v: Math.exp(-0.6),
    };
    const lower = { mean: 0.2 - 0.4 * (1.1 * 0.2 + 0.3) - 0.2, variance: (1 - 0.4 * 1.1) ** 2 * inner + 0.16 * Math.exp(-1), v: Math.exp(-1.2) }; // biome-ignore format: one encoder a line
    for (const [place, { mean, variance, v }] of [
      ['0', upper],
      ['1', lower],
    ] as const) {
      // biome-ignore format: a list
      agrees(column(by[`${place}.stochastic/encoder/b`]), -mean / v, `offset ${place}`);
      agrees(column(by[`${place}.stochastic/encoder/r`]), 1 - (variance + mean * mean) / v, `log-scale ${place}`);
    }
  });

  test('doubly reparameterised gradients agree with the plain ones for k = 4', () => {
    const [plain, doubly] = [importanceWeighted(4)(deep), dreg(4)(deep)].map((f) => gradients(f.loss(x), 8000, feeds));
    for (const [n, rows] of Object.entries(plain.by))
      agrees(rows.map((row, i) => row[0] - doubly.by[n][i][0]), 0, n); // biome-ignore format: one idea
  });
});
