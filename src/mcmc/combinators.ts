/** Kernels from kernels: whatever each leaves invariant, the combination leaves invariant. */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import { fork, map, type Random, uniform, vmapRandom } from '../core/random.ts';
import {
  type AnyKernel,
  type AnyLogDensity,
  chainOf,
  type Fields,
  fromList,
  type Kernel,
  movedTo,
  type Position,
  type Transition,
  toList,
} from './kernel.ts';

const positiveCount = (owner: string, what: string, n: number): void => {
  if (!Number.isInteger(n) || n < 1) raise('ArgumentError', owner, `${what} must be positive`, { got: `${n}` });
};

/**
 * n steps as one, a loop of its own; each field of the info gets a leading axis of n. Throws `ArgumentError` where n is not positive.
 *
 * @example
 * iterate(20)(langevin({ stepSize: 0.1 })((x) => ops.neg(x)))
 */
export const iterate =
  (n: number) =>
  <S extends Position, I extends Fields>(kernel: Kernel<S, I>): Kernel<S, I> => {
    positiveCount('iterate', 'the number of steps', n);
    return {
      ...kernel,
      spec: { type: 'iterate', steps: n, kernel: kernel.spec },
      step: (state) =>
        map(({ state: last, recorded }: { state: S; recorded: I }): Transition<S, I> => ({ state: last, info: recorded }))(
          chainOf(kernel, n, (t) => t.info)(state),
        ), // biome-ignore format: one idea
    };
  };

const prefixed = (prefix: string, fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([k, v]) => [`${prefix}/${k}`, v]));
const unprefixed = (prefix: string, fields: Fields): Position =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([k, v]) => (k.startsWith(`${prefix}/`) ? [[k.slice(prefix.length + 1), v]] : [])),
  ) as unknown as Position;

/**
 * One step of each kernel in turn (block updates, a jump kernel beside a local one, a corrector beside a predictor). Each keeps its own state, refreshed
 * at the position the others left (what outlives a move, a momentum, stays). The info has the fields of kernel i as `i/…`.
 * Throws `ArgumentError` where there is no kernel.
 *
 * @example
 * const target = logDensityOf(normal([2]));
 * alternate(hmc({ stepSize: 0.2, steps: 5 })(target), randomWalk({ stepSize: 3 })(target))
 */
export const alternate = (...kernels: readonly AnyKernel[]): Kernel<Position, Fields> => {
  if (kernels.length === 0) raise('ArgumentError', 'alternate', 'there is no kernel');
  return {
    spec: { type: 'alternate', kernels: kernels.map((k) => k.spec) },
    init: (position) => ({
      ...Object.assign({}, ...kernels.map((k, i) => prefixed(`${i}`, k.init(position)))),
      position,
    }),
    moved: (state, position) => ({
      ...Object.assign({}, ...kernels.map((k, i) => prefixed(`${i}`, movedTo(k, unprefixed(`${i}`, state), position)))),
      position,
    }),
    step: (state) => (cursor) => {
      let at = cursor;
      let position = state.position;
      const states: Fields[] = [];
      const infos: Fields[] = [];
      kernels.forEach((kernel, i) => {
        const own = unprefixed(`${i}`, state);
        // Alone, nothing else moved the chain.
        const from = kernels.length === 1 ? own : movedTo(kernel, own, position);
        const [t, next] = fork(kernel.step(from) as Random<Transition<Position, Fields>>)(at);
        at = next;
        position = t.state.position;
        states.push(prefixed(`${i}`, t.state));
        infos.push(prefixed(`${i}`, t.info));
      });
      return [
        {
          state: { ...(Object.assign({}, ...states) as Fields), position },
          info: Object.assign({}, ...infos) as Fields,
        },
        at,
      ];
    },
  };
};

/**
 * One kernel, chosen anew at every step with the given weights (they need not sum to 1). All are computed and one is kept: a graph has no branches; where
 * cost matters, {@link alternate}. The info is the number of the kernel that moved, `chosen`. Throws `ArgumentError` where weights and kernels
 * differ in number, or a weight is negative.
 *
 * @example
 * const target = logDensityOf(normal([2]));
 * kernelMixture([randomWalk({ stepSize: 0.1 })(target), randomWalk({ stepSize: 5 })(target)], [0.9, 0.1])
 */
export const kernelMixture = (
  kernels: readonly AnyKernel[],
  weights: readonly number[],
): Kernel<Position, { readonly chosen: Expr }> => {
  const total = weights.reduce((a, w) => a + w, 0);
  if (kernels.length === 0 || weights.length !== kernels.length || weights.some((w) => !(w >= 0)) || !(total > 0))
    raise('ArgumentError', 'kernelMixture', 'every kernel has one weight, not negative, and one is positive', {
      expected: `${kernels.length} weights`,
      got: `[${weights.join(', ')}]`,
    });
  return {
    spec: { type: 'kernelMixture', kernels: kernels.map((k) => k.spec), weights },
    init: (position) => ({ position }),
    step:
      ({ position }) =>
      (cursor) => {
        let [u, at] = uniform([])(cursor);
        let sum = 0;
        let moved = position;
        let chosen: Expr = o.scalar(0);
        u = o.mul(u, total);
        kernels.forEach((kernel, i) => {
          const [t, next] = fork(kernel.step(kernel.init(position)) as Random<Transition<Position, Fields>>)(at);
          at = next;
          const beyond = o.lessEqual(sum, u);
          moved = i === 0 ? t.state.position : o.where(beyond, t.state.position, moved);
          chosen = o.where(beyond, i, chosen);
          sum += weights[i];
        });
        return [{ state: { position: moved }, info: { chosen } }, at];
      },
  };
};

/** β · log p: flatter where β < 1. */
export const temper =
  (beta: Operand) =>
  <T extends AnyLogDensity>(target: T): T =>
    Object.assign(
      (x: Expr) => o.mul(beta, target(x)),
      target.support === undefined ? {} : { support: target.support },
    ) as unknown as T;

/**
 * The geometric path from one law to another, (1 − β) log p₀ + β log p₁: what annealed importance sampling and replica exchange walk along.
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
    ) as unknown as T;

/**
 * Many independent chains as one kernel: every field has a leading axis of `chains`. Noise is keyed by the chain's index, so chain i is the same
 * for any number of chains.
 *
 * @example
 * manyChains(4)(hmc({ stepSize: 0.2, steps: 5 })(logDensityOf(normal([2]))))   // positions [4, 2]
 */
export const manyChains =
  (chains: number) =>
  <S extends Position, I extends Fields>(kernel: Kernel<S, I>): Kernel<S, I> => {
    positiveCount('manyChains', 'the number of chains', chains);
    const over =
      (f: (state: S) => Random<Fields>) =>
      (state: S): Random<Fields> => {
        const names = Object.keys(state);
        let out: readonly string[] = [];
        const run = vmapRandom(
          (...values) =>
            map((r: Fields) => {
              out = Object.keys(r);
              return toList(out, r);
            })(f(fromList<S>(names, values))),
          { size: chains, axis: 'chains' },
        );
        return map((values: readonly Expr[]) => fromList<Fields>(out, values))(run(...toList(names, state)));
      };
    const still = (f: (state: S) => Fields) => (state: S) => over((s) => (c) => [f(s), c])(state)({ path: '', next: 0 })[0] as S; // biome-ignore format: one idea
    return {
      ...kernel,
      spec: { type: 'manyChains', chains, kernel: kernel.spec },
      init: (position) => still((s) => kernel.init(s.position))({ position } as unknown as S),
      moved: (state, position) =>
        still((s) => {
          const { '→': to, ...own } = s as unknown as Fields;
          return movedTo(kernel, own as unknown as S, to);
        })({ ...state, '→': position }),
      step: (state) =>
        map((r: Fields) => ({ state: unprefixed('state', r) as S, info: unprefixed('info', r) as unknown as I }))(
          over((s) =>
            map((t: Transition<S, I>) => ({ ...prefixed('state', t.state), ...prefixed('info', t.info) }))(
              kernel.step(s),
            ),
          )(state),
        ),
    };
  };
