/** Score matching against closed forms: Gaussian data, where every expectation is a quadrature. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { distribution } from '../../src/algebra/dist.ts';
import type { Unnormalised } from '../../src/algebra/evidence.ts';
import { grad, hutchinson } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { zeros } from '../../src/core/parameters.ts';
import { noiseFeeds, parametersOf, program } from '../../src/core/program.ts';
import * as R from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import { range } from '../../src/core/shape.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import {
  denoisingScoreMatchingAt,
  gaussian,
  type Objective,
  type Projection,
  rademacher,
  type ScoreModel,
  scoreMatching,
  slicedScoreMatching,
  sphere,
  varianceReducedSlicedScoreMatching,
} from '../../src/inference/index.ts';

import { byQuadrature, float64, mean, standardError, values, valuesWith, variance } from './by-quadrature.ts';

/** s(x) = b (a − x), a model of a normal distribution's score. */
const linearScore: ScoreModel<readonly [1]> = {
  spec: { type: 'linear' },
  shape: [1],
  score: (x) =>
    D.fromScoped((scope) => {
      const a = Sc.parameter('a', [1], { init: zeros })(scope);
      const b = Sc.parameter('b', [1], { init: zeros })(scope);
      return o.mul(b, o.sub(a, x));
    }),
};
const at = { a: float64([1], [0.3]), b: float64([1], [1.7]) };
const data = { m: 0.8, s: 0.6 };

describe('denoising score matching at one scale', () => {
  const sigma = 0.5;
  const noisy = { m: data.m, s: Math.hypot(data.s, sigma) };
  // ½ E (s(y) − ∇ log p(y))² under the noised data, written down
  const explicit: Objective<readonly [1]> = {
    shape: [1],
    spec: { type: 'explicit' },
    evidence: 'none',
    loss: (y) =>
      pipe(
        linearScore.score(y),
        D.map((s) => o.mul(0.5, o.sum(o.square(o.sub(s, o.div(o.sub(noisy.m, y), noisy.s ** 2)))))),
      ),
  };

  test('has the gradient of explicit score matching of the noised data, and its value but for (1/σ² − 1/v)/2', () => {
    const [dsm, ...denoised] = byQuadrature(denoisingScoreMatchingAt(sigma)(linearScore), data, at);
    const [esm, ...wanted] = byQuadrature(explicit, noisy, at);
    denoised.forEach((g, i) => void expect(g).toBeCloseTo(wanted[i], 10));
    expect(dsm - esm).toBeCloseTo(0.5 * (1 / sigma ** 2 - 1 / noisy.s ** 2), 10);
  });

  test('and that of integration by parts', () => {
    const [, ...wanted] = byQuadrature(explicit, noisy, at);
    const [, ...parts] = byQuadrature(scoreMatching(linearScore), noisy, at);
    parts.forEach((g, i) => void expect(g).toBeCloseTo(wanted[i], 10));
  });

  test('of an energy is that of its score', () => {
    const energy = distribution<readonly [1], Unnormalised>({
      shape: [1],
      spec: { type: 'quadratic' },
      evidence: 'unnormalised',
      logDensity: (x) => D.map((s: Expr) => o.sum(o.mul(-0.5, o.mul(o.square(s), 1 / 1.7))))(linearScore.score(x)),
      sample: D.of(o.constant([0])),
    });
    const field = byQuadrature(denoisingScoreMatchingAt(sigma)(linearScore), data, at);
    expect(byQuadrature(denoisingScoreMatchingAt(sigma)(energy), data, at)[0]).toBeCloseTo(field[0], 10);
  });

  test('needs a positive scale', () =>
    expect(() => denoisingScoreMatchingAt(0)(linearScore)).toThrow('the noise scale is positive'));
});

describe('sliced score matching', () => {
  // Data N(0, Σ), score −Λ x: E[−tr Λ + ½ |Λ x|²] = −tr Λ + ½ tr Λ Σ Λ, least at Λ = Σ⁻¹.
  const [p, q, r] = [1.3, -0.4, 0.7];
  const determinant = p * r - q * q;
  const sigmaOf = [p, q, q, r];
  const inverse = [r / determinant, -q / determinant, -q / determinant, p / determinant];
  const factor = [Math.sqrt(p), 0, q / Math.sqrt(p), Math.sqrt(r - (q * q) / p)];
  const field: ScoreModel<readonly [2]> = {
    spec: { type: 'linear' },
    shape: [2],
    score: (x) =>
      D.fromScoped((scope) => o.neg(o.matvec(Sc.parameter('precision', [2, 2], { init: zeros })(scope), x))),
  };
  const n = 4000;

  /** Mean loss and gradient with its standard errors, at a precision. */
  const gradientAt = (objective: Objective<readonly [2]>, precision: readonly number[]) => {
    const one = pipe(
      D.fromRandom(R.normal([2])),
      D.chain((z) => objective.loss(o.matvec(o.constant(factor, [2, 2]), z))),
    );
    const [all, each] = vmapAll(
      () => {
        const loss = D.runDraw(one);
        return [loss, grad(loss, [...parametersOf([loss])])[0]];
      },
      { size: n, fresh: () => true },
    )();
    const made = program([all, each], 'float64');
    const feeds = { ...noiseFeeds(made, { seed: 5 }), precision: float64([2, 2], precision) };
    const [losses, gradients] = evaluateProgram(made, feeds);
    const columns = range(4).map((k) => Array.from(losses.data, (_, i) => gradients.data[4 * i + k]));
    return { losses: Array.from(losses.data), columns };
  };

  const cases: readonly (readonly [string, Objective<readonly [2]>])[] = [
    ['exact', scoreMatching(field)],
    ['sliced by signs', slicedScoreMatching()(field)],
    ['sliced by normal numbers', slicedScoreMatching({ projection: gaussian, projections: 2 })(field)],
    ['sliced on the sphere', slicedScoreMatching({ projection: sphere })(field)],
    ['with variance reduction', varianceReducedSlicedScoreMatching({ projection: gaussian })(field)],
  ];

  test.each(cases)('%s has its minimiser at Σ⁻¹', (_, objective) => {
    for (const column of gradientAt(objective, inverse).columns)
      expect(Math.abs(mean(column))).toBeLessThan(4.5 * standardError(column) + 1e-12);
    const away = gradientAt(objective, [1, 0, 0, 1]);
    expect(Math.max(...away.columns.map((c) => Math.abs(mean(c)) / standardError(c)))).toBeGreaterThan(10);
  });

  test('has the value −tr Λ + ½ tr ΛΣΛ; on the sphere that over D', () => {
    const precision = [0.9, 0.2, 0.2, 1.1];
    const square = range(2).flatMap((i) => range(2).map((j) => range(2).reduce((t, k) => t + precision[2 * i + k] * sigmaOf[2 * k + j], 0))); // biome-ignore format: one line
    const wanted = -(0.9 + 1.1) + 0.5 * range(2).reduce((t, i) => t + range(2).reduce((u, k) => u + square[2 * i + k] * precision[2 * k + i], 0), 0); // biome-ignore format: one line
    for (const [name, objective] of cases) {
      const { losses } = gradientAt(objective, precision);
      const scaled = name.includes('sphere') ? wanted / 2 : wanted;
      expect(Math.abs(mean(losses) - scaled), name).toBeLessThan(4.5 * standardError(losses));
    }
  });

  test('with variance reduction by signs is exact score matching, event by event, where the Jacobian is diagonal', () => {
    const diagonal = [0.9, 0, 0, 1.4];
    const atOne = (objective: Objective<readonly [2]>): number[] =>
      valuesWith(objective.loss(o.constant([0.4, -0.8])), { precision: float64([2, 2], diagonal) });
    const [wanted] = atOne(scoreMatching(field));
    for (const v of atOne(varianceReducedSlicedScoreMatching()(field))) expect(v).toBeCloseTo(wanted, 12);
    expect(variance(atOne(slicedScoreMatching()(field)))).toBeGreaterThan(0.01);
  });

  test('needs a direction', () =>
    expect(() => slicedScoreMatching({ projections: 0 })(field)).toThrow('one direction or more'));
});

describe("Hutchinson's estimate of the trace of S", () => {
  const s = [0.5, 0.9, 0.9, -1.2];
  const estimate = (matrix: readonly number[], projection: Projection): number[] =>
    values(
      pipe(
        D.fromRandom(projection.draw([2])),
        D.map((v) => {
          const x = o.constant([0.3, 0.4]);
          return hutchinson(o.matvec(o.constant(matrix, [2, 2]), x), x, v);
        }),
      ),
      8000,
    );

  test('has the variance 2 Σ_{i≠j} S² of signs and 2‖S‖² of normal numbers', () => {
    const off = 2 * (0.9 ** 2 + 0.9 ** 2);
    expect(variance(estimate(s, rademacher))).toBeCloseTo(off, 1);
    const all = 2 * s.reduce((t, v) => t + v * v, 0);
    expect(Math.abs(variance(estimate(s, gaussian)) / all - 1)).toBeLessThan(0.05);
  });

  test('by signs is exact for a diagonal matrix', () => {
    for (const v of estimate([0.5, 0, 0, -1.2], rademacher).slice(0, 50)) expect(v).toBeCloseTo(-0.7, 12);
  });

  test('on the sphere is the trace over D', () => {
    const found = estimate(s, sphere);
    expect(Math.abs(mean(found) + 0.35)).toBeLessThan(4.5 * standardError(found));
  });
});
