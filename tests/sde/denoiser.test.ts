/** Denoisers: one prediction tells the others, and the exact one is the score of the exact marginal; the flow's densities are closed forms. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type Dist, pushforward } from '../../src/algebra/dist.ts';
import type { Exact, Samples } from '../../src/algebra/evidence.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { mixture, normal, standardNormal } from '../../src/distributions/index.ts';
import { dormandPrince, rk4, type TraceBy } from '../../src/dynamics/index.ts';
import { showVerdicts, transportLaws, violations } from '../../src/laws/index.ts';
import { resMlp } from '../../src/nn/index.ts';
import {
  convert,
  type Denoiser,
  ddpmProcess,
  diffuse,
  diffusion,
  dpmSolver,
  edm,
  exactDenoiser,
  karrasGrid,
  logSnrGrid,
  type Prediction,
  type Process,
  predict,
  probabilityFlow,
  sampleWith,
  standard,
  subVp,
  uniformGrid,
  valueAt,
  ve,
  vp,
  zeroTerminalSnr,
} from '../../src/sde/index.ts';
import { drawn, moments, numbersOf } from './values.ts';

const signal: readonly Process<'signal'>[] = [ve({ sigmaMax: 10 }), vp(), subVp(), edm({ sigmaMax: 10 })];
const processes: readonly Process[] = [...signal, ddpmProcess({ steps: 30 }), zeroTerminalSnr(vp())];
const named = <P extends Process>(ps: readonly P[]) => ps.map((p) => [p.spec.type, p] as const);
const predictions: readonly Prediction[] = ['noise', 'data', 'score', 'velocity'];

const gmm = mixture({
  logits: [0, 1, -0.5],
  components: [
    normal([2], { loc: [1, -2], scale: [0.5, 0.3] }),
    normal([2], { loc: 3, scale: 0.2 }),
    normal([2], { loc: [-2, 0], scale: [1, 0.1] }),
  ],
});
const points = [
  [0.4, -1.1],
  [2.8, 3.3],
  [-6, 2],
];
const middle = (p: Process, u: number): number => p.span.start + u * (p.span.end - p.span.start);

describe('conversions', () => {
  test.each(named(processes))('%s: every prediction tells every other, and back', (_, p) => {
    const [x, said] = [o.constant([0.4, -1.1]), o.constant([0.7, 0.2])];
    const t = o.scalar(middle(p, 0.4));
    for (const from of predictions)
      for (const to of predictions) {
        const back = convert(to, from, p)(x, t, convert(from, to, p)(x, t, said));
        numbersOf(back).forEach((v, i) => {
          expect(v).toBeCloseTo([0.7, 0.2][i], 9);
        });
      }
  });

  test('are those of the path: x = α x₀ + σ ε', () => {
    const [x0, noise] = [o.constant([0.4, -1.1]), o.constant([0.7, 0.2])];
    for (const p of processes) {
      const t = o.scalar(middle(p, 0.3));
      const [a, s] = [p.alpha(t), p.sigma(t)];
      const x = o.add(o.mul(a, x0), o.mul(s, noise));
      const same = (to: Prediction, truth: Expr): void =>
        numbersOf(convert('data', to, p)(x, t, x0)).forEach((v, i) => {
          expect(v).toBeCloseTo(numbersOf(truth)[i], 9);
        });
      same('noise', noise);
      same('score', o.neg(o.div(noise, s)));
      same('velocity', o.sub(o.mul(a, noise), o.mul(s, x0)));
    }
  });
});

describe('the exact denoiser of a mixture', () => {
  test.each(
    named(processes),
  )('%s: its score is the gradient of the exact marginal; Tweedie’s formula gives its data', (_, p) => {
    const d = exactDenoiser(p, gmm);
    for (const u of [0, 0.05, 0.3, 0.9])
      for (const point of points) {
        const t = middle(p, u);
        const x = o.constant(point);
        const score = numbersOf(grad(D.runDraw(diffuse(p)(gmm)(t).logDensity(x)), [x])[0]);
        const [a, s] = [valueAt(p.alpha, t), valueAt(p.sigma, t)];
        const field = (f: Denoiser['data']): number[] => numbersOf(f(x, o.scalar(t))({ path: '' }));
        score.forEach((v, i) => {
          const size = 1 + Math.abs(v);
          expect(field(d.score)[i] / size).toBeCloseTo(v / size, 8);
          expect(field(d.noise)[i] / (1 + s * size)).toBeCloseTo((-s * v) / (1 + s * size), 8);
          expect(field(d.data)[i]).toBeCloseTo((point[i] + s * s * v) / a, 5);
          expect(field(d.velocity)[i]).toBeCloseTo(-a * s * v - s * field(d.data)[i], 5);
        });
      }
  });

  test('other distributions are refused in a sentence', () => {
    const dist = pushforward(probabilityFlow(exactDenoiser(vp(), normal([2]))))(standardNormal([2]));
    expect(() => exactDenoiser(vp(), dist)).toThrow(/cannot be diffused in closed form/);
  });

  test('samples of the exact score find every mode as often as it is', () => {
    const d = exactDenoiser(vp(), gmm);
    const xs = drawn(sampleWith(dpmSolver(), karrasGrid(30))(d), 3000, 4);
    const rows = Array.from({ length: 3000 }, (_, i) => [xs[2 * i], xs[2 * i + 1]]);
    const z = Math.exp(0) + Math.exp(1) + Math.exp(-0.5);
    const close = (c: readonly number[]): number[] =>
      rows.map(([x, y]) => ([[1, -2], [3, 3], [-2, 0]].every((m) => Math.hypot(x - c[0], y - c[1]) <= Math.hypot(x - m[0], y - m[1])) ? 1 : 0)); // biome-ignore format: one idea
    [
      [1, -2],
      [3, 3],
      [-2, 0],
    ].forEach((c, k) => {
      const share = moments(close(c));
      // Components overlap a little: 0.03 beside the error of counting.
      expect(Math.abs(share.mean - Math.exp([0, 1, -0.5][k]) / z)).toBeLessThan(4 * share.meanError + 0.03);
    });
  });
});

describe('predict', () => {
  test('preconditioning of data is EDM’s in its coordinates', () => {
    const c = standard({ sigmaData: 0.5 }).scalings('data', edm())(o.scalar(1.7));
    const total = 1.7 ** 2 + 0.25;
    const value = (e: Expr | undefined): number => numbersOf(e ?? o.scalar(0))[0];
    expect(value(c.skip)).toBeCloseTo(0.25 / total, 12);
    expect(value(c.out)).toBeCloseTo((1.7 * 0.5) / Math.sqrt(total), 12);
    expect(value(c.in)).toBeCloseTo(1 / Math.sqrt(total), 12);
    expect(value(c.noise)).toBeCloseTo(0.25 * Math.log(1.7), 12);
  });

  test('the scaled target has unit variance for data of that deviation, whatever is predicted', () => {
    // With x₀ ~ N(0, σ_d²): the part of the prediction that the network is left with, over c_out.
    const sigmaData = 0.6;
    for (const p of signal)
      for (const u of [0.01, 0.3, 0.8]) {
        const t = middle(p, u);
        const [a, s] = [valueAt(p.alpha, t), valueAt(p.sigma, t)];
        // Coefficients of (x₀, ε) in each prediction.
        const parts: { readonly [P in Prediction]: readonly [number, number] } = {
          noise: [0, 1],
          data: [1, 0],
          score: [0, -1 / s],
          velocity: [-s, a],
        };
        for (const kind of predictions) {
          const c = standard({ sigmaData }).scalings(kind, p)(o.scalar(t));
          const [skip, out] = [c.skip === undefined ? 0 : numbersOf(c.skip)[0], numbersOf(c.out)[0]];
          const [k, l] = [parts[kind][0] - skip * a, parts[kind][1] - skip * s];
          expect(((k * sigmaData) ** 2 + l ** 2) / out ** 2).toBeCloseTo(1, 9);
        }
      }
  });

  test('noise and score are refused where no signal is left, also where types were lost', () => {
    const pure = zeroTerminalSnr(vp()) as Process;
    expect(() => predict('noise', pure, resMlp([8]), { shape: [2] })).toThrow(/noise cannot be predicted/);
    expect(() => predict('score', pure, resMlp([8]), { shape: [2] })).toThrow(/score cannot be predicted/);
    expect(predict('velocity', pure, resMlp([8]), { shape: [2] }).prediction).toBe('velocity');
  });

  test('an event of another shape is refused', () => {
    const d = predict('noise', vp(), resMlp([8]), { shape: [2] });
    expect(() => d.data(o.constant([1, 2, 3]), o.scalar(0.5))({ path: '' })).toThrow(/the event has another shape/);
  });
});

// Data N(m, s²) in each of two coordinates: the flow is x ↦ α_T m + (x − α m) √(v_T/v).
const [m, s] = [1.5, 0.5];
const flowDensity = (p: Process, x: number): number => {
  const [a, b] = [valueAt(p.alpha, p.span.start), valueAt(p.alpha, p.span.end)];
  const [v0, vT] = [a * a * s * s + valueAt(p.sigma, p.span.start) ** 2, b * b * s * s + valueAt(p.sigma, p.span.end) ** 2]; // biome-ignore format: a pair
  const z = (b * m + (x - a * m) * Math.sqrt(vT / v0)) / p.priorScale;
  return -0.5 * z * z - 0.5 * Math.log(2 * Math.PI) - Math.log(p.priorScale) + 0.5 * Math.log(vT / v0);
};
const density = (dist: Dist<readonly [2], unknown>, x: readonly number[], n = 1, seed = 0): number[] =>
  drawn(dist.logDensity(o.constant(x)), n, seed);

describe('the probability flow', () => {
  const x = [0.7, 1.9];
  // Wide components: the flow of narrow ones is stiff between them, and steps of one length would have to be many.
  const wide = mixture({
    logits: [0, 0.5],
    components: [normal([2], { loc: [1, -1], scale: [0.8, 1.2] }), normal([2], { loc: [-1, 0.5], scale: 0.9 })],
  });
  test.each(named(signal))('%s: log p of Gaussian data is the closed form, prior mismatch and all, to 1e-4', (_, p) => {
    const d = exactDenoiser(p, normal([2], { loc: m, scale: s }));
    const truth = flowDensity(p, x[0]) + flowDensity(p, x[1]);
    const settings = [
      { solver: dormandPrince({ rtol: 1e-6, atol: 1e-6 }), grid: uniformGrid(1) },
      { solver: rk4(), grid: logSnrGrid(100) },
    ];
    for (const setting of settings)
      for (const divergence of ['exact', 'rademacher'] as const) {
        const dist = pipe(p.prior([2]), pushforward(probabilityFlow(d, { ...setting, divergence })));
        expect(Math.abs(density(dist, x)[0] - truth)).toBeLessThan(1e-4);
      }
  });

  test('of standard normal data under VP it is log p itself', () => {
    const dist = pushforward(probabilityFlow(exactDenoiser(vp(), standardNormal([2]))))(standardNormal([2]));
    expect(density(dist, x)[0]).toBeCloseTo(-0.5 * (0.49 + 3.61) - Math.log(2 * Math.PI), 4);
  });

  test('is a lawful transport: decode undoes encode, contributions are log-determinants', () => {
    const flow = probabilityFlow(exactDenoiser(vp(), wide), { grid: logSnrGrid(50) });
    const verdicts = transportLaws(flow, { shape: [2], tolerance: 1e-3, count: 2 });
    expect(violations(verdicts), showVerdicts(verdicts)).toEqual([]);
  });

  const flows = (divergence: TraceBy, steps = 40): Dist<readonly [2], unknown> =>
    pushforward(probabilityFlow(exactDenoiser(vp(), wide), { divergence, grid: logSnrGrid(steps) }))(
      standardNormal([2]) as Dist<readonly [2], Exact & Samples>,
    );

  test('Hutchinson’s probes are unbiased', () => {
    const [exact] = density(flows('exact'), x);
    for (const kind of ['rademacher', 'gaussian'] as const) {
      const { mean, meanError } = moments(density(flows(kind), x, 1500));
      expect(Math.abs(mean - exact)).toBeLessThan(4 * meanError + 1e-6);
    }
  });

  test('a probe is drawn once for a whole solve: the same seed, the same estimate at any number of steps', () => {
    const [coarse, fine] = [80, 160].map((n) => density(flows('gaussian', n), x, 20, 3));
    const spread = Math.sqrt(moments(fine).variance);
    expect(spread).toBeGreaterThan(0.1);
    coarse.forEach((l, i) => {
      expect(Math.abs(l - fine[i])).toBeLessThan(0.02 * spread);
    });
  });
});

describe('the distribution of a diffusion model', () => {
  const d = exactDenoiser(vp(), gmm);
  const dist = diffusion(d, { sampler: dpmSolver(), grid: karrasGrid(15), likelihood: { divergence: 'exact' } });

  test('samples by its sampler, and says the density of its flow', () => {
    expect(drawn(dist.sample, 3)).toEqual(drawn(sampleWith(dpmSolver(), karrasGrid(15))(d), 3));
    const flow = pushforward(probabilityFlow(d))(vp().prior([2]));
    expect(density(dist, [0.7, 1.9])[0]).toBeCloseTo(density(flow, [0.7, 1.9])[0], 10);
    // …which is close to that of the data, diffused to the first time.
    const truth = numbersOf(D.runDraw(diffuse(vp())(gmm)(vp().span.start).logDensity(o.constant([2.9, 3.1]))))[0];
    expect(Math.abs(density(dist, [2.9, 3.1])[0] - truth)).toBeLessThan(0.02);
  });

  test('keeps its denoiser; its evidence is what its trace is', () => {
    expect(dist.denoiser).toBe(d);
    expect([dist.evidence, diffusion(d).evidence]).toEqual(['exact', 'unbiased']);
  });
});
