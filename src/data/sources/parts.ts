/** Events of several parts: their flattened elements side by side in one vector. */
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { checkParts } from '../source.ts';

/** The description of the parts of an event: a source or a data set of several parts, or their shapes. */
export type OfParts = { readonly name: string; readonly parts?: readonly Shape[] } | readonly Shape[];

const shapesOf = (of: OfParts): readonly Shape[] =>
  'name' in of
    ? (of.parts ?? raise('ArgumentError', of.name, 'an event here is one thing: it has no parts'))
    : (of as readonly Shape[]);

/** First element of each part, and the end. */
const offsets = (shapes: readonly Shape[]): readonly number[] => {
  const at = [0];
  for (const shape of shapes) at.push(at[at.length - 1] + sizeOf(shape));
  return at;
};

/**
 * The parts of an event, each in its own shape, for use in a loss. Throws `ArgumentError` where there are no parts,
 * `ShapeError` where they do not fill the event.
 *
 * @example
 * const pairs = paired(data, drawn(eightGaussians()));
 * const displacement = (event) => {
 *   const [from, to] = partsOf(pairs, event);
 *   return ops.sub(to, from);
 * };
 * const d = displacement(ops.input('event', [4]));   // [2]
 */
export const partsOf = (of: OfParts, event: Expr): readonly Expr[] => {
  const shapes = shapesOf(of);
  checkParts('name' in of ? of.name : 'partsOf', event.shape, shapes);
  const flat = o.reshape(event, [sizeOf(event.shape)]);
  const at = offsets(shapes);
  return shapes.map((shape, i) => o.reshape(o.sliceAxis(flat, 0, at[i], at[i + 1]), shape));
};

/**
 * The parts of rows in memory: `[n, width]` becomes one array `[n, ...part]` for each part. Throws `ArgumentError` where
 * there are no parts, `ShapeError` where the values are not whole rows.
 *
 * @example
 * const [x, y] = partsOfRows([[2], []], Float32Array.of(1, 2, 10, 3, 4, 20));   // 1, 2, 3, 4 and 10, 20
 */
export const partsOfRows = (of: OfParts, values: Float32Array): readonly Float32Array[] => {
  const shapes = shapesOf(of);
  const at = offsets(shapes);
  const width = at[shapes.length];
  if (values.length % width !== 0)
    raise('ShapeError', 'name' in of ? of.name : 'partsOfRows', 'the values are not whole rows', {
      expected: `a multiple of ${width}`,
      got: `${values.length}`,
    });
  const n = values.length / width;
  return shapes.map((shape, p) => {
    const size = sizeOf(shape);
    const out = new Float32Array(n * size);
    for (let i = 0; i < n; i++) out.set(values.subarray(i * width + at[p], i * width + at[p + 1]), i * size);
    return out;
  });
};

/** Rows side by side: `[n, a]` and `[n, b]` become `[n, a + b]`, read at row i and row `order[i]`. */
export const besides = (
  a: Float32Array,
  b: Float32Array,
  n: number,
  order: ArrayLike<number> = { length: 0 },
): Float32Array => {
  const [wa, wb] = [a.length / n, b.length / n];
  const out = new Float32Array(a.length + b.length);
  for (let i = 0; i < n; i++) {
    const j = order.length === 0 ? i : order[i];
    out.set(a.subarray(i * wa, (i + 1) * wa), i * (wa + wb));
    out.set(b.subarray(j * wb, (j + 1) * wb), i * (wa + wb) + wa);
  }
  return out;
};
