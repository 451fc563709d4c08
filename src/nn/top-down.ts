/** The networks of a top-down ladder: a state that goes down through groups of latent numbers, and features that go up. */

import { pipe } from 'fp-ts/lib/function.js';
import type { AnyContext } from '../algebra/context.ts';
import { positiveInteger, shapeCodec, text } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { normalInit } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { range, type Shape, showShape, sizeOf } from '../core/shape.ts';
import { joinChannels } from './context-channels.ts';
import { activations } from './dense.ts';
import { networkKind } from './kinds.ts';
import { type Network, network } from './network.ts';
import { decoderCell, encoderCell, pointwise } from './residual-cells.ts';

/** Options of {@link topDown}. */
export interface TopDownOptions {
  /** The shape of the data: an image `[H, W]` or `[H, W, C]`; anything else is one pixel. */
  readonly data: Shape;
  /** Groups of latent numbers, the outermost first. */
  readonly groups?: number;
  /** Latent channels of each group at each place. */
  readonly latent?: number;
  /** Channels of the state. */
  readonly channels?: number;
  /** Channels inside a cell per channel of the state. */
  readonly expansion?: number;
  /** Side of the depth-wise kernels, odd. */
  readonly kernel?: number;
  /** Where the parameters stand, shared by all users of the same ladder. */
  readonly name?: string;
}

/** Options of a ladder, as JSON. */
export const ladderFields = {
  groups: positiveInteger,
  latent: positiveInteger,
  channels: positiveInteger,
  expansion: positiveInteger,
  kernel: positiveInteger,
  name: text,
};

/** {@link TopDownOptions} with nothing left open, and what follows from them. */
export interface Ladder extends Required<TopDownOptions> {
  readonly image: Shape;
  /** Pixels on a side that make one place of the state. */
  readonly patch: number;
  /** `[H/p, W/p, channels]`. */
  readonly state: Shape;
  /** Latent numbers of one group. */
  readonly size: number;
}

const UNIT = Math.log(Math.expm1(1));

/** Throws `ArgumentError` where a count cannot be used. */
export const ladderOf = ({
  data,
  groups = 4,
  latent = 2,
  channels = 16,
  expansion = 2,
  kernel = 3,
  name = 'ladder',
}: TopDownOptions): Ladder => {
  const counts = { groups, latent, channels, expansion, kernel };
  const bad = Object.entries(counts).find(([, n]) => !Number.isInteger(n) || n < 1);
  if (bad !== undefined || kernel % 2 === 0)
    return raise('ArgumentError', 'topDown', `${bad?.[0] ?? 'kernel'}: not a positive integer, odd for the kernel`, {
      got: `${bad?.[1] ?? kernel}`,
    });
  const image: Shape = data.length === 2 ? [...data, 1] : data.length === 3 ? data : [1, 1, sizeOf(data)];
  const patch = [4, 2].find((p) => image[0] % p === 0 && image[1] % p === 0) ?? 1;
  const [h, w] = [image[0] / patch, image[1] / patch];
  return { data, ...counts, name, image, patch, state: [h, w, channels], size: h * w * latent };
};

/** `[H, W, C]` as `[H/p, W/p, p² C]`. */
const patches = (x: Expr, p: number): Expr => {
  const [h, w, c] = x.shape;
  return o.reshape(o.transpose(o.reshape(x, [h / p, p, w / p, p, c]), [0, 2, 1, 3, 4]), [h / p, w / p, p * p * c]);
};
const unpatched = (x: Expr, p: number, c: number): Expr => {
  const [h, w] = x.shape;
  return o.reshape(o.transpose(o.reshape(x, [h, w, p, p, c]), [0, 2, 1, 3, 4]), [h * p, w * p, c]);
};

/** The state that groups 0 … g−1 leave, given their whitened numbers joined in one vector (nothing for g = 0). */
export const stateAfter = (l: Ladder, groups: number, white?: Expr): Sc.Scoped<Expr> =>
  Sc.sharedInLayer(l.name, (scope) => {
    const start = Sc.parameter('start', l.state, { init: normalInit(0.1), kind: 'state' })(scope);
    return range(groups).reduce((h, g) => {
      const epsilon = o.reshape(o.sliceAxis(white!, 0, g * l.size, (g + 1) * l.size), [
        l.state[0],
        l.state[1],
        l.latent,
      ]);
      return Sc.at(`group${g}`, descend(l, h, epsilon))(scope);
    }, start);
  });

/** One group: z = μ(h) + σ(h) ε ~ p(z | h), then the state h + W z through a cell. */
const descend = (l: Ladder, h: Expr, epsilon: Expr): Sc.Scoped<Expr> =>
  pipe(
    Sc.at('prior', pointwise(2 * l.latent, 'zero')(activations.silu(h))),
    Sc.map((raw) => {
      const [mean, scale] = [o.sliceAxis(raw, 2, 0, l.latent), o.sliceAxis(raw, 2, l.latent, 2 * l.latent)];
      return o.add(mean, o.mul(o.softplus(o.add(scale, UNIT)), epsilon));
    }),
    Sc.chain((z) => Sc.at('read', pointwise(l.channels)(z))),
    Sc.chain((v) => Sc.at('cell', decoderCell(l)(o.add(h, v)))),
  );

/** Features of the data, place by place: `[H/p, W/p, channels]`. */
export const featuresOf = (l: Ladder, x: Expr): Sc.Scoped<Expr> =>
  Sc.sharedInLayer(
    `${l.name}/up`,
    pipe(
      Sc.at('patches', pointwise(l.channels)(patches(o.reshape(x, l.image), l.patch))),
      Sc.chain((v) => Sc.at('cell0', encoderCell(v))),
      Sc.chain((v) => Sc.at('cell1', encoderCell(v))),
    ),
  );

/** Mean and raw scale `[2, size]` of group g's whitened numbers, from the state and the features. */
export const residual = (l: Ladder, g: number, h: Expr, features: Expr): Sc.Scoped<Expr> =>
  Sc.sharedInLayer(
    `${l.name}/posterior${g}`,
    pipe(
      Sc.at('join', pointwise(l.channels)(activations.silu(o.concat([h, features], 2)))),
      Sc.chain((v) => Sc.at('out', pointwise(2 * l.latent, 'zero')(activations.silu(v)))),
      Sc.map((raw) =>
        o.reshape(o.transpose(o.reshape(raw, [h.shape[0] * h.shape[1], 2, l.latent]), [1, 0, 2]), [2, l.size]),
      ),
    ),
  );

/**
 * The generative side of NVAE (Vahdat & Kautz 2020, arXiv:2007.03898, §3) as a network: from the white noise of all groups in one vector to an array over the
 * data. A state h starts from a learned constant and goes down the groups: z_g = μ(h) + σ(h) ε_g is the group's prior given the groups above it, and a
 * depth-wise cell reads it into the state. With ε standard normal this is p(z) = Π p(z_g | z_<g) as a change of variables, so that a distribution of ε is a
 * distribution *relative to the prior*, which is the paper's residual normal posterior. There is one scale: patches of 4 × 4 pixels, of 2 × 2, or single
 * pixels. Parameters stand at `shared/<name>`. Throws `ArgumentError` where an option is not a positive integer (odd for the kernel) and, when applied,
 * `ShapeError` where the input does not have the groups' numbers or the output does not end in the data's shape.
 *
 * @example
 * const decoder = conditionalBernoulli([392], [28, 28], { network: topDown({ data: [28, 28], groups: 4, latent: 2 }) });
 */
export const topDown = define(
  networkKind,
  {
    type: 'topDown',
    about: 'The top-down half of a ladder of latent groups.',
    required: { data: shapeCodec },
    optional: ladderFields,
    examples: [{ data: [4, 4, 1], groups: 2, latent: 1, channels: 4, expansion: 1, kernel: 3, name: 'walk' }],
  },
  (options: TopDownOptions): Network => {
    const l = ladderOf(options);
    const { data, groups, latent, channels, expansion, kernel, name } = l;
    const spec = { type: 'topDown', data, groups, latent, channels, expansion, kernel, name };
    const apply = (x: Expr, output: Shape, context?: AnyContext): Sc.Scoped<Expr> => {
      const lead = sizeOf(output) / sizeOf(data);
      if (x.shape.length !== 1 || x.shape[0] !== groups * l.size || !Number.isInteger(lead))
        return raise('ShapeError', '', 'topDown: not the numbers of its groups and an array over its data', {
          expected: `[${groups * l.size}] and […, ${data.join(', ')}]`,
          got: `${showShape(x.shape)} and ${showShape(output)}`,
        });
      const [h, w, c] = l.image;
      return pipe(
        stateAfter(l, groups, x),
        Sc.map((v) => (context === undefined ? v : joinChannels(v, context))),
        Sc.chain((v) => Sc.at('out', pointwise(lead * l.patch * l.patch * c)(activations.silu(v)))),
        Sc.map((y) => {
          const image = o.reshape(unpatched(y, l.patch, c * lead), [h * w * c, lead]);
          return o.reshape(o.transpose(image, [1, 0]), output);
        }),
      );
    };
    // A context is read where the state becomes the image.
    return network({ spec, apply: (x, output) => apply(x, output) }, apply);
  },
);
