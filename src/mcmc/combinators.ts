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
 * n steps as one, a loop of its own; each leaf of the info gets a leading axis of n. A kernel that adapts for w steps does so in the first ⌈w/n⌉.
 * Throws `ArgumentError` where n is not positive.
 *
 * @example
 * iterate(20)(langevin({ stepSize: 0.1 })((x) => ops.neg(x)))
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

/** β · log p: flatter where β < 1. */
export const temper =
  (beta: Operand) =>
  <T extends AnyLogDensity>(target: T): T =>
    Object.assign(
      (x: Expr) => o.mul(beta, target(x)),
      target.support === undefined ? {} : { support: target.support },
    ) as T;

/**
 * The geometric path from one distribution to another, (1 − β) log p₀ + β log p₁: what annealed importance sampling and replica exchange walk along.
 *
 * @example
 * geometricPath(logDensityOf(normal([2], { scale: 3 })), logDensityOf(normal([2])))(0.5)
 */
export const geometricPath =
  <T extends AnyLogDensity>(from: AnyLogDensity, to: T) =>
  (beta: Operand): T =>
    Object.assign(
      (x: Expr) => o.add(o.mul(o.sub(1, beta), from(x)), o.mul(beta, to(x))),
      to.support === undefined ? {} : { support: to.support },
    ) as T;

/**
 * Many independent chains as one kernel: every leaf has a leading axis of `chains`. Noise is keyed by the chain's index, so chain i is the same
 * for any number of chains.
 *
 * @example
 * manyChains(4)(hmc({ stepSize: 0.2, steps: 5 })(logDensityOf(normal([2]))))   // positions [4, 2]
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
