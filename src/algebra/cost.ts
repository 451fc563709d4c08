/** What each direction of a layer costs, as data: a composite's cost is a fold. */

/** How a direction runs: all at once, one coordinate after another, or by iteration to a tolerance. */
export type Direction = 'parallel' | 'sequential' | 'iterative';

/** The cost of one direction. */
export interface Passes {
  readonly how: Direction;
  /** Evaluations of the layer's network. */
  readonly passes: number;
  /** So many more for each coordinate of the event: what a loop over coordinates costs before the event's size is known. */
  readonly perCoordinate?: number;
  /** There are no more than so many; how many depends on the event. */
  readonly atMost?: true;
}

/** The cost of both directions. */
export interface Cost {
  readonly encode: Passes;
  readonly decode: Passes;
}

/** One parallel pass each way. */
export const parallel: Cost = { encode: { how: 'parallel', passes: 1 }, decode: { how: 'parallel', passes: 1 } };

/** No network at all. */
export const free: Cost = { encode: { how: 'parallel', passes: 0 }, decode: { how: 'parallel', passes: 0 } };

const rank: readonly Direction[] = ['parallel', 'sequential', 'iterative'];

const add = (a: Passes, b: Passes): Passes => {
  const perCoordinate = (a.perCoordinate ?? 0) + (b.perCoordinate ?? 0);
  return {
    how: rank[Math.max(rank.indexOf(a.how), rank.indexOf(b.how))],
    passes: a.passes + b.passes,
    ...(perCoordinate === 0 ? {} : { perCoordinate }),
    ...(a.atMost === true || b.atMost === true ? { atMost: true } : {}),
  };
};

/** The cost of one layer after another. */
export const addCost = (a: Cost, b: Cost): Cost => ({
  encode: add(a.encode, b.encode),
  decode: add(a.decode, b.decode),
});

const passesAt = ({ passes, perCoordinate = 0, ...rest }: Passes, coordinates: number): Passes => ({
  ...rest,
  passes: passes + perCoordinate * coordinates,
});

/** The cost for events of so many coordinates, in passes alone. Adds up as costs do: `costAt(addCost(a, b), n) = addCost(costAt(a, n), costAt(b, n))`. */
export const costAt = ({ encode, decode }: Cost, coordinates: number): Cost => ({
  encode: passesAt(encode, coordinates),
  decode: passesAt(decode, coordinates),
});

/** The cost with the directions exchanged. */
export const flipCost = (c: Cost): Cost => ({ encode: c.decode, decode: c.encode });
