/** All parameters of a model as one flat vector, and back. */
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import { concat, reshape, sliceAxis } from '../../core/ops/structure.ts';
import { type Feeds, parametersOf } from '../../core/program.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';

/** A parameter's place in the flat vector. */
export interface Entry {
  readonly name: string;
  readonly shape: Shape;
  readonly offset: number;
  readonly size: number;
}

/** The order of parameters in the flat vector: that of their first use. */
export interface Layout {
  readonly entries: readonly Entry[];
  readonly size: number;
}

/** Entries one after the other. */
const laidOut = (entries: readonly Omit<Entry, 'offset'>[]): Layout => {
  let size = 0;
  const placed = entries.map((e) => {
    const entry = { ...e, offset: size };
    size += e.size;
    return entry;
  });
  return { entries: placed, size };
};

/** The layout of the parameters of expressions. */
export const layoutOf = (outputs: readonly Expr[]): Layout =>
  laidOut(parametersOf(outputs).map((p) => ({ name: p.attributes.name, shape: p.shape, size: sizeOf(p.shape) })));

/** Parameters of at least so many numbers are carried by themselves. */
const LARGE = 1 << 15;

/**
 * How a training step carries the parameters: each large one by itself, the small ones that are alike as one vector. One vector of all would be cut up
 * and joined again in every step; many small ones cost an operator each.
 */
export const groupsOf = ({ entries }: Layout, alike: (name: string) => string = () => ''): Layout[] => {
  const small = new Map<string, Entry[]>();
  for (const e of entries.filter((x) => x.size < LARGE)) {
    const treatment = alike(e.name);
    const others = small.get(treatment);
    if (others === undefined) small.set(treatment, [e]);
    else others.push(e);
  }
  return [...small.values(), ...entries.filter((e) => e.size >= LARGE).map((e) => [e])].map(laidOut);
};

const pieceOf = ({ offset, size }: Entry, vector: Expr): Expr => sliceAxis(vector, 0, offset, offset + size);

/** The parameters of a layout whose names are chosen, in its order. */
export const part = (layout: Layout, chosen: (name: string) => boolean): Layout =>
  laidOut(layout.entries.filter((e) => chosen(e.name)));

/** The vectors of groups inside the flat one of a layout. */
export const splitGroups = (layout: Layout, groups: readonly Layout[], flat: Expr): Expr[] => {
  const at = new Map(layout.entries.map((e) => [e.name, e] as const));
  return groups.map((g) => concat(g.entries.map((e) => pieceOf(at.get(e.name)!, flat)), 0)); // biome-ignore format: one idea
};

/** The flat vector of groups; what no group holds is taken from `rest`, the flat vector as it was. */
export const joinGroups = (layout: Layout, groups: readonly Layout[], vectors: readonly Expr[], rest?: Expr): Expr => {
  const at = new Map(groups.flatMap((g, i) => g.entries.map((e) => [e.name, pieceOf(e, vectors[i])] as const)));
  return concat(layout.entries.map((e) => at.get(e.name) ?? pieceOf(e, rest!)), 0); // biome-ignore format: one idea
};

/** The arrays inside the vector of a layout. */
export const piecesOf = ({ entries, size }: Layout, vector: Expr): Expr[] => {
  // Pieces of a row: a bias is read as one, and so is its gradient.
  const row = reshape(vector, [1, size]);
  return entries.map((e) => reshape(sliceAxis(row, 1, e.offset, e.offset + e.size), e.shape));
};

/** Pieces of the parameters' shapes as one vector. */
export const flatten = (pieces: readonly Expr[]): Expr => {
  const row = concat(pieces.map((p) => reshape(p, [1, sizeOf(p.shape)])), 1);
  return reshape(row, [sizeOf(row.shape)]);
}; // biome-ignore format: one idea

/** The named arrays inside a flat one (views, not copies). */
export const splitFlat = (layout: Layout, flat: Tensor): Record<string, Tensor> =>
  Object.fromEntries(
    layout.entries.map((e) => [
      e.name,
      { shape: e.shape, type: flat.type, data: flat.data.subarray(e.offset, e.offset + e.size) },
    ]),
  );

/** Named arrays as one flat float32 array. Throws where one is missing or has another shape. */
export const joinFlat = (layout: Layout, parameters: Feeds): Tensor => {
  const data = new Float32Array(layout.size);
  for (const e of layout.entries) {
    const t = parameters[e.name];
    if (t === undefined)
      return raise('ArgumentError', e.name, 'the parameter is missing', {
        expected: showShape(e.shape),
        got: 'nothing',
      });
    if (!sameShape(t.shape, e.shape))
      return raise('ShapeError', e.name, 'the parameter has another shape', {
        expected: showShape(e.shape),
        got: showShape(t.shape),
      });
    data.set(t.data, e.offset);
  }
  return { shape: [layout.size], type: 'float32', data };
};
