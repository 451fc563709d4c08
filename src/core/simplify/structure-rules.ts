/** Local rewrites of what moves elements and computes nothing: reshapes, slices, joins. */
import type { Expr, Node, Op } from '../expr.ts';
import * as o from '../ops/index.ts';
import { range, sameShape, sizeOf } from '../shape.ts';
import { joinedAxes, sliceOfSplit } from './axes.ts';
import { fill, splat } from './constants.ts';

type Rewrite<O extends Op> = (n: Node<O>) => Expr | undefined;

/** Rewrites of reshape. */
export const reshapeRule: Rewrite<'reshape'> = (n) => {
  const x = n.inputs[0];
  if (x.op === 'reshape') return o.reshape(x.inputs[0], n.shape);
  const c = x.op === 'broadcast' ? splat(x) : undefined;
  if (c !== undefined) return fill(c, n.shape, n.type);
  // One number repeated is one number repeated in any shape.
  if (x.op === 'broadcast' && sizeOf(x.inputs[0].shape) === 1 && sizeOf(n.shape) > 1)
    return o.broadcastTo(o.reshape(x.inputs[0], []), n.shape);
  // Axes of size 1 in front of what is repeated are in front of the repetition.
  if (
    x.op === 'broadcast' &&
    n.shape.length > x.shape.length &&
    sameShape(n.shape.slice(n.shape.length - x.shape.length), x.shape)
  ) {
    const ones = n.shape.slice(0, n.shape.length - x.shape.length);
    return o.broadcastTo(o.reshape(x.inputs[0], [...ones, ...x.inputs[0].shape]), n.shape);
  }
  return x.op === 'concat' ? joinedAxes(n, x) : undefined;
};

/** Rewrites of transpose. */
export const transposeRule: Rewrite<'transpose'> = (n) => {
  const x = n.inputs[0];
  const p = n.attributes.permutation;
  if (x.op === 'transpose') return o.transpose(x.inputs[0], p.map((a) => x.attributes.permutation[a])); // biome-ignore format: one idea
  // A permutation that only moves axes of size 1 is a reshape.
  const moved = p.filter((a) => x.shape[a] !== 1);
  if (moved.every((a, i) => i === 0 || moved[i - 1] < a)) return o.reshape(x, n.shape);
  const c = splat(x);
  return c === undefined ? undefined : fill(c, n.shape, n.type);
};

/** Rewrites of broadcast. */
export const broadcastRule: Rewrite<'broadcast'> = (n) => {
  const x = n.inputs[0];
  return x.op === 'broadcast' ? o.broadcastTo(x.inputs[0], n.shape) : undefined;
};

/** Rewrites of slice. */
export const sliceRule: Rewrite<'slice'> = (n) => {
  const x = n.inputs[0];
  const { start, limit, stride } = n.attributes;
  const c = splat(x);
  if (c !== undefined) return fill(c, n.shape, n.type);
  if (x.op === 'slice') {
    const first = start.map((s, i) => (n.shape[i] === 0 ? 0 : x.attributes.start[i] + s * x.attributes.stride[i]));
    const step = stride.map((s, i) => s * x.attributes.stride[i]);
    const last = first.map((f, i) => (n.shape[i] === 0 ? 0 : f + (n.shape[i] - 1) * step[i] + 1));
    return o.slice(x.inputs[0], first, last, step);
  }
  if (x.op === 'concat') {
    const { axis } = x.attributes;
    if (stride[axis] !== 1) return undefined;
    const parts: Expr[] = [];
    let at = 0;
    for (const p of x.inputs) {
      const [from, to] = [Math.max(start[axis], at) - at, Math.min(limit[axis], at + p.shape[axis]) - at];
      const put = (v: readonly number[], k: number): number[] => v.map((u, i) => (i === axis ? k : u));
      if (to > from) parts.push(o.slice(p, put(start, from), put(limit, to), stride));
      at += p.shape[axis];
    }
    return parts.length === 0 ? undefined : o.concat(parts, axis);
  }
  if (x.op === 'reshape') return sliceOfSplit(n, x);
  if (x.op === 'reverse' && stride.every((s) => s === 1)) {
    const flipped = (i: number): boolean => x.attributes.axes.includes(i);
    return o.reverse(
      o.slice(
        x.inputs[0],
        start.map((s, i) => (flipped(i) ? x.shape[i] - limit[i] : s)),
        limit.map((l, i) => (flipped(i) ? x.shape[i] - start[i] : l)),
      ),
      x.attributes.axes,
    );
  }
  return undefined;
};

/** Rewrites of concat. */
export const concatRule: Rewrite<'concat'> = (n) => {
  const { axis } = n.attributes;
  const flat = n.inputs
    .flatMap((p) => (p.op === 'concat' && p.attributes.axis === axis ? p.inputs : [p]))
    .filter((p) => p.shape[axis] > 0);
  // Consecutive slices of one array that follow each other are one slice.
  const joined: Expr[] = [];
  for (const p of flat) {
    const last = joined[joined.length - 1];
    if (
      last !== undefined &&
      last.op === 'slice' &&
      p.op === 'slice' &&
      last.inputs[0] === p.inputs[0] &&
      last.attributes.limit[axis] === p.attributes.start[axis] &&
      last.attributes.stride.every((s) => s === 1) &&
      p.attributes.stride.every((s) => s === 1) &&
      range(p.shape.length).every(
        (i) =>
          i === axis ||
          (last.attributes.start[i] === p.attributes.start[i] && last.attributes.limit[i] === p.attributes.limit[i]),
      )
    )
      joined[joined.length - 1] = o.slice(last.inputs[0], last.attributes.start, p.attributes.limit);
    else joined.push(p);
  }
  return joined.length === n.inputs.length || joined.length === 0 ? undefined : o.concat(joined, axis);
};

/** Rewrites of reverse. */
export const reverseRule: Rewrite<'reverse'> = (n) => {
  const x = n.inputs[0];
  if (x.op === 'reverse') {
    const both = range(n.shape.length).filter((a) => n.attributes.axes.includes(a) !== x.attributes.axes.includes(a));
    return both.length === 0 ? x.inputs[0] : o.reverse(x.inputs[0], both);
  }
  const c = splat(x);
  return c === undefined ? undefined : fill(c, n.shape, n.type);
};
