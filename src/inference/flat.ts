/** All parameters of a model as one flat vector, and back. */
import { raise } from '../core/errors.ts';
import type { Expr, Node } from '../core/expr.ts';
import { substitute } from '../core/expr.ts';
import { concat, reshape, sliceAxis } from '../core/ops/structure.ts';
import { type Feeds, parametersOf } from '../core/program.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';

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

/** A moment of training: the steps done, and the arrays a run carries, by the names of its inputs. */
export interface Moment {
  readonly step: number;
  readonly vectors: Readonly<Record<string, Tensor>>;
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
  for (const e of entries.filter((x) => x.size < LARGE))
    small.set(alike(e.name), [...(small.get(alike(e.name)) ?? []), e]);
  return [...small.values(), ...entries.filter((e) => e.size >= LARGE).map((e) => [e])].map(laidOut);
};

const pieceOf = ({ offset, size }: Entry, vector: Expr): Expr => sliceAxis(vector, 0, offset, offset + size);

/** The vectors of groups inside the flat one. */
export const splitGroups = (layout: Layout, groups: readonly Layout[], flat: Expr): Expr[] => {
  const at = new Map(layout.entries.map((e) => [e.name, e] as const));
  return groups.map((g) => concat(g.entries.map((e) => pieceOf(at.get(e.name)!, flat)), 0)); // biome-ignore format: one idea
};

/** The flat vector of groups. */
export const joinGroups = (layout: Layout, groups: readonly Layout[], vectors: readonly Expr[]): Expr => {
  const at = new Map(groups.flatMap((g, i) => g.entries.map((e) => [e.name, pieceOf(e, vectors[i])] as const)));
  return concat(layout.entries.map((e) => at.get(e.name)!), 0); // biome-ignore format: one idea
};

/** Replaces parameters by pieces of groups' vectors; gives the expressions, and the pieces group by group. */
export const unflatten = (
  outputs: readonly Expr[],
  groups: readonly Layout[],
  vectors: readonly Expr[],
): { readonly outputs: Expr[]; readonly pieces: Expr[][] } => {
  const pieces = groups.map(({ entries, size }, i) => {
    // Pieces of a row: a bias is read as one, and so is its gradient.
    const row = reshape(vectors[i], [1, size]);
    return entries.map((e) => reshape(sliceAxis(row, 1, e.offset, e.offset + e.size), e.shape));
  });
  const byName = new Map(groups.flatMap((g, i) => g.entries.map((e, j) => [e.name, pieces[i][j]] as const)));
  const leaves = parameterLeaves(outputs);
  return {
    outputs: substitute(outputs, new Map(leaves.map((p) => [p, byName.get(p.attributes.name)!] as const))),
    pieces,
  };
};

/** Every parameter leaf (one name may have several). */
const parameterLeaves = (outputs: readonly Expr[]): (Node<'parameter'> & Expr)[] => {
  const found = new Set<Node<'parameter'> & Expr>();
  const seen = new Set<Expr>();
  const stack = [...outputs];
  while (stack.length > 0) {
    const e = stack.pop()!;
    if (seen.has(e)) continue;
    seen.add(e);
    if (e.op === 'parameter') found.add(e);
    stack.push(...e.inputs);
  }
  return [...found];
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

/**
 * A flat vector in the order of some named arrays (those a checkpoint holds) as one in the order of a layout. Throws `ShapeError` where
 * it does not fit them.
 */
export const alignFlat = (layout: Layout, order: Feeds, flat: Tensor, name: string): Tensor => {
  const named: Record<string, Tensor> = {};
  let at = 0;
  for (const [key, { shape }] of Object.entries(order)) {
    const size = sizeOf(shape);
    named[key] = { shape, type: flat.type, data: flat.data.subarray(at, at + size) };
    at += size;
  }
  return at === flat.data.length
    ? joinFlat(layout, named)
    : raise('ShapeError', name, 'the state of the optimiser does not fit the parameters', {
        expected: `${at} numbers`,
        got: `${flat.data.length}`,
      });
};
