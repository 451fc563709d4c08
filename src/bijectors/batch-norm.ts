import { pipe } from 'fp-ts/lib/function.js';
import { free } from '../algebra/cost.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { from, ones, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { channelMoments } from './act-norm.ts';
import { channelsOf } from './rows.ts';

/** Mean and variance of each channel. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  /** Not negative. */
  readonly variance: readonly number[];
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Added to the variance under the root. */
  readonly epsilon?: number;
  /** The statistics in use; without them they are parameters that start at the first batch's and that no gradient reaches. */
  readonly statistics?: ChannelStatistics;
}

/**
 * Batch normalisation as a flow (Dinh et al. 2017, §3.7) with *explicit* statistics m, v of each channel and learned γ = e^{s}, β:
 *
 *     z = (x − m) / √(v + ε) · e^{s} + β        log |det ∂z/∂x| = (number of pixels) · Σ (s − ½ log(v + ε))
 *
 * The statistics are never those of the batch at hand: then one example's density would depend on the others, and training and test would
 * disagree. They are numbers that are passed, or parameters `mean` and `variance`, which gradients do not move; {@link movedStatistics} moves
 * them between runs of training. Where that is not wanted, `actNorm` does the same once. Elementwise both ways.
 * Throws `ArgumentError` where ε or a variance cannot be used and, in use, `ShapeError` where there are other channels.
 *
 * @example
 * batchNorm({ statistics: { mean: [0.1, -2], variance: [1, 4] } })
 */
export const batchNorm = ({ epsilon = 1e-5, statistics }: BatchNormOptions = {}): Endo<'bijective'> => {
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    return raise('ArgumentError', 'batchNorm', 'epsilon must be positive', { got: `${epsilon}` });
  if (statistics !== undefined) {
    const { mean, variance } = statistics;
    if (mean.length !== variance.length)
      return raise('ArgumentError', 'batchNorm', 'as many variances as means', { expected: `${mean.length}`, got: `${variance.length}` }); // biome-ignore format: one idea
    if (![...mean, ...variance].every(Number.isFinite) || variance.some((v) => v < 0))
      return raise('ArgumentError', 'batchNorm', 'means are finite and variances not negative', { got: `[${mean.join(', ')}], [${variance.join(', ')}]` }); // biome-ignore format: one idea
  }
  const inUse = (x: Expr, channels: number, fromData: boolean): Sc.Scoped<readonly [Expr, Expr]> => {
    if (statistics !== undefined)
      return statistics.mean.length === channels
        ? Sc.of([o.constant(statistics.mean), o.constant(statistics.variance)])
        : raise('ShapeError', '', 'batchNorm: statistics of other channels', {
            expected: `${statistics.mean.length} channels`,
            got: `${channels}`,
          });
    const { mean, variance } = channelMoments(x);
    return pipe(
      Sc.parameter('mean', [channels], { init: fromData ? from(mean) : zeros, kind: 'statistic' }),
      Sc.chain((m) =>
        pipe(
          Sc.parameter('variance', [channels], { init: fromData ? from(variance) : ones, kind: 'statistic' }),
          Sc.map((v) => [o.stopGradient(m), o.max(0, o.stopGradient(v))] as const),
        ),
      ),
    );
  };
  const maps = (x: Expr, fromData: boolean) => {
    const { channels, pixels } = channelsOf('batchNorm', x.shape);
    return pipe(
      inUse(x, channels, fromData),
      Sc.chain(([m, v]) =>
        pipe(
          Sc.parameter('logScale', [channels], { init: zeros, kind: 'scale' }),
          Sc.chain((s) =>
            pipe(
              Sc.parameter('shift', [channels], { init: zeros, kind: 'shift' }),
              Sc.map((t) => {
                const whole = o.sub(s, o.mul(0.5, o.log(o.add(v, epsilon))));
                return { m, t, whole, contribution: o.mul(pixels, o.sum(whole)) };
              }),
            ),
          ),
        ),
      ),
    );
  };
  return bijection({
    spec: { type: 'batchNorm', epsilon, ...(statistics === undefined ? {} : { statistics: { mean: statistics.mean, variance: statistics.variance } }) }, // biome-ignore format: one idea
    cost: free,
    encode: (x) =>
      pipe(
        maps(x, true),
        Sc.map(({ m, t, whole, contribution }) => ({
          value: o.add(o.mul(o.sub(x, m), o.exp(whole)), t),
          contribution,
        })),
      ),
    decode: (z) =>
      pipe(
        maps(z, false),
        Sc.map(({ m, t, whole, contribution }) => ({
          value: o.add(o.mul(o.sub(z, t), o.exp(o.neg(whole))), m),
          contribution,
        })),
      ),
  });
};

/** Running statistics one batch later: (1 − rate) · running + rate · batch. A fold, with nothing hidden. */
export const movedStatistics = (
  running: ChannelStatistics,
  batch: ChannelStatistics,
  rate = 0.1,
): ChannelStatistics => {
  const towards = (a: readonly number[], b: readonly number[]): readonly number[] =>
    a.length === b.length && rate >= 0 && rate <= 1
      ? a.map((v, i) => (1 - rate) * v + rate * b[i])
      : raise('ArgumentError', 'movedStatistics', 'as many channels in both, and a rate from 0 to 1', {
          expected: `${a.length} channels`,
          got: `${b.length}, rate ${rate}`,
        });
  return { mean: towards(running.mean, batch.mean), variance: towards(running.variance, batch.variance) };
};
