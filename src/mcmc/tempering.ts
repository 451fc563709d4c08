/** Replica exchange: chains at several temperatures that trade places, so that a cold one crosses between modes. */

import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { knownOptions } from '../core/known-options.ts';
import * as o from '../core/ops/index.ts';
import { both, map, of, runRandom, uniform } from '../core/random.ts';
import { range } from '../core/shape.ts';
import type { Struct } from '../core/struct.ts';
import { vmapStruct } from '../core/struct-loops.ts';
import { geometricPath, temper } from './combinators.ts';
import {
  type AnyLogDensity,
  type Kept,
  type Kernel,
  type KernelOf,
  keptOf,
  type LogDensity,
  type Position,
  restored,
  type Transition,
} from './kernel.ts';

/** The state: `position` is the coldest replica's. */
export type Replicas<S extends Position = Position> = {
  readonly position: Expr;
  /** Every replica, `[K, …event]`, the coldest first. */
  readonly replicas: Expr;
  /** What the kernel at each temperature keeps, each leaf `[K, …]`: it stays where replicas trade places. */
  readonly kernels: Kept<S>;
  /** Which pairs trade next: 0 or 1. */
  readonly parity: Expr;
};

/** The info of a step of {@link parallelTempering}. */
export type Exchanges = {
  /** For each pair of neighbours, 1 where it traded, `[K − 1]`; every other pair tries at a step. */
  readonly exchanged: Expr;
};

/** A replica that took its step. */
type Moved<S extends Position> = { readonly x: Expr; readonly kept: Kept<S>; readonly level: Expr };

/** Options of {@link parallelTempering}. */
export interface TemperingOptions<
  S extends Position = Position,
  I extends Struct = Struct,
  T extends AnyLogDensity = LogDensity,
> {
  /** Inverse temperatures, 1 first, falling, all positive (0 is allowed where there is a reference). */
  readonly ladder: readonly number[];
  /** A kernel at an inverse temperature: steps may grow as it falls. */
  readonly kernel: (beta: Expr) => KernelOf<S, I, T>;
  /** Where the path ends: (1 − β) log p₀ + β log p. Default: β log p, towards a flat distribution. */
  readonly reference?: AnyLogDensity;
}

/**
 * Parallel tempering (Geyer 1991; Earl & Deem 2005, doi:10.1039/b509983h): every replica takes a step of its own kernel at inverse temperature βᵢ, then
 * neighbours swap positions with probability min(1, e^((βᵢ − βⱼ)(lⱼ − lᵢ))), l = log p (less log p₀ where there is a reference), even and odd pairs in turn.
 * The position is that of the coldest replica, which samples the target. All replicas start at one position. A kernel that adapts does so at each temperature
 * separately; the warm-up is that of the kernel. Cost: one kernel step for each temperature. Throws `ArgumentError` where the ladder does not fall from 1.
 *
 * @example
 * parallelTempering({
 *   ladder: [1, 0.4, 0.1],
 *   kernel: (beta) => hmc({ stepSize: ops.div(0.3, ops.sqrt(beta)), steps: 5 }),
 * })(logDensityOf(normal([2])));
 */
export const parallelTempering = <S extends Position, I extends Struct, T extends AnyLogDensity>(
  options: TemperingOptions<S, I, T>,
): KernelOf<Replicas<S>, Exchanges, T> => {
  const { ladder, kernel, reference } = knownOptions('parallelTempering', options, {
    ladder: true,
    kernel: true,
    reference: true,
  });
  const k = ladder.length;
  const falls = ladder.every((b, i) => b >= 0 && (i === 0 ? b === 1 : b < ladder[i - 1]));
  if (k < 2 || !falls || (reference === undefined && ladder[k - 1] === 0))
    raise('ArgumentError', 'parallelTempering', 'the ladder of inverse temperatures does not fall from 1', {
      expected: '[1, …] falling, positive without a reference',
      got: `[${ladder.join(', ')}]`,
    });
  return (target) => {
    const path: (beta: Expr) => T =
      reference === undefined ? (beta) => temper(beta)(target) : geometricPath(reference, target);
    const level = (x: Expr): Expr => (reference === undefined ? target(x) : o.sub(target(x), reference(x)));
    const betas = o.constant(ladder);
    const gaps = o.constant(range(k - 1).map((i) => ladder[i] - ladder[i + 1]));
    const oddPairs = o.constant(range(k - 1).map((i) => i % 2));
    const at = (beta: Expr): Kernel<S, I> => kernel(beta)(path(beta));
    const coldest = at(o.scalar(1));
    const kernelsAt = vmapStruct((r: { readonly x: Expr; readonly beta: Expr }) =>
      of(keptOf(at(r.beta), at(r.beta).init(r.x))),
    );
    const moves = vmapStruct(
      ({ x, beta, kept }: { readonly x: Expr; readonly beta: Expr; readonly kept: Kept<S> }) => {
        const own = at(beta);
        return map(({ state }: Transition<S, I>) => ({
          x: state.position,
          kept: keptOf(own, state),
          level: level(state.position),
        }))(own.step(restored(own, kept, x)));
      },
      { axis: 'replicas' },
    );
    return {
      spec: { type: 'parallelTempering', ladder, kernel: coldest.spec },
      ...(coldest.warmUp === undefined ? {} : { warmUp: coldest.warmUp }),
      init: (position) => {
        const replicas = o.broadcastTo(o.expandDims(position, 0), [k, ...position.shape]);
        const kernels = runRandom(kernelsAt({ x: replicas, beta: betas }));
        return { position, replicas, kernels, parity: o.scalar(0) };
      },
      // The others stay where they are.
      moved: (state, position) => ({
        ...state,
        position,
        replicas: o.concat([o.expandDims(position, 0), o.sliceAxis(state.replicas, 0, 1, k)], 0),
      }),
      step: ({ replicas, kernels, parity }) =>
        map(([{ x, kept, level: levels }, u]: readonly [Moved<S>, Expr]): Transition<Replicas<S>, Exchanges> => {
          const rise = o.sub(o.sliceAxis(levels, 0, 1, k), o.sliceAxis(levels, 0, 0, k - 1));
          const willing = o.less(o.log(u), o.mul(gaps, rise));
          const exchanged = o.where(o.and(willing, o.equal(oddPairs, parity)), 1, 0);
          // Of a trading pair (i, i + 1), i takes the place above and i + 1 the one below.
          const by = o.sub(o.pad(exchanged, [0], [1]), o.pad(exchanged, [1], [0]));
          const next = o.gather(x, o.add(o.iota(k), o.cast(by, 'int32')));
          const position = o.reshape(o.sliceAxis(next, 0, 0, 1), next.shape.slice(1));
          return {
            state: { position, replicas: next, kernels: kept, parity: o.sub(1, parity) },
            info: { exchanged },
          };
        })(both(moves({ x: replicas, beta: betas, kept: kernels }), uniform([k - 1]))),
    };
  };
};
