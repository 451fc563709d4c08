/** Score matching against closed forms: Gaussian data, where every expectation is a quadrature. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type Dist, dist, pushforward } from '../../src/algebra/dist.ts';
import type { Denoises, Exact, Samples, Unnormalised } from '../../src/algebra/evidence.ts';
import { affine, shiftScale } from '../../src/bijectors/index.ts';
import { grad, hutchinson } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { zeros } from '../../src/core/parameters.ts';
import { type Feeds, noiseFeeds, parametersOf, program } from '../../src/core/program.ts';
import * as R from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import { range } from '../../src/core/shape.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { normal } from '../../src/distributions/index.ts';
import {
  annealed,
  batchLosses,
  conditionalDenoisingScoreMatching,
  denoisingScoreMatching,
  denoisingScoreMatchingAt,
  gaussian,
  ladderTime,
  type Objective,
  type Projection,
  rademacher,
  type ScoreModel,
  scoreMatching,
  slicedScoreMatching,
  sphere,
  varianceReducedSlicedScoreMatching,
} from '../../src/inference/index.ts';
import { resMlp } from '../../src/nn/index.ts';
import {
  type Denoiser,
  ddpmProcess,
  denoiser,
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
  type TimeLaw,
  ve,
  vp,
  zeroTerminalSnr,
} from '../../src/sde/index.ts';

/** Probabilists' Gauss–Hermite: 12 nodes, exact for polynomials of degree 23 under N(0, 1). */
const hermite = (() => {
  const n = 12;
  const value = (x: number): readonly [number, number] => {
    let [a, b] = [1, x];
    for (let k = 1; k < n; k++) [a, b] = [b, x * b - k * a];
    return [b, n * a];
  };
  const factorial = range(n).reduce((p, k) => p * (k + 1), 1);
  const roots: number[] = [];
  for (let x = -6; x < 6; x += 0.01)
    if (value(x)[0] * value(x + 0.01)[0] < 0) {
      let r = x + 0.005;
      for (let i = 0; i < 60; i++) r -= value(r)[0] / value(r)[1];
      roots.push(r);
    }
  return roots.map((x) => ({ x, weight: factorial / value(x)[1] ** 2 }));
})();

/** E f under N(m, s²) ⊗ N(0, 1)ᵏ as rows of nodes with their weights. */
const nodes = (dimension: number): { readonly at: readonly number[]; readonly weight: number }[] =>
  range(dimension).reduce<{ at: readonly number[]; weight: number }[]>(
    (rows, _) => rows.flatMap((r) => hermite.map((h) => ({ at: [...r.at, h.x], weight: r.weight * h.weight }))),
    [{ at: [], weight: 1 }],
  );

const float64 = (shape: readonly number[], data: readonly number[]) => ({ shape, type: 'float64' as const, data: Float64Array.from(data) }); // biome-ignore format: one line

/** The mean loss and its gradient by the parameters at some values, with data x = m + s z and normal noise ε by quadrature. */
const byQuadrature = (
  objective: Objective<readonly [1]>,
  { m, s }: { readonly m: number; readonly s: number },
  parameters: Feeds,
): readonly number[] => {
  const grid = nodes(2);
  const x = o.constant(
    grid.map((g) => m + s * g.at[0]),
    [grid.length, 1],
  );
  const losses = batchLosses(objective, x);
  const mean = o.dot(losses, o.constant(grid.map((g) => g.weight)));
  const found = parametersOf([mean]);
  const p = program([mean, ...grad(mean, found)], 'float64');
  const feeds = noiseFeeds(p, { seed: 0 });
  const enumerated = Object.fromEntries(
    Object.entries(feeds).map(([k, t]) => [k, float64(t.shape, grid.map((g) => g.at[1]))]), // biome-ignore format: one line
  );
  return evaluateProgram(p, { ...enumerated, ...parameters }).map((t) => t.data[0]);
};

/** s(x) = b (a − x), a model of a normal law's score. */
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
    const energy = dist<readonly [1], Unnormalised>({
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

/** Values of a draw of a scalar, many at once, in float64. */
const valuesWith = (draw: D.Draw<Expr>, parameters: Feeds, n = 20, seed = 0): number[] => {
  const [all] = vmapAll(() => [D.runDraw(draw)], { size: n, fresh: () => true })();
  const p = program([all], 'float64');
  return Array.from(evaluateProgram(p, { ...noiseFeeds(p, { seed }), ...parameters })[0].data);
};
const values = (draw: D.Draw<Expr>, n: number, seed = 0): number[] => valuesWith(draw, {}, n, seed);
const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
const variance = (v: readonly number[]): number => mean(v.map((x) => (x - mean(v)) ** 2));
const standardError = (v: readonly number[]): number => Math.sqrt(variance(v) / v.length);

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

const atTime = (time: number): TimeLaw => ({
  spec: { type: 'fixed', time },
  of: () => ({ at: (u) => o.add(o.mul(u, 0), time), density: (t) => o.broadcastTo(1, t.shape) }),
});
const number = (e: Expr): number => evaluateProgram(program([e], 'float64'), {})[0].data[0];

describe('denoising score matching of a process', () => {
  const law = normal([1], { loc: data.m, scale: data.s });
  const processes: readonly (readonly [string, Process<'signal'>, number])[] = [
    ['vp', vp(), 0.1],
    ['subVp', subVp(), 0.3],
    ['ve', ve({ sigmaMax: 5 }), 0.6],
    ['edm', edm({ sigmaMax: 5 }), 0.7],
  ];

  test.each(processes)('of %s has the least value w α²s²/(α²s² + σ²), at the exact denoiser, for every weighting', (_, process, t) => {
    const [a, s] = [number(process.alpha(o.scalar(t))), number(process.sigma(o.scalar(t)))];
    const signal = (a * data.s) ** 2;
    const exact = exactDenoiser(process, law);
    for (const weighting of [simpleWeighting, likelihoodWeighting, edmWeighting({ sigmaData: 0.5 }), minSnrWeighting({ gamma: 2 })]) {
      const objective = denoisingScoreMatching(exact, { weighting, time: atTime(t) });
      const least = number(weighting.noise(process)(o.scalar(t))) * (signal / (signal + s * s));
      expect(timeless(objective), weighting.spec.type).toBeCloseTo(least, 9);
    }
  }); // biome-ignore format: one idea

  test('of a process that ends in pure noise is finite there, for data and velocity', () => {
    const pure = zeroTerminalSnr(vp());
    const exact = exactDenoiser(pure, law);
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
      D.chain((x: Expr) => denoisingScoreMatching(exactDenoiser(steps, law), { time: discreteTime }).loss(x))(
        law.sample,
      ),
      8000,
    );
    const v = range(4).map((k) => number(steps.alpha(o.scalar(k + 1))) ** 2);
    const least = mean(v.map((a) => (a * data.s ** 2) / (a * data.s ** 2 + 1 - a)));
    expect(Math.abs(mean(found) - least)).toBeLessThan(4.5 * standardError(found));
  });

  test('is the same number whatever the network says', () => {
    const process = subVp();
    const exact = exactDenoiser(process, law);
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

  test('drawn by another law of time has the same mean: importance sampling is uniform in expectation, with less variance', () => {
    const exact = exactDenoiser(vp(), law);
    const loss = (drawnBy?: TimeLaw): number[] =>
      values(
        pipe(
          law.sample,
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

  test('takes laws of time as part of the loss', () => {
    const exact = exactDenoiser(edm({ sigmaMax: 20 }), law);
    const objective = denoisingScoreMatching(exact, { weighting: edmWeighting({ sigmaData: data.s }), time: logNormalTime() }); // biome-ignore format: one line
    // with σ_d the data's own, w (weight of ‖x̂₀ − x₀‖²) times its least value s²σ²/(s² + σ²) is 1 at every level
    const found = values(D.chain((x: Expr) => objective.loss(x))(law.sample), 8000);
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

describe('a law that keeps a denoiser', () => {
  const base = normal([2], { loc: [1, -1], scale: 0.5 });
  const exact = exactDenoiser(vp(), base);
  const plain = dist<readonly [2], Exact & Samples & Denoises>({
    shape: [2],
    spec: { type: 'kept' },
    evidence: 'exact',
    logDensity: base.logDensity,
    sample: base.sample,
  });
  const diffusionLaw = { ...plain, denoiser: exact } as typeof plain;
  const scaled = pipe(diffusionLaw, pushforward(shiftScale({ shift: [3, 4], scale: [2, 5] })));
  const loss = (objective: Objective<readonly [2]>, x: readonly number[]): number[] =>
    values(objective.loss(o.constant(x)), 5);

  test('under a fixed transport is trained on its inner side', () => {
    const outer = [3 + 2 * 0.7, 4 + 5 * -0.4];
    const inside = loss(denoisingScoreMatching(diffusionLaw), [0.7, -0.4]);
    const outside = values(denoisingScoreMatching(scaled).loss(o.constant(outer)), 4000);
    const bare = values(denoisingScoreMatching(exact).loss(o.constant([0.7, -0.4])), 4000, 1);
    expect(loss(denoisingScoreMatching(exact), [0.7, -0.4])).toEqual(inside);
    expect(Math.abs(mean(outside) - mean(bare))).toBeLessThan(4.5 * Math.hypot(standardError(outside), standardError(bare))); // biome-ignore format: one line
  });

  test('under a transport with parameters is refused, and so is a law without a denoiser', () => {
    const trained = pipe(diffusionLaw, pushforward(affine()));
    expect(() => loss(denoisingScoreMatching(trained), [0, 0])).toThrow('its parameters must be fixed');
    expect(() => denoisingScoreMatching(base as unknown as Dist<readonly [2], Denoises>)).toThrow(
      'no denoiser to train',
    );
  });
});

describe('a denoiser for every context', () => {
  const net = resMlp([6, 6]);
  const given = (c: Expr): Denoiser<readonly [2]> => predict('noise', vp(), net.given(c), { shape: [2] });
  const conditional = {
    spec: { type: 'mine', opaque: 'a function' },
    context: [3] as const,
    event: [2] as const,
    given,
  };
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
      const draw = conditionalDenoisingScoreMatching(conditional, { drop }).loss(row);
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
    expect(() => conditionalDenoisingScoreMatching(conditional, { drop: 1.5 })).toThrow('drop is a chance'));
});
