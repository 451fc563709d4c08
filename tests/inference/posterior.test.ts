/** Posteriors of declared joints: conjugate pairs in closed form, and guides beside chains. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { pushforward } from '../../src/algebra/dist.ts';
import { affine } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram, reference } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import { range } from '../../src/core/shape.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import {
  bernoulli,
  beta,
  dirichlet,
  gamma,
  halfNormal,
  normal,
  poisson,
  standardNormal,
} from '../../src/distributions/index.ts';
import {
  adam,
  drawJoint,
  fit,
  joint,
  jointDensity,
  noData,
  posterior,
  quantities,
  run,
  site,
  summaries,
  variationalPosterior,
} from '../../src/inference/index.ts';
import { adapted, nuts } from '../../src/mcmc/index.ts';
import { ran } from '../mcmc/helpers.ts';

const value = (e: Expr): number[] => toNumbers(evaluateProgram(program([e], 'float64'), {})[0]);

describe('a joint distribution', () => {
  const model = pipe(
    joint,
    site('mu', () => normal([], { scale: 2 })),
    site('sigma', () => halfNormal([])),
    site('y', ({ mu, sigma }) => normal([3], { loc: mu, scale: sigma })),
  );
  const logNormal = (x: number, m: number, s: number): number =>
    -0.5 * Math.log(2 * Math.PI) - Math.log(s) - 0.5 * ((x - m) / s) ** 2;

  test('has the sum of its sites’ log-densities', () => {
    const found = value(
      D.runDraw(jointDensity(model)({ mu: o.scalar(0.7), sigma: o.scalar(1.2), y: o.constant([1, 2, -1]) })),
    );
    const expected =
      logNormal(0.7, 0, 2) +
      Math.LN2 +
      logNormal(1.2, 0, 1) +
      [1, 2, -1].reduce((a, y) => a + logNormal(y, 0.7, 1.2), 0);
    expect(found[0]).toBeCloseTo(expected, 12);
  });

  test('is drawn in order', () => {
    const { mu, sigma, y } = D.runDraw(drawJoint(model));
    const p = program([mu, sigma, y], 'float64');
    const [[m], [s], ys] = evaluateProgram(p, noiseFeeds(p, { seed: 1 })).map(toNumbers);
    expect(s).toBeGreaterThan(0);
    expect(ys.length).toBe(3);
    expect(Math.max(...ys.map((v) => Math.abs(v - m)))).toBeLessThan(5 * s);
  });

  test('has a posterior over the free numbers, with the volume of the map', () => {
    const target = posterior(model, { y: [1, 2, -1] });
    expect(target.shape).toEqual([2]);
    expect(target.latents).toEqual({ mu: [], sigma: [] });
    const z = o.constant([0.7, Math.log(1.2)]);
    const { mu, sigma } = target.constrain(z);
    expect([...value(mu), ...value(sigma)].map((v) => v.toFixed(12))).toEqual(['0.700000000000', '1.200000000000']);
    expect(value(target.unconstrain({ mu, sigma }))[1]).toBeCloseTo(Math.log(1.2), 12);
    const inside = D.runDraw(
      jointDensity(model)({ mu: o.scalar(0.7), sigma: o.scalar(1.2), y: o.constant([1, 2, -1]) }),
    );
    expect(value(D.runDraw(target.logDensity(z)))[0]).toBeCloseTo(value(inside)[0] + Math.log(1.2), 12);
  });

  test('maps every support there and back', () => {
    const mixed = pipe(
      joint,
      site('p', () => beta([2], { alpha: 2, beta: 3 })),
      site('shares', () => dirichlet({ concentration: [1, 2, 3] })),
      site('rate', () => gamma([], { concentration: 2 })),
    ); // biome-ignore format: one table
    const target = posterior(mixed, {});
    expect(target.shape).toEqual([5]);
    const z = o.constant([0.3, -1, 0.5, 0.2, -0.7]);
    expect(value(target.unconstrain(target.constrain(z))).map((v) => v.toFixed(10))).toEqual(
      [0.3, -1, 0.5, 0.2, -0.7].map((v) => v.toFixed(10)),
    );
    const { shares } = target.constrain(z);
    expect(value(shares).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });

  test('refuses what makes no sense', () => {
    expect(() => posterior(model, { y: [1, 2] })).toThrow(/y: the data do not fill their distribution’s shape/);
    expect(() => posterior(model, { z: [1] } as never)).toThrow(/no quantity of this name/);
    expect(() => posterior(model, { mu: 0, sigma: 1, y: [1, 2, 3] })).toThrow(/nothing is latent/);
    expect(() => posterior(pipe(joint, site('k', () => poisson([]))), {})).toThrow(/k: a discrete quantity cannot be latent/); // biome-ignore format: one claim
    expect(() => pipe(joint, site('a', () => normal([])), site('a', () => normal([])))).toThrow(/one name/); // biome-ignore format: one claim
  });
});

describe('conjugate pairs', () => {
  test('beta–Bernoulli and gamma–Poisson posteriors are what they are', async () => {
    // 7 heads of 10 under Beta(2, 3): Beta(9, 6). Counts 3, 5, 1 under Gamma(2, rate 1): Gamma(11, rate 4).
    const heads = [1, 1, 1, 0, 1, 1, 0, 1, 1, 0];
    const model = pipe(
      joint,
      site('p', () => beta([], { alpha: 2, beta: 3 })),
      site('heads', ({ p }) => bernoulli([10], { logits: o.sub(o.log(p), o.log1p(o.neg(p))) })),
      site('rate', () => gamma([], { concentration: 2 })),
      site('counts', ({ rate }) => poisson([3], { rate })),
    ); // biome-ignore format: one model
    const target = posterior(model, { heads, counts: [3, 5, 1] });
    const { samples } = await ran({
      target,
      kernel: adapted((t) => nuts({ ...t, maxDepth: 5 }), { steps: 150 }),
      chains: 32,
      samples: 200,
    });
    const [p, rate] = summaries(await quantities(target, samples));
    expect(Math.abs(p.mean - 9 / 15)).toBeLessThan(4 * p.error);
    expect(Math.abs(p.sd / Math.sqrt((9 * 6) / (15 * 15 * 16)) - 1)).toBeLessThan(0.05);
    expect(Math.abs(rate.mean - 11 / 4)).toBeLessThan(4 * rate.error);
    expect(Math.abs(rate.sd / (Math.sqrt(11) / 4) - 1)).toBeLessThan(0.05);
    expect([p.name, rate.name]).toEqual(['p', 'rate']);
  });
});

describe('guides', () => {
  // Two coefficients of a regression with unit noise: a normal posterior, exactly.
  const [x, y] = [[-1, 0, 1, 2], [0.3, 0.9, 2.2, 2.4]]; // biome-ignore format: one table
  const model = pipe(
    joint,
    site('weights', () => normal([2])),
    site('y', ({ weights }) => {
      const [a, b] = [0, 1].map((i) => o.sliceAxis(weights, 0, i, i + 1));
      return normal([4], { loc: o.add(a, o.mul(b, o.constant(x))) });
    }),
  ); // biome-ignore format: one model
  const target = posterior(model, { y });
  // precision [[1 + n, Σx], [Σx, 1 + Σx²]] = [[5, 2], [2, 7]], right-hand side [Σy, Σxy] = [5.8, 6.7]
  const determinant = 5 * 7 - 4;
  const exact = [(7 * 5.8 - 2 * 6.7) / determinant, (5 * 6.7 - 2 * 5.8) / determinant];

  test('a normal distribution fitted by its bound has the posterior’s means, and the variances of a factorised distribution', async () => {
    const guide = pipe(standardNormal([2]), pushforward(affine()));
    const fitted = await fit({
      objective: variationalPosterior(guide, target),
      data: noData(),
      optimizer: adam({ learningRate: 0.03 }),
      steps: 800,
      batchSize: 64,
      backend: reference,
    })();
    if (E.isLeft(fitted)) throw new Error(fitted.left.message);
    const draws = await run(guide, fitted.right.parameters, reference).sample(4000, 0);
    const { weights } = await quantities(target, draws, undefined, reference);
    range(2).forEach((j) => {
      const column = toNumbers(weights).filter((_, i) => i % 2 === j);
      const mean = column.reduce((a, b) => a + b, 0) / 4000;
      const variance = column.reduce((a, b) => a + (b - mean) ** 2, 0) / 4000;
      expect(Math.abs(mean - exact[j])).toBeLessThan(0.05);
      // mean-field: 1 / Λⱼⱼ, smaller than the posterior's own variance
      expect(Math.abs(variance * [5, 7][j] - 1)).toBeLessThan(0.15);
    });
    // −loss ≤ log p(y), with gap KL = ½ log (Λ₁₁ Λ₂₂ / |Λ|)
    const quadratic = y.reduce((a, v) => a + v * v, 0) - (5.8 * exact[0] + 6.7 * exact[1]);
    const evidence = -0.5 * (4 * Math.log(2 * Math.PI) + Math.log(determinant) + quadratic);
    const gap = 0.5 * Math.log(35 / determinant);
    const tail = fitted.right.history.slice(-10);
    const bound = -tail.reduce((a, h) => a + h.loss, 0) / tail.length;
    expect(Math.abs(bound - (evidence - gap))).toBeLessThan(0.03);
  });

  test('a guide of another shape is refused', () => {
    expect(() => variationalPosterior(standardNormal([3]), target)).toThrow(/differ in shape/);
  });
});
