/** A draw's own log-density is finite, in float32 too, where the draw itself rounds onto an edge or overflows; and it is the density where it does not. */
import { describe, expect, it } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import * as d from '../../src/distributions/index.ts';
import { run } from '../../src/inference/run.ts';
import { logDensities, scoredSamples } from '../../src/laws/dist-values.ts';

const shapes = [0.05, 0.2, 0.5, 1, 3, 50];
const pairs = shapes.flatMap((a) => shapes.map((b) => [a, b] as const));

const families: readonly (readonly [string, () => readonly AnyDist[]])[] = [
  ['Kumaraswamy', () => pairs.map(([a, b]) => d.kumaraswamy([1], { a, b }))],
  ['beta', () => pairs.map(([alpha, beta]) => d.beta([1], { alpha, beta }))],
  ['F', () => pairs.map(([a, b]) => d.fisherF([1], { numerator: a / 5, denominator: b }))],
  ['Dirichlet', () => pairs.map(([a, b]) => d.dirichlet({ concentration: [a, b, a] }))],
  ['Weibull', () => shapes.map((concentration) => d.weibull([1], { concentration, scale: 2 }))],
  ['Pareto', () => shapes.map((concentration) => d.pareto([1], { concentration, scale: 2 }))],
  ['Gompertz', () => pairs.map(([concentration, rate]) => d.gompertz([1], { concentration, rate }))],
  ['Rayleigh', () => shapes.map((scale) => d.rayleigh([1], { scale }))],
  ['exponential', () => shapes.map((rate) => d.exponential([1], { rate }))],
  ['gamma', () => shapes.map((concentration) => d.gamma([1], { concentration, rate: 2 }))],
  ['inverse gamma', () => shapes.map((concentration) => d.inverseGamma([1], { concentration, scale: 2 }))],
  ['χ²', () => shapes.map((degrees) => d.chiSquared([1], { degrees }))],
  ['t', () => shapes.map((degrees) => d.studentT([1], { degrees, loc: 1, scale: 2 }))],
  ['multivariate t', () => shapes.map((degrees) => d.multivariateT({ degrees, scaleTril: [[1, 0], [0.5, 2]] }))], // biome-ignore format: one line a distribution
  ['log-normal', () => [0.5, 10, 60].map((scale) => d.logNormal([1], { scale }))],
  ['Cauchy', () => [d.cauchy([1])]],
  ['Gumbel', () => [d.gumbel([1])]],
  ['logistic', () => [d.logistic([1])]],
  ['Laplace', () => [d.laplace([1])]],
  ['half-normal', () => [d.halfNormal([1])]],
  ['triangular', () => [0, 0.5, 1].map((mode) => d.triangular([1], { mode }))],
  ['uniform', () => [d.uniform([1], { low: 3, high: 3.5 })]],
  ['von Mises', () => shapes.map((concentration) => d.vonMises([1], { concentration }))],
  ['truncated', () => [d.truncate({ low: 5 })(d.exponential([1])), d.truncate({ low: -20, high: -15 })(d.normal([1])), d.truncate({ high: 0.001 })(d.uniform([1]))]], // biome-ignore format: one line a distribution
  ['mixture', () => [d.mixture({ logits: [0, 1], components: [d.normal([1]), d.laplace([1], { loc: 3 })] })]], // biome-ignore format: one line a distribution
  ['concrete', () => [0.1, 2].map((temperature) => d.concrete({ logits: [1, 0, -2], temperature }))],
  ['relaxed Bernoulli', () => [0.1, 2].map((temperature) => d.relaxedBernoulli([1], { logits: 3, temperature }))],
];

describe('a draw’s own log-density is finite', () => {
  it.each(families)(
    '%s',
    async (_name, make) => {
      for (const dist of make()) {
        const says = JSON.stringify(dist.spec);
        const running = run(dist as never, {}, onnx('cpu'));
        const { logDensity } = await running.sampleAndLogDensity(2000, 1);
        expect(Array.from(logDensity.data).filter((l) => !Number.isFinite(l)).length, says).toBe(0);
      }
    },
    60_000,
  );
  it.each(families)('%s: it is the density of the draw, in float64', (_name, make) => {
    for (const dist of make()) {
      const { values, logDensity: own } = scoredSamples(dist, 200, {}, 3);
      const size = values.data.length / 200;
      const moderate = (i: number) => Array.from(values.data.subarray(i * size, (i + 1) * size)).every((v) => Math.abs(v) > 1e-5 && Math.abs(v) < 1e5 && Math.abs(v - 1) > 1e-5); // biome-ignore format: one idea
      logDensities(dist, values, {}, 3).forEach((l, i) => {
        if (moderate(i)) expect(Math.abs(l - own[i]) / (1 + Math.abs(l)), `${JSON.stringify(dist.spec)}: ${l} ${own[i]}`).toBeLessThan(1e-8); // biome-ignore format: one idea
      });
    }
  });
});
