import { pipe } from 'fp-ts/lib/function.js';
import { free } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { bijection, type Endo, type Layer } from '../algebra/transport.ts';
import { type BufferView, buffer } from '../core/buffer.ts';
import { finite, list, nonNegative, positiveNumber, strict } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { from, type Initializer, ones, zeros } from '../core/parameters.ts';
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
  /** How far the statistics in use go towards those of each batch that is trained on, from 0 (they stay) to 1; default 0.1. */
  readonly rate?: number;
  /** The statistics in use, fixed; without them they are buffers that start at the first batch's and follow the next ones'. */
  readonly statistics?: ChannelStatistics;
}

const statisticsCodec = strict({ mean: list(finite), variance: list(nonNegative) });

const DEFAULT_RATE = 0.1;

/** Statistics for one reading, and what makes them follow the batch where a value is trained. */
interface InUse {
  readonly m: Expr;
  readonly v: Expr;
  readonly moving: (value: Expr) => Expr;
}

const checkOptions = (epsilon: number, rate: number | undefined, statistics: ChannelStatistics | undefined): void => {
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    raise('ArgumentError', 'batchNorm', 'epsilon must be positive', { got: `${epsilon}` });
  if (rate !== undefined && !(rate >= 0 && rate <= 1))
    raise('ArgumentError', 'batchNorm', 'the rate is a number from 0 to 1', { got: `${rate}` });
  if (statistics === undefined) return;
  const { mean, variance } = statistics;
  if (rate !== undefined && rate > 0)
    raise('ArgumentError', 'batchNorm', 'statistics that are given do not follow batches: say a rate or statistics');
  if (mean.length !== variance.length)
    raise('ArgumentError', 'batchNorm', 'as many variances as means', { expected: `${mean.length}`, got: `${variance.length}` }); // biome-ignore format: one idea
  if (![...mean, ...variance].every(Number.isFinite) || variance.some((v) => v < 0))
    raise('ArgumentError', 'batchNorm', 'means are finite and variances not negative', { got: `[${mean.join(', ')}], [${variance.join(', ')}]` }); // biome-ignore format: one idea
};

/**
 * Batch normalisation as a flow (Dinh et al. 2017, §3.7) with *explicit* statistics m, v of each channel and learned γ = e^{s}, β:
 *
 *     z = (x − m) / √(v + ε) · e^{s} + β        log |det ∂z/∂x| = (number of pixels) · Σ (s − ½ log(v + ε))
 *
 * The statistics are never those of the batch at hand: then one example's density would depend on the others, and training and test would
 * disagree. They are numbers that are passed, or the buffers `mean` and `variance`, which gradients do not move: they start at the first batch's, and
 * while the layer is trained on events that it encodes, r ← (1 − rate) r + rate · batch after each move (the variance over the batch's own mean). Where the
 * layer is used, and where it decodes, they stand still. At `rate: 0` they keep the first batch's for ever; `actNorm` is that layer without the detour. A
 * loss that encodes twice (data and noise, say) would move them twice, an `ArgumentError`: put one reading in `evaluating`, or take `rate: 0`. Elementwise
 * both ways. Throws `ArgumentError` where ε, the rate or a variance cannot be used and, in use, `ShapeError` where there are other channels.
 *
 * @example
 * const following = batchNorm({ rate: 0.01 });
 * const fixed = batchNorm({ statistics: { mean: [0.1, -2], variance: [1, 4] } });
 */
export const batchNorm = define(
  layerKind,
  {
    type: 'batchNorm',
    about: 'Batch normalisation with explicit statistics.',
    optional: { epsilon: positiveNumber, rate: nonNegative, statistics: statisticsCodec },
    // Files without a rate are of the time when statistics stood still.
    takes: [],
    build: ({ rate = 0, ...options }): Layer => batchNorm({ ...options, rate }),
    examples: [{ rate: 0.1, epsilon: 1e-3 }, { statistics: { mean: [0.5, -1], variance: [2, 0.5] } }],
  },
  ({ epsilon = 1e-5, rate, statistics }: BatchNormOptions = {}): Endo<'bijective'> => {
    checkOptions(epsilon, rate, statistics);
    const follows = statistics === undefined ? (rate ?? DEFAULT_RATE) : 0;
    const inUse = (x: Expr, channels: number, fromData: boolean): Sc.Scoped<InUse> => {
      if (statistics !== undefined)
        return statistics.mean.length === channels
          ? Sc.of({
              m: o.constant(statistics.mean),
              v: o.constant(statistics.variance),
              moving: (value: Expr) => value,
            })
          : raise('ShapeError', '', 'batchNorm: statistics of other channels', {
              expected: `${statistics.mean.length} channels`,
              got: `${channels}`,
            });
      const batch = channelMoments(x);
      return (scope) => {
        const at = (name: 'mean' | 'variance', otherwise: Initializer): BufferView =>
          buffer(name, { initial: (fromData ? from(batch[name]) : otherwise)([channels]) })(scope);
        const [mean, variance] = [at('mean', zeros), at('variance', ones)];
        const next = (now: Expr, seen: Expr): Expr => o.add(o.mul(1 - follows, now), o.mul(follows, seen));
        const moving = (value: Expr): Expr =>
          mean.become(next(mean.now, batch.mean), variance.become(next(variance.now, batch.variance), value));
        return { m: mean.now, v: o.max(0, variance.now), moving: fromData && follows > 0 ? moving : (value) => value };
      };
    };
    const maps = (x: Expr, fromData: boolean) => {
      const { channels, pixels } = channelsOf('batchNorm', x.shape);
      return pipe(
        inUse(x, channels, fromData),
        Sc.chain(({ m, v, moving }) =>
          pipe(
            Sc.parameter('logScale', [channels], { init: zeros, kind: 'scale' }),
            Sc.chain((s) =>
              pipe(
                Sc.parameter('shift', [channels], { init: zeros, kind: 'shift' }),
                Sc.map((t) => {
                  const whole = o.sub(s, o.mul(0.5, o.log(o.add(v, epsilon))));
                  return { m, t, whole, moving, contribution: o.mul(pixels, o.sum(whole)) };
                }),
              ),
            ),
          ),
        ),
      );
    };
    return bijection({
      // A file without a rate was written when statistics stood still.
      spec: {
        type: 'batchNorm',
        epsilon,
        ...(follows === 0 ? {} : { rate: follows }),
        ...(statistics === undefined ? {} : { statistics: { mean: statistics.mean, variance: statistics.variance } }),
      },
      cost: free,
      encode: (x) =>
        pipe(
          maps(x, true),
          Sc.map(({ m, t, whole, contribution, moving }) => ({
            value: moving(o.add(o.mul(o.sub(x, m), o.exp(whole)), t)),
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
  },
);
