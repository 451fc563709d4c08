/** Layers without parameters whose map is known: permutations of the last axis, and fixed elementwise affine maps. They say so, and `rewrite` fuses them. */
import { range, type Shape, sizeOf } from '../core/shape.ts';
import { capability } from './capability.ts';

/** What encoding does: z[i] = x[order[i]] on the last axis, or z = (x − shift) / scale with one number for each element. */
export type FixedMap =
  | { readonly kind: 'permutation'; readonly order: readonly number[] }
  | { readonly kind: 'affine'; readonly shift: readonly number[]; readonly scale: readonly number[] };

/** The inverse of a permutation of 0 … n − 1. */
export const backwards = (order: readonly number[]): readonly number[] => {
  const back = new Array<number>(order.length);
  for (const [i, o] of order.entries()) back[o] = i;
  return back;
};

const opposite = (f: FixedMap): FixedMap =>
  f.kind === 'permutation'
    ? { ...f, order: backwards(f.order) }
    : { ...f, shift: f.shift.map((t, i) => -t / f.scale[i]), scale: f.scale.map((s) => 1 / s) };

/**
 * A layer that is a fixed map for events of each shape: the inverse's is derived.
 *
 * @example
 * capabilityOf(fixing, inverse(scale(4)))?.([2]);   // { kind: 'affine', shift: [-0, -0], scale: [0.25, 0.25] }
 */
export const fixing = capability<(shape: Shape) => FixedMap>()('fixed', {
  inverted: (map) => (shape) => opposite(map(shape)),
});

/** A permutation of the last axis, whose length the order may depend on. */
export const permuting =
  (order: (n: number) => readonly number[]) =>
  (shape: Shape): FixedMap => ({ kind: 'permutation', order: order(shape[shape.length - 1] ?? 0) });

/** The same shift and scale for every element. */
export const everywhere =
  (shift: number, scale: number) =>
  (shape: Shape): FixedMap => {
    const all = (v: number): number[] => range(sizeOf(shape)).map(() => v);
    return { kind: 'affine', shift: all(shift), scale: all(scale) };
  };
