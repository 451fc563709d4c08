import { positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { ones, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import { networkPartKind } from './kinds.ts';
import { networkLayer } from './network.ts';

const EPSILON = 1e-5;

/** What is done to each channel after normalisation: multiplied by 1 + scale, then shifted; both `[C]`. */
export interface Modulation {
  readonly scale: Expr;
  readonly shift: Expr;
}

/**
 * Group normalisation (Wu & He 2018, arXiv:1803.08494) of an event `[C, …]`: channels in `groups` equal groups, each with mean 0 and variance 1 over
 * its own numbers (variance + 1e-5), then y = γ x + β per channel; parameters `scale [C]`, 1 at the start, and `bias [C]`, 0. With a
 * {@link Modulation} y (1 + scale) + shift (adaptive group norm, Dhariwal & Nichol 2021, arXiv:2105.05233, §3): all of it is one multiplication and
 * one addition per number. Throws `ShapeError` where the groups do not divide the channels.
 *
 * @example
 * groupNorm(8)(ops.input('x', [32, 14, 14]));
 */
export const groupNorm = define(
  networkPartKind,
  {
    type: 'groupNorm',
    about: 'Normalisation of groups of channels.',
    takes: ['groups'],
    required: { groups: positiveInteger },
    examples: [{ groups: 1 }],
  },
  (groups: number) =>
    networkLayer(
      { type: 'groupNorm', groups },
      (x: Expr, modulation?: Modulation): Sc.Scoped<Expr> =>
        (scope) => {
          const [channels, ...rest] = x.shape;
          if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
            return raise('ShapeError', scope.path, 'groupNorm: the groups do not divide the channels', {
              expected: `[${groups} k, …]`,
              got: showShape(x.shape),
            });
          const each = channels / groups;
          const grouped = o.reshape(x, [groups, each * sizeOf(rest)]);
          const mean = o.mean(grouped, 1);
          const centred = o.sub(grouped, o.restoreAxes(mean, grouped, 1));
          const precision = o.reciprocal(o.sqrt(o.add(o.mean(o.square(centred), 1), EPSILON)));
          const perChannel = (v: Expr): Expr => o.reshape(o.broadcastTo(o.reshape(v, [groups, 1]), [groups, each]), [channels]); // biome-ignore format: one line
          const scale = Sc.parameter('scale', [channels], { init: ones, kind: 'scale' })(scope);
          const bias = Sc.parameter('bias', [channels], { init: zeros, kind: 'shift' })(scope);
          const more = modulation === undefined ? undefined : o.add(1, modulation.scale);
          const gain = more === undefined ? scale : o.mul(scale, more);
          const offset = more === undefined ? bias : o.add(o.mul(bias, more), modulation!.shift);
          const wide = (v: Expr): Expr => o.broadcastTo(o.reshape(v, [channels, ...rest.map(() => 1)]), x.shape);
          const factor = o.mul(gain, perChannel(precision));
          return o.add(o.mul(o.reshape(centred, x.shape), wide(factor)), wide(offset));
        },
    ),
);
