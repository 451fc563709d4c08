/** Control of exact denoisers, where every conditional distribution is known in closed form. */
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import { root } from '../../src/core/scope.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { mixture, normal } from '../../src/distributions/index.ts';
import {
  ancestral,
  classifierFreeGuidance,
  classifierGuidance,
  clipData,
  type Denoiser,
  ddim,
  exactDenoiser,
  greyOf,
  linearMap,
  logSnrGrid,
  masked,
  nullSpace,
  type Observation,
  reconstructionGuidance,
  replaced,
  sampleWith,
  subVp,
  timesOf,
  valueAt,
  ve,
  vp,
} from '../../src/sde/index.ts';

const numbers = (...e: readonly Expr[]): number[][] => evaluateProgram(program(e, 'float64'), {}).map(toNumbers);
const close = (found: readonly number[], expected: readonly number[], digits = 9): void => {
  expect(found.length).toBe(expected.length);
  found.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i], digits);
  });
};
const rows = (draw: D.Draw<Expr>, n: number, seed = 0): number[] => {
  const all = vmapAll(() => [D.runDraw(draw)], { size: n, fresh: () => true })();
  const p = program(all, 'float64');
  return toNumbers(evaluateProgram(p, noiseFeeds(p, { seed }))[0]);
};
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const variance = (xs: readonly number[]): number => mean(xs.map((v) => (v - mean(xs)) ** 2));

const x = o.constant([0.3, -0.9]);
const times = [0.02, 0.3, 0.9].map((t) => o.scalar(t));
const fields = (d: Denoiser, t: Expr): Expr[] =>
  (['noise', 'data', 'score', 'velocity'] as const).map((k) => d[k](x, t)(root));

describe.each([
  ['vp', vp()],
  ['subVp', subVp()],
  ['ve', ve({ sigmaMax: 5 })],
] as const)('guidance on %s', (_name, process) => {
  const parts = [normal([2], { loc: [1, -1], scale: 0.4 }), normal([2], { loc: [-1, 0.5], scale: 0.8 })];
  const both = exactDenoiser(process, mixture({ logits: [0.3, -0.2], components: parts }));
  const [first, second] = parts.map((p) => exactDenoiser(process, p));

  /** log p(class 0 | x_t), by Bayes' rule from the marginals of the classes. */
  const isFirst = (v: Expr, t: Expr): (() => Expr) => {
    const logs = parts.map((_, i) => {
      const [loc, scale] = [[[1, -1], 0.4] as const, [[-1, 0.5], 0.8] as const][i];
      const [a, s] = [process.alpha(t), process.sigma(t)];
      const deviation = o.sqrt(o.add(o.square(o.mul(scale, a)), o.square(s)));
      const z = o.div(o.sub(v, o.mul(a, o.constant(loc))), deviation);
      return o.sub(o.sub([0.3, -0.2][i], o.mul(0.5, o.sum(o.square(z)))), o.mul(2, o.log(deviation)));
    });
    return () => o.neg(o.softplus(o.sub(logs[1], logs[0])));
  };

  test('a classifier at scale 1 gives the denoiser of the class, in every prediction', () => {
    const guided = classifierGuidance(both, isFirst);
    for (const t of times)
      numbers(...fields(guided, t)).forEach((found, i) => close(found, numbers(fields(first, t)[i])[0], 7));
  });

  test('without a classifier: 0 ignores the condition, 1 is the condition, 3 is as far again beyond', () => {
    const at = (scale: number): Denoiser =>
      classifierFreeGuidance({ conditional: first, unconditional: second, scale });
    for (const t of times) {
      close(numbers(at(0).score(x, t)(root))[0], numbers(second.score(x, t)(root))[0]);
      close(numbers(at(1).score(x, t)(root))[0], numbers(first.score(x, t)(root))[0]);
      const [f, s] = numbers(first.data(x, t)(root), second.data(x, t)(root));
      close(
        numbers(at(3).data(x, t)(root))[0],
        f.map((v, i) => s[i] + 3 * (v - s[i])),
      );
    }
  });
});

test('guidance refuses two processes, naming them', () => {
  const dist = normal([2]);
  expect(() =>
    classifierFreeGuidance({ conditional: exactDenoiser(vp(), dist), unconditional: exactDenoiser(ve(), dist) }),
  ).toThrow(/of different processes/);
});

test('clipping keeps x̂₀ in its range, and the noise is that of the clipped data', () => {
  const process = vp();
  const d = clipData(exactDenoiser(process, normal([2], { scale: 3 })), [-0.5, 0.5]);
  const t = times[0];
  const [data, noise] = numbers(d.data(x, t)(root), d.noise(x, t)(root));
  const [a, s] = [valueAt(process.alpha, 0.02), valueAt(process.sigma, 0.02)];
  expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(0.5);
  close(
    noise,
    [0.3, -0.9].map((v, i) => (v - a * data[i]) / s),
  );
});

describe('observations', () => {
  const image = [1, 2, 3] as const;
  const cases: readonly (readonly [string, Observation, Expr])[] = [
    ['masked', masked([6], [1, 0, 1, 1, 0, 0]), o.constant([1, 0, -2, 0.5, 0, 0])],
    ['grey', greyOf(image), o.constant([0.4, -1], [1, 2])],
    ['a matrix', linearMap([6], [[1, 2, 0, 0, -1, 0], [0, 1, 1, 3, 0, 0]]), o.constant([0.7, -0.2])], // biome-ignore format: one line a case
  ];

  test.each(cases)('%s: A A⁺ y = y, A⁺ is the shortest, whitening inverts', (_name, {
    apply,
    lift,
    whiten,
    shape,
  }, y) => {
    const some = o.constant([0.3, 1, -2, 0.1, 0.9, -0.4], shape);
    // A⁺ A is a projection: it does nothing twice, and what it leaves out is orthogonal to what it keeps.
    const kept = lift(apply(some));
    const [same, target, once, twice, dot] = numbers(apply(lift(y)), y, kept, lift(apply(kept)), o.sum(o.mul(kept, o.sub(some, kept)))); // biome-ignore format: one line
    close(same, target);
    close(twice, once);
    close(dot, [0]);
    // (p I + q A Aᵀ) whiten(y) = y, with Aᵀ w from the least-norm lift where A Aᵀ = c I, and by its definition ⟨A x, w⟩ = ⟨x, Aᵀ w⟩ for the matrix.
    const w = whiten(y, o.scalar(0.3), o.scalar(0.8));
    const transposed = ([0, 1, 2, 3, 4, 5] as const).map((i) =>
      o.sum(
        o.mul(
          apply(
            o.constant(
              [0, 1, 2, 3, 4, 5].map((j) => (i === j ? 1 : 0)),
              shape,
            ),
          ),
          w,
        ),
      ),
    );
    const back = o.reshape(o.stack(transposed), shape);
    close(...(numbers(o.add(o.mul(0.3, w), o.mul(0.8, apply(back))), y) as [number[], number[]]));
  });

  test('refuse what does not fit', () => {
    expect(() => masked([2], [1, 0.5])).toThrow(/a 0 or a 1/);
    expect(() => linearMap([3], [[1, 2]])).toThrow(/row 0 of 2/);
    expect(() => greyOf([4, 4] as never)).toThrow(/not a colour image/);
  });
});

describe('inverse problems of a normal distribution N(m, s²)', () => {
  const [m, s2, tau] = [0.5, 0.49, 0.3];
  const process = vp();
  const prior = exactDenoiser(process, normal([3], { loc: m, scale: Math.sqrt(s2) }));
  const matrix = [
    [1, 0.5, 0],
    [0, 1, -2],
  ];
  const seen = [0.9, -1.4];

  test('gradient guidance is the score of the posterior, diffused, for any matrix and noise', () => {
    const guided = reconstructionGuidance(prior, linearMap([3], matrix), o.constant(seen), {
      noise: tau,
      sigmaData: Math.sqrt(s2),
    });
    const v = o.constant([0.2, 1.1, -0.7]);
    // Posterior: precision I/s² + AᵀA/τ², and the marginal at t has covariance α² Σ + σ².
    const a = o.constant(matrix.flat(), [2, 3]);
    const solve = (k: Expr, b: Expr): Expr => {
      const factor = o.cholesky(k);
      return o.triangularSolve(factor, o.triangularSolve(factor, b), { transpose: true });
    };
    const gain = solve(o.add(o.mul(s2, o.matmul(a, o.transpose(a))), o.mul(tau * tau, o.eye(2))), a);
    const residual = o.sub(o.constant(seen, [2, 1]), o.mul(m, o.reshape(o.sum(a, 1), [2, 1])));
    const mu = o.add(m, o.mul(s2, o.matmul(o.transpose(gain), residual)));
    const sigma = o.sub(o.mul(s2, o.eye(3)), o.mul(s2 * s2, o.matmul(o.transpose(a), gain)));
    for (const t of times) {
      const [al, si] = [process.alpha(t), process.sigma(t)];
      const covariance = o.add(o.mul(o.square(al), sigma), o.mul(o.square(si), o.eye(3)));
      const expected = o.neg(solve(covariance, o.sub(o.reshape(v, [3, 1]), o.mul(al, mu))));
      const [found, truth] = numbers(guided.score(v, t)(root), expected);
      close(found, truth, 8);
    }
  });

  test('samplers of the guided denoiser find the posterior mean and variance', () => {
    const observation = masked([3], [1, 0, 0]);
    const guided = reconstructionGuidance(prior, observation, o.constant([1.6, 0, 0]), { noise: tau, sigmaData: Math.sqrt(s2) }); // biome-ignore format: one line
    const xs = rows(sampleWith(ddim(), logSnrGrid(100), { finish: 'noisy' })(guided), 3000, 1);
    const column = (i: number): number[] => xs.filter((_, j) => j % 3 === i);
    const gain = s2 / (s2 + tau * tau);
    expect(Math.abs(mean(column(0)) - (m + gain * (1.6 - m)))).toBeLessThan(0.02);
    expect(Math.abs(variance(column(0)) / (s2 * (1 - gain)) - 1)).toBeLessThan(0.12);
    expect(Math.abs(mean(column(1)) - m)).toBeLessThan(0.05);
    expect(Math.abs(variance(column(1)) / s2 - 1)).toBeLessThan(0.12);
  });

  test('the null space agrees with the observation whatever the sampler', () => {
    const observation = linearMap([3], matrix);
    const d = nullSpace(prior, observation, o.constant(seen));
    for (const sampler of [ddim(), ancestral()]) {
      const xs = rows(D.map(observation.apply)(sampleWith(sampler, logSnrGrid(20))(d)), 3, 2);
      close(xs, [...seen, ...seen, ...seen], 6);
    }
  });

  test('replacement: observed pixels are y, the last denoising removes the noise of the others', () => {
    const observation = masked([3], [1, 0, 0]);
    const grid = logSnrGrid(30);
    const sampler = replaced(ancestral({ variance: 'small' }), observation, o.constant([1.6, 0, 0]));
    const xs = rows(sampleWith(sampler, grid)(prior), 6000, 3);
    const noisy = rows(sampleWith(sampler, grid, { finish: 'noisy' })(prior), 6000, 3);
    const column = (all: readonly number[], i: number): number[] => all.filter((_, j) => j % 3 === i);
    // An unobserved pixel is independent of the others: its variance follows the affine recursion of the plain sampler on this grid, and the last
    // denoising shrinks it by the square of its slope, exactly.
    const ts = timesOf(grid, process);
    const [alphas, sigmas] = [process.alpha, process.sigma].map((f) => ts.map((t) => valueAt(f, t)));
    const slope = (i: number): number => (alphas[i] * s2) / (alphas[i] ** 2 * s2 + sigmas[i] ** 2);
    let now = 1;
    for (let i = 0; i + 1 < ts.length; i++) {
      const [a, b, u, w] = [alphas[i], alphas[i + 1], sigmas[i] ** 2, sigmas[i + 1] ** 2];
      const keep = a / b;
      const added = u - keep ** 2 * w;
      const c = (keep * w) / u + ((b * added) / u) * slope(i);
      now = c * c * now + (added * w) / u;
    }
    const last = slope(ts.length - 1);
    const tolerance = 5 * Math.sqrt(2 / 6000);
    expect(Math.abs(variance(column(noisy, 1)) / now - 1)).toBeLessThan(tolerance);
    expect(Math.abs(variance(column(xs, 1)) / (now * last * last) - 1)).toBeLessThan(tolerance);
    column(xs, 1).forEach((v, i) => expect(v).toBeCloseTo(m + last * (column(noisy, 1)[i] - alphas[ts.length - 1] * m), 6)); // biome-ignore format: one line
    // The observed pixel before the last denoising is the noised observation, sample by sample independent of the prior.
    const at = column(noisy, 0);
    expect(Math.abs(mean(at) - alphas[ts.length - 1] * 1.6)).toBeLessThan(
      (5 * sigmas[ts.length - 1]) / Math.sqrt(6000),
    );
    expect(Math.abs(variance(at) / sigmas[ts.length - 1] ** 2 - 1)).toBeLessThan(tolerance);
  });
});
