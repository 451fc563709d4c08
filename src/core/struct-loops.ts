/** Loops and vectorised functions over structs: `scanRandom` and `vmapRandom` with parts that keep their names. */
import { raise } from './errors.ts';
import type { Expr } from './expr.ts';
import { map, type Random, scanRandom, vmapRandom } from './random.ts';
import { sameShape, showShape } from './shape.ts';
import { leaves, like, type Struct, zipStruct } from './struct.ts';

/** What one iteration of {@link scanStruct} gives. */
export interface StructStep<C extends Struct, Y extends Struct> {
  readonly carry: C;
  /** What is kept of the iteration; `{}` for nothing. */
  readonly ys: Y;
  /** A bool scalar: true ends the loop after this iteration. */
  readonly done?: Expr | undefined;
}

const show = (e: Expr): string => `${e.type} ${showShape(e.shape)}`;

const sameCarry = (before: Expr, after: Expr, path: string): Expr =>
  before.type === after.type && sameShape(before.shape, after.shape)
    ? after
    : raise('ShapeError', path, 'the body of a loop changes what it carries', {
        expected: show(before),
        got: show(after),
      });

/**
 * A loop that carries a struct, reads a slice of every array of `xs` at each iteration and stacks what it keeps, `[length, …]` each; iterations draw noise of their own. See
 * `scanRandom`. Throws `ShapeError`, with the path, where the body changes the structure, a shape or a type of what is carried, or an array of `xs` has
 * another length.
 *
 * @example
 * const path = scanStruct({
 *   length: 10,
 *   init: { position: constant([0, 0]), steps: scalar(0) },
 *   body: ({ position, steps }) =>
 *     map((z) => ({ carry: { position: add(position, z), steps: add(steps, 1) }, ys: position }))(normal([2])),
 * });
 */
export const scanStruct = <C extends Struct, Y extends Struct, X extends Struct = Readonly<Record<never, Expr>>>({
  length,
  init,
  xs = {} as X,
  body,
  early = false,
}: {
  readonly length: number;
  readonly init: C;
  readonly xs?: X;
  readonly body: (carry: C, x: X) => Random<StructStep<C, Y>>;
  readonly early?: boolean;
}): Random<{ readonly carry: C; readonly ys: Y }> => {
  zipStruct(xs, xs, (e, _, path) =>
    e.shape[0] === length
      ? e
      : raise('ShapeError', path, 'a sequence has another length than its loop', { expected: `${length}`, got: showShape(e.shape) }),
  ); // biome-ignore format: one sentence
  let kept: Y | undefined;
  const loop = scanRandom({
    length,
    init: leaves(init),
    xs: leaves(xs),
    early,
    body: (carry, x) =>
      map(({ carry: next, ys, done }: StructStep<C, Y>) => {
        kept = ys;
        return { carry: leaves(zipStruct(init, next, sameCarry)), ys: leaves(ys), done };
      })(body(like(init, carry), like(xs, x))),
  });
  return map(({ carry, ys }: { readonly carry: readonly Expr[]; readonly ys: readonly Expr[] }) => ({
    carry: like(init, carry),
    ys: like(kept as Y, ys),
  }))(loop);
};

/**
 * A random function of a struct over a leading axis of every leaf: example i sees the noise of index i. Outer expressions are shared. See `vmapRandom`.
 *
 * @example
 * const jittered = vmapStruct((at) => map((z) => ({ ...at, x: add(at.x, z) }))(normal([])))({ x: constant([1, 2, 3]) });
 */
export const vmapStruct =
  <A extends Struct, R extends Struct>(
    f: (example: A) => Random<R>,
    options: { readonly size?: number; readonly axis?: string } = {},
  ) =>
  (args: A): Random<R> => {
    let made: R | undefined;
    const run = vmapRandom(
      (...values) =>
        map((r: R) => {
          made = r;
          return leaves(r);
        })(f(like(args, values))),
      options,
    )(...leaves(args));
    return map((values: readonly Expr[]) => like(made as R, values))(run);
  };
