import { pipe } from 'fp-ts/lib/function.js';
import { free } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { finite, list } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { channelsOf, onRows, solveRows, through } from './rows.ts';

/** Options of {@link scaleTril}. */
export interface ScaleTrilOptions {
  /** A fixed lower triangular matrix by rows, its diagonal not 0; learned (positive diagonal, from the identity) where it is not given. */
  readonly matrix?: readonly (readonly number[])[];
}

/**
 * The triangular linear map x = L z on the last axis, as in a normal distribution with `scale_tril`: pushed through it, a standard normal distribution has covariance
 * L Lᵀ. Encoding is a triangular solve, decoding a product: both O(C²) a pixel.
 *
 *     z = L⁻¹ x        log |det ∂z/∂x| = −(number of pixels) · Σ log |Lᵢᵢ|
 *
 * Throws `ArgumentError` where the matrix is not lower triangular with a diagonal of finite numbers that are not 0 and, in use, `ShapeError` where
 * the event has another last axis.
 *
 * @example
 * pipe(standardNormal([2]), pushforward(scaleTril({ matrix: [[2, 0], [-1, 0.5]] })))
 */
export const scaleTril = define(
  layerKind,
  {
    type: 'scaleTril',
    about: 'A lower triangular matrix, fixed or learned.',
    optional: { matrix: list(list(finite)) },
    shapes: 'vectors',
    examples: [
      {},
      {
        matrix: [
          [2, 0],
          [-1, 0.5],
        ],
      },
    ],
  },
  ({ matrix }: ScaleTrilOptions = {}): Endo<'bijective'> => {
    if (matrix !== undefined) checkTriangular(matrix);
    const triangle = (c: number): Sc.Scoped<{ readonly l: Expr; readonly logDet: Expr }> => {
      if (matrix !== undefined)
        return matrix.length === c
          ? Sc.of({
              l: o.constant(matrix.flat(), [c, c]),
              logDet: o.scalar(matrix.reduce((sum, row, i) => sum + Math.log(Math.abs(row[i])), 0)),
            })
          : raise('ShapeError', '', 'scaleTril: the event has another last axis', {
              expected: `${matrix.length}`,
              got: `${c}`,
            });
      return pipe(
        Sc.parameter('lower', [c, c], { init: zeros, kind: 'weight' }),
        Sc.chain((free) =>
          pipe(
            Sc.parameter('logScale', [c], { init: zeros, kind: 'scale' }),
            Sc.map((s) => ({
              l: o.add(o.triangle(free, true, true), o.mul(o.eye(c), o.reshape(o.exp(s), [1, c]))),
              logDet: o.sum(s),
            })),
          ),
        ),
      );
    };
    const mapped = (x: Expr, f: (l: Expr) => (rows: Expr) => Expr) => {
      const { channels, pixels } = channelsOf('scaleTril', x.shape);
      return pipe(
        triangle(channels),
        Sc.map(({ l, logDet }) => ({ value: onRows(x, f(l)), contribution: o.mul(-pixels, logDet) })),
      );
    };
    return bijection({
      spec: { type: 'scaleTril', ...(matrix === undefined ? {} : { matrix }) },
      cost: free,
      encode: (x) => mapped(x, (l) => (rows) => solveRows(l, rows, { lower: true })),
      decode: (z) => mapped(z, (l) => (rows) => through(rows, l)),
    });
  },
);

const checkTriangular = (matrix: readonly (readonly number[])[]): void => {
  const n = matrix.length;
  if (n === 0 || matrix.some((row) => row.length !== n))
    raise('ArgumentError', 'scaleTril', 'the matrix is not square', { expected: 'n rows of n numbers', got: `rows of ${matrix.map((r) => r.length).join(', ')}` }); // biome-ignore format: one idea
  matrix.forEach((row, i) => {
    row.forEach((v, j) => {
      if (!Number.isFinite(v) || (j > i && v !== 0) || (j === i && v === 0))
        raise('ArgumentError', 'scaleTril', 'the matrix is not lower triangular with a diagonal that is not 0', {
          expected: j > i ? `0 at [${i}][${j}]` : `a finite number${i === j ? ' that is not 0' : ''} at [${i}][${j}]`,
          got: `${v}`,
        });
    });
  });
};
