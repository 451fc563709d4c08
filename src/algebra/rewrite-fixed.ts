/** Fixed layers that compose to one of their kind: permutations of the last axis, and fixed elementwise affine maps. */
import type { Expr } from '../core/expr.ts';
import { add, div, mul, sub } from '../core/ops/elementwise.ts';
import { gather } from '../core/ops/indexing.ts';
import { constant, scalar } from '../core/ops/leaves.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { capabilityOf, having } from './capability.ts';
import { free } from './cost.ts';
import { backwards, type FixedMap, fixing } from './fixed.ts';
import { bijection, type Layer } from './transport.ts';

/** g after f. */
const after = (g: FixedMap, f: FixedMap): FixedMap | undefined => {
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

const isNothing = (f: FixedMap): boolean =>
  f.kind === 'permutation' ? f.order.every((o, i) => o === i) : f.shift.every((t) => t === 0) && f.scale.every((s) => s === 1); // biome-ignore format: one idea

const layerOf = (f: FixedMap): Layer => {
  const said = having(fixing, () => f);
  if (f.kind === 'permutation') {
    const along = (x: Expr, order: readonly number[]) => () => ({
      value: gather(x, constant(order, [order.length], 'int32'), x.shape.length - 1),
      contribution: scalar(0),
    });
    const back = backwards(f.order);
    const spec = { type: 'permute', order: f.order };
    return said(bijection({ spec, cost: free, encode: (x) => along(x, f.order), decode: (z) => along(z, back) }));
  }
  const contribution = -f.scale.reduce((sum, s) => sum + Math.log(Math.abs(s)), 0);
  const t = (x: Expr): Expr => constant(f.shift, x.shape);
  const s = (x: Expr): Expr => constant(f.scale, x.shape);
  return said(
    bijection({
      spec: { type: 'shiftScale', shift: f.shift, scale: f.scale },
      cost: free,
      encode: (x) => () => ({ value: div(sub(x, t(x)), s(x)), contribution: scalar(contribution) }),
      decode: (z) => () => ({ value: add(t(z), mul(s(z), z)), contribution: scalar(contribution) }),
    }),
  );
};

/** f then g as one layer (as none, where they undo each other); nothing where they do not fuse. */
export const fuse = (f: Layer, g: Layer, shape: Shape): readonly Layer[] | undefined => {
  const [first, second] = [f, g].map((layer) => capabilityOf(fixing, layer)?.(shape));
  const both = first === undefined || second === undefined ? undefined : after(second, first);
  if (both === undefined || (both.kind === 'affine' && both.shift.length !== sizeOf(shape))) return undefined;
  return isNothing(both) ? [] : [layerOf(both)];
};
