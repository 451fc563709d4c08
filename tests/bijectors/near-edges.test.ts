/** Matrices whose size is against them. */
import { describe, expect, test } from 'vitest';
import { triangulate } from '../../src/bijectors/matrix-functions.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { inBoth } from '../distributions/helpers.ts';

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
