/** A replay buffer: many chains, of which a step moves a few. */

import type { Spec } from '../algebra/spec.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { knownOptions } from '../core/known-options.ts';
import * as o from '../core/ops/index.ts';
import { fork, map, type Random, uniform, vmapRandom } from '../core/random.ts';
import { type AnyKernel, chainEnd } from './kernel.ts';

/** Options of {@link persistent}. */
export interface ReplayOptions {
  /** Chains that the buffer holds. */
  readonly size: number;
  /** Chains moved by a step by default; all of them where it is left out. */
  readonly take?: number;
  /** The probability that a chain restarts from `start` before it moves; default 0. */
  readonly reinitialise?: number;
  /** Where chains start: a position of one chain. */
  readonly start: Random<Expr>;
  /** Steps of the kernel in one move; default 1. */
  readonly steps?: number;
}

/** What a move of a replay buffer gives. */
export interface Replayed {
  /** Where the chains that moved are now, `[n, …event]`. */
  readonly ends: Expr;
  /** The buffer after the move, `[size, …event]`: those that waited longest first, those that just moved last. */
  readonly buffer: Expr;
}

/** Chains that persist between the steps of their user: the result of {@link persistent}. The buffer is a value, kept by the caller. */
export interface PersistentChains {
  readonly spec: Spec;
  /** Chains at their starts, `[size, …event]`. */
  readonly init: Random<Expr>;
  /** Moves the n chains that have waited longest (default: `take`). Throws `ArgumentError` where the buffer holds fewer. */
  readonly step: (buffer: Expr, n?: number) => Random<Replayed>;
}

const count = (owner: string, sentence: string, n: number): void => {
  if (!Number.isInteger(n) || n < 1) raise('ArgumentError', owner, sentence, { got: `${n}` });
};

/**
 * A replay buffer of chains (Tieleman 2008, doi:10.1145/1390156.1390290; Du & Mordatch 2019, arXiv:1903.08689, §3.2): a queue of `size` positions, `[size,
 * …event]`. A step takes the n that have waited longest, restarts each from `start` with probability `reinitialise`, moves it by `steps` of the kernel and
 * appends it: every chain moves once in size / n steps. A step is a pure function of the buffer, which a loop or a training state carries; what a kernel keeps
 * besides a position (a momentum, an adapted step size) is recreated at each move. Noise is keyed by a chain's place in the queue, so what happens to chain i
 * does not depend on n. Where chains restart, the ends have different ages, and follow the kernel's distribution only as `reinitialise` → 0. Cost: n · `steps`
 * kernel steps. Throws `ArgumentError` where a number is out of range or a step moves more chains than the buffer holds, `ShapeError` where a step is given
 * another buffer.
 *
 * @example
 * const origin = (cursor) => [ops.constant([0, 0]), cursor];
 * persistent({ size: 100, take: 10, reinitialise: 0.05, start: origin })(mala({ stepSize: 0.1 })(logDensityOf(normal([2]))));
 */
export const persistent = (options: ReplayOptions): ((kernel: AnyKernel) => PersistentChains) => {
  const {
    size,
    take = size,
    reinitialise = 0,
    start,
    steps = 1,
  } = knownOptions('persistent', options, { size: true, take: true, reinitialise: true, start: true, steps: true });
  const owner = 'persistent';
  count(owner, 'the replay buffer holds one chain or more', size);
  count(owner, 'a step moves one chain or more', take);
  count(owner, 'a chain takes one step or more', steps);
  if (!(reinitialise >= 0 && reinitialise <= 1))
    raise('ArgumentError', owner, 'reinitialise is a probability', { got: `${reinitialise}` });
  const enough = (n: number): void => {
    if (n > size)
      raise('ArgumentError', owner, 'the replay buffer holds fewer chains than a step moves', {
        expected: `1 … ${size} chains`,
        got: `${n}`,
      });
  };
  enough(take);
  return (kernel) => {
    const chain = chainEnd(kernel, steps);
    /** A chain from a position, restarted with some probability. */
    const moved =
      (position: Expr): Random<Expr> =>
      (cursor) => {
        if (reinitialise === 0) return chain(position)(cursor);
        const [u, afterCoin] = uniform([])(cursor);
        const [fresh, afterStart] = fork(start)(afterCoin);
        return chain(o.where(o.less(u, reinitialise), fresh, position))(afterStart);
      };
    return {
      spec: { type: owner, size, take, reinitialise, steps, kernel: kernel.spec },
      init: alone(vmapRandom(() => listed(start), { size })()),
      step: (buffer, n = take) => {
        count(owner, 'a step moves one chain or more', n);
        enough(n);
        if (buffer.shape[0] !== size)
          raise('ShapeError', owner, 'the buffer has another size', {
            expected: `[${size}, …]`,
            got: `[${buffer.shape}]`,
          });
        const run = vmapRandom((x) => listed(moved(x)))(o.sliceAxis(buffer, 0, 0, n));
        return map(
          (ends: Expr): Replayed => ({
            ends,
            buffer: n === size ? ends : o.concat([o.sliceAxis(buffer, 0, n, size), ends], 0),
          }),
        )(alone(run));
      },
    };
  };
};

const listed = map((x: Expr): readonly Expr[] => [x]);
const alone = map(([x]: readonly Expr[]): Expr => x);
