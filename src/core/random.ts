/**
 * `Random<A>`: a value that may depend on noise, with no effect anywhere. It is the State monad over a {@link Cursor} (fp-ts's own, so
 * its Functor, Applicative and Monad are lawful on the nose): drawing makes a *noise leaf* named by the cursor's path and
 * moves the cursor on. An interpreter later fills the leaf from (seed, path, step, example index).
 *
 * {@link fork} gives a part its own stream, so that adding a draw in one layer never moves the noise of another.
 *
 * @example
 * const jitter = (x: Expr) => pipe(normal(x.shape), map((e) => add(x, mul(0.1, e))));
 */
import * as S from 'fp-ts/lib/State.js';
import { ahead } from './ahead.ts';
import { type Expr, makeNode, type NoiseDist, substitute, topological, variable } from './expr.ts';
import { scanBody, scanOf } from './ops/control.ts';
import * as o from './ops/index.ts';
import type { Shape } from './shape.ts';
import { vmapAll } from './vectorize.ts';

/** A place in a stream of noise. */
export interface Cursor {
  readonly path: string;
  readonly next: number;
}

/** A value over noise: State over a {@link Cursor}. */
export type Random<A> = S.State<Cursor, A>;

/**
 * fp-ts instances (`State` at a cursor) and the usual functions.
 *
 * @example
 * value(random.map((e) => ops.mul(2, e))(random.normal([]))(random.start())[0], { seed: 0 });
 */
export const { Functor, Applicative, Monad, of, map, ap, chain } = S;

/**
 * The position at which a top-level computation starts to draw noise.
 *
 * @example
 * random.start();   // { path: 'noise', next: 0 }
 */
export const start = (path = 'noise'): Cursor => ({ path, next: 0 });

/**
 * The value, given the position at which its noise starts.
 *
 * @example
 * value(random.runRandom(random.normal([2])), { seed: 0 });
 */
export const runRandom = <A>(ra: Random<A>, from: Cursor = start()): A => ra(from)[0];

const draw =
  (dist: NoiseDist) =>
  (shape: Shape): Random<Expr> =>
  (c) => [
    makeNode('noise', [], { dist, path: `${c.path}#${c.next}`, batch: 0 }, shape, 'real'),
    { path: c.path, next: c.next + 1 },
  ];

/**
 * Independent standard normal numbers of a shape.
 *
 * @example
 * value(random.normal([2])(random.start())[0], { seed: 0 });
 */
export const normal = draw('normal');
/**
 * Independent numbers, uniform on (0, 1): never 0 or 1.
 *
 * @example
 * value(draw.fromRandom(random.uniform([2])), { seed: 0 });
 */
export const uniform = draw('uniform');
/**
 * Independent signs ±1, each with probability ½.
 *
 * @example
 * value(draw.fromRandom(random.rademacher([2])), { seed: 0 });
 */
export const rademacher = draw('rademacher');

/**
 * A part with its own stream of noise: the noise drawn after it does not depend on how much it draws.
 *
 * @example
 * const e = random.fork(random.normal([2]));
 */
export const fork =
  <A>(ra: Random<A>): Random<A> =>
  (c) => [ra({ path: `${c.path}/${c.next}`, next: 0 })[0], { path: c.path, next: c.next + 1 }];

/** Whether a noise path belongs to the stream forked at `root`. */
const isUnder =
  (root: string) =>
  (path: string): boolean =>
    path.startsWith(`${root}#`) || path.startsWith(`${root}/`);

/**
 * Two parts in order, with their results as a pair.
 *
 * @example
 * const pair = random.both(random.normal([]), random.uniform([]));
 */
export const both = <A, B>(a: Random<A>, b: Random<B>): Random<readonly [A, B]> =>
  S.chain((x: A) => S.map((y: B): readonly [A, B] => [x, y])(b))(a);

/**
 * Several parts in order, with their results as a list.
 *
 * @example
 * const two = random.sequence([random.normal([]), random.normal([])]);
 */
export const sequence =
  <A>(all: readonly Random<A>[]): Random<readonly A[]> =>
  (c) => {
    const out: A[] = [];
    let at = c;
    for (const ra of all) {
      const [a, next] = ra(at);
      out.push(a);
      at = next;
    }
    return [out, at];
  };

/**
 * Vectorises a random function over a leading axis. Each example draws its own noise, keyed by its index, so example i draws the same noise in a batch of any size. `batchMean`
 * inside averages over these examples.
 *
 * @example
 * const noisy = random.vmapRandom((x) => random.map((e) => [ops.add(x, e)])(random.normal([])))(ops.array([1, 2, 3]));
 * value(random.runRandom(noisy)[0], { seed: 0 });   // three numbers
 */
export const vmapRandom =
  (
    f: (...example: Expr[]) => Random<readonly Expr[]>,
    options: { readonly size?: number; readonly axis?: string; readonly mapped?: readonly boolean[] } = {},
  ) =>
  (...args: Expr[]): Random<readonly Expr[]> =>
  (c) => {
    const root = `${c.path}/${c.next}`;
    const run = vmapAll((...xs) => f(...xs)({ path: root, next: 0 })[0], { ...options, fresh: isUnder(root) });
    return [run(...args), { path: c.path, next: c.next + 1 }];
  };

/**
 * A loop whose iterations each draw their own noise, keyed by the number of the iteration (and of the example, under `vmap`: the noise of one example does not depend on
 * when others finish). With `early`, the part of the body that depends only on `xs` and parameters is computed before the loop. See `scan`.
 *
 * @example
 * const walk = random.scanRandom({
 *   length: 10,
 *   init: [ops.scalar(0)],
 *   body: ([x]) => random.map((e) => ({ carry: [ops.add(x, e)] }))(random.normal([])),
 * });
 * value(random.runRandom(walk).carry[0], { seed: 0 });   // the end of a random walk
 */
export const scanRandom =
  (options: {
    readonly length: number;
    readonly init: readonly Expr[];
    readonly xs?: readonly Expr[];
    readonly body: (carry: readonly Expr[], x: readonly Expr[]) => Random<o.ScanStep>;
    readonly early?: boolean;
  }): Random<{ readonly carry: readonly Expr[]; readonly ys: readonly Expr[] }> =>
  (c) => {
    const root = `${c.path}/${c.next}`;
    const under = isUnder(root);
    const { length, init } = options;
    const carryVars = init.map((v) => variable(v.shape, v.type));
    const given = options.xs ?? [];
    const givenVars = given.map((v) => variable(v.shape.slice(1), v.type));
    const [step] = options.body(carryVars, givenVars)({ path: root, next: 0 });
    const { until, results: all } = scanBody(step);
    const whole = { xs: given, xVars: givenVars, results: all };
    const { xs, xVars, results } = options.early === true ? ahead(whole, length) : whole;
    const noise = topological(results).filter((e) => e.op === 'noise' && under(e.attributes.path));
    const noiseVars = noise.map((e) => variable(e.shape, e.type));
    const noiseXs = noise.map((e) =>
      e.op === 'noise'
        ? makeNode('noise', [], { ...e.attributes, batch: e.attributes.batch + 1 }, [length, ...e.shape], e.type)
        : e,
    );
    const closed = substitute(results, new Map(noise.map((e, i) => [e, noiseVars[i]] as const)));
    const out = scanOf(length, init, [...xs, ...noiseXs], carryVars, [...xVars, ...noiseVars], {
      until,
      results: closed,
    });
    return [out, { path: c.path, next: c.next + 1 }];
  };

/**
 * One of two random parts, by a flag: see `cond`. Each has a stream of its own, so that what one draws never moves the noise of the other, nor of
 * what comes after. Noise is filled whichever is taken; the work on it is done in the branch taken.
 *
 * @example
 * const [e] = random.runRandom(
 *   random.condRandom(input('noisy', [], 'bool'), random.sequence([random.normal([2])]), random.of([ops.broadcastTo(0, [2])])),
 * );
 */
export const condRandom =
  (flag: Expr, then: Random<readonly Expr[]>, otherwise: Random<readonly Expr[]>): Random<readonly Expr[]> =>
  (c) => {
    const side = (ra: Random<readonly Expr[]>, k: number) => () => ra({ path: `${c.path}/${c.next + k}`, next: 0 })[0];
    return [o.cond(flag, side(then, 0), side(otherwise, 1)), { path: c.path, next: c.next + 2 }];
  };

/**
 * Independent standard Gumbel numbers of a shape: −log(−log u), u uniform on (0, 1).
 *
 * @example
 * value(draw.fromRandom(random.gumbel([2])), { seed: 0 });
 */
export const gumbel = (shape: Shape): Random<Expr> => S.map((u: Expr) => o.neg(o.log(o.neg(o.log(u)))))(uniform(shape));
