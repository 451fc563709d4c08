/** What each direction of a layer costs, as data: a composite's cost is a fold. */

/** How a direction runs: all at once, one coordinate after another, or by iteration to a tolerance. */
export type Direction = 'parallel' | 'sequential' | 'iterative';

/** The cost of one direction: `passes` counts evaluations of the layer's network; with `atMost` there are no more, and how many depends on the event. */
export interface DirectionCost {
  readonly how: Direction;
  readonly passes: number;
  readonly atMost?: true;
}

/** The cost of both directions. */
export interface Cost {
  readonly encode: DirectionCost;
  readonly decode: DirectionCost;
}

/** One parallel pass each way. */
export const parallel: Cost = { encode: { how: 'parallel', passes: 1 }, decode: { how: 'parallel', passes: 1 } };

/** No network at all. */
export const free: Cost = { encode: { how: 'parallel', passes: 0 }, decode: { how: 'parallel', passes: 0 } };

const rank: readonly Direction[] = ['parallel', 'sequential', 'iterative'];

const add = (a: DirectionCost, b: DirectionCost): DirectionCost => ({
  how: rank[Math.max(rank.indexOf(a.how), rank.indexOf(b.how))],
  passes: a.passes + b.passes,
  ...(a.atMost === true || b.atMost === true ? { atMost: true } : {}),
});

/** The cost of one layer after another. */
export const addCost = (a: Cost, b: Cost): Cost => ({
  encode: add(a.encode, b.encode),
  decode: add(a.decode, b.decode),
});

/** The cost with the directions exchanged. */
export const flipCost = (c: Cost): Cost => ({ encode: c.decode, decode: c.encode });
