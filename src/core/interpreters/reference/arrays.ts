/** Structure, reductions and indexing on row-major arrays. */
import { type Shape, sizeOf, stridesOf } from '../../shape.ts';
import type { Tensor, TensorData } from '../../tensor.ts';

/** Offsets of the elements of `shape` under arbitrary strides, in row-major order. */
export const forEachOffset = (
  shape: Shape,
  strides: readonly number[],
  start: number,
  f: (offset: number, i: number) => void,
): void => {
  const total = sizeOf(shape);
  const rank = shape.length;
  const index = new Int32Array(rank);
  let offset = start;
  for (let i = 0; i < total; i++) {
    f(offset, i);
    for (let a = rank - 1; a >= 0; a--) {
      offset += strides[a];
      if (++index[a] < shape[a]) break;
      offset -= strides[a] * shape[a];
      index[a] = 0;
    }
  }
};

/** Reads x under strides (of x) for each element of the result: transpose, broadcast, slice and reverse in one. */
export const view = (
  x: Tensor,
  shape: Shape,
  strides: readonly number[],
  start: number,
  out: TensorData,
): TensorData => {
  const a = x.data;
  forEachOffset(shape, strides, start, (offset, i) => {
    out[i] = a[offset];
  });
  return out;
};

/** Writes each element of x at a strided place of the (zeroed) result: pad. */
export const place = (x: Tensor, strides: readonly number[], start: number, out: TensorData): TensorData => {
  forEachOffset(x.shape, strides, start, (offset, i) => {
    out[offset] = x.data[i];
  });
  return out;
};

/** Folds axes into the result, starting from `initial`. */
export const reduce = (
  x: Tensor,
  axes: readonly number[],
  initial: number,
  f: (a: number, b: number) => number,
  out: TensorData,
): TensorData => {
  out.fill(initial);
  const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const full = stridesOf(kept);
  const strides = x.shape.map((_, i) => (axes.includes(i) ? 0 : full[i]));
  forEachOffset(x.shape, strides, 0, (offset, i) => {
    out[offset] = f(out[offset], x.data[i]);
  });
  return out;
};

/** Calls `f` with the offset and stride of every line of x along an axis. */
export const forEachLine = (
  shape: Shape,
  axis: number,
  f: (start: number, stride: number, line: number) => void,
): void => {
  const stride = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  let line = 0;
  for (let o = 0; o < outer; o++) for (let i = 0; i < stride; i++) f(o * stride * shape[axis] + i, stride, line++);
};

/** Joins arrays along an axis. */
export const concatInto = (parts: readonly Tensor[], axis: number, shape: Shape, out: TensorData): TensorData => {
  const outer = sizeOf(shape.slice(0, axis));
  const row = sizeOf(shape.slice(axis));
  let at = 0;
  for (const p of parts) {
    const width = sizeOf(p.shape.slice(axis));
    for (let o = 0; o < outer; o++) out.set(p.data.subarray(o * width, (o + 1) * width) as never, o * row + at);
    at += width;
  }
  return out;
};

/** Gathers slices of x at `indices` along an axis. */
export const gatherInto = (x: Tensor, indices: Tensor, axis: number, out: TensorData): TensorData => {
  const outer = sizeOf(x.shape.slice(0, axis));
  const inner = sizeOf(x.shape.slice(axis + 1));
  const [n, m] = [x.shape[axis], indices.data.length];
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < m; k++) {
      const from = (o * n + indices.data[k]) * inner;
      out.set(x.data.subarray(from, from + inner) as never, (o * m + k) * inner);
    }
  return out;
};

/** Adds slices of `updates` at `indices` along an axis of the (zeroed) result. */
export const scatterInto = (
  indices: Tensor,
  updates: Tensor,
  axis: number,
  size: number,
  out: TensorData,
): TensorData => {
  const m = indices.data.length;
  const outer = sizeOf(updates.shape.slice(0, axis));
  const inner = sizeOf(updates.shape.slice(axis + indices.shape.length));
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < m; k++) {
      const to = (o * size + indices.data[k]) * inner;
      const from = (o * m + k) * inner;
      for (let i = 0; i < inner; i++) out[to + i] += updates.data[from + i];
    }
  return out;
};
