import type { Spec } from '../algebra/spec.ts';
import { buffer } from '../core/buffer.ts';
import { nonNegative, positiveNumber } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Initializer, ones, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { range, showShape } from '../core/shape.ts';
import { networkPartKind } from './kinds.ts';
import { type NetworkLayer, networkLayer } from './network.ts';

/** Options of {@link batchNormalised}. */
export interface BatchNormalisedOptions {
  /** How far the running statistics go towards those of each batch, from 0 to 1 (PyTorch's `momentum`); default 0.1. */
  readonly rate?: number;
  /** Added to the variance under the root; default 1e-5. */
  readonly epsilon?: number;
}

/** A running statistic, and what makes it follow `batch` where `value` is trained: r ← (1 − rate) r + rate · batch. */
const following =
  (name: string, start: Initializer, rate: number, batch: Expr): Sc.Scoped<(value: Expr) => Expr> =>
  (scope) => {
    const { now, become } = buffer(name, { initial: start(batch.shape) })(scope);
    return (value) => become(o.add(o.mul(1 - rate, now), o.mul(rate, batch)), value);
  };

/**
 * Batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167) of an event `[C]` or `[C, …]`, y = γ (x − m) / √(v + ε) + β for each channel, with
 * parameters `scale [C]` (γ, 1 at the start) and `shift [C]` (β, 0). While training, m and v are the mean and variance over the batch and the places of an
 * event, and gradients pass through them; the buffers `mean [C]` (0 at the start) and `variance [C]` (1) follow them by r ← (1 − rate) r + rate · batch. Where
 * the model is used (sampling, validation, export) m and v are those buffers, so one example's value never depends on the others. Both variances divide by n,
 * the batch's size times the places (the biased ones; PyTorch keeps the unbiased one, which is n / (n − 1) times ours).
 *
 * The batch is the innermost axis named `batch`: the events of the loss. In one loss the layer may be read once (two readings see two batches, and would
 * move the statistics twice: `ArgumentError`); other readings must be inside `evaluating`. It cannot be used inside a loop. Cost: some elementwise passes.
 * Throws `ArgumentError` where an option is out of range, `ShapeError` for a scalar.
 *
 * @example
 * const layer = batchNormalised({ rate: 0.01 });
 * const hidden = (x) => scope.chain(layer)(dense(64)(x));
 */
export const batchNormalised = define(
  networkPartKind,
  {
    type: 'batchNormalised',
    about: 'Batch normalisation between layers.',
    optional: { rate: nonNegative, epsilon: positiveNumber },
    examples: [{ rate: 0.2, epsilon: 1e-3 }],
  },
  ({
    rate = 0.1,
    epsilon = 1e-5,
  }: BatchNormalisedOptions = {}): NetworkLayer & {
    readonly spec: Spec;
  } => {
    if (!(rate >= 0 && rate <= 1))
      raise('ArgumentError', 'batchNormalised', 'the rate is a number from 0 to 1', { got: `${rate}` });
    if (!(epsilon > 0 && Number.isFinite(epsilon)))
      raise('ArgumentError', 'batchNormalised', 'epsilon must be a positive number', { got: `${epsilon}` });
    return networkLayer({ type: 'batchNormalised', rate, epsilon }, (x: Expr) => (scope: Sc.Scope): Expr => {
      const [channels, ...places] = x.shape;
      if (channels === undefined)
        return raise('ShapeError', scope.path, 'batchNormalised: there is no axis of channels', {
          expected: '[C, …]',
          got: showShape(x.shape),
        });
      const axes = range(places.length).map((i) => i + 1);
      const wide = (v: Expr): Expr => o.broadcastTo(o.reshape(v, [channels, ...places.map(() => 1)]), x.shape);
      const over = (v: Expr): Expr => o.batchMean(axes.length === 0 ? v : o.mean(v, axes));
      const scale = Sc.parameter('scale', [channels], { init: ones, kind: 'scale' })(scope);
      const shift = Sc.parameter('shift', [channels], { init: zeros, kind: 'shift' })(scope);
      const normalised = (centred: Expr, variance: Expr): Expr =>
        o.add(o.mul(centred, wide(o.div(scale, o.sqrt(o.add(variance, epsilon))))), wide(shift));
      if (scope.training !== true) {
        const mean = buffer('mean', { initial: zeros([channels]) })(scope).now;
        const variance = buffer('variance', { initial: ones([channels]) })(scope).now;
        return normalised(o.sub(x, wide(mean)), variance);
      }
      const mean = over(x);
      const centred = o.sub(x, wide(mean));
      const variance = over(o.square(centred));
      const movesMean = following('mean', zeros, rate, mean)(scope);
      const movesVariance = following('variance', ones, rate, variance)(scope);
      return movesMean(movesVariance(normalised(centred, variance)));
    });
  },
);
