/** Which network denoises which events: a U-Net for images, grey ones included, a residual perceptron for everything smaller. */
import type { Shape } from '../../core/shape.ts';
import { type Embedding, gaussianFourier, greyscale, type NoiseConditioned, resMlp, unet } from '../../nn/index.ts';
import { type ReadsContext, reads } from '../reads.ts';

/** Options of every diffusion model. */
export interface DiffusionNetworkOptions extends ReadsContext {
  /** Widths of the perceptron; the first is the channels of the U-Net, rounded up to a multiple of four. Default 3 × 128, and 32 channels. */
  readonly hidden?: readonly number[];
  /** Sides of the U-Net's first squares of pixels; 2 makes it four times as fast. Default 1. */
  readonly patch?: number;
  readonly embedding?: Embedding;
}

/** Images with a shorter side are vectors: there is nothing to halve. */
const SMALLEST = 8;

/** The number of times both sides can be halved, at most 2. */
const halvings = ([h, w]: Shape, patch: number): number => {
  const even = (n: number): number => (n > 0 && n % 2 === 0 ? 1 + even(n / 2) : 0);
  return Math.min(2, even(h / patch), even(w / patch));
};

/**
 * The network for events of a shape: `[H, W]` and `[H, W, C]` are images where both sides have eight pixels or more.
 *
 * @example
 * noiseNetwork([28, 28], { hidden: [32], patch: 2 });
 */
export const noiseNetwork = (
  shape: Shape,
  { hidden, patch = 1, embedding = gaussianFourier(), given }: DiffusionNetworkOptions = {},
): NoiseConditioned => {
  const isImage = (shape.length === 2 || shape.length === 3) && Math.min(shape[0], shape[1]) >= SMALLEST;
  if (!isImage) return reads(given)(resMlp(hidden ?? [128, 128, 128], { embedding }));
  const channels = 4 * Math.ceil((hidden?.[0] ?? 32) / 4);
  const multipliers = [1, 2, 2].slice(0, 1 + halvings(shape, patch));
  const groups = channels % 8 === 0 ? 8 : 4;
  const images = unet({ channels, multipliers, patch, groups, heads: 4, embedding });
  return reads(given)(shape.length === 2 ? greyscale(images) : images);
};
