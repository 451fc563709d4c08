/** Rewrites of what moves data: joining and cutting along axes that are split or made one. */
import type { Expr, Node } from '../expr.ts';
import * as o from '../ops/index.ts';
import { range, type Shape, sameShape } from '../shape.ts';

/** pad(a) + pad(b) that fill complementary ends of one axis are concat(a, b). */
export const joinPads = (a: Expr, b: Expr): Expr | undefined => {
  if (a.op !== 'pad' || b.op !== 'pad') return undefined;
  const axis = a.attributes.high.findIndex((h) => h > 0);
  if (axis < 0) return undefined;
  const plain = (e: Node<'pad'>, low: number, high: number): boolean =>
    e.attributes.low.every((v, i) => v === (i === axis ? low : 0)) &&
    e.attributes.high.every((v, i) => v === (i === axis ? high : 0)) &&
    e.attributes.interior.every((v) => v === 0);
  const [x, y] = [a.inputs[0], b.inputs[0]];
  return plain(a, 0, y.shape[axis]) && plain(b, x.shape[axis], 0) ? o.concat([x, y], axis) : undefined;
};

/** Reshaped parts joined along an axis that is then made one with the next, `[…, k, n, …]` → `[…, k n, …]`, are joined along that one. */
export const joinedAxes = (n: Node<'reshape'>, x: Node<'concat'> & Expr): Expr | undefined => {
  const { axis } = x.attributes;
  const merged = (shape: Shape): Shape => [...shape.slice(0, axis), shape[axis] * shape[axis + 1], ...shape.slice(axis + 2)]; // biome-ignore format: one idea
  return axis + 1 < x.shape.length && x.inputs.every((p) => p.op === 'reshape') && sameShape(n.shape, merged(x.shape))
    ? o.concat(x.inputs.map((p) => o.reshape(p, merged(p.shape))), axis)
    : undefined; // biome-ignore format: one idea
};

/** One of the rows that an axis was split into, `[…, k n, …]` → `[…, k, n, …]`, is a slice of that axis. */
export const sliceOfSplit = (n: Node<'slice'>, x: Node<'reshape'> & Expr): Expr | undefined => {
  const [from] = x.inputs;
  const { start, limit, stride } = n.attributes;
  const axes = range(n.shape.length).filter((i) => n.shape[i] !== x.shape[i]);
  const [axis] = axes;
  if (axes.length !== 1 || n.shape[axis] !== 1 || stride[axis] !== 1 || from.shape.length !== x.shape.length - 1)
    return undefined;
  const inner = x.shape[axis + 1];
  const whole = [...x.shape.slice(0, axis), x.shape[axis] * inner, ...x.shape.slice(axis + 2)];
  return inner !== undefined && sameShape(from.shape, whole)
    ? o.reshape(o.sliceAxis(from, axis, start[axis] * inner, limit[axis] * inner), n.shape)
    : undefined;
};
