/** Embeddings of a scalar noise coordinate: a network reads them in place of the bare number. */

import type { Spec } from '../algebra/spec.ts';
import { integer, positiveInteger, positiveNumber } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { generator, keyOf } from '../core/prng.ts';
import { range } from '../core/shape.ts';
import { embeddingKind } from './kinds.ts';

/** A fixed function from a scalar to `[size]`, without parameters. */
export interface Embedding {
  readonly spec: Spec;
  readonly size: number;
  readonly apply: (c: Expr) => Expr;
}

const halfOf = (owner: string, size: number): number =>
  Number.isInteger(size) && size >= 2 && size % 2 === 0
    ? size / 2
    : raise('ArgumentError', owner, 'size must be a positive even integer', { got: `${size}` });

const positive = (owner: string, name: string, value: number): number =>
  value > 0 && Number.isFinite(value)
    ? value
    : raise('ArgumentError', owner, `${name} must be a positive number`, { got: `${value}` });

/** (sin ωᵢ c, cos ωᵢ c) for fixed frequencies. */
const waves = (frequencies: readonly number[], c: Expr): Expr => {
  const angles = o.mul(o.constant(frequencies), o.broadcastTo(o.reshape(c, [1]), [frequencies.length]));
  return o.concat([o.sin(angles), o.cos(angles)], 0);
};

/** Options of {@link sinusoidal}. */
export interface SinusoidalOptions {
  /** Numbers in the embedding, even. */
  readonly size?: number;
  /** The coordinate is multiplied by this first; default 1, for step numbers: 1000 makes a time in [0, 1] one of a thousand steps. */
  readonly scale?: number;
  /** The slowest wave has this wavelength over 2π, the fastest 1, in units of the scaled coordinate. */
  readonly slowest?: number;
}

/**
 * Sines and cosines of geometric frequencies, (sin ωᵢ s c, cos ωᵢ s c) with ωᵢ = slowest^(−i/(n−1)), i = 0 … n−1, n = size/2 (Vaswani et al. 2017,
 * §3.5; for time steps Ho et al. 2020, arXiv:2006.11239, appendix B). Throws `ArgumentError` where the size is odd or a number not positive.
 *
 * @example
 * resMlp([64, 64], { embedding: sinusoidal({ size: 32 }) });
 */
export const sinusoidal = define(
  embeddingKind,
  {
    type: 'sinusoidal',
    about: 'Sines and cosines of falling frequencies.',
    optional: { size: positiveInteger, scale: positiveNumber, slowest: positiveNumber },
    examples: [{ size: 4, scale: 100, slowest: 1000 }],
  },
  ({ size = 32, scale = 1, slowest = 10_000 }: SinusoidalOptions = {}): Embedding => {
    const n = halfOf('sinusoidal', size);
    positive('sinusoidal', 'scale', scale);
    positive('sinusoidal', 'slowest', slowest);
    const frequencies = range(n).map((i) => scale * slowest ** (-i / Math.max(1, n - 1)));
    return { spec: { type: 'sinusoidal', size, scale, slowest }, size, apply: (c) => waves(frequencies, c) };
  },
);

/** Options of {@link gaussianFourier}. */
export interface GaussianFourierOptions {
  /** Numbers in the embedding, even. */
  readonly size?: number;
  /** Standard deviation of the frequencies, in periods per unit of the coordinate; default 0.5, for ¼ log σ. */
  readonly scale?: number;
  /** Which frequencies: they are drawn once and never trained. */
  readonly seed?: number;
}

/**
 * Random Fourier features (sin 2π wᵢ c, cos 2π wᵢ c), wᵢ ~ N(0, scale²) fixed by the seed (Tancik et al. 2020; for log σ Song et al. 2021,
 * arXiv:2011.13456, appendix H, with scale 16). Throws `ArgumentError` where the size is odd or the scale not positive.
 *
 * @example
 * resMlp([64, 64], { embedding: gaussianFourier({ size: 32, scale: 1 }) });
 */
export const gaussianFourier = define(
  embeddingKind,
  {
    type: 'gaussianFourier',
    about: 'Sines and cosines of random frequencies.',
    optional: { size: positiveInteger, scale: positiveNumber, seed: integer },
    examples: [{ size: 4, scale: 2, seed: 3 }],
  },
  ({ size = 32, scale = 0.5, seed = 0 }: GaussianFourierOptions = {}): Embedding => {
    const n = halfOf('gaussianFourier', size);
    positive('gaussianFourier', 'scale', scale);
    const g = generator(keyOf(seed));
    const frequencies = range(n).map(() => 2 * Math.PI * scale * g.normal());
    return { spec: { type: 'gaussianFourier', size, scale, seed }, size, apply: (c) => waves(frequencies, c) };
  },
);
