/** Kernels on targets that are hard in one way each, by whole runs: R̂, and moments within their Monte-Carlo error. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { pushforward } from '../../src/algebra/dist.ts';
import { bijection } from '../../src/algebra/transport.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { range } from '../../src/core/shape.ts';
import { mixture, normal, standardNormal } from '../../src/distributions/index.ts';
import { adapted, hmc, mala, nuts, parallelTempering, rHat } from '../../src/mcmc/index.ts';
import { agrees, drawsOf, ran } from './helpers.ts';

describe('a banana', () => {
  const bend = bijection({
    spec: { type: 'bend' },
    encode: (x) => () => ({ value: bent(x, -0.5), contribution: o.scalar(0) }),
    decode: (z) => () => ({ value: bent(z, 0.5), contribution: o.scalar(0) }),
  });
  const bent = (x: Expr, by: number): Expr => {
    const a = o.sliceAxis(x, 0, 0, 1);
    return o.concat([a, o.add(o.sliceAxis(x, 0, 1, 2), o.mul(by, o.square(a)))]);
  };
  const target = pipe(standardNormal([2]), pushforward(bend));
  test.each([
    ['nuts', adapted(nuts, { steps: 300, target: 0.9 }), 500],
    ['hmc', adapted((t) => hmc({ ...t, steps: 8 }), { steps: 300 }), 1000],
    ['mala', adapted(mala, { steps: 500, target: 0.574 }), 6000],
  ] as const)('%s', async (_, kernel, samples) => {
    const c = await ran({ target, kernel, chains: 16, samples, seed: 2 });
    // x₂ = z₂ + z₁²/2: mean ½, variance 1 + ½; cov(x₁, x₂) = 0; E x₁² x₂ = 3/2
    agrees(drawsOf(c, (x) => x[0]), 0, 0.1); // biome-ignore format: one claim
    agrees(drawsOf(c, (x) => x[0] ** 2), 1, 0.1); // biome-ignore format: one claim
    agrees(drawsOf(c, (x) => x[1]), 0.5, 0.1); // biome-ignore format: one claim
    agrees(drawsOf(c, (x) => (x[1] - 0.5) ** 2), 1.5, 0.2); // biome-ignore format: one claim
    agrees(drawsOf(c, (x) => x[0] * x[1]), 0, 0.1); // biome-ignore format: one claim
  });
});

describe('eight Gaussians in a ring', () => {
  const angles = range(8).map((i) => (2 * Math.PI * i) / 8);
  const target = mixture({
    logits: range(8).map(() => 0),
    components: angles.map((a) => normal([2], { loc: [4 * Math.cos(a), 4 * Math.sin(a)], scale: 0.4 })),
  });

  const inProportion = (beta: Expr, size: number): Expr => o.div(size, o.sqrt(beta));
  test.each([
    ['hmc', (beta: Expr) => hmc({ stepSize: inProportion(beta, 0.35), steps: 4 }), 3000],
    ['mala', (beta: Expr) => mala({ stepSize: o.div(0.12, beta) }), 6000],
    ['nuts', (beta: Expr) => nuts({ stepSize: inProportion(beta, 0.35), maxDepth: 3 }), 1500],
  ] as const)('tempered %s visits every mode in proportion', async (_, of, samples) => {
    const kernel = parallelTempering({ ladder: [1, 0.3, 0.08], kernel: of as (beta: Expr) => ReturnType<typeof hmc> });
    const c = await ran({ target, kernel, chains: 24, samples, burnIn: 100 });
    const mode = (x: ArrayLike<number>): number => (Math.round((Math.atan2(x[1], x[0]) * 8) / (2 * Math.PI)) + 8) % 8;
    for (const m of range(8)) agrees(drawsOf(c, (x) => (mode(x) === m ? 1 : 0)), 1 / 8, 0.02); // biome-ignore format: one claim
    agrees(drawsOf(c, (x) => x[0]), 0, 0.2); // biome-ignore format: one claim
    agrees(drawsOf(c, (x) => x[0] ** 2), 8 + 0.16, 0.3); // biome-ignore format: one claim
    agrees(drawsOf(c, (x) => x[0] * x[1]), 0, 0.3); // biome-ignore format: one claim
  });

  test('without tempering R̂ says that chains disagree', async () => {
    const c = await ran({ target, kernel: hmc({ stepSize: 0.35, steps: 4 }), chains: 8, samples: 300 });
    expect(rHat(drawsOf(c, (x) => x[0]))).toBeGreaterThan(1.1);
  });
});
