import { pipe } from 'fp-ts/lib/function.js';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { he, type Initializer, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import { type Activation, activations } from './dense.ts';
import type { Network } from './network.ts';

/** Options of {@link convNet}. */
export interface ConvNetOptions {
  /** Channels of the two hidden layers. */
  readonly channels?: number;
  readonly activation?: Activation;
  /** Start the last convolution at zero, so that couplings start as the identity (default); else like the others. */
  readonly zeroLast?: boolean;
  /** Residual blocks x + conv₁ₓ₁(f(conv₃ₓ₃(f(x)))) in the middle, in place of one 1×1 convolution; default 0. */
  readonly blocks?: number;
}

/** A 3×3 (or 1×1) convolution of `[1, C, H, W]` with bias, keeping H and W. Parameters `kernel [O, C, k, k]` and `bias [O]`. */
const convolution =
  (outputs: number, size: 1 | 3, init: Initializer) =>
  (x: Expr): Sc.Scoped<Expr> =>
    pipe(
      Sc.parameter('kernel', [outputs, x.shape[1], size, size], { init }),
      Sc.chain((w) =>
        pipe(
          Sc.parameter('bias', [outputs], { init: zeros }),
          Sc.map((b) => o.add(o.conv2d(x, w, { padding: 'same' }), o.reshape(b, [1, outputs, 1, 1]))),
        ),
      ),
    );

/**
 * The convolutional conditioner of Glow (Kingma & Dhariwal 2018, arXiv:1807.03039, appendix B) for events `[H, W, C]`: 3×3, 1×1 and 3×3
 * convolutions with ReLU between, the last one zero at the start. It gives any shape `[…, H, W, C']` with the event's H and W. With `blocks` the
 * middle is residual, as in RealNVP. Throws `ArgumentError` where a count cannot be used and, in use, `ShapeError` where the
 * event is no image or another size is asked for.
 *
 * @example
 * affineCoupling({ conditioner: convNet({ channels: 32 }) })
 */
export const convNet = ({
  channels = 64,
  activation = 'relu',
  zeroLast = true,
  blocks = 0,
}: ConvNetOptions = {}): Network => {
  if (!Number.isInteger(channels) || channels < 1 || !Number.isInteger(blocks) || blocks < 0)
    return raise('ArgumentError', 'convNet', 'channels is a positive integer and blocks one from 0', {
      got: `${channels} channels, ${blocks} blocks`,
    });
  const f = activations[activation];
  const step = (name: string, next: (x: Expr) => Sc.Scoped<Expr>) => (h: Sc.Scoped<Expr>): Sc.Scoped<Expr> =>
    pipe(h, Sc.chain((v) => Sc.at(name, next(v)))); // biome-ignore format: one idea
  const block = (x: Expr): Sc.Scoped<Expr> =>
    pipe(
      Sc.of(f(x)),
      step('conv', convolution(channels, 3, he)),
      Sc.map(f),
      step('out', convolution(channels, 1, zeros)),
      Sc.map((y) => o.add(x, y)),
    );
  const middle = (h: Sc.Scoped<Expr>): Sc.Scoped<Expr> =>
    blocks === 0
      ? pipe(h, Sc.map(f), step('conv1', convolution(channels, 1, he)))
      : Array.from({ length: blocks }, (_, i) => step(`block${i}`, block)).reduce((v, g) => g(v), h);
  return {
    spec: { type: 'convNet', channels, activation, zeroLast, blocks },
    apply: (x, output) => {
      const [h, w, c] = x.shape;
      const rank = output.length;
      if (x.shape.length !== 3 || rank < 3 || output[rank - 3] !== h || output[rank - 2] !== w)
        return raise('ShapeError', '', 'convNet: not an image and numbers for each of its pixels', {
          expected: '[H, W, C] and […, H, W, C′]',
          got: `${showShape(x.shape)} and ${showShape(output)}`,
        });
      const [lead, last] = [sizeOf(output.slice(0, -3)), output[rank - 1]];
      return pipe(
        Sc.of(o.reshape(o.transpose(x, [2, 0, 1]), [1, c, h, w])),
        step('conv0', convolution(channels, 3, he)),
        middle,
        Sc.map(f),
        step('out', convolution(lead * last, 3, zeroLast ? zeros : he)),
        Sc.map((y) => o.reshape(o.transpose(o.reshape(y, [lead, last, h, w]), [0, 2, 3, 1]), output)),
      );
    },
  };
};
