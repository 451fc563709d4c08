/** What each direction of a layer costs, as data: a composite's cost is a fold. */

/** How a direction runs: all at once, one coordinate after another, or by iteration to a tolerance. */
export type Direction = 'parallel' | 'sequential' | 'iterative';

/** The cost of both directions. `passes` counts evaluations of the layer's network. */
export interface Cost {
  readonly encode: { readonly how: Direction; readonly passes: number };
  readonly decode: { readonly how: Direction; readonly passes: number };
}

/** One parallel pass each way. */
export const parallel: Cost = { encode: { how: 'parallel', passes: 1 }, decode: { how: 'parallel', passes: 1 } };

/** No network at all. */
export const free: Cost = { encode: { how: 'parallel', passes: 0 }, decode: { how: 'parallel', passes: 0 } };

const rank: readonly Direction[] = ['parallel', 'sequential', 'iterative'];

const add = (a: Cost['encode'], b: Cost['encode']): Cost['encode'] => ({
  how: rank[Math.max(rank.indexOf(a.how), rank.indexOf(b.how))],
  passes: a.passes + b.passes,
});

/** The cost of one layer after another. */
export const addCost = (a: Cost, b: Cost): Cost => ({
  encode: add(a.encode, b.encode),
  decode: add(a.decode, b.decode),
});

/** The cost with the directions exchanged. */
export const flipCost = (c: Cost): Cost => ({ encode: c.decode, decode: c.encode });
