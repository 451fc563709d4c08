/** Events as rows of channels: what acts on the last axis alone sees a matrix, one row a pixel. */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';

/** How many channels and how many pixels an event has: `[H, W, C]` has C and H·W, a vector `[D]` has D and 1. Throws `ShapeError` for a scalar. */
export const channelsOf = (name: string, shape: Shape): { readonly channels: number; readonly pixels: number } => {
  const channels = shape[shape.length - 1];
  return channels === undefined || channels < 1
    ? raise('ShapeError', '', `${name}: needs a last axis`, { expected: '[…, C]', got: showShape(shape) })
    : { channels, pixels: sizeOf(shape) / channels };
};

/** An event `[…, C]` through a function of its pixels `[pixels, C]`. */
export const onRows = (x: Expr, f: (rows: Expr) => Expr): Expr =>
  o.reshape(f(o.reshape(x, [-1, x.shape[x.shape.length - 1]])), x.shape);

/** Each row x as W x. */
export const through = (rows: Expr, matrix: Expr): Expr => o.matmul(rows, o.transpose(matrix));

/** Each row x as T⁻¹ x, for a triangular T: by substitution, O(C²) a row. */
export const solveRows = (
  triangular: Expr,
  rows: Expr,
  options: { readonly lower: boolean; readonly unit?: boolean },
): Expr => o.transpose(o.triangularSolve(triangular, o.transpose(rows), options));
