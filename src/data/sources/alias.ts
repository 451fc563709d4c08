/** Draws from a finite distribution in constant time: Walker's alias method, tables by Vose (1991). */
import { raise } from '../../core/errors.ts';
import type { Generator } from '../../core/prng.ts';
import { checkWeights } from '../source.ts';

/** Cell i is taken with uniform chance, and is itself with chance `keep[i]`, otherwise `other[i]`. */
export interface AliasTable {
  readonly keep: Float64Array;
  readonly other: Int32Array;
}

/** The sum of weights; throws where one is negative or not finite, and where all are 0. */
export const totalWeight = (name: string, weights: ArrayLike<number>, expected: number): number => {
  checkWeights(name, weights, expected);
  let total = 0;
  for (let i = 0; i < expected; i++) total += weights[i];
  return total > 0 && total < Infinity
    ? total
    : raise('DataError', name, total > 0 ? 'the sum of the weights is not finite' : 'all weights are 0');
};

/** The table of `pᵢ = wᵢ / Σ w`, exact up to rounding; O(n). Throws as {@link totalWeight} does. */
export const aliasTable = (name: string, weights: ArrayLike<number>, expected: number): AliasTable => {
  const total = totalWeight(name, weights, expected);
  const n = weights.length;
  const keep = Float64Array.from(weights, (w) => (w / total) * n);
  const other = Int32Array.from(keep, (_, i) => i);
  const [small, large]: [number[], number[]] = [[], []];
  keep.forEach((p, i) => (p < 1 ? small : large).push(i));
  while (small.length > 0 && large.length > 0) {
    const [s, l] = [small.pop() as number, large[large.length - 1]];
    other[s] = l;
    keep[l] -= 1 - keep[s];
    if (keep[l] < 1) small.push(large.pop() as number);
  }
  // what is left is 1 up to rounding, unless it has no chance at all
  let likeliest = 0;
  for (let i = 1; i < n; i++) if (weights[i] > weights[likeliest]) likeliest = i;
  for (const i of [...small, ...large])
    if (weights[i] > 0) keep[i] = 1;
    else other[i] = likeliest;
  return { keep, other };
};

/** One draw: a number below the size of the table. */
export const drawAlias = ({ keep, other }: AliasTable, g: Generator): number => {
  const i = g.integer(keep.length);
  return g.uniform() < keep[i] ? i : other[i];
};
