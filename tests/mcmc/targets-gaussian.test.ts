/** Fifty dimensions of very different scales, by whole runs with warm-up: R̂, and moments within their Monte-Carlo error. */
import { describe, test } from 'vitest';
import { range } from '../../src/core/shape.ts';
import { normal } from '../../src/distributions/index.ts';
import { adapted, hmc, mala, nuts } from '../../src/mcmc/index.ts';
import { agrees, drawsOf, ran } from './helpers.ts';

describe('an ill-conditioned Gaussian in 50 dimensions', () => {
  // Standard deviations from 0.1 to 10, around means of that size.
  const scales = range(50).map((i) => 10 ** (-1 + (2 * i) / 49));
  const target = normal([50], { loc: scales, scale: scales });
  test.each([
    ['nuts', adapted((t) => nuts({ ...t, maxDepth: 7 }), { steps: 300 }), 300],
    ['hmc', adapted((t) => hmc({ ...t, steps: 8 }), { steps: 800, target: 0.7 }), 600],
    ['mala', adapted(mala, { steps: 2000, target: 0.574 }), 3000],
  ] as const)('%s, warmed up', async (_, kernel, samples) => {
    const c = await ran({ target, kernel, chains: 16, samples, seed: 1 });
    for (const i of [0, 13, 25, 37, 49]) {
      agrees(drawsOf(c, (x) => x[i] / scales[i]), 1, 0.05); // biome-ignore format: one claim
      agrees(drawsOf(c, (x) => (x[i] / scales[i] - 1) ** 2), 1, 0.1); // biome-ignore format: one claim
    }
    agrees(drawsOf(c, (x) => (x[10] / scales[10] - 1) * (x[40] / scales[40] - 1)), 0, 0.05); // biome-ignore format: one claim
  });
});
