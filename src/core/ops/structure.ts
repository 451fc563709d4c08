/** Shape-changing operations: reshape, transpose, broadcast, slice, pad, concat, reverse. Each is linear. */
import { raise } from '../errors.ts';
import { type Expr, makeNode } from '../expr.ts';
import { broadcastShapes, normalAxis, range, type Shape, sameShape, showShape, sizeOf } from '../shape.ts';
import { lift, type Operand } from './leaves.ts';

const fail = (op: string, message: string, expected: string, got: string): never =>
  raise('ShapeError', '', `${op}: ${message}`, { expected, got });

/**
 * The axis as a non-negative number. Throws `ShapeError` where it does not exist.
 *
 * @example
 * ops.axisOf('sum', -1, 3);   // 2
 */
export const axisOf = (op: string, axis: number, rank: number): number =>
  normalAxis(axis, rank) ?? fail(op, 'no such axis', `an axis in [${-rank}, ${rank})`, `${axis}`);

/**
 * The axes sorted and non-negative; all axes where none are given. Throws `ShapeError` where one does not exist.
 *
 * @example
 * ops.axesOf('sum', undefined, 2);   // [0, 1]
 */
export const axesOf = (op: string, axes: number | readonly number[] | undefined, rank: number): number[] =>
  axes === undefined
    ? range(rank)
    : [...new Set((typeof axes === 'number' ? [axes] : axes).map((a) => axisOf(op, a, rank)))].sort((a, b) => a - b);

/**
 * The same elements in row-major order with another shape; one size may be −1. Throws `ShapeError` where the numbers of elements differ.
 *
 * @example
 * ops.reshape(ops.iota(6), [2, -1]).shape;   // [2, 3]
 */
export const reshape = (x: Expr, shape: Shape): Expr => {
  const known = shape.reduce((n, d) => (d === -1 ? n : n * d), 1);
  const target = shape.map((d) => (d === -1 ? sizeOf(x.shape) / known : d));
  if (sizeOf(target) !== sizeOf(x.shape) || target.some((d) => !Number.isInteger(d) || d < 0))
    return fail('reshape', 'sizes differ', `${sizeOf(x.shape)} elements as in ${showShape(x.shape)}`, showShape(shape));
  return sameShape(x.shape, target) ? x : makeNode('reshape', [x], {}, target, x.type);
};

/**
 * Axes in another order: result axis i is axis `permutation[i]` of x. Without a permutation: the last two axes swapped.
 *
 * @example
 * value(ops.transpose(ops.array([[1, 2], [3, 4]])));   // [[1, 3], [2, 4]]
 */
export const transpose = (x: Expr, permutation?: readonly number[]): Expr => {
  const rank = x.shape.length;
  const p = permutation ?? [...range(rank - 2), rank - 1, rank - 2];
  if (p.length !== rank || !range(rank).every((i) => p.includes(i)))
    return fail(
      'transpose',
      'not a permutation of the axes',
      `a permutation of ${showShape(range(rank))}`,
      showShape(p),
    );
  return p.every((a, i) => a === i)
    ? x
    : makeNode(
        'transpose',
        [x],
        { permutation: p },
        p.map((a) => x.shape[a]),
        x.type,
      );
};

/**
 * Moves one axis to another place, keeping the order of the rest.
 *
 * @example
 * ops.moveAxis(input('x', [2, 3, 4]), 0, 2).shape;   // [3, 4, 2]
 */
export const moveAxis = (x: Expr, from: number, to: number): Expr => {
  const a = axisOf('moveAxis', from, x.shape.length);
  const b = axisOf('moveAxis', to, x.shape.length);
  const rest = range(x.shape.length).filter((i) => i !== a);
  return transpose(x, [...rest.slice(0, b), a, ...rest.slice(b)]);
};

/**
 * Broadcasts an array to a shape as NumPy does: new leading axes, and axes of size 1 repeated. Throws `ShapeError` where it does not fit.
 *
 * @example
 * value(ops.broadcastTo(1, [2]));   // [1, 1]
 */
export const broadcastTo = (operand: Operand, shape: Shape): Expr => {
  const x = lift(operand);
  if (sameShape(x.shape, shape)) return x;
  const fits = broadcastShapes(x.shape, shape);
  if (fits === undefined || !sameShape(fits, shape))
    return fail('broadcast', 'shapes do not fit', showShape(shape), showShape(x.shape));
  const aligned = reshape(x, [...shape.slice(0, shape.length - x.shape.length).map(() => 1), ...x.shape]);
  return sameShape(aligned.shape, shape) ? aligned : makeNode('broadcast', [aligned], {}, shape, x.type);
};

/**
 * Inserts axes of size 1 at the given places of the result.
 *
 * @example
 * ops.expandDims(input('x', [2]), 0).shape;   // [1, 2]
 */
export const expandDims = (x: Expr, ...axes: readonly number[]): Expr => {
  const rank = x.shape.length + axes.length;
  const at = axesOf('expandDims', axes, rank);
  const rest = [...x.shape];
  return reshape(
    x,
    range(rank).map((i) => (at.includes(i) ? 1 : rest.shift()!)),
  );
};

/**
 * Removes axes of size 1.
 *
 * @example
 * ops.squeezeDims(input('x', [1, 2]), 0).shape;   // [2]
 */
export const squeezeDims = (x: Expr, ...axes: readonly number[]): Expr => {
  const at = axesOf('squeezeDims', axes, x.shape.length);
  return reshape(
    x,
    x.shape.filter((_, i) => !at.includes(i)),
  );
};

/**
 * Elements `start, start+stride, … < limit` of every axis.
 *
 * @example
 * value(ops.slice(ops.array([1, 2, 3]), [1], [3]));   // [2, 3]
 */
export const slice = (
  x: Expr,
  start: readonly number[],
  limit: readonly number[],
  stride?: readonly number[],
): Expr => {
  const step = stride ?? x.shape.map(() => 1);
  const ok =
    start.length === x.shape.length &&
    limit.length === x.shape.length &&
    step.length === x.shape.length &&
    x.shape.every((d, i) => start[i] >= 0 && start[i] <= limit[i] && limit[i] <= d && step[i] >= 1);
  if (!ok)
    return fail(
      'slice',
      'bounds outside the array',
      `bounds within ${showShape(x.shape)}`,
      `${showShape(start)}…${showShape(limit)}`,
    );
  const shape = x.shape.map((_, i) => Math.ceil((limit[i] - start[i]) / step[i]));
  return sameShape(shape, x.shape) ? x : makeNode('slice', [x], { start, limit, stride: step }, shape, x.type);
};

/**
 * Elements `from … to−1` (every `step`-th) of one axis.
 *
 * @example
 * value(ops.sliceAxis(ops.array([1, 2, 3]), 0, 0, 2));   // [1, 2]
 */
export const sliceAxis = (x: Expr, axis: number, from: number, to: number, step = 1): Expr => {
  const a = axisOf('slice', axis, x.shape.length);
  return slice(
    x,
    x.shape.map((_, i) => (i === a ? from : 0)),
    x.shape.map((d, i) => (i === a ? to : d)),
    x.shape.map((_, i) => (i === a ? step : 1)),
  );
};

/**
 * Adds zeros (false) before, after and, with `interior`, between the elements of each axis. Throws `ShapeError` where a count is not a natural number for each axis.
 *
 * @example
 * value(ops.pad(ops.array([1, 2]), [1], [0]));   // [0, 1, 2]
 */
export const pad = (x: Expr, low: readonly number[], high: readonly number[], interior?: readonly number[]): Expr => {
  const inner = interior ?? x.shape.map(() => 0);
  if ([low, high, inner].some((p) => p.length !== x.shape.length || p.some((n) => !Number.isInteger(n) || n < 0)))
    return fail(
      'pad',
      'padding must be non-negative for each axis',
      `${x.shape.length} counts`,
      `${showShape(low)}, ${showShape(high)}`,
    );
  const shape = x.shape.map((d, i) => low[i] + high[i] + d + Math.max(0, d - 1) * inner[i]);
  return sameShape(shape, x.shape) ? x : makeNode('pad', [x], { low, high, interior: inner }, shape, x.type);
};

/**
 * Concatenates arrays along an axis. Throws `ShapeError` where there are none or the other sizes differ.
 *
 * @example
 * value(ops.concat([ops.array([1, 2]), ops.array([3])]));   // [1, 2, 3]
 */
export const concat = (parts: readonly Expr[], axis = 0): Expr => {
  if (parts.length === 0) return fail('concat', 'nothing to join', 'one part or more', 'none');
  const first = parts[0];
  const a = axisOf('concat', axis, first.shape.length);
  for (const p of parts)
    if (
      p.type !== first.type ||
      p.shape.length !== first.shape.length ||
      p.shape.some((d, i) => i !== a && d !== first.shape[i])
    )
      return fail(
        'concat',
        `parts differ off axis ${a}`,
        `${first.type} ${showShape(first.shape)}`,
        `${p.type} ${showShape(p.shape)}`,
      );
  if (parts.length === 1) return first;
  const total = parts.reduce((n, p) => n + p.shape[a], 0);
  return makeNode(
    'concat',
    parts,
    { axis: a },
    first.shape.map((d, i) => (i === a ? total : d)),
    first.type,
  );
};

/**
 * Stacks arrays of one shape along a new axis.
 *
 * @example
 * value(ops.stack([ops.scalar(1), ops.scalar(2)]));   // [1, 2]
 */
export const stack = (parts: readonly Expr[], axis = 0): Expr =>
  concat(
    parts.map((p) => expandDims(p, axis)),
    axis,
  );

/**
 * Reverses the order of the elements of the given axes (all by default).
 *
 * @example
 * value(ops.reverse(ops.array([1, 2, 3])));   // [3, 2, 1]
 */
export const reverse = (x: Expr, axes?: number | readonly number[]): Expr => {
  const at = axesOf('reverse', axes, x.shape.length).filter((a) => x.shape[a] > 1);
  return at.length === 0 ? x : makeNode('reverse', [x], { axes: at }, x.shape, x.type);
};
