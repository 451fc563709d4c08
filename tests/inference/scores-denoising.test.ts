/** Denoising score matching at all levels of a process, of Gaussian data: least values, gradients, distributions of time; and what has a denoiser. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { having } from '../../src/algebra/capability.ts';
import { conditional } from '../../src/algebra/conditional.ts';
import { type Dist, distribution, pushforward } from '../../src/algebra/dist.ts';
import type { Denoises, Exact, Samples } from '../../src/algebra/evidence.ts';
import { affine, shiftScale } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { zeros } from '../../src/core/parameters.ts';
import { type Feeds, parametersOf } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import { range } from '../../src/core/shape.ts';
import { normal } from '../../src/distributions/index.ts';
import {
  annealed,
  conditionally,
  denoisingScoreMatching,
  ladderTime,
  type Objective,
  scoreMatching,
} from '../../src/inference/index.ts';
import { resMlp } from '../../src/nn/index.ts';
import { denoising } from '../../src/sde/denoiser.ts';
import {
  type Denoiser,
  ddpmProcess,
  denoiser,
  diffusion,
  discreteTime,
  edm,
  edmWeighting,
  exactDenoiser,
  importanceTime,
  likelihoodWeighting,
  logNormalTime,
  minSnrWeighting,
  type Prediction,
  type Process,
  predict,
  simpleWeighting,
  subVp,
  type TimeDist,
  ve,
  vp,
  zeroTerminalSnr,
} from '../../src/sde/index.ts';

import { byQuadrature, float64, mean, number, standardError, values, valuesWith, variance } from './by-quadrature.ts';

const data = { m: 0.8, s: 0.6 };

const atTime = (time: number): TimeDist => ({
  spec: { type: 'fixed', time },
  of: () => ({ at: (u) => o.add(o.mul(u, 0), time), density: (t) => o.broadcastTo(1, t.shape) }),
});

describe('denoising score matching of a process', () => {
  const dist = normal([1], { loc: data.m, scale: data.s });
  const processes: readonly (readonly [string, Process<'signal'>, number])[] = [
    ['vp', vp(), 0.1],
    ['subVp', subVp(), 0.3],
    ['ve', ve({ sigmaMax: 5 }), 0.6],
    ['edm', edm({ sigmaMax: 5 }), 0.7],
  ];

  test.each(processes)('of %s has the least value w α²s²/(α²s² + σ²), at the exact denoiser, for every weighting', (_, process, t) => {
    const [a, s] = [number(process.alpha(o.scalar(t))), number(process.sigma(o.scalar(t)))];
    const signal = (a * data.s) ** 2;
    const exact = exactDenoiser(process, dist);
    for (const weighting of [simpleWeighting, likelihoodWeighting, edmWeighting({ sigmaData: 0.5 }), minSnrWeighting({ gamma: 2 })]) {
      const objective = denoisingScoreMatching(exact, { weighting, time: atTime(t) });
      const least = number(weighting.noise(process)(o.scalar(t))) * (signal / (signal + s * s));
      expect(timeless(objective), weighting.spec.type).toBeCloseTo(least, 9);
    }
  }); // biome-ignore format: one idea

  test('of a process that ends in pure noise is finite there, for data and velocity', () => {
    const pure = zeroTerminalSnr(vp());
    const exact = exactDenoiser(pure, dist);
    for (const kind of ['data', 'velocity'] as const)
      for (const weighting of [simpleWeighting, edmWeighting(), minSnrWeighting()]) {
        const said = denoiser({
          spec: { type: 'said' },
          shape: [1],
          process: pure,
          prediction: kind,
          raw: exact[kind],
        });
        const least = number(weighting.data(pure)(o.scalar(1))) * data.s ** 2;
        expect(timeless(denoisingScoreMatching(said, { weighting, time: atTime(1) }))).toBeCloseTo(least, 9);
      }
  });

  test('of a process in discrete time draws its steps, each with equal chances', () => {
    const steps = ddpmProcess({ steps: 4 });
    const { at } = discreteTime.of(steps);
    expect([0.01, 0.24, 0.26, 0.74, 0.76, 0.99].map((u) => number(at(o.scalar(u))))).toEqual([1, 1, 2, 3, 4, 4]);
    const found = values(
      D.chain((x: Expr) => denoisingScoreMatching(exactDenoiser(steps, dist), { time: discreteTime }).loss(x))(
        dist.sample,
      ),
      8000,
    );
    const v = range(4).map((k) => number(steps.alpha(o.scalar(k + 1))) ** 2);
    const least = mean(v.map((a) => (a * data.s ** 2) / (a * data.s ** 2 + 1 - a)));
    expect(Math.abs(mean(found) - least)).toBeLessThan(4.5 * standardError(found));
  });

  test('is the same number whatever the network says', () => {
    const process = subVp();
    const exact = exactDenoiser(process, dist);
    const kinds: readonly Prediction[] = ['noise', 'data', 'score', 'velocity'];
    const off = (kind: Prediction): Denoiser<readonly [1]> => {
      // 1.2 times the exact noise, said in every way
      const wrong = denoiser({ spec: { type: 'wrong' }, shape: [1], process, prediction: 'noise', raw: (x, t) => (scope) => o.mul(1.2, exact.noise(x, t)(scope)) }); // biome-ignore format: one line
      return denoiser({ spec: { type: 'wrong' }, shape: [1], process, prediction: kind, raw: wrong[kind] });
    };
    const found = kinds.map((k) => timeless(denoisingScoreMatching(off(k), { weighting: likelihoodWeighting, time: atTime(0.4) }))); // biome-ignore format: one line
    for (const v of found) expect(v).toBeCloseTo(found[0], 9);
  });

  test('annealed exact score matching has its gradient', () => {
    const process = vp();
    const model = predict('noise', process, affineNetwork, { shape: [1] });
    const parameters = { 'net/w': float64([1], [0.7]), 'net/b': float64([1], [-0.2]) };
    const options = { time: atTime(0.3), weighting: likelihoodWeighting };
    const [, ...wanted] = byQuadrature(denoisingScoreMatching(model, options), data, parameters);
    const [, ...found] = byQuadrature(annealed(scoreMatching, options)(model), data, parameters);
    expect(wanted.length).toBe(2);
    found.forEach((g, i) => void expect(g).toBeCloseTo(wanted[i], 9));
  });

  /** The mean of a loss whose time is fixed, by quadrature over data and noise. */
  const timeless = (objective: Objective<readonly [1]>): number => byQuadrature(objective, data, {})[0];

  test('drawn by another distribution of time has the same mean: importance sampling is uniform in expectation, with less variance', () => {
    const exact = exactDenoiser(vp(), dist);
    const loss = (drawnBy?: TimeDist): number[] =>
      values(
        pipe(
          dist.sample,
          D.chain((x) => denoisingScoreMatching(exact, { weighting: likelihoodWeighting, ...(drawnBy === undefined ? {} : { drawnBy }) }).loss(x)), // biome-ignore format: one line
        ),
        8000,
      );
    const [plain, important] = [loss(), loss(importanceTime)];
    expect(Math.abs(mean(plain) - mean(important))).toBeLessThan(4.5 * Math.hypot(standardError(plain), standardError(important))); // biome-ignore format: one line
    expect(variance(important)).toBeLessThan(0.25 * variance(plain));
  });

  test("draws from NCSN's ladder: equal chances for noise scales in geometric progression, ends included", () => {
    const scales = ve({ sigmaMin: 0.02, sigmaMax: 2, start: 0 });
    const { at, density } = ladderTime(5).of(scales);
    const found = range(50).map((i) => number(scales.sigma(at(o.scalar((i + 0.5) / 50)))));
    found.forEach((v, i) => void expect(v).toBeCloseTo(0.02 * 10 ** (Math.floor(i / 10) / 2), 9));
    expect(number(density(o.scalar(0.3)))).toBeCloseTo(0.2, 12);
    expect(() => ladderTime(1)).toThrow('two levels or more');
  });

  test('takes distributions of time as part of the loss', () => {
    const exact = exactDenoiser(edm({ sigmaMax: 20 }), dist);
    const objective = denoisingScoreMatching(exact, { weighting: edmWeighting({ sigmaData: data.s }), time: logNormalTime() }); // biome-ignore format: one line
    // with σ_d the data's own, w (weight of ‖x̂₀ − x₀‖²) times its least value s²σ²/(s² + σ²) is 1 at every level
    const found = values(D.chain((x: Expr) => objective.loss(x))(dist.sample), 8000);
    expect(Math.abs(mean(found) - 1)).toBeLessThan(4.5 * standardError(found));
  });
});

/** w x + b, whatever the noise level. */
const affineNetwork = {
  spec: { type: 'affine' },
  given: () => affineNetwork,
  apply: (x: Expr) => (scope: Sc.Scope) =>
    o.add(o.mul(Sc.parameter('w', [1], { init: zeros })(scope), x), Sc.parameter('b', [1], { init: zeros })(scope)),
} as Parameters<typeof predict>[2];

describe('a distribution that keeps a denoiser', () => {
  const base = normal([2], { loc: [1, -1], scale: 0.5 });
  const exact = exactDenoiser(vp(), base);
  const plain = distribution<readonly [2], Exact & Samples & Denoises>({
    shape: [2],
    spec: { type: 'kept' },
    evidence: 'exact',
    logDensity: base.logDensity,
    sample: base.sample,
  });
  const diffusionDist = having(denoising, exact as Denoiser)(plain);
  const scaled = pipe(diffusionDist, pushforward(shiftScale({ shift: [3, 4], scale: [2, 5] })));
  const loss = (objective: Objective<readonly [2]>, x: readonly number[]): number[] =>
    values(objective.loss(o.constant(x)), 5);

  test('under a fixed transport is trained on its inner side', () => {
    const outer = [3 + 2 * 0.7, 4 + 5 * -0.4];
    const inside = loss(denoisingScoreMatching(diffusionDist), [0.7, -0.4]);
    const outside = values(denoisingScoreMatching(scaled).loss(o.constant(outer)), 4000);
    const bare = values(denoisingScoreMatching(exact).loss(o.constant([0.7, -0.4])), 4000, 1);
    expect(loss(denoisingScoreMatching(exact), [0.7, -0.4])).toEqual(inside);
    expect(Math.abs(mean(outside) - mean(bare))).toBeLessThan(4.5 * Math.hypot(standardError(outside), standardError(bare))); // biome-ignore format: one line
  });

  test('under a transport with parameters is refused, and so is a distribution without a denoiser', () => {
    const trained = pipe(diffusionDist, pushforward(affine()));
    expect(() => loss(denoisingScoreMatching(trained), [0, 0])).toThrow('its parameters must be fixed');
    expect(() => denoisingScoreMatching(base as unknown as Dist<readonly [2], Denoises>)).toThrow(
      'no denoiser to train',
    );
  });
});

describe('a denoiser for every context', () => {
  const net = resMlp([6, 6]);
  const given = (c: Expr): Denoiser<readonly [2], 'signal'> => predict('noise', vp(), net.given(c), { shape: [2] });
  const part = conditional([3], (c) => diffusion(given(c)));
  const x = [0.3, -0.7];
  const row = o.constant([...x, 0, 1, 0]);
  const fixed = (objective: D.Draw<Expr>): Feeds =>
    Object.fromEntries(
      parametersOf([D.runDraw(objective)]).map((p) => [
        p.attributes.name,
        float64(
          p.shape,
          Array.from({ length: p.shape.reduce((a, b) => a * b, 1) }, (_, i) =>
            Math.sin(3 * i + p.attributes.name.length),
          ),
        ),
      ]),
    );

  test('never dropped is that of the context, always dropped that of zeros', () => {
    const loss = (drop: number): number[] => {
      const draw = conditionally(denoisingScoreMatching, { drop })(part).loss(row);
      return valuesWith(draw, fixed(draw), 4000);
    };
    const plain = (c: readonly number[]): number[] => {
      const draw = denoisingScoreMatching(given(o.constant(c))).loss(o.constant(x));
      return valuesWith(draw, fixed(draw), 4000);
    };
    const [hot, none] = [plain([0, 1, 0]), plain([0, 0, 0])];
    expect(loss(0)).toEqual(hot);
    const [always, half] = [loss(1), loss(0.5)];
    expect(Math.abs(mean(always) - mean(none))).toBeLessThan(
      4.5 * Math.hypot(standardError(always), standardError(none)),
    );
    expect(Math.abs(mean(half) - 0.5 * (mean(hot) + mean(none)))).toBeLessThan(
      4.5 * standardError(half) + 4.5 * standardError(hot),
    );
    hot.forEach((v, i) => void expect(v).not.toBeCloseTo(none[i], 4));
  });

  test('is dropped with a chance', () =>
    expect(() => conditionally(denoisingScoreMatching, { drop: 1.5 })(part)).toThrow('drop is a chance'));
});
