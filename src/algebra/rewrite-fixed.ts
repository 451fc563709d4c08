/** Layers without parameters that compose to one of their kind: permutations of the last axis, and fixed elementwise affine maps. */
import type { Expr } from '../core/expr.ts';
import { add, div, mul, sub } from '../core/ops/elementwise.ts';
import { gather } from '../core/ops/indexing.ts';
import { constant, scalar } from '../core/ops/leaves.ts';
import { foldIn, keyOf, permutation } from '../core/prng.ts';
import { range, type Shape, sizeOf } from '../core/shape.ts';
import { free } from './cost.ts';
import type { Json, Spec } from './spec.ts';
import { bijection, type Layer } from './transport.ts';

/** z[i] = x[order[i]] on the last axis, or z = (x − shift) / scale with one number for each element. */
type Fixed =
  | { readonly kind: 'permutation'; readonly order: readonly number[] }
  | { readonly kind: 'affine'; readonly shift: readonly number[]; readonly scale: readonly number[] };

const isNumbers = (j: Json | undefined): j is readonly number[] =>
  Array.isArray(j) && j.every((v) => typeof v === 'number');

const inverted = (f: Fixed): Fixed =>
  f.kind === 'permutation'
    ? { ...f, order: range(f.order.length).map((i) => f.order.indexOf(i)) }
    : { ...f, shift: f.shift.map((t, i) => -t / f.scale[i]), scale: f.scale.map((s) => 1 / s) };

/** What a specification says, where it is of these kinds. */
const read = (spec: Spec, shape: Shape): Fixed | undefined => {
  const n = shape[shape.length - 1] ?? 0;
  const { type, order, seed, shift, scale, by, of } = spec;
  if (type === 'inverse') {
    const inner = read(of as Spec, shape);
    return inner === undefined ? undefined : inverted(inner);
  }
  if (type === 'reverse') return { kind: 'permutation', order: range(n).map((i) => n - 1 - i) };
  if (type === 'permute' && isNumbers(order)) return { kind: 'permutation', order };
  if (type === 'permute' && typeof seed === 'number')
    return { kind: 'permutation', order: Array.from(permutation(foldIn(keyOf(seed), `permute:${n}`), n)) };
  if (type === 'shiftScale' && isNumbers(shift) && isNumbers(scale)) return { kind: 'affine', shift, scale };
  if (typeof by !== 'number') return undefined;
  const everywhere = (v: number): number[] => Array.from({ length: sizeOf(shape) }, () => v);
  if (type === 'shift') return { kind: 'affine', shift: everywhere(by), scale: everywhere(1) };
  if (type === 'scale') return { kind: 'affine', shift: everywhere(0), scale: everywhere(by) };
  return undefined;
};

/** g after f. */
const after = (g: Fixed, f: Fixed): Fixed | undefined => {
  if (f.kind === 'permutation' && g.kind === 'permutation')
    return { kind: 'permutation', order: g.order.map((i) => f.order[i]) };
  if (f.kind === 'affine' && g.kind === 'affine')
    return {
      kind: 'affine',
      shift: f.shift.map((t, i) => t + f.scale[i] * g.shift[i]),
      scale: f.scale.map((s, i) => s * g.scale[i]),
    };
  return undefined;
};

const isNothing = (f: Fixed): boolean =>
  f.kind === 'permutation' ? f.order.every((o, i) => o === i) : f.shift.every((t) => t === 0) && f.scale.every((s) => s === 1); // biome-ignore format: one idea

const layerOf = (f: Fixed): Layer => {
  if (f.kind === 'permutation') {
    const along = (x: Expr, order: readonly number[]) => () => ({
      value: gather(x, constant(order, [order.length], 'int32'), x.shape.length - 1),
      contribution: scalar(0),
    });
    const back = range(f.order.length).map((i) => f.order.indexOf(i));
    const spec = { type: 'permute', order: f.order };
    return bijection({ spec, cost: free, encode: (x) => along(x, f.order), decode: (z) => along(z, back) });
  }
  const contribution = -f.scale.reduce((sum, s) => sum + Math.log(Math.abs(s)), 0);
  const t = (x: Expr): Expr => constant(f.shift, x.shape);
  const s = (x: Expr): Expr => constant(f.scale, x.shape);
  return bijection({
    spec: { type: 'shiftScale', shift: f.shift, scale: f.scale },
    cost: free,
    encode: (x) => () => ({ value: div(sub(x, t(x)), s(x)), contribution: scalar(contribution) }),
    decode: (z) => () => ({ value: add(t(z), mul(s(z), z)), contribution: scalar(contribution) }),
  });
};

/** f then g as one layer (as none, where they undo each other); nothing where they do not fuse. */
export const fuse = (f: Layer, g: Layer, shape: Shape): readonly Layer[] | undefined => {
  const [first, second] = [read(f.spec, shape), read(g.spec, shape)];
  const both = first === undefined || second === undefined ? undefined : after(second, first);
  if (both === undefined || (both.kind === 'affine' && both.shift.length !== sizeOf(shape))) return undefined;
  return isNothing(both) ? [] : [layerOf(both)];
};
