/** Latent variables against closed forms: the gap of the bound, evidence, optima, and estimates of log p(x). */
import fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type Dist, pushforward } from '../../src/algebra/dist.ts';
import type { Bound, Exact, Samples } from '../../src/algebra/evidence.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import type { Feeds } from '../../src/core/program.ts';
import { multivariateNormal, normal } from '../../src/distributions/index.ts';
import {
  elbo,
  importanceSampling,
  type MarginalEstimate,
  posteriorSampling,
  sgvb,
  stickingTheLanding,
  tightened,
} from '../../src/inference/index.ts';
import { augment } from '../../src/transports/index.ts';
import {
  affineAt,
  affineNormal,
  errorOf,
  exactMean,
  linearHvae,
  linearVae,
  meanOf,
  values,
} from './linear-gaussian.ts';

const dist = linearVae(1, 1);
const logNormal = (v: number, m: number, variance: number): number =>
  -0.5 * Math.log(2 * Math.PI * variance) - (v - m) ** 2 / (2 * variance);
const klNormal = (m1: number, v1: number, m2: number, v2: number): number =>
  0.5 * (v1 / v2 + (m1 - m2) ** 2 / v2 - 1 - Math.log(v1 / v2));

/** A line a c + b with a log-scale: one affine distribution of one dimension. */
const line = fc.record({
  w: fc.double({ min: -2, max: 2, noNaN: true }),
  b: fc.double({ min: -1, max: 1, noNaN: true }),
  r: fc.double({ min: -1, max: 0.5, noNaN: true }),
});
type Line = { readonly w: number; readonly b: number; readonly r: number };
const at = (place: string, l: Line): Feeds => affineAt(place, [[l.w]], [l.b], [l.r]);
const event = fc.double({ min: -3, max: 3, noNaN: true });

describe('the gap of the bound', () => {
  test('is KL(q ‖ posterior), for any linear-Gaussian VAE', () => {
    fc.assert(
      fc.property(line, line, event, (decoder, encoder, x) => {
        const feeds = { ...at('0.stochastic/decoder', decoder), ...at('0.stochastic/encoder', encoder) };
        const s2 = Math.exp(2 * decoder.r);
        const total = decoder.w ** 2 + s2;
        const exact = logNormal(x, decoder.b, total);
        const gap = klNormal(
          encoder.w * x + encoder.b,
          Math.exp(2 * encoder.r),
          (decoder.w * (x - decoder.b)) / total,
          s2 / total,
        );
        for (const objective of [elbo(dist), sgvb()(dist)]) {
          const bound = -exactMean(objective.loss(o.constant([x])), feeds);
          expect(bound).toBeLessThanOrEqual(exact + 1e-9);
          expect(Math.abs(exact - bound - gap)).toBeLessThan(1e-9 * (1 + gap));
        }
      }),
      { numRuns: 25 },
    );
  });

  test('is never negative for compositions of two', () => {
    const deep = linearHvae();
    fc.assert(
      fc.property(line, line, line, line, event, (d1, e1, d2, e2, x) => {
        const feeds = {
          ...at('0.stochastic/decoder', d2),
          ...at('0.stochastic/encoder', e2),
          ...at('1.stochastic/decoder', d1),
          ...at('1.stochastic/encoder', e1),
        };
        const inner = d2.w ** 2 + Math.exp(2 * d2.r);
        const exact = logNormal(x, d1.w * d2.b + d1.b, d1.w ** 2 * inner + Math.exp(2 * d1.r));
        const bound = -exactMean(elbo(deep).loss(o.constant([x])), feeds);
        expect(bound).toBeLessThanOrEqual(exact + 1e-9 * (1 + Math.abs(bound)));
        expect(-exactMean(sgvb()(deep).loss(o.constant([x])), feeds)).toBeCloseTo(bound, 8);
      }),
      { numRuns: 25 },
    );
  });
});

describe('an augmented distribution', () => {
  test('is below the marginal by KL(q(u | x) ‖ p(u | x)), for any joint normal distribution', () => {
    const [l11, l21, l22] = [1.2, -0.7, 0.6];
    const joint = multivariateNormal({ scaleTril: [[l11, 0], [l21, l22]] }); // biome-ignore format: a matrix
    const augmented = pipe(
      joint as Dist<readonly [number], Exact & Samples>,
      pushforward(augment([2] as readonly [number], affineNormal(1, 1))),
    ) as Dist<readonly [number], Bound & Samples>;
    fc.assert(
      fc.property(line, event, (encoder, x) => {
        const exact = logNormal(x, 0, l11 ** 2);
        const gap = klNormal(encoder.w * x + encoder.b, Math.exp(2 * encoder.r), (l21 / l11) * x, l22 ** 2);
        const feeds = at('0.augment/added', encoder);
        for (const objective of [elbo(augmented), sgvb()(augmented), stickingTheLanding(1)(augmented)]) {
          const bound = -exactMean(objective.loss(o.constant([x])), feeds);
          expect(Math.abs(exact - bound - gap)).toBeLessThan(1e-9 * (1 + gap));
        }
      }),
      { numRuns: 15 },
    );
  });
});

const [w, b, r] = [1.3, 0.4, Math.log(0.7)];
const total = w * w + Math.exp(2 * r);
const x = 1.4;
const truth = logNormal(x, b, total);
const posterior = { w: w / total, b: (-w * b) / total, r: r - 0.5 * Math.log(total) };
const decoder = at('0.stochastic/decoder', { w, b, r });
const poor = { ...decoder, ...at('0.stochastic/encoder', { w: 0.3, b: 0.1, r: -0.1 }) };
const exact = { ...decoder, ...at('0.stochastic/encoder', posterior) };
const fields = (m: MarginalEstimate): readonly Expr[] => [m.logDensity, m.standardError, m.effectiveSamples];

describe('log p(x) by importance sampling', () => {
  const estimate = (k: number): D.Draw<readonly Expr[]> => D.map(fields)(importanceSampling(k)(dist)(o.constant([x])));

  test('is log p(x) without error where q is the posterior', () => {
    const [found, error, effective] = values(estimate(7), 20, exact);
    found.forEach((l, i) => {
      expect(l).toBeCloseTo(truth, 10);
      expect(error[i]).toBeLessThan(1e-6);
      expect(effective[i]).toBeCloseTo(7, 8);
    });
  });

  test('says its own error', () => {
    const [found, error] = values(estimate(500), 400, poor);
    expect(meanOf(found)).toBeLessThan(truth + 4 * errorOf(found));
    expect(Math.abs(meanOf(found) - truth)).toBeLessThan(0.01);
    const spread = Math.sqrt(meanOf(found.map((l) => (l - truth) ** 2)));
    expect(meanOf(error) / spread).toBeGreaterThan(0.8);
    expect(meanOf(error) / spread).toBeLessThan(1.25);
  });

  test('as a distribution: the same declaration, a tighter bound', () => {
    const bounds = [1, 5, 50].map((k) => {
      const [found] = values(D.map((l: Expr): readonly Expr[] => [l])(tightened(k)(dist).logDensity(o.constant([x]))), 4000, poor, k); // biome-ignore format: one line
      return found;
    });
    expect(meanOf(bounds[1])).toBeGreaterThan(meanOf(bounds[0]) + 4 * errorOf(bounds[0]));
    expect(meanOf(bounds[2])).toBeGreaterThan(meanOf(bounds[1]) + 4 * errorOf(bounds[1]));
    expect(meanOf(bounds[2])).toBeLessThan(truth + 4 * errorOf(bounds[2]));
  });
});

describe('log p(x) from posterior samples (appendix D)', () => {
  const options = { samples: 100, stepSize: 0.25, leapfrogSteps: 3, warmUp: 30, transitions: 2 };

  test('has no variance where the fitted density is the posterior', () => {
    const q = normal([1], { loc: posterior.w * x + posterior.b, scale: Math.exp(posterior.r) });
    const draw = posteriorSampling({ ...options, density: () => q })(dist)(o.constant([x]));
    const [found, error] = values(D.map(fields)(draw), 5, poor);
    for (const l of found) expect(l).toBeCloseTo(truth, 10);
    for (const e of error) expect(e).toBeLessThan(1e-6);
  });

  test('finds log p(x) with a fitted normal distribution, from a poor encoder', () => {
    const [found] = values(D.map(fields)(posteriorSampling(options)(dist)(o.constant([x]))), 100, poor);
    expect(Math.abs(meanOf(found) - truth)).toBeLessThan(0.02);
  });
});
