/** Kernels from kernels: whatever each leaves invariant, the combination leaves invariant; what adapts within one adapts within the other. */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import { map, of, start } from '../core/random.ts';
import type { Struct } from '../core/struct.ts';
import { vmapStruct } from '../core/struct-loops.ts';
import { type AnyLogDensity, chainOf, type Kernel, movedTo, type Position, type Transition } from './kernel.ts';

const positiveCount = (owner: string, what: string, n: number): void => {
  if (!Number.isInteger(n) || n < 1) raise('ArgumentError', owner, `${what} must be positive`, { got: `${n}` });
};

/**
 * n steps of a kernel as one step, in a loop of its own; every leaf of the info gains a leading axis of n. A kernel that adapts for w steps does so during the
 * first ⌈w/n⌉. Cost: n steps of the kernel. Throws `ArgumentError` where n is not a positive integer.
 *
 * @example
 * iterate(20)(langevin({ stepSize: 0.1 })((x) => ops.neg(x)));
 */
export const iterate =
  (n: number) =>
  <S extends Position, I extends Struct>(kernel: Kernel<S, I>): Kernel<S, I> => {
    positiveCount('iterate', 'the number of steps', n);
    return {
      ...kernel,
      spec: { type: 'iterate', steps: n, kernel: kernel.spec },
      ...(kernel.warmUp === undefined ? {} : { warmUp: Math.ceil(kernel.warmUp / n) }),
      step: (state) =>
        map(({ state: last, recorded }: { state: S; recorded: I }): Transition<S, I> => ({ state: last, info: recorded }))(
          chainOf(kernel, n, (t) => t.info)(state),
        ), // biome-ignore format: one idea
    };
  };

/**
 * The tempered log-density β · log p(x), in nats up to a constant: flatter than p where β < 1, sharper where β > 1. β is a number or a scalar expression; the
 * support is kept.
 *
 * @example
 * value(temper(0.5)(logDensityOf(normal([1])))(ops.constant([0])));   // −0.459: half of −0.919
 */
export const temper =
  (beta: Operand) =>
  <T extends AnyLogDensity>(target: T): T =>
    Object.assign(
      (x: Expr) => o.mul(beta, target(x)),
      target.support === undefined ? {} : { support: target.support },
    ) as T;

/**
 * The geometric path between two distributions, log p_β(x) = (1 − β) log p₀(x) + β log p₁(x), in nats up to a constant: the path that annealed importance
 * sampling (Neal 2001) and parallel tempering follow. β is a number or a scalar expression; the support is that of the second distribution.
 *
 * @example
 * geometricPath(logDensityOf(normal([2], { scale: 3 })), logDensityOf(normal([2])))(0.5);
 */
export const geometricPath =
  <T extends AnyLogDensity>(from: AnyLogDensity, to: T) =>
  (beta: Operand): T =>
    Object.assign(
      (x: Expr) => o.add(o.mul(o.sub(1, beta), from(x)), o.mul(beta, to(x))),
      to.support === undefined ? {} : { support: to.support },
    ) as T;

/**
 * Many independent chains as one kernel: every leaf of state and info has a leading axis of `chains`, so positions are `[chains, …event]`. Noise is keyed by
 * the index of the chain, so chain i is the same for any number of chains. Cost: `chains` steps, in one batch. Throws `ArgumentError` where `chains` is not a
 * positive integer.
 *
 * @example
 * manyChains(4)(hmc({ stepSize: 0.2, steps: 5 })(logDensityOf(normal([2]))));   // positions [4, 2]
 */
export const manyChains =
  (chains: number) =>
  <S extends Position, I extends Struct>(kernel: Kernel<S, I>): Kernel<S, I> => {
    positiveCount('manyChains', 'the number of chains', chains);
    const options = { size: chains, axis: 'chains' };
    const each =
      <A extends Struct, R extends Struct>(f: (a: A) => R) =>
      (a: A): R =>
        vmapStruct((x: A) => of(f(x)), options)(a)(start(''))[0];
    return {
      ...kernel,
      spec: { type: 'manyChains', chains, kernel: kernel.spec },
      init: each(kernel.init),
      moved: (state, position) =>
        each((s: { readonly state: S; readonly position: Expr }) => movedTo(kernel, s.state, s.position))({
          state,
          position,
        }),
      step: vmapStruct(kernel.step, options),
    };
  };
