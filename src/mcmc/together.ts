/** Several kernels on one position: each in turn, or one by chance. */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { fork, uniform } from '../core/random.ts';
import { isExpr, type Struct, selectStruct } from '../core/struct.ts';
import {
  type AnyKernel,
  type Kept,
  type Kernel,
  keptOf,
  movedTo,
  type Nothing,
  type Position,
  restored,
} from './kernel.ts';

/** The state of a kernel. */
export type StateOf<K> = K extends { readonly init: (position: Expr) => infer S extends Position } ? S : never;

/** The info of a kernel. */
export type InfoOf<K> = K extends Kernel<infer _, infer I extends Struct> ? I : never;

/** Kernels side by side on one position. */
export type Together<Ks extends readonly AnyKernel[]> = {
  readonly position: Expr;
  /** What each kernel keeps; where its own position is not the one above, it is moved there before it steps. */
  readonly kernels: { readonly [N in keyof Ks]: StateOf<Ks[N]> };
};

/** The infos of several kernels. */
export type Infos<Ks extends readonly AnyKernel[]> = { readonly [N in keyof Ks]: InfoOf<Ks[N]> };

/** A list as long as a tuple, as that tuple: to the compiler the map of a tuple is an array. */
const tuple = <T extends readonly Struct[]>(list: readonly Struct[]): T => list as unknown as T;

const longestOf = (kernels: readonly AnyKernel[]): number => Math.max(...kernels.map((k) => k.warmUp ?? 0));
const warmingUp = (steps: number): { readonly warmUp?: number } => (steps === 0 ? {} : { warmUp: steps });

/**
 * One step of each kernel in turn (block updates, a jump kernel with a local one, a corrector with a predictor). Each keeps its own state, refreshed at the
 * position that the others left; what outlives a move (a momentum, what was learned) is kept. The info is an array with the info of each kernel. The warm-up is
 * the longest of theirs. Cost: the steps of all kernels. Throws `ArgumentError` where there is no kernel.
 *
 * @example
 * const target = logDensityOf(normal([2]));
 * alternate(hmc({ stepSize: 0.2, steps: 5 })(target), randomWalk({ stepSize: 3 })(target));
 */
export const alternate = <const Ks extends readonly AnyKernel[]>(...kernels: Ks): Kernel<Together<Ks>, Infos<Ks>> => {
  if (kernels.length === 0) raise('ArgumentError', 'alternate', 'there is no kernel');
  return {
    spec: { type: 'alternate', kernels: kernels.map((k) => k.spec) },
    ...warmingUp(longestOf(kernels)),
    init: (position) => ({ position, kernels: tuple(kernels.map((k) => k.init(position))) }),
    moved: ({ kernels: states }, position) => ({
      position,
      kernels: tuple(kernels.map((k, i) => movedTo(k, states[i], position))),
    }),
    step:
      ({ position: from, kernels: states }) =>
      (cursor) => {
        let at = cursor;
        let position = from;
        const done = kernels.map((kernel, i) => {
          // Alone, nothing else moved the chain.
          const own = kernels.length === 1 ? states[i] : movedTo(kernel, states[i], position);
          const [t, next] = fork(kernel.step(own))(at);
          at = next;
          position = t.state.position;
          return t;
        });
        return [
          { state: { position, kernels: tuple(done.map((t) => t.state)) }, info: tuple(done.map((t) => t.info)) },
          at,
        ];
      },
  };
};

/** The state of {@link kernelMixture}. */
export type Mixed<Ks extends readonly AnyKernel[]> = {
  readonly position: Expr;
  readonly kernels: { readonly [N in keyof Ks]: Kept<StateOf<Ks[N]>> };
  /** Steps of the warm-up that are left, where there is one. */
  readonly warmUpLeft: Expr | Nothing;
};

/**
 * One kernel, chosen at random at every step with the given weights (which need not sum to 1). Each keeps its own state, as in {@link alternate}; that of a
 * kernel that was not chosen is unchanged. During the warm-up all kernels learn at every step, chosen or not, from the current position: each adapts to the
 * distribution that the mixture samples, and the warm-up is the longest of theirs however small a weight is. The info is the index of the chosen kernel,
 * `chosen`, and the info of each kernel's step, taken or not. Cost: the steps of all kernels, since all are computed and one is kept; where that matters use
 * {@link alternate}. Throws `ArgumentError` where weights and kernels differ in number, or a weight is negative.
 *
 * @example
 * const target = logDensityOf(normal([2]));
 * kernelMixture([randomWalk({ stepSize: 0.1 })(target), randomWalk({ stepSize: 5 })(target)], [0.9, 0.1]);
 */
export const kernelMixture = <const Ks extends readonly AnyKernel[]>(
  kernels: Ks,
  weights: readonly number[],
): Kernel<Mixed<Ks>, { readonly chosen: Expr; readonly kernels: Infos<Ks> }> => {
  const total = weights.reduce((a, w) => a + w, 0);
  if (kernels.length === 0 || weights.length !== kernels.length || weights.some((w) => !(w >= 0)) || !(total > 0))
    raise(
      'ArgumentError',
      'kernelMixture',
      'every kernel needs one weight that is not negative, and one must be positive',
      {
        expected: `${kernels.length} weights`,
        got: `[${weights.join(', ')}]`,
      },
    );
  const warmUp = longestOf(kernels);
  return {
    spec: { type: 'kernelMixture', kernels: kernels.map((k) => k.spec), weights },
    ...warmingUp(warmUp),
    init: (position) => ({
      position,
      kernels: tuple(kernels.map((k) => keptOf(k, k.init(position)))),
      warmUpLeft: warmUp === 0 ? {} : o.scalar(warmUp),
    }),
    moved: (state, position) => ({ ...state, position }),
    step:
      ({ position, kernels: states, warmUpLeft }) =>
      (cursor) => {
        let [u, at] = uniform([])(cursor);
        u = o.mul(u, total);
        const tried = kernels.map((kernel, i) => {
          const own = restored(kernel, states[i], position);
          const [t, next] = fork(kernel.step(own))(at);
          at = next;
          return { own, next: t.state, info: t.info };
        });
        let sum = 0;
        let moved = position;
        let chosen: Expr = o.scalar(0);
        tried.forEach(({ next }, i) => {
          const beyond = o.lessEqual(sum, u);
          moved = i === 0 ? next.position : o.where(beyond, next.position, moved);
          chosen = o.where(beyond, i, chosen);
          sum += weights[i];
        });
        const kept = tried.map(({ own, next }, i) => {
          const isChosen = o.equal(chosen, i);
          const isLearning = isExpr(warmUpLeft) ? o.greater(warmUpLeft, warmUp - (kernels[i].warmUp ?? 0)) : undefined;
          const advances = isLearning === undefined ? isChosen : o.or(isChosen, isLearning);
          return selectStruct(advances, keptOf(kernels[i], next), keptOf(kernels[i], own));
        });
        const left = isExpr(warmUpLeft) ? o.max(0, o.sub(warmUpLeft, 1)) : warmUpLeft;
        return [
          {
            state: { position: moved, kernels: tuple(kept), warmUpLeft: left },
            info: { chosen, kernels: tuple(tried.map((t) => t.info)) },
          },
          at,
        ];
      },
  };
};
