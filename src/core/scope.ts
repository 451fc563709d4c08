/**
 * `Scoped<A>`: a value that may name parameters, where a parameter's name is *the place where it stands* in the composition. It is the
 * Reader monad over a {@link Scope} (fp-ts's own). Declarations stay values: the same layer at two places has two sets of parameters, and
 * sharing is said by {@link shared}.
 */
import * as R from 'fp-ts/lib/Reader.js';
import { raise, within } from './errors.ts';
import type { Expr } from './expr.ts';
import * as o from './ops/index.ts';
import { type Constraint, type Initializer, real } from './parameters.ts';
import { runRandom, start } from './random.ts';
import { type Shape, sameShape, showShape } from './shape.ts';

/** A place in a composition, `transport/3/coupling`. */
export interface Scope {
  readonly path: string;
  /** How a parameter is read where not as itself: as a constant ({@link detached}), as a copy of its own (`copied`). */
  readonly reads?: (leaf: Expr) => Expr;
  /** Another first value of a parameter, by its full name: see `startingFrom`. */
  readonly starts?: (name: string, definition: Expr) => Expr;
  /** Present while training: buffers move, and normalisation reads the batch. Absent where a model is used. See `buffer`. */
  readonly training?: true;
  /** What networks that read a context see: see {@link inContext}. */
  readonly context?: Expr;
}

/** A value over a scope: fp-ts's Reader. */
export type Scoped<A> = R.Reader<Scope, A>;

/** fp-ts instances (`Reader` at a scope) and the usual functions. */
export const { Functor, Applicative, Monad, of, map, ap, chain } = R;

/** The outermost scope. */
export const root: Scope = { path: '' };

/** A place one segment further in. */
export const join = (path: string, segment: string): string =>
  path === '' ? segment : segment === '' ? path : `${path}/${segment}`;

/** Runs a part one place further in. Errors thrown inside carry the place in their path. */
export const at =
  <A>(segment: string, part: Scoped<A>): Scoped<A> =>
  (scope) =>
    within(segment, () => part({ ...scope, path: join(scope.path, segment) }));

/** Runs a part at an absolute place: every use of the same name shares its parameters. */
export const shared =
  <A>(name: string, part: Scoped<A>): Scoped<A> =>
  (scope) =>
    within(name, () => part({ ...scope, path: join('shared', name) }));

/**
 * The part, its parameters constants to every derivative. Their names, values and initial values are unchanged: a parameter that also
 * stands outside is trained by what stands outside alone.
 *
 * @example
 * const critic = detached(parameter('w', [2], { init: parameters.normalInit(1) }));
 */
export const detached =
  <A>(part: Scoped<A>): Scoped<A> =>
  (scope) =>
    part(asConstants(scope));

/** The scope in which parameters are constants to every derivative. */
export const asConstants = (scope: Scope): Scope =>
  readingBy(scope, (leaf) => (leaf.op === 'stopGradient' ? leaf : o.stopGradient(leaf)));

/** The scope in which parameters are read through one more function. */
export const readingBy = (scope: Scope, read: (leaf: Expr) => Expr): Scope => {
  const { reads: outer } = scope;
  return { ...scope, reads: outer === undefined ? read : (leaf) => read(outer(leaf)) };
};

/** The part with a context that networks in it may read (`contextual` of `pushforward/nn`); an inner context hides an outer one. */
export const inContext =
  <A>(context: Expr, part: Scoped<A>): Scoped<A> =>
  (scope) =>
    part({ ...scope, context });

/** The context; throws `ArgumentError` where there is none. */
export const context: Scoped<Expr> = (scope) =>
  scope.context ??
  raise('ArgumentError', '', 'there is no context here: a contextual network stands inside a conditional law');

/** The current path. */
export const path: Scoped<string> = (scope) => scope.path;

/** How a parameter starts, and in which set it lives. */
export interface ParameterOptions {
  readonly init: Initializer;
  /** Default: all real numbers. What is optimised is always unconstrained. */
  readonly constraint?: Constraint;
}

/**
 * A named parameter. Its value satisfies the constraint; the free parameter behind it is unconstrained, and starts at the constraint's
 * inverse of the initial value. Throws `ShapeError` where the initialiser makes another shape.
 */
export const parameter =
  (name: string, shape: Shape, { init, constraint = real }: ParameterOptions): Scoped<Expr> =>
  (scope) => {
    const full = join(scope.path, name);
    const definition = constraint.unconstrain(runRandom(init(shape), start(`init:${full}`)));
    if (constraint === real && !sameShape(definition.shape, shape))
      return raise('ShapeError', name, 'the initial value has another shape', {
        expected: showShape(shape),
        got: showShape(definition.shape),
      });
    const leaf = o.parameterLeaf(full, scope.starts?.(full, definition) ?? definition);
    return constraint.constrain(scope.reads?.(leaf) ?? leaf);
  };
