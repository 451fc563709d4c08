/** Distributions whose density is bounded: the linear-Gaussian VAE (probabilistic PCA), where everything is known in closed form. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type Conditional, conditional } from '../../src/algebra/conditional.ts';
import { type AnyDist, type Dist, pushforward } from '../../src/algebra/dist.ts';
import type { Bound, Samples } from '../../src/algebra/evidence.ts';
import * as D from '../../src/core/draw.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { conditionalNormal, normal, standardNormal } from '../../src/distributions/index.ts';
import { importanceWeightedDensity } from '../../src/inference/importance-weighted.ts';
import { showVerdicts, transportLaws, violations } from '../../src/laws/index.ts';
import { mlp } from '../../src/nn/index.ts';
import { abs, augment, slice, sort, stochastic } from '../../src/transports/index.ts';

// p(z) = N(0, 1), p(x | z) = N(w z + b, s²): x ~ N(b, w² + s²), posterior N(w (x − b)/(w² + s²), s²/(w² + s²)).
const [w, b, s] = [1.3, 0.4, 0.7];
const total = w * w + s * s;
const gaussian = (mean: number, scale: number, by: number): Conditional<readonly [1], readonly [1]> =>
  conditional([1], (c) => () => normal([1], { loc: o.add(o.mul(by, c), mean), scale }));
const decoder = gaussian(b, s, w);
const exactPosterior = gaussian((-w * b) / total, s / Math.sqrt(total), w / total);
const poorPosterior = gaussian(0.1, 0.9, 0.3);
const ppca = (encoder: Conditional<readonly [1], readonly [1]>): Dist<readonly [1], Bound & Samples> =>
  pipe(standardNormal([1]), pushforward(stochastic({ encoder, decoder })));

const logNormal = (x: number, m: number, v: number): number =>
  -0.5 * Math.log(2 * Math.PI * v) - (x - m) ** 2 / (2 * v);

/** Many independent values of a draw, in float64. */
const values = (draw: D.Draw<ReturnType<typeof o.scalar>>, n: number, seed = 0): number[] => {
  const [all] = vmapAll(() => [D.runDraw(draw)], { size: n, fresh: () => true })();
  const p = program([all], 'float64');
  return toNumbers(evaluateProgram(p, noiseFeeds(p, { seed }))[0]);
};
const mean = (xs: readonly number[]): number => xs.reduce((a, c) => a + c, 0) / xs.length;
const error = (xs: readonly number[]): number => {
  const m = mean(xs);
  return Math.sqrt(xs.reduce((a, x) => a + (x - m) ** 2, 0) / xs.length ** 2);
};
const densityAt = (dist: AnyDist, x: number): D.Draw<ReturnType<typeof o.scalar>> => dist.logDensity(o.constant([x]));

describe('the linear-Gaussian VAE', () => {
  const x = 1.9;
  const truth = logNormal(x, b, total);

  test('its bound is log p(x) itself at the true posterior, whatever the noise', () => {
    for (const v of values(densityAt(ppca(exactPosterior), x), 50)) expect(v).toBeCloseTo(truth, 10);
  });

  test('its bound misses log p(x) by KL(q ‖ posterior)', () => {
    const found = values(densityAt(ppca(poorPosterior), x), 40_000);
    const [mq, vq] = [0.1 + 0.3 * x, 0.81];
    const [mp, vp] = [(w * (x - b)) / total, (s * s) / total];
    const kl = 0.5 * (vq / vp + (mq - mp) ** 2 / vp - 1 + Math.log(vp / vq));
    expect(Math.abs(mean(found) - (truth - kl))).toBeLessThan(4 * error(found));
  });

  test('the importance-weighted bound rises with k towards log p(x)', () => {
    const bounds = [1, 5, 50].map((k) => {
      const found = values(importanceWeightedDensity(k, ppca(poorPosterior))(o.constant([x])), 4000, k);
      return { mean: mean(found), error: error(found) };
    });
    expect(bounds[1].mean).toBeGreaterThan(bounds[0].mean + 3 * bounds[0].error);
    expect(bounds[2].mean).toBeGreaterThan(bounds[1].mean);
    expect(bounds[2].mean).toBeLessThan(truth + 3 * bounds[2].error);
    expect(truth - bounds[2].mean).toBeLessThan(0.05);
  });

  test('E exp(bound) = p(x)', () => {
    const weights = values(densityAt(ppca(poorPosterior), 0.8), 40_000).map(Math.exp);
    expect(Math.abs(mean(weights) - Math.exp(logNormal(0.8, b, total)))).toBeLessThan(4 * error(weights));
  });

  test('its samples have the marginal moments', () => {
    const xs = values(D.map((v: ReturnType<typeof o.scalar>) => o.sum(v))(ppca(poorPosterior).sample), 20_000);
    expect(mean(xs)).toBeCloseTo(b, 1);
    expect(mean(xs.map((v) => (v - b) ** 2))).toBeCloseTo(total, 1);
  });
});

describe('surjections', () => {
  const dropped = conditionalNormal([2], [1], { network: mlp([4], { activation: 'tanh', zeroLast: false }) });
  const holds = (verdicts: Parameters<typeof violations>[0]): void =>
    expect(showVerdicts(violations(verdicts))).toBe('');

  test('obey the distributions of their kind', () => {
    holds(transportLaws(slice([3], dropped), { shape: [3], undoes: 'latent' }));
    holds(transportLaws(augment([3], dropped), { shape: [2], undoes: 'data' }));
    holds(transportLaws(abs(), { shape: [3], undoes: 'none' }));
    holds(transportLaws(sort(), { shape: [4], undoes: 'none' }));
    holds(
      transportLaws(stochastic({ encoder: dropped, decoder: conditionalNormal([1], [2]) }), {
        shape: [2],
        undoes: 'none',
      }),
    );
  });

  test('slicing a distribution off keeps the density exact', () => {
    const dist = pipe(standardNormal([1]), pushforward(slice([2], gaussian(b, s, w))));
    const p = program([D.runDraw(dist.logDensity(o.input('x', [2])))], 'float64');
    const [l] = evaluateProgram(p, { x: tensorOf([0.3, -1.2]) });
    expect(l.data[0]).toBeCloseTo(logNormal(0.3, 0, 1) + logNormal(-1.2, w * 0.3 + b, s * s), 12);
    expect(dist.evidence).toBe('exact');
  });

  test('a distribution of absolute values gives each sign half its mass', () => {
    const half = pipe(normal([1], { loc: 2, scale: 0.1 }), pushforward(abs()));
    const at = (v: number): number =>
      toNumbers(evaluateProgram(program([D.runDraw(half.logDensity(o.constant([v])))], 'float64'), {})[0])[0];
    expect(at(2.1)).toBeCloseTo(at(-2.1), 12);
    expect(at(2.1)).toBeCloseTo(logNormal(2.1, 2, 0.01) - Math.LN2, 12);
  });

  test('sorted samples are shuffled evenly', () => {
    const dist = pipe(normal([2], { loc: [-5, 5], scale: 0.1 }), pushforward(sort()));
    const firsts = values(D.map((v: ReturnType<typeof o.scalar>) => o.sum(o.sliceAxis(v, 0, 0, 1)))(dist.sample), 2000);
    const share = firsts.filter((v) => v > 0).length / firsts.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.05);
  });
});
