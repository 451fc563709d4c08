/** Reductions, running sums and orderings along axes. */
import type { Node, Op } from '../../expr.ts';
import { range, type Shape, sizeOf } from '../../shape.ts';
import { type Emitted, plain, type Rule } from './emitted.ts';
import { castTo, fillOf, type Kernels, mergeAxes, reshapeTo } from './kernels.ts';
import type { TfTensor } from './runtime.ts';
import { permute } from './structure.ts';

/** A reduction of merged axes; `empty` is the value over no elements. */
const reduction = (
  n: Node<Op>,
  axes: readonly number[],
  empty: number,
  f: (k: Kernels, x: TfTensor, axes: number[]) => TfTensor,
): Emitted => {
  const from = n.inputs[0].shape;
  if (sizeOf(from) === 0) return { operands: [], kernel: (k) => fillOf(k, n.shape, empty, n.type) };
  const { sizes, keys } = mergeAxes(from, from.map((d, i) => (d === 1 ? undefined : axes.includes(i) ? 'gone' : 'kept'))); // biome-ignore format: one idea
  const gone = range(keys.length).filter((i) => keys[i] === 'gone');
  return plain(n, (k, [x]) => {
    const y = reshapeTo(k, x, sizes);
    return reshapeTo(k, gone.length === 0 ? y : f(k, y, gone), n.shape);
  });
};

/** Sums over axes. */
export const sum: Rule<'sum'> = (n) =>
  reduction(n, n.attributes.axes, 0, (k, x, axis) => k.run('Sum', { x }, { axis, keepDims: false }));

/** Largest elements over axes; booleans as integers. */
export const reduceMax: Rule<'reduceMax'> = (n) =>
  reduction(
    n,
    n.attributes.axes,
    n.type === 'real' ? Number.NEGATIVE_INFINITY : n.type === 'int32' ? -(2 ** 31) : 0,
    (k, x, reductionIndices) => {
      const numbers = x.dtype === 'bool' ? castTo(k, x, 'int32') : x;
      const top = k.run('Max', { x: numbers }, { reductionIndices, keepDims: false });
      return x.dtype === 'bool' ? castTo(k, top, 'bool') : top;
    },
  );

/** Lines along an axis as the rows of a matrix. */
const asRows = (k: Kernels, x: TfTensor, shape: Shape, axis: number): TfTensor => {
  const [outer, length, inner] = [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1))];
  const numbers = x.dtype === 'bool' ? castTo(k, x, 'int32') : x;
  const lines = inner === 1 ? numbers : permute(k, reshapeTo(k, numbers, [outer, length, inner]), [0, 2, 1]);
  return reshapeTo(k, lines, [outer * inner, length]);
};

/** Rows of a matrix as lines along an axis: the inverse of {@link asRows}. */
const fromRows = (k: Kernels, rows: TfTensor, shape: Shape, axis: number): TfTensor => {
  const [outer, length, inner] = [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1))];
  const lines = inner === 1 ? rows : permute(k, reshapeTo(k, rows, [outer, inner, length]), [0, 2, 1]);
  return reshapeTo(k, lines, shape);
};

/** Index of the first largest element of each line. */
export const argMax: Rule<'argMax'> = (n) =>
  plain(n, (k, [x]) =>
    reshapeTo(k, k.run('ArgMax', { x: asRows(k, x, n.inputs[0].shape, n.attributes.axis) }, { axis: 1 }), n.shape),
  );

/** Running sums. */
export const cumsum: Rule<'cumsum'> = (n) => {
  const { axis, reverse } = n.attributes;
  return plain(n, (k, [x]) =>
    fromRows(
      k,
      k.run('Cumsum', { x: asRows(k, x, n.shape, axis) }, { axis: 1, exclusive: false, reverse }),
      n.shape,
      axis,
    ),
  );
};

/** Ascending order as the descending one of the negative: `TopK` keeps equal elements in order. */
export const argSort: Rule<'argSort'> = (n) => {
  const { axis } = n.attributes;
  const length = n.shape[axis];
  return plain(n, (k, [x]) => {
    const rows = asRows(k, x, n.shape, axis);
    const zero = k.run('Fill', {}, { shape: [], value: 0, dtype: rows.dtype });
    const [, order] = k.runAll('TopK', { x: k.run('Sub', { a: zero, b: rows }) }, { k: length, sorted: true });
    return fromRows(k, order, n.shape, axis);
  });
};
