/** What an entry of the table of divergences is, and how it reads the parameters of its laws. */
import type { Law } from '../algebra/dist.ts';
import type * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { broadcastTo } from '../core/ops/structure.ts';
import { broadcastShapes, type Shape, sameShape } from '../core/shape.ts';
import { fromSpec } from './argument.ts';

/** A law made of independent ones: its parts, or copies of its one part. */
export type Composed = Law & { readonly parts?: readonly Law[]; readonly copies?: number };

/**
 * A closed form of KL(p ‖ q) in nats, a scalar; `undefined` where it does not apply to these two (another total, parameters that are not known).
 * `parts` is the closed form of parts of the two, by the same table.
 */
export type KlPair = (p: Law, q: Law, parts: (p: Law, q: Law) => D.Draw<Expr> | undefined) => D.Draw<Expr> | undefined;

/** Closed forms by `type of p/type of q`. */
export type KlTable = { readonly [pair: string]: KlPair };

/**
 * A parameter of a law by its name in the specification, broadcast to a shape (the event's unless said otherwise); expressions too, as long as
 * the law was built here and not read from JSON. The first of several names that is there.
 */
export const parameter = (law: Law, names: readonly string[], shape: Shape = law.shape): Expr | undefined => {
  for (const name of names) {
    const e = fromSpec(law.spec[name]);
    const full = e && broadcastShapes(e.shape, shape);
    if (e !== undefined && full !== undefined && sameShape(full, shape)) return broadcastTo(e, shape);
  }
  return undefined;
};
