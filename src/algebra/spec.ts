/** Declarations are data: every constructor keeps what it was given as plain JSON beside its meaning. */

/** Plain JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A declaration: the constructor's name and its arguments. */
export interface Spec {
  readonly type: string;
  readonly [key: string]: Json;
}

/**
 * A specification that cannot be read back (a hand-made layer, a parameter that is an expression).
 *
 * @example
 * opaque('mine', 'it was made by hand');   // { type: 'mine', opaque: 'it was made by hand' }
 */
export const opaque = (type: string, why: string): Spec => ({ type, opaque: why });

/**
 * Whether a specification can be read back from JSON.
 *
 * @example
 * isReadable(opaque('mine', 'it was made by hand'));   // false
 */
export const isReadable = (spec: Json): boolean =>
  spec === null || typeof spec !== 'object'
    ? true
    : Array.isArray(spec)
      ? spec.every(isReadable)
      : !('opaque' in spec) && Object.values(spec as { readonly [k: string]: Json }).every(isReadable);
