/** Shape-changing operations: reshape, transpose, broadcast, slice, pad, concat, reverse. Each is linear. */
import { raise } from '../errors.ts';
import { type Expr, makeNode } from '../expr.ts';
import { broadcastShapes, normalAxis, range, type Shape, sameShape, showShape, sizeOf } from '../shape.ts';
import { lift, type Operand } from './leaves.ts';

const fail = (op: string, message: string, expected: string, got: string): never =>
  raise('ShapeError', '', `${op}: ${message}`, { expected, got });

/** The axis as a non-negative number; throws `ShapeError` where it does not exist. */
export const axisOf = (op: string, axis: number, rank: number): number =>
  normalAxis(axis, rank) ?? fail(op, 'no such axis', `an axis in [${-rank}, ${rank})`, `${axis}`);

/** The axes sorted and non-negative; all axes where none are named. */
export const axesOf = (op: string, axes: number | readonly number[] | undefined, rank: number): number[] =>
  axes === undefined
    ? range(rank)
    : [...new Set((typeof axes === 'number' ? [axes] : axes).map((a) => axisOf(op, a, rank)))].sort((a, b) => a - b);

/** The same elements in row-major order with another shape; one size may be −1. */
export const reshape = (x: Expr, shape: Shape): Expr => {
  const known = shape.reduce((n, d) => (d === -1 ? n : n * d), 1);
  const target = shape.map((d) => (d === -1 ? sizeOf(x.shape) / known : d));
  if (sizeOf(target) !== sizeOf(x.shape) || target.some((d) => !Number.isInteger(d) || d < 0))
    return fail('reshape', 'sizes differ', `${sizeOf(x.shape)} elements as in ${showShape(x.shape)}`, showShape(shape));
  return sameShape(x.shape, target) ? x : makeNode('reshape', [x], {}, target, x.type);
};

/** Axes in another order: result axis i is axis `permutation[i]` of x. Without a permutation: the last two axes swapped. */
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

/** Moves one axis to another place, keeping the order of the rest. */
export const moveAxis = (x: Expr, from: number, to: number): Expr => {
  const a = axisOf('moveAxis', from, x.shape.length);
  const b = axisOf('moveAxis', to, x.shape.length);
  const rest = range(x.shape.length).filter((i) => i !== a);
  return transpose(x, [...rest.slice(0, b), a, ...rest.slice(b)]);
};

/** NumPy's broadcast of one array to a shape: new leading axes, and axes of size 1 repeated. */
export const broadcastTo = (operand: Operand, shape: Shape): Expr => {
  const x = lift(operand);
  if (sameShape(x.shape, shape)) return x;
  const fits = broadcastShapes(x.shape, shape);
  if (fits === undefined || !sameShape(fits, shape))
    return fail('broadcast', 'shapes do not fit', showShape(shape), showShape(x.shape));
  const aligned = reshape(x, [...shape.slice(0, shape.length - x.shape.length).map(() => 1), ...x.shape]);
  return sameShape(aligned.shape, shape) ? aligned : makeNode('broadcast', [aligned], {}, shape, x.type);
};

/** Inserts axes of size 1 at the given places of the result. */
export const expandDims = (x: Expr, ...axes: readonly number[]): Expr => {
  const rank = x.shape.length + axes.length;
  const at = axesOf('expandDims', axes, rank);
  const rest = [...x.shape];
  return reshape(
    x,
    range(rank).map((i) => (at.includes(i) ? 1 : rest.shift()!)),
  );
};

/** Removes axes of size 1. */
export const squeezeDims = (x: Expr, ...axes: readonly number[]): Expr => {
  const at = axesOf('squeezeDims', axes, x.shape.length);
  return reshape(
    x,
    x.shape.filter((_, i) => !at.includes(i)),
  );
};

/** Elements `start, start+stride, … < limit` of every axis. */
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

/** Elements `from … to−1` (every `step`-th) of one axis. */
export const sliceAxis = (x: Expr, axis: number, from: number, to: number, step = 1): Expr => {
  const a = axisOf('slice', axis, x.shape.length);
  return slice(
    x,
    x.shape.map((_, i) => (i === a ? from : 0)),
    x.shape.map((d, i) => (i === a ? to : d)),
    x.shape.map((_, i) => (i === a ? step : 1)),
  );
};

/** Zeros (false) before, after and, with `interior`, between the elements of each axis. */
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

/** Arrays one after another along an axis; the other sizes agree. */
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

/** Arrays of one shape along a new axis. */
export const stack = (parts: readonly Expr[], axis = 0): Expr =>
  concat(
    parts.map((p) => expandDims(p, axis)),
    axis,
  );

/** Elements of the given axes in reverse order (all axes where none are named). */
export const reverse = (x: Expr, axes?: number | readonly number[]): Expr => {
  const at = axesOf('reverse', axes, x.shape.length).filter((a) => x.shape[a] > 1);
  return at.length === 0 ? x : makeNode('reverse', [x], { axes: at }, x.shape, x.type);
};
