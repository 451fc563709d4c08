/** Families: what a distribution says it is, so that closed forms are looked up and computed without reading its specification. */

import type { Expr } from '../core/expr.ts';
import { structuralHash } from '../core/hash.ts';
import { simplify } from '../core/simplify/index.ts';
import type { AnyDist } from './dist.ts';

/** A distribution as a member of its family. Declared where the distribution is made; the pairs of `kl` are registered by names. */
export interface DistFamily {
  readonly name: string;
  /** Its parameters as expressions, each broadcast to the shape that the family gives it (that of the event, unless the family says otherwise). */
  readonly parameters: { readonly [name: string]: Expr };
  /** The distributions it is made of: independent parts, the one distribution that is copied, components, the base under a layer. They stand at places under the distribution's. */
  readonly parts?: readonly AnyDist[];
  /** How many independent copies of its one part there are. */
  readonly copies?: number;
}

/** Whether two expressions compute the same, up to what `simplify` sees. */
export const sameExpression = (a: Expr, b: Expr): boolean =>
  a === b || structuralHash(simplify([a])) === structuralHash(simplify([b]));
