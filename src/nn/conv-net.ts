import { pipe } from 'fp-ts/lib/function.js';
import { boolean, natural, positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Initializer, normalInit, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { range, type Shape, showShape, sizeOf } from '../core/shape.ts';
import { joinChannels } from './context-channels.ts';
import { type Activation, activationCodec, activations } from './dense.ts';
import { networkKind } from './kinds.ts';
import { type Network, network } from './network.ts';

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

/** The nine shifts of a 3×3 window. */
const shifts = range(9).map((t) => [Math.floor(t / 3), t % 3] as const);

/** The image moved by one of {@link shifts}, zeros coming in. */
const shifted = (x: Expr, [i, j]: readonly [number, number], [h, w, c]: Shape): Expr =>
  o.slice(x, [i, j, 0], [i + h, j + w, c]);

/** n equal pieces of the last axis, by halving: the gradients of two halves join to one array, those of nine slices do not. */
const pieces = (x: Expr, n: number): readonly Expr[] => {
  if (n === 1) return [x];
  const axis = x.shape.length - 1;
  const [size, first] = [x.shape[axis], Math.floor(n / 2)];
  const cut = (size / n) * first;
  return [...pieces(o.sliceAxis(x, axis, 0, cut), first), ...pieces(o.sliceAxis(x, axis, cut, size), n - first)];
};

/**
 * A convolution of an event `[H, W, C]` as one matrix product over the pixels, keeping H and W. Parameters `kernel [k, k, C, O]` and `bias [O]`.
 * A 3×3 window is unrolled on the side with fewer channels: of the inputs before the product, or of the outputs after it.
 */
export const convolution =
  (outputs: number, size: 1 | 3, init: (inputs: number) => Initializer) =>
  (x: Expr): Sc.Scoped<Expr> => {
    const [h, w, c] = x.shape;
    const product = (v: Expr, k: Expr): Expr => o.reshape(o.matmul(o.reshape(v, [h * w, -1]), k), [h, w, k.shape[1]]);
    const wide = (v: Expr): Expr => o.pad(v, [1, 1, 0], [1, 1, 0]);
    const applied = (k: Expr): Expr => {
      if (size === 1) return product(x, o.reshape(k, [c, outputs]));
      if (c <= outputs) {
        const around = wide(x);
        return product(o.concat(shifts.map((s) => shifted(around, s, x.shape)), 2), o.reshape(k, [9 * c, outputs])); // biome-ignore format: one idea
      }
      const each = product(x, o.reshape(o.transpose(o.reshape(k, [9, c, outputs]), [1, 0, 2]), [c, 9 * outputs]));
      return o.addAll(pieces(each, 9).map((piece, t) => shifted(wide(piece), shifts[t], [h, w, outputs])));
    };
    return pipe(
      Sc.parameter('kernel', [size, size, c, outputs], { init: init(size * size * c), kind: 'kernel' }),
      Sc.chain((k) =>
        pipe(
          Sc.parameter('bias', [outputs], { init: zeros, kind: 'bias' }),
          Sc.map((b) => o.add(applied(k), b)),
        ),
      ),
    );
  };

/** Normal with variance 2 / in (He et al. 2015). */
const he = (inputs: number): Initializer => normalInit(Math.sqrt(2 / inputs));
const nothing = (): Initializer => zeros;

/**
 * The convolutional conditioner of Glow (Kingma & Dhariwal 2018, arXiv:1807.03039, appendix B) for events `[H, W, C]`: 3×3, 1×1 and 3×3 convolutions with ReLU
 * in between, the last one zero at the start. It gives any shape `[…, H, W, C']` with the event's H and W. With `blocks` the middle is residual, as in RealNVP
 * (Dinh et al. 2017, arXiv:1605.08803). Cost: one matrix product over the pixels for each convolution. Throws `ArgumentError` where `channels` or `blocks` is
 * out of range and, when applied, `ShapeError` where the event is not an image or the requested shape has other sides.
 *
 * @example
 * affineCoupling({ conditioner: convNet({ channels: 32 }) });
 */
export const convNet = define(
  networkKind,
  {
    type: 'convNet',
    about: 'A residual convolutional network.',
    optional: { channels: positiveInteger, activation: activationCodec, zeroLast: boolean, blocks: natural },
    examples: [
      { channels: 4, zeroLast: false },
      { channels: 3, blocks: 1, activation: 'tanh' },
    ],
  },
  ({ channels = 64, activation = 'relu', zeroLast = true, blocks = 0 }: ConvNetOptions = {}): Network => {
    if (!Number.isInteger(channels) || channels < 1 || !Number.isInteger(blocks) || blocks < 0)
      return raise('ArgumentError', 'convNet', 'channels must be a positive integer and blocks a natural number', {
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
        step('out', convolution(channels, 1, nothing)),
        Sc.map((y) => o.add(x, y)),
      );
    const middle = (h: Sc.Scoped<Expr>): Sc.Scoped<Expr> =>
      blocks === 0
        ? pipe(h, Sc.map(f), step('conv1', convolution(channels, 1, he)))
        : (scope) => {
            let v = h(scope);
            for (const i of range(blocks)) v = Sc.at(`block${i}`, block(v))(scope);
            return v;
          };
    const apply = (x: Expr, output: Shape): Sc.Scoped<Expr> => {
      const [h, w] = x.shape;
      const rank = output.length;
      if (x.shape.length !== 3 || rank < 3 || output[rank - 3] !== h || output[rank - 2] !== w)
        return raise('ShapeError', '', 'convNet: not an image and numbers for each of its pixels', {
          expected: '[H, W, C] and […, H, W, C′]',
          got: `${showShape(x.shape)} and ${showShape(output)}`,
        });
      const [lead, last] = [sizeOf(output.slice(0, -3)), output[rank - 1]];
      return pipe(
        Sc.of(x),
        step('conv0', convolution(channels, 3, he)),
        middle,
        Sc.map(f),
        step('out', convolution(lead * last, 3, zeroLast ? nothing : he)),
        Sc.map((y) => o.reshape(o.transpose(o.reshape(y, [h, w, lead, last]), [2, 0, 1, 3]), output)),
      );
    };
    return network({ spec: { type: 'convNet', channels, activation, zeroLast, blocks }, apply }, (x, output, context) =>
      apply(x.shape.length === 3 ? joinChannels(x, context) : x, output),
    );
  },
);
