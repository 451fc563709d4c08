/** Types of compositions: which layers fit each other, and the shapes and grade of what they make. */
import type { Shape } from '../core/shape.ts';
import type { Grade } from './evidence.ts';
import type { Endo, Graded, GradeOfAll, Transport } from './transport.ts';

/** The layers of a list that name shapes. */
type Shaped<F> = F extends Endo<Grade> ? never : F;

/** Layers of one shape at both ends, where a list of unknown length may hold any number of them. */
type Chained<F> = [Shaped<F>] extends [never]
  ? F
  : Shaped<F> extends Transport<infer X, infer Z, infer G>
    ? [X, Z] extends [Z, X]
      ? F
      : Transport<X, X, G>
    : F;

/**
 * What each layer of a list must be to fit its neighbours: a layer with shapes starts at the shape where the one before it with shapes ended
 * (layers in between keep it). A layer that does not fit is the one that the compiler names. In a list of unknown length every layer keeps its shape.
 */
export type Fitting<L extends readonly Graded[], At extends Shape | undefined = undefined> = L extends readonly [
  infer F extends Graded,
  ...infer R extends readonly Graded[],
]
  ? F extends Transport<infer _X, infer Z, infer G>
    ? readonly [At extends Shape ? Transport<At, Z, G> : F, ...Fitting<R, Z>]
    : readonly [F, ...Fitting<R, At>]
  : L extends readonly [...infer _H extends readonly Graded[], infer _F extends Graded]
    ? L
    : L extends readonly []
      ? L
      : readonly Chained<L[number]>[];

/** The shapes at both ends of a list of layers; undefined where every layer fits any shape. */
type Ends<
  L extends readonly Graded[],
  X0 extends Shape | undefined = undefined,
  Z0 extends Shape | undefined = undefined,
> = L extends readonly [infer F, ...infer R extends readonly Graded[]]
  ? F extends Transport<infer X, infer Z, Grade>
    ? Ends<R, X0 extends Shape ? X0 : X, Z>
    : Ends<R, X0, Z0>
  : L extends readonly []
    ? readonly [X0, Z0]
    : [Shaped<L[number]>] extends [never]
      ? readonly [X0, Z0]
      : Shaped<L[number]> extends Transport<infer X, infer Z, Grade>
        ? readonly [X0 extends Shape ? X0 : X, Z]
        : readonly [X0, Z0];

/** The type of a composition: shapes where some layer has them, and the weakest grade. */
export type Composed<L extends readonly Graded[]> =
  Ends<L> extends readonly [infer X extends Shape, infer Z extends Shape]
    ? Transport<X, Z, GradeOfAll<L>>
    : Endo<GradeOfAll<L>>;
