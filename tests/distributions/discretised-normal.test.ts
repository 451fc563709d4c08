/** The discretised normal distribution against integrals of the normal density, in both precisions. */
import { describe, expect, test } from 'vitest';
import { grad } from '../../src/core/differentiate/index.ts';
import { runDraw } from '../../src/core/draw.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Precision, program } from '../../src/core/program.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { discretisedNormal } from '../../src/distributions/index.ts';
import { gaussLegendre } from '../../src/laws/index.ts';
import { chiSquare, logP, onnxRows } from './helpers.ts';

const { nodes, weights } = gaussLegendre(40);

/** log ∫ N(x; loc, scale²) dx over a bin, pieces of at most half a deviation each, scaled by the largest integrand. */
const integral = (low: number, high: number, loc: number, scale: number): number => {
  const [a, b] = [(low - loc) / scale, (high - loc) / scale];
  const nearest = a > 0 ? a : b < 0 ? b : 0;
  const [from, to] = [Math.max(a, nearest - 40), Math.min(b, nearest + 40)];
  const count = Math.max(1, Math.ceil(2 * (to - from)));
  let total = 0;
  for (let i = 0; i < count; i++) {
    const [l, h] = [from + ((to - from) * i) / count, from + ((to - from) * (i + 1)) / count];
    for (let j = 0; j < nodes.length; j++) {
      const x = l + ((h - l) * (nodes[j] + 1)) / 2;
      total += ((weights[j] * (h - l)) / 2) * Math.exp(-0.5 * (x * x - nearest * nearest));
    }
  }
  return Math.log(total) - 0.5 * nearest * nearest - 0.5 * Math.log(2 * Math.PI);
};

const levels = 16;
const expected = (k: number, loc: number, scale: number): number =>
  integral(
    k === 0 ? Number.NEGATIVE_INFINITY : k - 0.5,
    k === levels - 1 ? Number.POSITIVE_INFINITY : k + 0.5,
    loc,
    scale,
  );

/** log P of every level, for one location and scale. */
const logPs = (loc: number, scale: number, precision: Precision): number[] => {
  const dist = discretisedNormal([1], { loc, scale, levels });
  const [all] = vmapAll((k) => [runDraw(dist.logDensity(k))])(o.input('k', [levels, 1]));
  const k = tensorOf(
    Array.from({ length: levels }, (_, i) => i),
    [levels, 1],
  );
  return toNumbers(evaluateProgram(program([all], precision), { k })[0]);
};

describe('discretisedNormal', () => {
  test.each([
    [5.2, 3],
    [5, 0.4],
    [7.5, 0.05],
    [-4, 2],
    [30, 1.5],
    [8, 40],
    [3, 4.99],
    [3, 5.01],
    [200, 40],
  ])('loc %f, scale %f: the integrals of the density', (loc, scale) => {
    for (const [precision, tolerance] of [
      ['float64', 1e-8],
      ['float32', 2e-5],
    ] as const)
      logPs(loc, scale, precision).forEach((l, k) => {
        const truth = expected(k, loc, scale);
        if (truth > -1e4)
          expect(Math.abs(l - truth) / Math.max(1, Math.abs(truth)), `level ${k}`).toBeLessThan(tolerance);
        else expect(l).toBeLessThan(-9e3);
      });
  });

  test('sums to one, has no level off the list, and its samples follow it', async () => {
    const dist = discretisedNormal([1], { loc: 5.2, scale: 3, levels });
    const chances = logP(
      dist,
      Array.from({ length: levels }, (_, k) => [k]),
    ).map(Math.exp);
    expect(Math.abs(chances.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-10);
    expect(logP(dist, [[-1], [levels], [2.5]])).toEqual([1, 1, 1].map(() => Number.NEGATIVE_INFINITY));
    const counts = new Array<number>(levels).fill(0);
    for (const [k] of await onnxRows(dist, 20_000, 3)) counts[k]++;
    expect(chiSquare(counts, chances)).toBeGreaterThan(1e-3);
  });

  test('its gradient is finite however far, narrow or wide, in single precision', () => {
    for (const [loc, scale] of [
      [8, 1e-3],
      [8, 1e4],
      [-500, 0.1],
      [8.5, 0.2],
      [5, 2],
    ]) {
      const [l, s] = [o.input('loc', [1]), o.input('scale', [1])];
      const value = runDraw(discretisedNormal([1], { loc: l, scale: s, levels }).logDensity(o.constant([8])));
      const p = program([value, ...grad(value, [l, s])], 'float32');
      const out = evaluateProgram(p, { loc: tensorOf([loc]), scale: tensorOf([scale]) }).flatMap(toNumbers);
      expect(out.every(Number.isFinite), `${loc} ${scale}: ${out}`).toBe(true);
    }
  });

  test('refuses scales that are not positive, and one level', () => {
    expect(() => discretisedNormal([1], { levels: 1 })).toThrow(/levels is not a number of levels/);
    expect(() => discretisedNormal([1], { levels: 4, scale: 0 })).toThrow(/scale must be positive/);
  });
});
