/** Scalar maps and matrices where rounding or size is against them. */
import { describe, expect, test } from 'vitest';
import { splineMap } from '../../src/bijectors/index.ts';
import { triangulate } from '../../src/bijectors/matrix-functions.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import * as o from '../../src/core/ops/index.ts';
import { generator, keyOf } from '../../src/core/prng.ts';
import { inBoth } from '../distributions/helpers.ts';

describe('splines', () => {
  test('the slope at a knot, and within rounding of it, is what the map says, in float32', async () => {
    const { normal } = generator(keyOf(3));
    const map = splineMap({ bins: 4, bound: 4 });
    const raw = Float64Array.from({ length: map.width }, () => normal());
    // Knots on the axis of widths, and on that of heights.
    const knots = (axis: number): number[] => {
      const weights = [0, 1, 2, 3].map((i) => Math.exp(raw[4 * axis + i]));
      const total = weights.reduce((s, w) => s + w, 0);
      return [0, 1, 2].map((i) => -4 + weights.slice(0, i + 1).reduce((s, w) => s + 8 * (1e-3 + ((1 - 4e-3) * w) / total), 0)); // biome-ignore format: one sum
    };
    for (const [axis, move] of [map.encode, map.decode].entries())
      for (const knot of knots(axis))
        for (const step of [-3, -2, -1, 0, 1, 2, 3]) {
          const { float32 } = await inBoth([knot + step * 2.4e-7], (x) => {
            const m = D.runDraw(D.fromScoped(move(o.reshape(x, [1]), o.constant(raw, [map.width, 1]))));
            return [grad(o.sum(m.value), [x])[0], o.exp(o.mul(axis === 0 ? 1 : -1, o.sum(m.logSlope)))];
          });
          expect(Math.abs(float32[0][0] / float32[1][0] - 1), `${axis}: ${knot} + ${step}`).toBeLessThan(1e-3);
        }
  });
});

describe('Householder reflections', () => {
  test.each([1e-30, 1e-20, 1, 1e18])('columns of size %d in float32: log |det| and no NaN', async (size) => {
    const { float32 } = await inBoth([size], (s) => {
      const a = o.mul(s, o.constant([2, 1, 0, -1, 1, 3, 0.5, 0, 1], [3, 3]));
      const { upper, logDet } = triangulate(a);
      return [logDet, ...grad(logDet, [s]), upper];
    });
    expect(Math.abs(float32[0][0] - (Math.log(4.5) + 3 * Math.log(size)))).toBeLessThan(1e-4);
    expect(Math.abs(float32[1][0] * size - 3)).toBeLessThan(1e-4);
    expect(float32[2].every(Number.isFinite)).toBe(true);
  });
  test('a column of zeros: the determinant is 0, and nothing is NaN', async () => {
    const { float32 } = await inBoth([1], (s) => {
      const { upper, beside, logDet } = triangulate(
        o.mul(s, o.constant([1, 0, 2, 0, 0, 0, 3, 0, 4], [3, 3])),
        o.eye(3),
      );
      return [logDet, upper, beside, ...grad(o.sum(upper), [s])];
    });
    expect(float32[0]).toEqual([Number.NEGATIVE_INFINITY]);
    expect(float32.slice(1).flat().every(Number.isFinite), `${float32}`).toBe(true);
  });
});
