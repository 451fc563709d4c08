/** What an entry of the table of divergences is, and how it reads the parameters of its distributions. */
import type { AnyDist } from '../algebra/dist.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { sum } from '../core/ops/reduce.ts';

/**
 * A closed form of KL(p ‖ q) in nats, a scalar; `undefined` where it does not apply to these two (another total, parameters that are not known).
 * `parts` is the closed form of parts of the two, by the same table.
 */
export type KlPair = (
  p: AnyDist,
  q: AnyDist,
  parts: (p: AnyDist, q: AnyDist) => D.Draw<Expr> | undefined,
) => D.Draw<Expr> | undefined;

/** Closed forms by `family of p/family of q`. */
export type KlTable = { readonly [pair: string]: KlPair };

/**
 * A parameter of a distribution by its name in the family that the distribution declares, of the shape that the family gives it; `undefined` where there is none.
 *
 * @example
 * parameter(normal([2], { loc: 3 }), 'loc')?.shape;   // [2]
 */
export const parameter = (dist: AnyDist, name: string): Expr | undefined => dist.family?.parameters[name];

/** What a pair reads of a distribution. */
export type Reader = (dist: AnyDist) => readonly (Expr | undefined)[];

/** Parameters by name. */
export const named =
  (...names: readonly string[]): Reader =>
  (dist) =>
    names.map((n) => parameter(dist, n));

/** A pair whose parameters are read by name and whose divergence is a sum over coordinates. */
export const pair =
  (read: Reader, f: (p: readonly Expr[], q: readonly Expr[]) => Expr): KlPair =>
  (p, q) => {
    const [a, b] = [read(p), read(q)];
    const known = (all: readonly (Expr | undefined)[]): all is readonly Expr[] => all.every((e) => e !== undefined);
    return known(a) && known(b) ? D.of(sum(f(a, b))) : undefined;
  };
