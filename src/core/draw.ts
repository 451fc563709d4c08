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

/**
 * The pure value: no parameters, no noise.
 *
 * @example
 * value(draw.of(ops.scalar(2)));   // 2
 */
export const of =
  <A>(a: A): Draw<A> =>
  () =>
  (c) => [a, c];

/**
 * Applies a function to the value.
 *
 * @example
 * value(draw.map((e) => ops.add(5, e))(draw.fromRandom(random.normal([]))), { seed: 0 });
 */
export const map =
  <A, B>(f: (a: A) => B) =>
  (da: Draw<A>): Draw<B> =>
  (scope) =>
  (c) => {
    const [a, next] = da(scope)(c);
    return [f(a), next];
  };

/**
 * Sequences two parts, of which the second may depend on the value of the first. Noise is drawn in this order; both parts name parameters at the same place.
 *
 * @example
 * const walk = draw.chain((x) => draw.map((e) => ops.add(x, e))(draw.fromRandom(random.normal([]))))(draw.of(ops.scalar(1)));
 */
export const chain =
  <A, B>(f: (a: A) => Draw<B>) =>
  (da: Draw<A>): Draw<B> =>
  (scope) =>
  (c) => {
    const [a, next] = da(scope)(c);
    return f(a)(scope)(next);
  };

/**
 * Applies a drawn function to a drawn value.
 *
 * @example
 * value(draw.ap(draw.of(ops.scalar(1)))(draw.of((x) => ops.add(x, 1))));   // 2
 */
export const ap =
  <A>(da: Draw<A>) =>
  <B>(df: Draw<(a: A) => B>): Draw<B> =>
    chain((f: (a: A) => B) => map(f)(da))(df);

/**
 * A part with parameters and without noise.
 *
 * @example
 * value(draw.fromScoped(scope.parameter('w', [2], { init: parameters.ones })));   // [1, 1]
 */
export const fromScoped =
  <A>(part: Scoped<A>): Draw<A> =>
  (scope) =>
  (c) => [part(scope), c];

/**
 * A part with noise and without parameters.
 *
 * @example
 * value(draw.fromRandom(random.uniform([2])), { seed: 0 });   // two numbers in (0, 1)
 */
export const fromRandom =
  <A>(ra: Random<A>): Draw<A> =>
  () =>
    ra;

/**
 * A part one place further in: its parameters get the segment in their names, its noise a stream of its own, its errors the segment in their path.
 *
 * @example
 * const inner = draw.at('encoder', draw.fromScoped(scope.parameter('w', [2], { init: parameters.ones })));   // the parameter is 'encoder/w'
 */
export const at =
  <A>(segment: string, part: Draw<A>): Draw<A> =>
  (scope) =>
  (c) =>
    within(segment, () => fork(part(inward(scope, segment)))(c));

/**
 * A part as one reading of a declaration: see `scope.owned`. Noise is unchanged.
 *
 * @example
 * const part = draw.owned(undefined, draw.of(ops.scalar(1)));
 */
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

/**
 * A method of a declaration that reads an expression; each call is one reading of the declaration.
 *
 * @example
 * const logDensity = draw.method(standardNormal([2]).declaration, 'logDensity', (x) => draw.of(ops.sum(x)));
 */
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

/**
 * A part with its own stream of noise, at the same place: the noise drawn after it does not depend on how much it draws.
 *
 * @example
 * const e = draw.forked(draw.fromRandom(random.normal([2])));
 */
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

/**
 * Labels an expression with the path of the current place, which error messages show.
 *
 * @example
 * value(draw.at('layer', draw.labelled(ops.scalar(1))));   // 1
 */
export const labelled =
  (x: Expr): Draw<Expr> =>
  (scope) =>
  (c) => [label(scope.path, x), c];

/**
 * The value at the outermost place, as one reading: a parameter name that the part claims twice is an `ArgumentError` where parameters are collected.
 *
 * @example
 * value(draw.runDraw(standardNormal([2]).logDensity(ops.array([0, 0]))));   // −log 2π = -1.838
 */
export const runDraw = <A>(da: Draw<A>, scope: Scope = root, noise = 'noise'): A =>
  runRandom(da({ ...scope, reading: scope.reading ?? open(undefined, scope.path) }), start(noise));

declare module 'fp-ts/HKT' {
  interface URItoKind<A> {
    readonly Draw: Draw<A>;
  }
}

/**
 * fp-ts's Monad (hence Functor and Applicative) of {@link Draw}.
 *
 * @example
 * value(draw.Monad.map(draw.of(ops.scalar(1)), (x) => ops.add(x, 1)));   // 2
 */
export const Monad: Monad1<'Draw'> = {
  URI: 'Draw',
  of,
  map: (da, f) => map(f)(da),
  ap: (df, da) => ap(da)(df),
  chain: (da, f) => chain(f)(da),
};
