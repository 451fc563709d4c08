/**
 * `Scoped<A>`: a value that may name parameters, where a parameter's name is *the place where it stands* in the composition. It is the
 * Reader monad over a {@link Scope} (fp-ts's own). Declarations stay values: the same layer at two places has two sets of parameters, and
 * sharing is declared by {@link shared}.
 */
import * as R from 'fp-ts/lib/Reader.js';
import { raise, within } from './errors.ts';
import type { Expr } from './expr.ts';
import * as o from './ops/index.ts';
import { type Constraint, type Initializer, real } from './parameters.ts';
import { runRandom, start } from './random.ts';
import { type Declaration, declare, during, nearest, open, type Reading, type Sharing } from './reading.ts';
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
  /** Which execution of which declaration runs here: see `claims.ts`. */
  readonly reading?: Reading;
}

/** A value over a scope: fp-ts's Reader. */
export type Scoped<A> = R.Reader<Scope, A>;

/**
 * fp-ts instances (`Reader` at a scope) and the usual functions.
 *
 * @example
 * value(scope.map((w) => ops.mul(2, w))(scope.parameter('w', [2], { init: parameters.ones })));   // [2, 2]
 */
export const { Functor, Applicative, Monad, of, map, ap, chain } = R;

/**
 * The outermost scope.
 *
 * @example
 * scope.root.path;   // ''
 */
export const root: Scope = { path: '' };

/**
 * A path one segment longer; empty segments add nothing.
 *
 * @example
 * scope.join('transport', 'coupling');   // 'transport/coupling'
 */
export const join = (path: string, segment: string): string =>
  path === '' ? segment : segment === '' ? path : `${path}/${segment}`;

/**
 * The scope one place further in. Begins a reading where there is none.
 *
 * @example
 * scope.inward(scope.root, 'encoder').path;   // 'encoder'
 */
export const inward = (scope: Scope, segment: string): Scope => {
  const path = join(scope.path, segment);
  return { ...scope, path, reading: scope.reading ?? open(undefined, path) };
};

/**
 * A part one place further in: parameters and errors carry the segment in their path.
 *
 * @example
 * const w = scope.at('encoder', scope.parameter('w', [2], { init: parameters.ones }));   // named 'encoder/w'
 */
export const at =
  <A>(segment: string, part: Scoped<A>): Scoped<A> =>
  (scope) =>
    within(segment, () => part(inward(scope, segment)));

/**
 * A part as one reading of a declaration: the declaration owns the parameters claimed inside, and its other readings may claim them again. Constructors of distributions, layers
 * and conditional distributions apply it to their methods. Without a declaration the part is unchanged. `place` gives the path of the declaration where that is not
 * the path of the part.
 *
 * @example
 * const part = scope.owned(standardNormal([2]).declaration, scope.parameter('w', [2], { init: parameters.ones }));
 */
export const owned =
  <A>(declaration: Declaration | undefined, part: Scoped<A>, place?: (path: string) => string): Scoped<A> =>
  (scope) => {
    if (declaration === undefined) return part(scope);
    const reading = open(scope.reading, place === undefined ? scope.path : place(scope.path), { owner: declaration });
    return during(reading, () => part({ ...scope, reading }));
  };

/**
 * A part that is read again on purpose, at the same place: its parameters are those of its other readings. For a method that runs one network
 * several times (each pass of a sequential inverse); layers that should differ want places of their own instead.
 *
 * @example
 * const layer = (x) => scope.map((w) => ops.matvec(w, x))(scope.parameter('w', [2, 2], { init: parameters.glorot }));
 * const twice = (x) => scope.chain((y) => scope.again(layer(y)))(scope.again(layer(x)));   // one kernel
 */
export const again =
  <A>(part: Scoped<A>): Scoped<A> =>
  (scope) => {
    const reading = open(scope.reading, scope.path);
    return during(reading, () => part({ ...scope, reading }));
  };

/**
 * A function with a place: declared once, it may be read any number of times, each time with the same parameters, at `name`. Two placed functions of
 * one name in one objective are an error. Cost: that of the function.
 *
 * @example
 * const critic = scope.placed('critic', (x) => mlp([16]).apply(x, [1]));
 * const gap = (real, fake) => scope.chain((a) => scope.map((b) => ops.sub(a, b))(critic(fake)))(critic(real));   // one critic, read twice
 */
export const placed = <A extends readonly unknown[], B>(
  name: string,
  f: (...args: A) => Scoped<B>,
): ((...args: A) => Scoped<B>) & { readonly declaration: Declaration } => {
  const declaration = declare('placed', name);
  const run = (...args: A): Scoped<B> =>
    at(
      name,
      owned(declaration, (scope) => f(...args)(scope)),
    );
  return Object.assign(run, { declaration });
};

/** A name that is shared on purpose by all who hold this value: see {@link sharing}. */
export interface SharedName {
  readonly name: string;
  readonly declaration: Declaration;
}

/**
 * A name to share by, as a value: whoever holds it shares one set of parameters at `shared/<name>`, in whatever distributions they stand; another value of the
 * same name in one objective is an error.
 *
 * @example
 * const trunk = scope.sharing('trunk');
 * const features = (x) => scope.shared(trunk, dense(16)(x));
 */
export const sharing = (name: string): SharedName => ({ name, declaration: declare('sharing', name) });

/**
 * A part at an absolute place: all uses of the same name share its parameters. A name belongs to the distribution in which it is used (to all its parts); two
 * distributions that use one name without a common {@link sharing} value are an `ArgumentError` where parameters are collected.
 *
 * @example
 * const w = scope.shared('embedding', scope.parameter('w', [2], { init: parameters.ones }));
 */
export const shared = <A>(name: string | SharedName, part: Scoped<A>): Scoped<A> =>
  typeof name === 'string' ? sharedBy({ name }, part) : sharedBy({ name: name.name, by: name.declaration }, part);

/**
 * {@link shared} among the parts that hold one declaration.
 *
 * @example
 * const w = scope.sharedBy({ name: 'embedding' }, scope.parameter('w', [2], { init: parameters.ones }));
 */
export const sharedBy =
  <A>(sharing: Sharing, part: Scoped<A>): Scoped<A> =>
  (scope) =>
    within(sharing.name, () => {
      const path = join('shared', sharing.name);
      return part({ ...scope, path, reading: open(scope.reading, path, { sharing }) });
    });

/**
 * {@link shared} among the parts of one inference layer at one place: its posterior and its model.
 *
 * @example
 * const w = scope.sharedInLayer('trunk', scope.parameter('w', [2], { init: parameters.ones }));
 */
export const sharedInLayer =
  <A>(name: string, part: Scoped<A>): Scoped<A> =>
  (scope) => {
    const reading = nearest(scope.reading, 'infers');
    return sharedBy(reading === undefined ? { name } : { name, by: reading.owner, place: reading.place }, part)(scope);
  };

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

/**
 * The scope in which parameters are constants to every derivative.
 *
 * @example
 * const w = scope.parameter('w', [2], { init: parameters.ones })(scope.asConstants(scope.root));
 */
export const asConstants = (scope: Scope): Scope =>
  readingBy(scope, (leaf) => (leaf.op === 'stopGradient' ? leaf : o.stopGradient(leaf)));

/**
 * The scope in which parameters are read through a further function.
 *
 * @example
 * const halved = scope.readingBy(scope.root, (w) => ops.mul(0.5, w));
 * value(scope.parameter('w', [2], { init: parameters.ones })(halved));   // [0.5, 0.5]
 */
export const readingBy = (scope: Scope, read: (leaf: Expr) => Expr): Scope => {
  const { reads: outer } = scope;
  return { ...scope, reads: outer === undefined ? read : (leaf) => read(outer(leaf)) };
};

/**
 * The path of the current place.
 *
 * @example
 * scope.at('encoder', scope.path)(scope.root);   // 'encoder'
 */
export const path: Scoped<string> = (scope) => scope.path;

/** How a parameter starts, and in which set it lives. */
export interface ParameterOptions {
  readonly init: Initializer;
  /** Default: all real numbers. What is optimised is always unconstrained. */
  readonly constraint?: Constraint;
  /** What it is for (`kernel`, `bias`, `scale`, `shift`, `statistic`, …): selectors and penalties ask for it, never for a pattern of names. */
  readonly kind?: string;
}

/**
 * A named parameter. Its value satisfies the constraint; the free parameter behind it is unconstrained, and starts at the inverse of the constraint of the initial
 * value. Throws `ShapeError` where the initialiser gives another shape.
 *
 * @example
 * value(scope.parameter('scale', [2], { init: parameters.ones, constraint: parameters.positive }));   // [1, 1]
 */
export const parameter =
  (name: string, shape: Shape, { init, constraint = real, kind }: ParameterOptions): Scoped<Expr> =>
  (scope) => {
    const full = join(scope.path, name);
    const definition = constraint.unconstrain(runRandom(init(shape), start(`init:${full}`)));
    if (constraint === real && !sameShape(definition.shape, shape))
      return raise('ShapeError', name, 'the initial value has another shape', {
        expected: showShape(shape),
        got: showShape(definition.shape),
      });
    const { reading } = scope;
    const leaf = o.parameterLeaf(full, scope.starts?.(full, definition) ?? definition, {
      claim: { reading, owners: reading?.owners ?? [] },
      ...(kind === undefined ? {} : { kind }),
    });
    return constraint.constrain(scope.reads?.(leaf) ?? leaf);
  };
