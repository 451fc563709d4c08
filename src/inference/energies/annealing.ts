/** Annealed importance sampling as expressions: a stretch of temperatures walked by many chains, in one loop. */
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { fork, map, type Random } from '../../core/random.ts';
import { root } from '../../core/scope.ts';
import type { Shape } from '../../core/shape.ts';
import { scanStruct, vmapStruct } from '../../core/struct-loops.ts';
import { chainOf } from '../../mcmc/kernel.ts';
import type { Bridge } from './bridge.ts';
import { type KernelFamily, kernelOn } from './dist-kernel.ts';

/** The kernel and the number of steps of a walk along a bridge. */
export interface Walk {
  readonly kernel: KernelFamily;
  /** Kernel steps at each temperature. */
  readonly steps: number;
}

/** Up: weights gathered before a move to the next β. Down: after one, from exact samples of the end. */
export type Way = 'forward' | 'reverse';

/** Chains on a bridge: positions `[M, …shape]`, log-weights `[M]` in nats, and the mean number of accepted kernel steps, where the kernel reports it. */
export type Stretch = {
  readonly positions: Expr;
  readonly logWeights: Expr;
  /** Sum of acceptance over temperatures, `[M]`. */
  readonly accepted: Expr;
};

/**
 * L temperatures of a walk, for many chains: for consecutive β, β′ of `betas` `[L + 1]`,
 *
 *     forward   log w ← log w + log f_β′(x) − log f_β(x),  then x ~ T_β′(x)
 *     reverse   x ~ T_β(x),  then  log w ← log w + log f_β′(x) − log f_β(x)      (β′ < β)
 *
 * where T leaves f invariant and is reversible. Then E w = Z₁/Z₀ forward and Z₀/Z₁ in reverse, for any betas and any number of steps (Neal 2001). Equal
 * temperatures change no weight. Chain i depends on its own noise alone.
 */
export const annealed = (
  bridge: Bridge<Shape>,
  { kernel, steps }: Walk,
  way: Way,
  { positions, logWeights, accepted }: Stretch,
  betas: Expr,
): D.Draw<Stretch> => {
  const length = betas.shape[0] - 1;
  const pairs = { from: o.sliceAxis(betas, 0, 0, length), to: o.sliceAxis(betas, 0, 1, length + 1) };
  const at = (beta: Expr, x: Expr): Expr => D.runDraw(bridge.at(beta).logDensity(x), root, 'none');
  const gain = (x: Expr, from: Expr, to: Expr): Expr => o.sub(at(to, x), at(from, x));
  const move =
    (beta: Expr, x: Expr): Random<readonly [Expr, Expr]> =>
    (cursor) => {
      const chain = kernelOn(kernel, bridge.at(beta))(root);
      const rate = (t: { readonly info: { readonly acceptance?: Expr } }): Expr => t.info.acceptance ?? o.scalar(1);
      if (steps === 1) {
        const [t, next] = fork(chain.step(chain.init(x)))(cursor);
        return [[t.state.position, rate(t)], next];
      }
      const [{ state, recorded }, next] = chainOf(chain, steps, (t) => ({ rate: rate(t) }))(chain.init(x))(cursor);
      return [[state.position, o.mean(recorded.rate)], next];
    };
  const walked = vmapStruct((start: Stretch) =>
    map(({ carry }: { readonly carry: Stretch }) => carry)(
      scanStruct({
        length,
        init: start,
        xs: pairs,
        body:
          ({ positions: x, logWeights: w, accepted: a }: Stretch, { from, to }) =>
          (c) => {
            const before = way === 'forward' ? o.add(w, gain(x, from, to)) : w;
            const [[moved, rate], after] = move(way === 'forward' ? to : from, x)(c);
            const logWeights = way === 'forward' ? before : o.add(before, gain(moved, from, to));
            return [{ carry: { positions: moved, logWeights, accepted: o.add(a, rate) }, ys: {} }, after];
          },
      }),
    ),
  );
  return D.fromRandom(walked({ positions, logWeights, accepted }));
};

/**
 * Inverse temperatures β₀ = 0 ≤ … ≤ β_L = 1 of annealed importance sampling: a number L gives L equal steps (L + 1 temperatures), a list is returned unchanged.
 * Throws `ArgumentError` where L is not a positive integer or the list does not rise from 0 to 1.
 *
 * @example
 * betasOf(4);   // [0, 0.25, 0.5, 0.75, 1]
 */
export const betasOf = (betas: number | readonly number[]): readonly number[] => {
  if (typeof betas === 'number')
    return Number.isInteger(betas) && betas >= 1
      ? Array.from({ length: betas + 1 }, (_, i) => i / betas)
      : raise('ArgumentError', 'betas', 'there is one temperature or more', { got: `${betas}` });
  const wrong = betas.findIndex((b, i) => !(i === 0 ? b === 0 : b >= betas[i - 1]));
  if (betas.length < 2 || wrong >= 0 || betas[betas.length - 1] !== 1)
    return raise('ArgumentError', 'betas', 'inverse temperatures rise from 0 to 1', {
      expected: '0 ≤ … ≤ 1',
      got: betas.length < 2 ? `${betas.length} of them` : wrong >= 0 ? `${betas[wrong]} at ${wrong}` : `${betas[betas.length - 1]} at the end`, // biome-ignore format: one sentence
    });
  return betas;
};
