/** Rules that move elements: transposition, slices, padding, joining, gathering. */
import type { Node } from '../../expr.ts';
import { range, type Shape, sizeOf, stridesOf } from '../../shape.ts';
import { forEachOffset } from '../reference/arrays.ts';
import { type Emitted, plain, type Rule } from './emitted.ts';
import { castTo, fillOf, type Kernel, type Kernels, mergeAxes, reshapeTo, safeRank } from './kernels.ts';
import type { TfTensor } from './runtime.ts';

/** A transposition with fewer axes: those of size 1 go, those that stay neighbours merge. */
const mergedTranspose = (shape: Shape, permutation: readonly number[]): { from: number[]; perm: number[] } => {
  const place = new Map(range(shape.length).filter((a) => shape[a] !== 1).map((a, i) => [a, i] as const)); // biome-ignore format: one idea
  const groups: { first: number; last: number; size: number }[] = [];
  for (const a of permutation) {
    const at = place.get(a);
    if (at === undefined) continue;
    const open = groups[groups.length - 1];
    if (open !== undefined && open.last + 1 === at) {
      open.last = at;
      open.size *= shape[a];
    } else groups.push({ first: at, last: at, size: shape[a] });
  }
  const sorted = [...groups].sort((a, b) => a.first - b.first);
  return { from: sorted.map((g) => g.size), perm: groups.map((g) => sorted.indexOf(g)) };
};

/** Where each element of a transposition comes from. */
const sources = (shape: Shape, permutation: readonly number[]): Int32Array => {
  const out = new Int32Array(sizeOf(shape));
  const strides = stridesOf(shape);
  forEachOffset(permutation.map((a) => shape[a]), permutation.map((a) => strides[a]), 0, (offset, i) => {
    out[i] = offset;
  }); // biome-ignore format: one idea
  return out;
};

/** Axes in another order. WebGPU's shader for it knows floats only: integers are gathered. */
export const permute = (k: Kernels, x: TfTensor, permutation: readonly number[]): TfTensor => {
  if (k.backend !== 'webgpu' || x.dtype === 'float32') return permuteAxes(k, x, permutation);
  const indices = k.upload(sources(x.shape, permutation), [x.size], 'int32');
  const flat = k.run('GatherV2', { x: reshapeTo(k, x, [x.size]), indices }, { axis: 0, batchDims: 0 });
  return reshapeTo(k, flat, permutation.map((a) => x.shape[a])); // biome-ignore format: one idea
};

const permuteAxes = (k: Kernels, x: TfTensor, permutation: readonly number[]): TfTensor => {
  if (permutation.every((a, i) => a === i)) return x;
  if (x.rank <= safeRank) return k.run('Transpose', { x }, { perm: permutation });
  const { from, perm } = mergedTranspose(x.shape, permutation);
  const to = permutation.map((a) => x.shape[a]);
  const y = reshapeTo(k, x, from);
  return reshapeTo(k, perm.every((a, i) => a === i) ? y : k.run('Transpose', { x: y }, { perm }), to);
};

/** Booleans as integers around kernels that lack them on some backend. */
const viaIntegers =
  (type: Node<'reverse'>['type'], f: Kernel): Kernel =>
  (k, xs) =>
    type === 'bool'
      ? castTo(k, f(k, xs.map((x) => (x.dtype === 'bool' ? castTo(k, x, 'int32') : x))), 'bool') // biome-ignore format: one idea
      : f(k, xs);

/** The same elements in another shape. */
export const reshape: Rule = (n) => plain(n, (k, [x]) => reshapeTo(k, x, n.shape));

/** Axes in another order. */
export const transpose: Rule<'transpose'> = (n) => plain(n, (k, [x]) => permute(k, x, n.attributes.permutation));

/** Axes that an operation touches stay apart; the others merge where the rank is high. */
const touching = (shape: Shape, touched: (axis: number) => boolean) =>
  mergeAxes(
    shape,
    shape.map((d, i) =>
      shape.length <= safeRank ? `${i}` : touched(i) ? `touched ${i}` : d === 1 ? undefined : 'whole',
    ),
  );

/** Strided slices. (`StridedSlice` on wasm is right for reals only: others come here lowered to gathers.) */
export const slice: Rule<'slice'> = (n) => {
  const from = n.inputs[0].shape;
  const { start, stride } = n.attributes;
  const { sizes, first } = touching(from, (i) => n.shape[i] !== from[i]);
  const count = first.map((i, g) => (n.shape[i] === from[i] ? sizes[g] : n.shape[i]));
  const begin = first.map((i) => (n.shape[i] === from[i] ? 0 : start[i]));
  const strides = first.map((i) => (n.shape[i] === from[i] ? 1 : stride[i]));
  const end = begin.map((b, g) => b + (count[g] - 1) * strides[g] + 1);
  const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
  return plain(n, (k, [x]) => {
    const y = reshapeTo(k, x, sizes);
    const cut = strides.every((s) => s === 1)
      ? k.run('Slice', { x: y }, { begin, size: count })
      : k.run('StridedSlice', { x: y }, { begin, end, strides, ...masks });
    return reshapeTo(k, cut, n.shape);
  });
};

/** Zeros before and after. */
export const pad: Rule<'pad'> = (n) => {
  const from = n.inputs[0].shape;
  const { low, high } = n.attributes;
  if (sizeOf(from) === 0) return { operands: [], kernel: (k) => fillOf(k, n.shape, 0, n.type) };
  const { sizes, first, keys } = touching(from, (i) => low[i] + high[i] > 0);
  const paddings = first.map((i, g) => (keys[g] === 'whole' ? [0, 0] : [low[i], high[i]]));
  const padBy = (k: Kernels, x: TfTensor, by: readonly (readonly number[])[]): TfTensor =>
    k.run('PadV2', { x }, { paddings: by, constantValue: 0 });
  // Where many axes are touched, one after another: WebGPU's shader does not compile beyond rank 4.
  const oneByOne = (k: Kernels, x: TfTensor): TfTensor => {
    const now = [...sizes];
    return paddings.reduce((y, by, g) => {
      if (by[0] + by[1] === 0) return y;
      const z = padBy(k, reshapeTo(k, y, [sizeOf(now.slice(0, g)), now[g], sizeOf(now.slice(g + 1))]), [[0, 0], by, [0, 0]]); // biome-ignore format: one idea
      now[g] += by[0] + by[1];
      return z;
    }, x);
  };
  const all = (k: Kernels, x: TfTensor): TfTensor => padBy(k, reshapeTo(k, x, sizes), paddings);
  const padAll = sizes.length > safeRank ? oneByOne : all;
  return plain(n, viaIntegers(n.type, (k, [x]) => reshapeTo(k, padAll(k, x), n.shape))); // biome-ignore format: one idea
};

/** Arrays one after another. */
export const concat: Rule<'concat'> = (n) => {
  const { axis } = n.attributes;
  const operands = n.inputs.filter((x) => sizeOf(x.shape) > 0);
  const rows = sizeOf(n.shape.slice(0, axis));
  const kernel: Kernel = (k, xs) => {
    if (xs.length === 1) return xs[0];
    if (n.shape.length <= safeRank) return k.run('Concat', xs, { axis });
    const flat = xs.map((x) => reshapeTo(k, x, [rows, x.size / rows]));
    return reshapeTo(k, k.run('Concat', flat, { axis: 1 }), n.shape);
  };
  return { operands, kernel };
};

/** Elements of axes in reverse order. */
export const reverse: Rule<'reverse'> = (n) => {
  const { axes } = n.attributes;
  const keys = n.shape.map((d, i) => (d === 1 ? undefined : axes.includes(i) ? 'reversed' : 'kept'));
  const { sizes, keys: merged } = mergeAxes(n.shape, keys);
  const dims = range(merged.length).filter((i) => merged[i] === 'reversed');
  return plain(
    n,
    viaIntegers(n.type, (k, [x]) => reshapeTo(k, k.run('Reverse', { x: reshapeTo(k, x, sizes) }, { dims }), n.shape)),
  );
};

/** Slices at indices, as rows of a middle axis. */
export const gather: Rule<'gather'> = (n) => {
  const { axis } = n.attributes;
  const [x, indices] = n.inputs;
  const rows = [sizeOf(x.shape.slice(0, axis)), x.shape[axis], sizeOf(x.shape.slice(axis + 1))];
  return plain(n, (k, [v, i]) => {
    const at = reshapeTo(k, i, [sizeOf(indices.shape)]);
    const y = k.run('GatherV2', { x: reshapeTo(k, v, rows), indices: at }, { axis: 1, batchDims: 0 });
    return reshapeTo(k, y, n.shape);
  });
};

/** Sums at indices: `ScatterNd` adds up what falls on one index, on every backend. */
export const scatterAdd = (n: Node<'scatterAdd'>): Emitted => {
  const { axis, size } = n.attributes;
  const [indices, updates] = n.inputs;
  const m = sizeOf(indices.shape);
  const outer = sizeOf(updates.shape.slice(0, axis));
  const inner = sizeOf(updates.shape.slice(axis + indices.shape.length));
  return plain(n, (k, [i, u]) => {
    const front = permute(k, reshapeTo(k, u, [outer, m, inner]), outer === 1 ? [0, 1, 2] : [1, 0, 2]);
    const rows = reshapeTo(k, front, [m, outer * inner]);
    const at = reshapeTo(k, i, [m, 1]);
    const sums = k.run('ScatterNd', { indices: at, updates: rows }, { shape: [size, outer * inner] });
    if (outer === 1) return reshapeTo(k, sums, n.shape);
    return reshapeTo(k, permute(k, reshapeTo(k, sums, [size, outer, inner]), [1, 0, 2]), n.shape);
  });
};
