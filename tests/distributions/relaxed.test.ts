/** Relaxed choices: densities on the simplex, samplers near their discrete distributions, gradients, and straight-through. */
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import { tensorOf } from '../../src/core/tensor.ts';
import { concrete, relaxedBernoulli, straightThrough } from '../../src/distributions/index.ts';
import { scoredSamples } from '../../src/laws/dist-values.ts';
import { distLaws, edgeLaws, samplerLaws, showVerdicts, violations } from '../../src/laws/index.ts';
import { drawn, logP, type numbers, refusal, rowsOf } from './helpers.ts';

const logits = [0.4, -0.6, 1.1];
const weights = logits.map((l) => Math.exp(l) / logits.reduce((a, b) => a + Math.exp(b), 0));

describe('concrete', () => {
  it.each([0.9, 2])('integrates to one over the simplex at temperature %d', (temperature) => {
    const dist = concrete({ logits, temperature });
    // x = σ(s) σ(t), σ(s) (1−σ(t)), 1−σ(s): a map of the plane whose Jacobian is σ(s) σ′(s) σ′(t).
    const points: number[][] = [];
    const jacobian: number[] = [];
    const h = 0.15;
    const s = (x: number): number => 1 / (1 + Math.exp(-x));
    for (let a = -30; a <= 30; a += h)
      for (let b = -30; b <= 30; b += h) {
        const rest = s(-a);
        points.push([s(a) * s(b), s(a) * s(-b), rest]);
        jacobian.push(s(a) * s(a) * rest * s(b) * s(-b));
      }
    const total = logP(dist, points).reduce((sum, l, i) => sum + Math.exp(l) * jacobian[i], 0) * h * h;
    expect(Math.abs(total - 1)).toBeLessThan(1e-8);
  });

  it('the largest coordinate is a sample of the categorical distribution, at any temperature', () => {
    for (const temperature of [0.2, 3]) {
      const counts = [0, 0, 0];
      for (const row of rowsOf(concrete({ logits, temperature }), 40_000, 2)) counts[row.indexOf(Math.max(...row))]++;
      counts.forEach((c, k) => expect(Math.abs(c / 40_000 - weights[k])).toBeLessThan(0.01));
    }
  });

  it('samplers score themselves, also where coordinates underflow', () => {
    expect(showVerdicts(violations(samplerLaws(concrete({ logits, temperature: 0.8 }), {})))).toBe('');
    const cold = scoredSamples(concrete({ logits, temperature: 1e-3 }), 64, {}, 1);
    expect(cold.logDensity.every(Number.isFinite)).toBe(true);
    const outside = tensorOf([0.5, 0.5, 0.5, -0.1, 0.6, 0.5, 0, 0.5, 0.5], [3, 3]);
    expect(showVerdicts(violations(edgeLaws(concrete({ logits }), { outside }, {})))).toBe('');
  });

  it('reparameterised: the gradient of E f is that of differences with the same noise', () => {
    const value = (l: number): number => drawn(concrete({ logits: o.constant([l, 0, 1]), temperature: 0.7 }).sample, 4)[0]; // biome-ignore format: one idea
    const l = o.parameterLeaf('l', o.scalar(0.3));
    const x = D.runDraw(concrete({ logits: o.stack([l, o.scalar(0), o.scalar(1)]), temperature: 0.7 }).sample);
    const [slope] = grad(o.sum(o.sliceAxis(x, 0, 0, 1)), [l]);
    const at = numbersAt(slope, 0.3, 4);
    expect(at).toBeCloseTo((value(0.3 + 1e-5) - value(0.3 - 1e-5)) / 2e-5, 7);
  });
});

const numbersAt = (e: Parameters<typeof numbers>[0], l: number, seed: number): number => {
  const p = program([e], 'float64');
  return evaluateProgram(p, { ...noiseFeeds(p, { seed }), l: tensorOf([l], []) })[0].data[0];
};

describe('relaxed Bernoulli', () => {
  it.each([0.8, 2])('keeps the distributions of distributions at temperature %d', (temperature) => {
    const dist = relaxedBernoulli([1], { logits: 0.6, temperature });
    expect(showVerdicts(violations(distLaws(dist, { region: 'unit', quadrature: 1e-5 })))).toBe('');
    expect(showVerdicts(violations(edgeLaws(dist, { outside: tensorOf([-1, 0, 1, 2], [4, 1]) }, {})))).toBe('');
  });
});

describe('straight-through', () => {
  it('samples are one-hot exactly, their gradients those of the relaxed sample', () => {
    const dist = straightThrough({ logits, temperature: 0.5 });
    const rows = rowsOf(dist, 2000, 1);
    expect(rows.every((r) => r.filter((v) => v === 1).length === 1 && r.filter((v) => v === 0).length === 2)).toBe(
      true,
    );
    const l = o.parameterLeaf('l', o.scalar(0.3));
    const stacked = o.stack([l, o.scalar(0), o.scalar(1)]);
    const first = (d: D.Draw<ReturnType<typeof o.scalar>>) => grad(o.sum(o.sliceAxis(D.runDraw(d), 0, 0, 1)), [l])[0];
    const hard = numbersAt(first(straightThrough({ logits: stacked, temperature: 0.7 }).sample), 0.3, 3);
    const soft = numbersAt(first(concrete({ logits: stacked, temperature: 0.7 }).sample), 0.3, 3);
    expect(hard).toBeCloseTo(soft, 12);
    expect(hard).not.toBe(0);
  });

  it('has no density: in the type, and in a sentence', () => {
    // @ts-expect-error Samples is not Exact
    const exact: Parameters<typeof import('../../src/distributions/index.ts').entropy>[0] = straightThrough({ logits });
    expect(refusal(() => D.runDraw(exact.logDensity(o.constant([1, 0, 0]))))).toContain('a straight-through sample has no density'); // biome-ignore format: one idea
    expect(refusal(() => concrete({ logits, temperature: 0 }))).toContain('concrete: temperature must be positive (got 0)'); // biome-ignore format: one idea
    expect(refusal(() => concrete({ logits: [1] }))).toContain('a simplex needs two classes (expected […, K], K ≥ 2, got [1])'); // biome-ignore format: one idea
  });
});
