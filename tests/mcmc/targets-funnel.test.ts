/** A funnel in coordinates that make it round, by whole runs with warm-up: R̂, and moments within their Monte-Carlo error. */
import { describe, test } from 'vitest';
import { range } from '../../src/core/shape.ts';
import { standardNormal } from '../../src/distributions/index.ts';
import { adapted, hmc, mala, nuts } from '../../src/mcmc/index.ts';
import { agrees, drawsOf, ran } from './helpers.ts';

/** Abramowitz & Stegun 7.1.26: 1.5e-7, far below a Monte-Carlo error. */
const erf = (x: number): number => {
  const t = 1 / (1 + 0.3275911 * x);
  return (
    1 -
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x)
  );
};

describe('Neal’s funnel, non-centred', () => {
  // v ~ N(0, 9), xᵢ | v ~ N(0, e^v): written as x = e^(v/2) z it is a normal distribution pushed forward, whose latents are sampled.
  const funnel = (z: ArrayLike<number>): readonly [number, number] => [3 * z[0], Math.exp(1.5 * z[0]) * z[1]];
  // P(|x₁| < 1) = E erf(e^(−v/2)/√2), by quadrature over v
  const grid = range(4001).map((i) => -6 + (12 * i) / 4000);
  const weights = grid.map((z) => Math.exp(-0.5 * z * z));
  const inner = grid.reduce((a, z, i) => a + weights[i] * erf(Math.exp(-1.5 * z) / Math.SQRT2), 0) / weights.reduce((a, b) => a + b, 0); // biome-ignore format: one sum
  // log|x₁| = v/2 + log|z₁|: E log|z| = −(γ + log 2)/2, Var log|z| = π²/8, and cov(v, log|x₁|) = 9/2.
  const [centre, spread] = [-(0.5772156649015329 + Math.LN2) / 2, 9 / 4 + Math.PI ** 2 / 8];
  test.each([
    ['nuts', adapted(nuts, { steps: 200 }), 400],
    ['hmc', adapted((t) => hmc({ ...t, steps: 3, jitter: 0.3 }), { steps: 300, target: 0.95 }), 1000],
    ['mala', adapted(mala, { steps: 500, target: 0.574 }), 4000],
  ] as const)('%s recovers its mouth and its neck', async (_, kernel, samples) => {
    const c = await ran({ target: standardNormal([5]), kernel, chains: 16, samples, seed: 3 });
    agrees(drawsOf(c, (z) => funnel(z)[0]), 0, 0.1); // biome-ignore format: one claim
    agrees(drawsOf(c, (z) => funnel(z)[0] ** 2), 9, 0.3); // biome-ignore format: one claim
    agrees(drawsOf(c, (z) => (Math.abs(funnel(z)[1]) < 1 ? 1 : 0)), inner, 0.02); // biome-ignore format: one claim
    const logSize = (z: ArrayLike<number>): number => Math.log(Math.abs(funnel(z)[1]));
    agrees(drawsOf(c, logSize), centre, 0.1); // biome-ignore format: one claim
    agrees(drawsOf(c, (z) => (logSize(z) - centre) ** 2), spread, 0.2); // biome-ignore format: one claim
    agrees(drawsOf(c, (z) => funnel(z)[0] * (logSize(z) - centre)), 4.5, 0.2); // biome-ignore format: one claim
  });
});
