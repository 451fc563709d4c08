/** Critically-damped Langevin diffusion: closed moments against their differential equation, and exact scores of normal data. */
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, type Precision, program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { hybridScoreMatching } from '../../src/inference/hybrid-score-matching.ts';
import { type Cld, type CldOptions, cld, cldDiffusion, type PhaseDenoiser, samplePhase } from '../../src/sde/index.ts';

const numbers = (es: readonly Expr[], precision: Precision = 'float64'): number[] =>
  evaluateProgram(program(es, precision), {}).map((t) => toNumbers(t)[0]);
const rows = (draw: D.Draw<readonly Expr[]>, n: number, seed = 0): number[][] => {
  const all = vmapAll(() => D.runDraw(draw), { size: n, fresh: () => true })();
  const p = program(all, 'float64');
  return evaluateProgram(p, noiseFeeds(p, { seed })).map(toNumbers);
};
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const variance = (xs: readonly number[]): number => mean(xs.map((v) => (v - mean(xs)) ** 2));
const error = (xs: readonly number[]): number => Math.sqrt(variance(xs) / xs.length);

/** Mean and covariance of (x, v) by Runge–Kutta on their differential equations: (x, v, xx, xv, vv). */
const integrated = (p: Cld, t: number, from: readonly number[], steps = 4000): number[] => {
  const { beta, mass, friction } = p;
  const f = ([x, v, xx, xv, vv]: readonly number[]): number[] => [
    (beta * v) / mass,
    -beta * x - (beta * friction * v) / mass,
    (2 * beta * xv) / mass,
    (beta * vv) / mass - beta * xx - (beta * friction * xv) / mass,
    -2 * beta * xv - (2 * beta * friction * vv) / mass + 2 * friction * beta,
  ];
  const h = t / steps;
  const add = (a: readonly number[], b: readonly number[], s: number): number[] => a.map((v, i) => v + s * b[i]);
  let u = [...from];
  for (let i = 0; i < steps; i++) {
    const k1 = f(u);
    const k2 = f(add(u, k1, h / 2));
    const k3 = f(add(u, k2, h / 2));
    const k4 = f(add(u, k3, h));
    u = u.map((v, j) => v + (h / 6) * (k1[j] + 2 * k2[j] + 2 * k3[j] + k4[j]));
  }
  return u;
};

describe.each<[CldOptions]>([
  [{}],
  [{ mass: 1, beta: 2, velocity: 0.5 }],
  [{ mass: 0.04, beta: 1, velocity: 0.1 }],
])('moments with %o', (options) => {
  const p = cld(options);

  test.each([0.001, 0.01, 0.1, 0.5, 1])('t = %f: those of the moment equations', (t) => {
    const from = { x: o.scalar(1.3), v: o.scalar(-0.4) };
    const m = p.mean(o.scalar(t), from);
    const c = p.covariance(o.scalar(t));
    const found = numbers([m.x, m.v, c.xx, c.xv, c.vv]);
    const truth = integrated(p, t, [1.3, -0.4, 0, 0, p.velocity * p.mass]);
    found.forEach((v, i) => expect(Math.abs(v - truth[i])).toBeLessThan(1e-9 * Math.max(1, Math.abs(truth[i]))));
  });

  test.each([1e-4, 1e-3, 0.02, 0.3, 1])('t = %f: the factor is Cholesky’s, in single precision too', (t) => {
    const { xx, xv, vv, factor } = p.covariance(o.scalar(t));
    const [a, b, c, l, m, n] = numbers([xx, xv, vv, factor.xx, factor.vx, factor.vv]);
    expect(l * l).toBeCloseTo(a, 12);
    expect(l * m).toBeCloseTo(b, 12);
    expect(m * m + n * n).toBeCloseTo(c, 12);
    numbers([factor.xx, factor.vx, factor.vv], 'float32').forEach((v, i) => {
      expect(Math.abs(v / [l, m, n][i] - 1)).toBeLessThan(t < 1e-3 ? 1e-3 : 1e-4);
    });
  });
});

test('t = 0.5: the published values, and (1, M) in the end', () => {
  const { xx, xv, vv } = cld().covariance(o.scalar(0.5));
  const [a, b, c] = numbers([xx, xv, vv]);
  expect(a).toBeCloseTo(0.98646, 5);
  expect(b).toBeCloseTo(0.00529, 5);
  expect(c).toBeCloseTo(0.24793, 5);
  const late = cld({ end: 9 }).covariance(o.scalar(9));
  numbers([late.xx, late.xv, late.vv]).forEach((v, i) => expect(v).toBeCloseTo([1, 0, 0.25][i], 9));
});

test('refuses constants that are not positive, and an empty span', () => {
  expect(() => cld({ mass: 0 })).toThrow(/mass must be positive/);
  expect(() => cld({ start: 2 })).toThrow(/span of times is empty/);
});

/** Covariance of (x_t, v_t) for data N(0, s²): that of known data and s² times what the mean does to x₀. */
const marginal = (p: Cld, t: Expr, s2: number): readonly [Expr, Expr, Expr] => {
  const moved = p.mean(t, { x: o.scalar(1), v: o.scalar(0) });
  const { xx, xv, vv } = p.covariance(t);
  return [
    o.add(xx, o.mul(s2, o.square(moved.x))),
    o.add(xv, o.mul(s2, o.mul(moved.x, moved.v))),
    o.add(vv, o.mul(s2, o.square(moved.v))),
  ];
};

/** The exact denoiser of data N(0, s²), times a number: 1 is right. */
const exact = (p: Cld, s2: number, times = 1): PhaseDenoiser<readonly [1]> => ({
  spec: { opaque: 'a test' },
  shape: [1],
  process: p,
  noise:
    ({ x, v }, t) =>
    () => {
      const [xx, xv, vv] = marginal(p, t, s2);
      const determinant = o.sub(o.mul(xx, vv), o.square(xv));
      const score = o.div(o.sub(o.mul(xv, x), o.mul(xx, v)), determinant);
      return o.mul(-times, o.mul(p.covariance(t).factor.vv, score));
    },
});

describe('with the exact score of N(0, s²)', () => {
  const s2 = 0.3;
  const p = cld();

  test('hybrid score matching is least there', () => {
    const at = (times: number): D.Draw<Expr> => hybridScoreMatching(cldDiffusion(exact(p, s2, times))).loss(o.mul(Math.sqrt(s2), o.constant([1]))); // biome-ignore format: one line
    // Data ±s have the second moments of N(0, s²), and the loss of a linear field knows no others: a parabola in the factor, least at 1.
    const [low, middle, high] = [0.8, 1, 1.2].map((k) => rows(D.map((l: Expr) => [l])(at(k)), 40_000, 1)[0]);
    const vertex = (pick: (i: number) => boolean): number => {
      const m = [low, middle, high].map((xs) => mean(xs.filter((_, i) => pick(i))));
      return 1 - (0.2 * (m[2] - m[0])) / (2 * (m[2] - 2 * m[1] + m[0]));
    };
    const halves = Array.from({ length: 20 }, (_, b) => vertex((i) => i % 20 === b));
    expect(Math.abs(mean(halves) - 1)).toBeLessThan(4 * error(halves));
    expect(error(halves)).toBeLessThan(0.01);
  });

  test.each([
    'sscs',
    'eulerMaruyama',
  ] as const)('%s: samples have the variance of the data, nearer with more steps', (sampler) => {
    const spread = (steps: number): number =>
      variance(rows(D.map((q: { x: Expr }) => [q.x])(samplePhase(exact(p, s2), { sampler, steps })), 2500, 2)[0]) / s2 -
      1;
    const noise = Math.sqrt(2 / 2500);
    expect(Math.abs(spread(200))).toBeLessThan(5 * noise + 0.03);
    expect(Math.abs(spread(200))).toBeLessThan(Math.abs(spread(12)));
  });

  test('the splitting leaves the stationary distribution as it is at any step', () => {
    const still = cld({ velocity: 1 });
    const [x, v] = rows(
      D.map((q: { x: Expr; v: Expr }) => [q.x, q.v])(samplePhase(exact(still, 1), { steps: 3 })),
      20_000,
      3,
    );
    const noise = Math.sqrt(2 / 8000);
    expect(Math.abs(variance(x) - 1)).toBeLessThan(5 * noise);
    expect(Math.abs(variance(v) / 0.25 - 1)).toBeLessThan(5 * noise);
    expect(Math.abs(mean(x.map((a, i) => a * v[i])))).toBeLessThan(5 * Math.sqrt(0.25 / 8000));
  });

  test('the probability flow gives the density of (x, v) at the start, less that of v', () => {
    const dist = cldDiffusion(exact(p, s2), { likelihoodSteps: 60 });
    const x = 0.7;
    const found = rows(D.map((l: Expr) => [l])(dist.logDensity(o.constant([x]))), 1500, 4)[0];
    const [xx, xv, vv] = numbers([...marginal(p, o.scalar(p.start), s2)]);
    const determinant = xx * vv - xv * xv;
    const w = p.velocity * p.mass;
    // E over v ~ N(0, w) of log N((x, v); Σ) − log N(v; 0, w); the prior at the end is right to e^{−16}.
    const joint = -Math.log(2 * Math.PI) - 0.5 * Math.log(determinant) - 0.5 * ((vv * x * x + xx * w) / determinant);
    const expected = joint + 0.5 * Math.log(2 * Math.PI * w) + 0.5;
    expect(Math.abs(mean(found) - expected)).toBeLessThan(4 * error(found) + 1e-3);
    const truth = -0.5 * Math.log(2 * Math.PI * s2) - (x * x) / (2 * s2);
    expect(mean(found)).toBeLessThan(truth + 4 * error(found) + 1e-3);
    expect(dist.evidence).toBe('mean bound');
  });
});
