/** Which coordinates of a vector each coordinate's parameters may read: an order, blocks of it, or a graph. */
import type { Json } from '../algebra/spec.ts';
import { list, natural, positiveInteger, t } from '../core/codec.ts';
import { raise } from '../core/errors.ts';
import { range } from '../core/shape.ts';

/** How coordinates depend on each other in an autoregressive layer. Without options coordinate i reads those before it, 0 … i − 1. */
export interface Dependence {
  /** Coordinates as they are decoded, first to last, or `'reverse'`: the last coordinate first. */
  readonly order?: readonly number[] | 'reverse';
  /** Blocks of the order, each decoded at once, so that decoding takes as many passes; D or more (the default) is one coordinate each, 2 a coupling. */
  readonly passes?: number;
  /** Instead of both, a graph: `adjacency[i][j]` is 1 where coordinate i reads coordinate j. Acyclic; the diagonal is ignored. */
  readonly adjacency?: readonly (readonly number[])[];
}

const reversed = t.literal('reverse');

/** How coordinates depend on each other, as JSON. */
export const dependenceFields = {
  order: t.union([reversed, list(natural, 'a permutation')], "'reverse' or a permutation"),
  passes: positiveInteger,
  adjacency: list(list(natural, 'a row of 0 and 1'), 'an adjacency matrix'),
};

/** A dependence for vectors of one size. */
export interface Reads {
  /** The pass in which a coordinate is decoded, 0 … passes − 1: it reads coordinates of earlier passes only. */
  readonly ranks: readonly number[];
  readonly passes: number;
  /** What each coordinate reads, where that is not everything of a lower rank. */
  readonly rows?: readonly (readonly boolean[])[];
}

const refuse = (what: string, expected: string, got: string): never =>
  raise('ArgumentError', 'autoregressive', what, { expected, got });

/** Checks what can be checked before the size is known. Throws `ArgumentError`. */
export const checkedDependence = ({
  order,
  passes,
  adjacency,
}: { readonly [K in keyof Dependence]?: Dependence[K] | undefined }): Dependence => {
  if (adjacency !== undefined && (order !== undefined || passes !== undefined))
    return refuse('a graph says its order and passes itself', 'adjacency, or order and passes', 'both');
  if (passes !== undefined && !(Number.isInteger(passes) && passes >= 1))
    return refuse('not a number of passes', '1, 2, …', `${passes}`);
  if (Array.isArray(order) && [...order].sort((a, b) => a - b).some((v, i) => v !== i))
    return refuse('the order is not a permutation', `each of 0 … ${order.length - 1} once`, `[${order.join(', ')}]`);
  if (adjacency !== undefined) {
    const d = adjacency.length;
    if (d < 1 || adjacency.some((row) => row.length !== d || row.some((v) => v !== 0 && v !== 1)))
      return refuse('not an adjacency matrix', 'as many rows as columns, of 0 and 1', `${d} rows`);
    levelsOf(adjacency);
  }
  return { ...(order === undefined ? {} : { order }), ...(passes === undefined ? {} : { passes }), ...(adjacency === undefined ? {} : { adjacency }) }; // biome-ignore format: one idea
};

/** The longest path to each coordinate. Throws where there is a cycle. */
const levelsOf = (adjacency: readonly (readonly number[])[]): readonly number[] => {
  const levels: (number | undefined)[] = adjacency.map(() => undefined);
  for (let level = 0; levels.includes(undefined); level++) {
    const ready = range(levels.length).filter(
      (i) => levels[i] === undefined && adjacency[i].every((v, j) => v === 0 || j === i || levels[j] !== undefined),
    );
    if (ready.length === 0)
      return refuse(
        'the graph has a cycle',
        'no coordinate that reads itself through others',
        `a cycle among ${range(levels.length).filter((i) => levels[i] === undefined).join(', ')}`, // biome-ignore format: one idea
      );
    for (const i of ready) levels[i] = level;
  }
  return levels.map((l) => l ?? 0);
};

/** What the coordinates of a vector `[d]` read. Throws `ShapeError` where an order or graph is of another size. */
export const readsOf = ({ order, passes, adjacency }: Dependence, d: number): Reads => {
  const size = adjacency?.length ?? (Array.isArray(order) ? order.length : d);
  if (size !== d)
    return raise('ShapeError', 'autoregressive', 'the order or graph is of vectors of another size', {
      expected: `[${size}]`,
      got: `[${d}]`,
    });
  if (adjacency !== undefined) {
    const ranks = levelsOf(adjacency);
    const rows = adjacency.map((row, i) => row.map((v, j) => v === 1 && j !== i));
    const full = rows.every((row, i) => row.every((v, j) => v === ranks[j] < ranks[i]));
    return { ranks, passes: Math.max(...ranks) + 1, ...(full ? {} : { rows }) };
  }
  const blocks = Math.min(passes ?? d, d);
  const places = range(d);
  if (order === 'reverse') places.reverse();
  else if (order !== undefined) for (const [place, i] of order.entries()) places[i] = place;
  return { ranks: places.map((place) => Math.floor((place * blocks) / d)), passes: blocks };
};

/** The dependence as arguments of a specification. */
export const dependenceSpec = ({ order, passes, adjacency }: Dependence): { readonly [key: string]: Json } => ({
  ...(order === undefined ? {} : { order }),
  ...(passes === undefined ? {} : { passes }),
  ...(adjacency === undefined ? {} : { adjacency }),
});
