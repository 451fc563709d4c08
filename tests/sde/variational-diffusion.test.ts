/** The bound of a reverse equation, for Gaussian data where everything is closed. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { normal, pushforward } from '../../src/distributions/index.ts';
import { denoisingScoreMatching, elbo, weighted } from '../../src/inference/index.ts';
import { readDist } from '../../src/models/index.ts';
import {
  denoiser,
  exactDenoiser,
  importanceTime,
  likelihoodMass,
  likelihoodWeighting,
  logSnrGrid,
  subVp,
  valueAt,
  variationalDiffusion,
  ve,
  vp,
} from '../../src/sde/index.ts';
import { dequantise } from '../../src/transports/index.ts';

const [m, s] = [0.7, 0.4];
const data = normal([1], { loc: m, scale: s });

const values = (draw: D.Draw<Expr>, n: number, seed = 0): number[] => {
  const [all] = vmapAll(() => [D.runDraw(draw)], { size: n, fresh: () => true })();
  const p = program([all], 'float64');
  return Array.from(evaluateProgram(p, noiseFeeds(p, { seed }))[0].data);
};
const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
const standardError = (v: readonly number[]): number => Math.sqrt(mean(v.map((x) => (x - mean(v)) ** 2)) / v.length);

describe.each([
  ['vp', vp()],
  ['subVp', subVp()],
  ['ve', ve({ sigmaMax: 6 })],
] as const)('the bound of %s with the exact denoiser', (_, process) => {
  const dist = variationalDiffusion(exactDenoiser(process, data), { times: 4 });
  const { start, end } = process.span;
  const snr = (t: number): number => (valueAt(process.alpha, t) / valueAt(process.sigma, t)) ** 2;
  const [aT, sT, p] = [valueAt(process.alpha, end), valueAt(process.sigma, end), process.priorScale ** 2];
  // −E bound: the prior's cross entropy, the constant, and ½ ∫ (g²/σ²) α²s²/(α²s² + σ²) dt = ½ log (1 + s² SNR) between the ends.
  const cross = 0.5 * ((aT * aT * (m * m + s * s) + sT * sT) / p + Math.log(2 * Math.PI * p));
  const wanted = cross - Math.log(sT) - 0.5 * Math.log(snr(start)) + 0.5 * Math.log((1 + s * s * snr(start)) / (1 + s * s * snr(end))); // biome-ignore format: one line
  const entropy = 0.5 * Math.log(2 * Math.PI * Math.E * s * s);

  test('is on average what the integrals say, just above the entropy', () => {
    const found = values(pipe(data.sample, D.chain((x) => D.map(o.neg)(dist.logDensity(x)))), 8000); // biome-ignore format: one line
    expect(Math.abs(mean(found) - wanted)).toBeLessThan(4.5 * standardError(found));
    expect(wanted).toBeGreaterThan(entropy);
    expect(wanted - entropy).toBeLessThan(0.05);
  });

  test('is looser for another denoiser, by the Fisher divergence between the two', () => {
    const exact = exactDenoiser(process, data);
    const wrong = denoiser({ spec: { type: 'wrong' }, shape: [1], process, prediction: 'noise', raw: (x, t) => (scope) => o.mul(0.8, exact.noise(x, t)(scope)) }); // biome-ignore format: one line
    const bound = (of: typeof exact): number[] =>
      values(pipe(data.sample, D.chain((x) => variationalDiffusion(of, { times: 4 }).logDensity(x))), 4000); // biome-ignore format: one line
    const [right, off] = [bound(exact), bound(wrong)];
    const gaps = right.map((v, i) => v - off[i]);
    // 0.8 ε* misses ε* by 0.04 E ε*² = 0.04 σ²/(α²s² + σ²), so the bound loses half of 0.04 ∫ dλ/(1 + s² SNR)
    const lost = 0.02 * (Math.log(snr(start) / snr(end)) - Math.log((1 + s * s * snr(start)) / (1 + s * s * snr(end))));
    expect(Math.abs(mean(gaps) - lost)).toBeLessThan(4.5 * standardError(gaps));
    expect(lost).toBeGreaterThan(4.5 * standardError(gaps));
  });
});

test('elbo of it is likelihood-weighted denoising, but for a constant', () => {
  const exact = exactDenoiser(vp(), data);
  const weightedLoss = weighted(0.5 * (vp().span.end - vp().span.start), denoisingScoreMatching(exact, { weighting: likelihoodWeighting, drawnBy: importanceTime })); // biome-ignore format: one line
  const at = (x: number): readonly number[] => {
    const event = o.constant([x]);
    const [a, b] = [
      values(elbo(variationalDiffusion(exact)).loss(event), 8000),
      values(weightedLoss.loss(event), 8000, 1),
    ];
    return [mean(a) - mean(b), Math.hypot(standardError(a), standardError(b))];
  };
  const [[here, e1], [there, e2]] = [at(0.5), at(-0.3)];
  const far = valueAt(vp().alpha, 1);
  expect(Math.abs(here - there - 0.5 * far * far * (0.25 - 0.09))).toBeLessThan(4.5 * Math.hypot(e1, e2));
  expect(likelihoodMass(vp())).toBeCloseTo(valueAt(vp().logSnr, vp().span.start) - valueAt(vp().logSnr, 1), 10);
});

test('its samples have the data’s moments, and through dequantisation it is a bound on levels', () => {
  const dist = variationalDiffusion(exactDenoiser(vp(), data), { grid: logSnrGrid(60) });
  const xs = values(D.map((x: Expr) => o.sum(x))(dist.sample), 4000);
  expect(Math.abs(mean(xs) - m)).toBeLessThan(4.5 * standardError(xs) + 0.01);
  expect(mean(xs.map((x) => (x - m) ** 2))).toBeCloseTo(s * s, 1);
  expect(pipe(dist, pushforward(dequantise({ levels: 4 }))).evidence).toBe('bound');
});

test('is read back from JSON, and refuses to draw no time', () => {
  const dist = variationalDiffusion(exactDenoiser(vp(), data), { times: 3 });
  const again = readDist(JSON.parse(JSON.stringify(dist.spec)));
  expect(E.isRight(again) && again.right.spec).toEqual(dist.spec);
  expect(() => variationalDiffusion(exactDenoiser(vp(), data), { times: 0 })).toThrow('one time or more');
});
