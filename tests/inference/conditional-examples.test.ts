/** The conditional examples, small, each against what is known: posteriors in closed form, distances at their floor, moments. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { adam, adapted, affineCoupling, classes, compose, conditional, conditionalLikelihood, conditionally, conditionalNormal, cosine, ddim, denoisingScoreMatching, diffusion, distGiven, elbo, energy, type Failure, fit, guided, logSnrGrid, maximumLikelihood, mlp, normal, nuts, type Objective, onnx, ops, parametrised, predict, productOfExperts, pushforward, repeat, resMlp, reverse, run, runChains, scoreMatching, standardNormal, stochastic, toNumbers, vp } from 'pushforward'; // biome-ignore format: one list
import { fromRows, labelsOf, minimalAssignment, pairs } from 'pushforward/data';
import { describe, expect, test } from 'vitest';
import { sentence } from '../../src/core/errors.ts';
import { generator, keyOf } from '../../src/core/prng.ts';

const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};
const backend = onnx('cpu');

const gaussians = (seed: number): (() => number) => generator(keyOf(seed)).normal;
const mean = (xs: ArrayLike<number>): number => Array.from(xs).reduce((a, b) => a + b, 0) / xs.length;
const deviation = (xs: ArrayLike<number>): number => {
  const m = mean(xs);
  return Math.sqrt(mean(Array.from(xs, (x) => (x - m) ** 2)));
};
/** Column j of rows of `width` numbers. */
const column = (rows: ArrayLike<number>, width: number, j: number): number[] =>
  Array.from({ length: rows.length / width }, (_, i) => rows[i * width + j]);

describe('classes in the plane: one declaration each, swapped in one word', () => {
  const truth = [
    { loc: [-2, 0], scale: [0.5, 0.5] },
    { loc: [2, 1], scale: [0.3, 0.8] },
  ] as const;
  const of = (k: 0 | 1, n: number, next: () => number): number[] =>
    Array.from({ length: n }, () => truth[k].loc.map((m, j) => m + truth[k].scale[j] * next())).flat();
  const next = gaussians(1);
  const n = 4000;
  const data = fromRows('two classes', Float32Array.from([...of(0, n, next), ...of(1, n, next)]), [2], {
    labels: Int32Array.from({ length: 2 * n }, (_, i) => (i < n ? 0 : 1)),
  });
  const rows = pairs(labelsOf(data, 2), data);

  /** The distance W₂ between two samples of one size, exactly. */
  const distance = (a: readonly number[], b: readonly number[]): number => {
    const m = a.length / 2;
    const cost = Array.from({ length: m * m }, (_, k) => {
      const [i, j] = [Math.floor(k / m), k % m];
      return (a[2 * i] - b[2 * j]) ** 2 + (a[2 * i + 1] - b[2 * j + 1]) ** 2;
    });
    const { columns } = minimalAssignment(cost, m);
    return Math.sqrt(mean(Array.from(columns, (j, i) => cost[i * m + j])));
  };
  const size = 256;
  const floor = ([0, 1] as const).map((k) => mean([1, 2, 3].map((s) => distance(of(k, size, gaussians(10 * s)), of(k, size, gaussians(10 * s + 5)))))); // biome-ignore format: one idea

  const net = mlp([32, 32]);
  const flow = conditional(classes(2), (c) =>
    pipe(
      standardNormal([2]),
      pushforward(repeat(4, compose(affineCoupling({ conditioner: net.given(c) }), reverse()))),
    ),
  );
  const coder = mlp([32], { activation: 'tanh', zeroLast: false });
  const vae = conditional(classes(2), (c) => {
    const part = conditionalNormal([2], [2], { network: coder.given(c) });
    return pipe(standardNormal([2]), pushforward(stochastic({ encoder: part, decoder: part })));
  });
  const denoiser = resMlp([64, 64]);
  const model = conditional(classes(2), (c) =>
    diffusion(predict('noise', vp(), denoiser.given(c), { shape: [2] }), { sampler: ddim(), grid: logSnrGrid(40) }),
  );

  const check = (drawn: ArrayLike<number>, k: 0 | 1, loose: number): void => {
    truth[k].loc.forEach((m, j) => {
      expect(Math.abs(mean(column(drawn, 2, j)) - m), `mean ${k}, ${j}`).toBeLessThan(0.12 * loose);
      expect(Math.abs(deviation(column(drawn, 2, j)) / truth[k].scale[j] - 1), `deviation ${k}, ${j}`).toBeLessThan(
        0.15 * loose,
      );
    });
    expect(distance(Array.from(drawn).slice(0, 2 * size), of(k, size, gaussians(99))), `W₂ ${k}`).toBeLessThan(
      (1 + 0.5 * loose) * floor[k],
    );
  };
  const trained = (objective: Objective<readonly [number]>, steps: number, learningRate: number) =>
    done(
      fit({
        objective,
        data: rows,
        steps,
        batchSize: 256,
        optimizer: adam({ learningRate: cosine(learningRate, steps) }),
        seed: 3,
      }),
    );

  test('a flow', async () => {
    const { parameters } = await trained(conditionally(maximumLikelihood)(flow), 800, 3e-3);
    for (const k of [0, 1] as const)
      check(toNumbers(await run(flow, parameters, backend).given(k).sample(2000, 5)), k, 1);
  }, 60_000);

  test('a VAE', async () => {
    const { parameters } = await trained(conditionally(elbo)(vae), 1500, 5e-3);
    for (const k of [0, 1] as const)
      check(toNumbers(await run(vae, parameters, backend).given(k).sample(2000, 5)), k, 1.5);
  }, 60_000);

  test('a diffusion, without guidance and with it', async () => {
    const { parameters } = await trained(conditionally(denoisingScoreMatching, { drop: 0.1 })(model), 3000, 2e-3);
    for (const k of [0, 1] as const)
      check(toNumbers(await run(model, parameters, backend).given(k).sample(2000, 5)), k, 1.5);
    const one = ops.constant([0, 1]);
    const at = (scale: number) => run(guided(model, one, { scale }), parameters, backend).sample(1000, 5);
    const [plain, same, far] = [
      await run(distGiven(model, one), parameters, backend).sample(1000, 5),
      await at(1),
      await at(4),
    ].map((t) => toNumbers(t));
    plain.forEach((v, i) => expect(Math.abs(same[i] - v)).toBeLessThan(1e-3));
    // Guidance moves away from the other class: p(x) p(c | x)⁴ has its mass further to the right.
    expect(mean(column(far, 2, 0))).toBeGreaterThan(mean(column(plain, 2, 0)));
  }, 90_000);
});

describe('posteriors of linear normal models', () => {
  test('an amortised posterior has the mean and the variance of the closed form', async () => {
    // z ~ N(0, I₂), x = W z + 0.5 ε.
    const w = [[1, 0.5], [-0.3, 0.8], [0.6, -0.4]] as const; // biome-ignore format: a matrix
    const next = gaussians(2);
    const n = 20_000;
    const z = Float32Array.from({ length: 2 * n }, next);
    const x = Float32Array.from(
      { length: 3 * n },
      (_, i) => w[i % 3][0] * z[2 * Math.floor(i / 3)] + w[i % 3][1] * z[2 * Math.floor(i / 3) + 1] + 0.5 * next(),
    );
    const p = parametrised(normal, { context: [3], event: [2], network: mlp([32]) });
    const { parameters } = await done(
      fit({
        objective: conditionalLikelihood(p),
        data: pairs(fromRows('x', x, [3]), fromRows('z', z, [2])),
        steps: 3000,
        batchSize: 256,
        optimizer: adam({ learningRate: cosine(5e-3, 3000) }),
        seed: 1,
      }),
    );
    // Precision Λ = I + WᵀW/0.25, mean Λ⁻¹ Wᵀx/0.25; a diagonal normal distribution has variances 1/Λᵢᵢ at the optimum of its likelihood over Λ⁻¹: the marginal ones.
    const gram = [0, 1].map((i) =>
      [0, 1].map((j) => (i === j ? 1 : 0) + w.reduce((s, r) => s + (r[i] * r[j]) / 0.25, 0)),
    );
    const det = gram[0][0] * gram[1][1] - gram[0][1] ** 2;
    const cov = [[gram[1][1] / det, -gram[0][1] / det], [-gram[0][1] / det, gram[0][0] / det]]; // biome-ignore format: a matrix
    for (const at of [
      [0.5, 0.2, -0.3],
      [-1, 1, 0.4],
    ]) {
      const b = [0, 1].map((i) => w.reduce((s, r, k) => s + (r[i] * at[k]) / 0.25, 0));
      const drawn = toNumbers(await run(p, parameters, backend).given(at).sample(4000, 1));
      [0, 1].forEach((i) => {
        expect(Math.abs(mean(column(drawn, 2, i)) - (cov[i][0] * b[0] + cov[i][1] * b[1]))).toBeLessThan(0.06);
        expect(Math.abs(deviation(column(drawn, 2, i)) / Math.sqrt(cov[i][i]) - 1)).toBeLessThan(0.08);
      });
    }
  }, 60_000);

  test('super-resolution of normal images: samples have the mean of the posterior given the small image', async () => {
    // x ~ N(0, K) on 4×4 with K = exp(−d²/4); y its means over 2×2. E[x | y] = K Aᵀ (A K Aᵀ)⁻¹ y.
    const side = 4;
    const place = (i: number): readonly [number, number] => [Math.floor(i / side), i % side];
    const k = Array.from({ length: 16 }, (_, i) =>
      Array.from({ length: 16 }, (_, j) => {
        const [[a, b], [c, d]] = [place(i), place(j)];
        return Math.exp(-((a - c) ** 2 + (b - d) ** 2) / 4) + (i === j ? 0.01 : 0);
      }),
    );
    const chol = k.map(() => new Array<number>(16).fill(0));
    for (let i = 0; i < 16; i++)
      for (let j = 0; j <= i; j++) {
        const rest = k[i][j] - chol[i].slice(0, j).reduce((s, v, l) => s + v * chol[j][l], 0);
        chol[i][j] = i === j ? Math.sqrt(rest) : rest / chol[j][j];
      }
    const cell = (i: number): number => 2 * Math.floor(place(i)[0] / 2) + Math.floor(place(i)[1] / 2);
    const next = gaussians(3);
    const n = 8000;
    const large = new Float32Array(16 * n);
    const small = new Float32Array(4 * n);
    for (let r = 0; r < n; r++) {
      const e = Array.from({ length: 16 }, next);
      for (let i = 0; i < 16; i++) {
        large[16 * r + i] = chol[i].reduce((s, v, l) => s + v * e[l], 0);
        small[4 * r + cell(i)] += large[16 * r + i] / 4;
      }
    }
    const net = resMlp([128, 128]);
    const p = conditional([2, 2], (c) =>
      diffusion(predict('noise', vp(), net.given(c), { shape: [4, 4] }), { grid: logSnrGrid(30) }),
    );
    const { parameters } = await done(
      fit({
        objective: conditionally(denoisingScoreMatching, { drop: 0 })(p),
        data: pairs(fromRows('small', small, [2, 2]), fromRows('large', large, [4, 4])),
        steps: 4000,
        batchSize: 256,
        optimizer: adam({ learningRate: cosine(2e-3, 4000) }),
        seed: 1,
      }),
    );
    const given = [
      [0.8, -0.2],
      [0.4, -0.9],
    ];
    const y = given.flat();
    // E[x | y] by solving (A K Aᵀ) a = y.
    const ka = k.map((row) => [0, 1, 2, 3].map((c) => row.reduce((s, v, j) => s + (cell(j) === c ? v / 4 : 0), 0)));
    const m = [0, 1, 2, 3].map((c) => [
      ...[0, 1, 2, 3].map((d) => ka.reduce((s, row, i) => s + (cell(i) === c ? row[d] / 4 : 0), 0)),
      y[c],
    ]);
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 4; j++)
        if (j !== i) {
          const f = m[j][i] / m[i][i];
          m[j] = m[j].map((v, l) => v - f * m[i][l]);
        }
    const expected = ka.map((row) => row.reduce((s, v, c) => s + (v * m[c][4]) / m[c][c], 0));
    const drawn = toNumbers(await run(p, parameters, backend).given(given).sample(1000, 2));
    const off = Math.sqrt(mean(expected.map((e, i) => (mean(column(drawn, 16, i)) - e) ** 2)));
    expect(off).toBeLessThan(0.1);
    expect(Math.sqrt(mean(expected.map((e) => e ** 2)))).toBeGreaterThan(0.4);
    // Samples agree with what they were given.
    for (const c of [0, 1, 2, 3]) {
      const means = Array.from({ length: 1000 }, (_, r) =>
        mean([...Array(16).keys()].filter((i) => cell(i) === c).map((i) => drawn[16 * r + i])),
      );
      expect(Math.abs(mean(means) - y[c])).toBeLessThan(0.08);
    }
  }, 120_000);
});

test('a conditional energy, matched by its score and sampled by NUTS, has the moments of its context', async () => {
  const next = gaussians(4);
  const n = 10_000;
  const c = Float32Array.from({ length: n }, () => 2 * next());
  const x = Float32Array.from(c, (v) => Math.sin(v) + 0.5 * next());
  const p = conditional([1], (at) =>
    productOfExperts([
      normal([1], { scale: 3 }),
      energy([1], mlp([32, 32], { activation: 'silu', zeroLast: false }).given(at)),
    ]),
  );
  const { parameters } = await done(
    fit({
      objective: conditionally(scoreMatching)(p),
      data: pairs(fromRows('c', c, [1]), fromRows('x', x, [1])),
      steps: 2000,
      batchSize: 256,
      optimizer: adam({ learningRate: cosine(3e-3, 2000) }),
      seed: 1,
    }),
  );
  for (const at of [-1.5, 0, 1]) {
    const chains = await done(
      runChains({
        target: distGiven(p, ops.constant([at])),
        kernel: adapted(nuts, { steps: 200 }),
        samples: 500,
        parameters,
        seed: 1,
      }),
    );
    const drawn = toNumbers(chains.samples);
    expect(Math.abs(mean(drawn) - Math.sin(at)), `${at}`).toBeLessThan(0.1);
    expect(Math.abs(deviation(drawn) / 0.5 - 1)).toBeLessThan(0.15);
  }
}, 90_000);
