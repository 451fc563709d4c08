/**
 * `Draw<A>`: what a layer says: a value that may name parameters (`Scoped`) and may depend on noise (`Random`). It is
 * `Scoped<Random<A>>`, a Reader over State, and as lawful as both.
 */
import type { Monad1 } from 'fp-ts/lib/Monad.js';
import { within } from './errors.ts';
import type { Expr } from './expr.ts';
import { label } from './ops/control.ts';

import { condRandom, fork, type Random, runRandom, start, vmapRandom } from './random.ts';
import { calling, type Declaration, declare, during, open } from './reading.ts';
import { asConstants, inward, root, type Scope, type Scoped } from './scope.ts';

/** A value over parameters and noise. */
export type Draw<A> = Scoped<Random<A>>;

/** A value that depends on neither. */
export const of =
  <A>(a: A): Draw<A> =>
  () =>
  (c) => [a, c];

/** Applies a function to the value. */
export const map =
  <A, B>(f: (a: A) => B) =>
  (da: Draw<A>): Draw<B> =>
  (scope) =>
  (c) => {
    const [a, next] = da(scope)(c);
    return [f(a), next];
  };

/** Sequences: the second part may depend on the first's value. Noise is drawn in order; parameters live at one place. */
export const chain =
  <A, B>(f: (a: A) => Draw<B>) =>
  (da: Draw<A>): Draw<B> =>
  (scope) =>
  (c) => {
    const [a, next] = da(scope)(c);
    return f(a)(scope)(next);
  };

/** Applies a drawn function to a drawn value. */
export const ap =
  <A>(da: Draw<A>) =>
  <B>(df: Draw<(a: A) => B>): Draw<B> =>
    chain((f: (a: A) => B) => map(f)(da))(df);

/** A value over parameters only. */
export const fromScoped =
  <A>(part: Scoped<A>): Draw<A> =>
  (scope) =>
  (c) => [part(scope), c];

/** A value over noise only. */
export const fromRandom =
  <A>(ra: Random<A>): Draw<A> =>
  () =>
    ra;

/** A part one place further in: parameters get the segment in their names, noise a stream of its own, errors the path. */
export const at =
  <A>(segment: string, part: Draw<A>): Draw<A> =>
  (scope) =>
  (c) =>
    within(segment, () => fork(part(inward(scope, segment)))(c));

/** A part as one reading of a declaration: see `owned` of scopes. Noise is untouched. */
export const owned =
  <A>(declaration: Declaration | undefined, part: Draw<A>, method?: string, given?: Expr): Draw<A> =>
  (scope) =>
  (c) => {
    if (declaration === undefined) return part(scope)(c);
    const reading = open(scope.reading, scope.path, {
      owner: declaration,
      ...(method === undefined ? {} : { method }),
      ...(given === undefined ? {} : { given }),
    });
    return during(reading, () => part({ ...scope, reading })(c));
  };

/** A method of a declaration that reads an expression: every call is a reading. */
export const method =
  <A>(declaration: Declaration, name: string, f: (x: Expr) => Draw<A>): ((x: Expr) => Draw<A>) =>
  (x) =>
    owned(declaration, calling(declaration, () => f(x)), name, x); // biome-ignore format: one idea

/**
 * A drawn function with a place: declared once, read any number of times with the same parameters, at `name`, each time with noise of its own. Two placed
 * functions of one name in one objective are an error.
 *
 * @example
 * const noisy = draw.placed('noisy', (x) => draw.map((e) => ops.add(x, e))(draw.fromRandom(random.normal([2]))));
 */
export const placed = <A extends readonly unknown[], B>(
  name: string,
  f: (...args: A) => Draw<B>,
): ((...args: A) => Draw<B>) => {
  const declaration = declare('placed', name);
  return (...args) =>
    at(
      name,
      owned(declaration, (scope) => (c) => f(...args)(scope)(c)),
    );
};

/**
 * The part, its parameters constants to every derivative (names, values and noise unchanged): the reinforced term of wake–sleep, the
 * data-free phase of contrastive divergence, a target network.
 *
 * @example
 * const target = draw.detached(draw.fromScoped(parameter('w', [2], { init: parameters.ones })));
 */
export const detached =
  <A>(part: Draw<A>): Draw<A> =>
  (scope) =>
    part(asConstants(scope));

/** A part with a stream of noise of its own, at the same place. */
export const forked =
  <A>(part: Draw<A>): Draw<A> =>
  (scope) =>
    fork(part(scope));

/**
 * Vectorises a drawn function over a leading axis of its arguments: parameters are shared, each example gets noise of its own, keyed by its
 * index. See `vmapRandom`.
 *
 * @example
 * const weighted = draw.vmapDraw((x) => draw.map((e) => [ops.mul(e, x)])(draw.fromRandom(random.normal([]))));
 */
export const vmapDraw =
  (f: (...example: Expr[]) => Draw<readonly Expr[]>, options: Parameters<typeof vmapRandom>[1] = {}) =>
  (...args: Expr[]): Draw<readonly Expr[]> =>
  (scope) =>
    vmapRandom((...xs) => f(...xs)(scope), options)(...args);

/**
 * One of two drawn parts, by a flag: only the work of the one taken is done. Both stand at this place (parameters of one name are shared), each with
 * a stream of noise of its own. See `ops.cond`.
 *
 * @example
 * const noisy = draw.condDraw(
 *   input('noisy', [], 'bool'),
 *   draw.map((e) => [e])(draw.fromRandom(random.normal([2]))),
 *   draw.of([ops.broadcastTo(0, [2])]),
 * );
 */
export const condDraw =
  (flag: Expr, then: Draw<readonly Expr[]>, otherwise: Draw<readonly Expr[]>): Draw<readonly Expr[]> =>
  (scope) =>
    condRandom(
      flag,
      (c) => then(scope)(c),
      (c) => otherwise(scope)(c),
    );

/** Marks an expression with the place it was made at. */
export const labelled =
  (x: Expr): Draw<Expr> =>
  (scope) =>
  (c) => [label(scope.path, x), c];

/** The value, at the outermost place. It is one reading: what it claims twice by one name is an error where parameters are collected. */
export const runDraw = <A>(da: Draw<A>, scope: Scope = root, noise = 'noise'): A =>
  runRandom(da({ ...scope, reading: scope.reading ?? open(undefined, scope.path) }), start(noise));

declare module 'fp-ts/HKT' {
  interface URItoKind<A> {
    readonly Draw: Draw<A>;
  }
}

/** fp-ts's Monad (hence Functor and Applicative) of {@link Draw}. */
export const Monad: Monad1<'Draw'> = {
  URI: 'Draw',
  of,
  map: (da, f) => map(f)(da),
  ap: (df, da) => ap(da)(df),
  chain: (da, f) => chain(f)(da),
};
