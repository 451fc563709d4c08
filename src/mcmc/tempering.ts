/** Replica exchange: chains at several temperatures that trade places, so that a cold one crosses between modes. */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { both, map, uniform, vmapRandom } from '../core/random.ts';
import { range } from '../core/shape.ts';
import { geometricPath, temper } from './combinators.ts';
import type { AnyKernel, AnyLogDensity, Fields, KernelOf, LogDensity, Position, Transition } from './kernel.ts';

/** The state: `position` is the coldest replica's. */
export interface Replicas extends Position {
  /** Every replica, `[K, …event]`, the coldest first. */
  readonly replicas: Expr;
  /** Which pairs trade next: 0 or 1. */
  readonly parity: Expr;
}

/** What {@link parallelTempering} says of a step. */
export interface Exchanges extends Fields {
  /** For each pair of neighbours, 1 where it traded, `[K − 1]`; every other pair tries at a step. */
  readonly exchanged: Expr;
}

/** Options of {@link parallelTempering}. */
export interface TemperingOptions<T extends AnyLogDensity = LogDensity> {
  /** Inverse temperatures, 1 first, falling, all positive (0 is allowed where there is a reference). */
  readonly ladder: readonly number[];
  /** A kernel at an inverse temperature: steps may grow as it falls. */
  // biome-ignore lint/suspicious/noExplicitAny: a kernel of any state
  readonly kernel: (beta: Expr) => KernelOf<any, any, T>;
  /** Where the path ends: (1 − β) log p₀ + β log p. Default: β log p, towards a flat law. */
  readonly reference?: AnyLogDensity;
}

/**
 * Parallel tempering (Geyer 1991; Earl & Deem 2005, doi:10.1039/b509983h): every replica takes a step of its own kernel, then neighbours trade places with
 * probability min(1, e^((βᵢ − βⱼ)(lⱼ − lᵢ))) with l = log p (less log p₀), even and odd pairs in turn. The position is the coldest replica's, which samples the
 * target. All replicas start at one place. Throws `ArgumentError` where the ladder does not fall from 1.
 *
 * @example
 * parallelTempering({
 *   ladder: [1, 0.4, 0.1],
 *   kernel: (beta) => hmc({ stepSize: ops.div(0.3, ops.sqrt(beta)), steps: 5 }),
 * })(logDensityOf(normal([2])))
 */
export const parallelTempering = <T extends AnyLogDensity>({
  ladder,
  kernel,
  reference,
}: TemperingOptions<T>): KernelOf<Replicas, Exchanges, T> => {
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
    const at = (beta: Expr): AnyKernel => kernel(beta)(path(beta)) as AnyKernel;
    const moves = vmapRandom(
      (x, beta) => {
        const own = at(beta);
        return map(({ state }: { state: Position }): readonly Expr[] => [state.position, level(state.position)])(
          own.step(own.init(x)),
        );
      },
      { axis: 'replicas' },
    );
    return {
      spec: { type: 'parallelTempering', ladder, kernel: at(o.scalar(1)).spec },
      init: (position) => ({
        position,
        replicas: o.broadcastTo(o.expandDims(position, 0), [k, ...position.shape]),
        parity: o.scalar(0),
      }),
      step: ({ replicas, parity }) =>
        map(([[moved, levels], u]: readonly [readonly Expr[], Expr]): Transition<Replicas, Exchanges> => {
          const rise = o.sub(o.sliceAxis(levels, 0, 1, k), o.sliceAxis(levels, 0, 0, k - 1));
          const willing = o.less(o.log(u), o.mul(gaps, rise));
          const exchanged = o.where(o.and(willing, o.equal(oddPairs, parity)), 1, 0);
          // Of a trading pair (i, i + 1), i takes the place above and i + 1 the one below.
          const by = o.sub(o.pad(exchanged, [0], [1]), o.pad(exchanged, [1], [0]));
          const next = o.gather(moved, o.add(o.iota(k), o.cast(by, 'int32')));
          const position = o.reshape(o.sliceAxis(next, 0, 0, 1), next.shape.slice(1));
          return { state: { position, replicas: next, parity: o.sub(1, parity) }, info: { exchanged } };
        })(both(moves(replicas, betas), uniform([k - 1]))),
    };
  };
};
