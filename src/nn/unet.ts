import { list, natural, positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Initializer, normalInit, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { range, type Shape, showShape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { selfAttention } from './attention.ts';
import { doubled, fromPlanes, halved, planeConvolution, toPlanes } from './conv-planes.ts';
import { activations, denseZero } from './dense.ts';
import { groupNorm } from './group-norm.ts';
import { embeddingKind, noiseNetworkKind } from './kinds.ts';
import { conditioning, type NoiseConditioned, noiseConditioned } from './noise-conditioned.ts';
import { type Embedding, gaussianFourier } from './time-embedding.ts';

/** Options of {@link unet}. */
export interface UnetOptions {
  /** Channels of the first level; those of level i are `channels · multipliers[i]`, and each level halves rows and columns. */
  readonly channels?: number;
  readonly multipliers?: readonly number[];
  /** Residual blocks in each level, on the way down and again on the way up. */
  readonly blocks?: number;
  /** Heads of the self-attention in the middle; 0 for none. */
  readonly heads?: number;
  /** Groups of the group normalisations. */
  readonly groups?: number;
  /** Squares of patch × patch pixels are the places of the first level: 2 makes every step about four times as fast. */
  readonly patch?: number;
  /** How the noise coordinate is read; default `gaussianFourier()`, for ¼ log σ. */
  readonly embedding?: Embedding;
}

/** Normal with variance 1 / in. */
const lecun = (inputs: number): Initializer => normalInit(Math.sqrt(1 / inputs));
const nothing = (): Initializer => zeros;

const { silu } = activations;

/**
 * The U-Net of diffusion models (Ho et al. 2020, arXiv:2006.11239, appendix B; with the adaptive group norm of Dhariwal & Nichol 2021, arXiv:2105.05233) for
 * events `[H, W, C]`: residual blocks (group norm, SiLU, 3×3 convolution, twice; the noise level scales and shifts the second norm) at each level on the way
 * down and, joined with the features of the way down, on the way up; self-attention at the lowest level; the last layer is zero at the start. It gives any
 * shape `[…, H, W, C']`. With one block a level it has 80 to 100 times channels² Σ multipliers² parameters.
 *
 * Throws `ArgumentError` where an option is out of range and, when applied, `ShapeError` where the event is not an image whose sides the levels can halve.
 *
 * @example
 * unet({ channels: 32, multipliers: [1, 2], patch: 2 });   // 28 × 28 digits at 14 × 14 and 7 × 7
 */
export const unet = define(
  noiseNetworkKind,
  {
    type: 'unet',
    about: 'A U-Net of images that reads a noise level.',
    optional: {
      channels: positiveInteger,
      multipliers: list(positiveInteger, 'a list of positive integers'),
      blocks: positiveInteger,
      heads: natural,
      groups: positiveInteger,
      patch: positiveInteger,
      embedding: nested(embeddingKind),
    },
    examples: [
      {
        channels: 4,
        multipliers: [1],
        blocks: 1,
        heads: 1,
        groups: 1,
        patch: 2,
        embedding: { type: 'sinusoidal', size: 4 },
      },
    ],
  },
  ({
    channels = 32,
    multipliers = [1, 2, 2],
    blocks = 1,
    heads = 4,
    groups = 8,
    patch = 1,
    embedding = gaussianFourier(),
  }: UnetOptions = {}): NoiseConditioned => {
    const counts = { channels, blocks, groups, patch, multiplier: Math.min(...multipliers) };
    const bad = Object.entries(counts).find(([, n]) => !Number.isInteger(n) || n < 1);
    if (bad !== undefined || multipliers.length === 0 || !multipliers.every(Number.isInteger))
    return raise('ArgumentError', 'unet', `${bad?.[0] ?? 'multipliers'}must be a positive integer`, { got: bad === undefined ? `[${multipliers.join(', ')}]` : `${bad[1]}` }); // biome-ignore format: one sentence
    const widths = multipliers.map((m) => m * channels);
    if (
      channels % groups !== 0 ||
      !Number.isInteger(heads) ||
      heads < 0 ||
      (heads > 0 && widths[widths.length - 1] % heads !== 0)
    )
      // biome-ignore format: one condition
      return raise('ArgumentError', 'unet', 'groups must divide the channels, and heads the channels of the lowest level', {
      got: `${channels} channels, ${groups} groups, ${widths[widths.length - 1]} at the lowest level, ${heads} heads`,
    });

    const block =
      (width: number, level: Expr) =>
      (x: Expr): Sc.Scoped<Expr> =>
      (scope) => {
        const first = silu(Sc.at('norm0', groupNorm(groups)(x))(scope));
        const h = Sc.at('conv0', planeConvolution(width, 3, { init: lecun })(first))(scope);
        const both = Sc.at('level', denseZero(2 * width)(level))(scope);
        const modulation = { scale: o.sliceAxis(both, 0, 0, width), shift: o.sliceAxis(both, 0, width, 2 * width) };
        const second = silu(Sc.at('norm1', groupNorm(groups)(h, modulation))(scope));
        const change = Sc.at('conv1', planeConvolution(width, 3, { init: nothing })(second))(scope);
        const straight =
          x.shape[0] === width ? x : Sc.at('skip', planeConvolution(width, 1, { init: lecun })(x))(scope);
        return o.add(straight, change);
      };

    /** x + attention(norm(x)) over the places of planes. */
    const attended = (x: Expr): Sc.Scoped<Expr> => (scope) => {
    const [c, h, w] = x.shape;
    const normed = Sc.at('norm', groupNorm(groups)(x))(scope);
    const tokens = o.transpose(o.reshape(normed, [c, h * w]));
    return o.add(x, o.reshape(o.transpose(selfAttention(heads)(tokens)(scope)), x.shape));
  }; // biome-ignore format: one idea

    const network = (x: Expr, level: Expr, outputs: number): Sc.Scoped<Expr> => (scope) => {
    const skips: Expr[] = [];
    let h = Sc.at('in', planeConvolution(widths[0], 3, { init: lecun })(x))(scope);
    for (const [i, width] of widths.entries()) {
      if (i > 0) h = halved(h);
      for (const b of range(blocks)) {
        h = Sc.at(`down${i}/${b}`, block(width, level)(h))(scope);
        skips.push(h);
      }
    }
    h = Sc.at('middle0', block(widths[widths.length - 1], level)(h))(scope);
    if (heads > 0) h = Sc.at('attention', attended(h))(scope);
    h = Sc.at('middle1', block(widths[widths.length - 1], level)(h))(scope);
    for (const [i, width] of [...widths.entries()].reverse()) {
      for (const b of range(blocks)) h = Sc.at(`up${i}/${b}`, block(width, level)(o.concat([h, skips.pop()!], 0)))(scope); // biome-ignore format: one line
      if (i > 0) h = doubled(h);
    }
    const last = silu(Sc.at('norm', groupNorm(groups)(h))(scope));
    return Sc.at('out', planeConvolution(outputs, 3, { init: nothing })(last))(scope);
  }; // biome-ignore format: one idea

    const cells = patch * 2 ** (widths.length - 1);
    return noiseConditioned(
      { type: 'unet', channels, multipliers, blocks, heads, groups, patch, embedding: embedding.spec },
      (x, c, output, context) => (scope) => {
        needImage(x.shape, output, cells);
        const [lead, last] = [sizeOf(output.slice(0, -3)), output[output.length - 1]];
        const level = conditioning(embedding, 4 * channels)(c, context)(scope);
        const y = network(toPlanes(x, patch), level, patch * patch * lead * last)(scope);
        const [h, w] = x.shape;
        return o.reshape(o.transpose(o.reshape(fromPlanes(y, patch), [h, w, lead, last]), [2, 0, 1, 3]), output);
      },
      { images: true },
    );
  },
);

const needImage = (x: Shape, output: Shape, cells: number): void => {
  const [h, w] = x;
  const fits = x.length === 3 && output.length >= 3 && output[output.length - 3] === h && output[output.length - 2] === w; // biome-ignore format: one condition
  if (!fits || h % cells !== 0 || w % cells !== 0)
    raise('ShapeError', '', 'unet: not an image whose sides the levels can halve, and numbers for each of its pixels', {
      expected: `[${cells} h, ${cells} w, C] and […, ${cells} h, ${cells} w, C′]`,
      got: `${showShape(x)} and ${showShape(output)}`,
    });
};
