/** The residual cells of NVAE (Vahdat & Kautz 2020, arXiv:2007.03898, figure 3) for images `[H, W, C]`, without batch statistics. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Initializer, normalInit, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { range } from '../core/shape.ts';
import { convolution } from './conv-net.ts';
import { activations, dense } from './dense.ts';

const heNormal = (inputs: number): Initializer => normalInit(Math.sqrt(2 / inputs));
const nothing = (): Initializer => zeros;

/** A 1×1 convolution: one dense layer at every pixel; parameters `kernel` and `bias`, zero at the start with `zero`. */
export const pointwise = (outputs: number, start: 'he' | 'zero' = 'he'): ((x: Expr) => Sc.Scoped<Expr>) =>
  convolution(outputs, 1, start === 'zero' ? nothing : heNormal);

/**
 * A depth-wise convolution of an image `[H, W, C]` that keeps its shape: every channel is convolved with its own k × k kernel, k odd, with zeros outside the
 * image. Parameter `kernel [k, k, C]`, no bias. Cost: k² H W C products.
 *
 * @example
 * depthwise(3)(ops.input('x', [7, 7, 16]));
 */
export const depthwise =
  (size: number) =>
  (x: Expr): Sc.Scoped<Expr> => {
    const [h, w, c] = x.shape;
    const edge = (size - 1) / 2;
    const wide = o.pad(x, [edge, edge, 0], [edge, edge, 0]);
    return pipe(
      Sc.parameter('kernel', [size, size, c], { init: normalInit(Math.sqrt(2) / size), kind: 'kernel' }),
      Sc.map((kernel) => {
        const rows = o.reshape(kernel, [size * size, c]);
        return o.addAll(
          range(size * size).map((t) => {
            const [i, j] = [Math.floor(t / size), t % size];
            const weight = o.broadcastTo(o.reshape(o.sliceAxis(rows, 0, t, t + 1), [c]), x.shape);
            return o.mul(weight, o.slice(wide, [i, j, 0], [i + h, j + w, c]));
          }),
        );
      }),
    );
  };

/**
 * Squeeze and excite (Hu, Shen & Sun 2018, arXiv:1709.01507) for an image `[H, W, C]`: x scaled channel by channel with gates σ(W₂ silu(W₁ m)) in (0, 1), m the
 * means of the channels over the image. The hidden layer has C / reduction units, at least 4. Parameters `squeeze` and `excite`, each a dense layer.
 *
 * @example
 * squeezeExcite(4)(ops.input('x', [7, 7, 16]));
 */
export const squeezeExcite =
  (reduction = 4) =>
  (x: Expr): Sc.Scoped<Expr> => {
    const [, , c] = x.shape;
    return pipe(
      Sc.at('squeeze', dense(Math.max(4, Math.floor(c / reduction)))(o.mean(x, [0, 1]))),
      Sc.map(activations.silu),
      Sc.chain((v) => Sc.at('excite', dense(c)(v))),
      Sc.map((gates) => o.mul(x, o.broadcastTo(o.sigmoid(gates), x.shape))),
    );
  };

const then = (name: string, f: (x: Expr) => Sc.Scoped<Expr>): ((x: Sc.Scoped<Expr>) => Sc.Scoped<Expr>) =>
  Sc.chain((v) => Sc.at(name, f(v)));
const swish = Sc.map(activations.silu);

/** Options of {@link decoderCell}. */
export interface DecoderCellOptions {
  /** Channels inside per channel outside. */
  readonly expansion?: number;
  /** Side of the depth-wise kernels, odd. */
  readonly kernel?: number;
}

/**
 * The residual cell of NVAE's generative side (Vahdat & Kautz 2020, arXiv:2007.03898, figure 3) for an image `[H, W, C]`: x + SE(1×1 → depth-wise → 1×1) with
 * swish in between and `expansion` · C channels inside. The last 1×1 is zero at the start, so that the cell starts as the identity.
 *
 * @example
 * decoderCell({ expansion: 2 })(ops.input('x', [7, 7, 16]));
 */
export const decoderCell =
  ({ expansion = 3, kernel = 5 }: DecoderCellOptions = {}) =>
  (x: Expr): Sc.Scoped<Expr> => {
    const [, , c] = x.shape;
    return pipe(
      Sc.of(x),
      then('widen', pointwise(expansion * c)),
      swish,
      then('depthwise', depthwise(kernel)),
      swish,
      then('narrow', pointwise(c, 'zero')),
      then('gate', squeezeExcite()),
      Sc.map((y) => o.add(x, y)),
    );
  };

/**
 * The residual cell of NVAE's inference side (Vahdat & Kautz 2020, arXiv:2007.03898, figure 3) for an image `[H, W, C]`: x + SE(3×3 → 3×3), swish before each.
 * The last convolution is zero at the start, so that the cell starts as the identity.
 *
 * @example
 * encoderCell(ops.input('x', [7, 7, 16]));
 */
export const encoderCell = (x: Expr): Sc.Scoped<Expr> => {
  const [, , c] = x.shape;
  return pipe(
    Sc.of(x),
    swish,
    then('conv0', convolution(c, 3, heNormal)),
    swish,
    then('conv1', convolution(c, 3, nothing)),
    then('gate', squeezeExcite()),
    Sc.map((y) => o.add(x, y)),
  );
};
