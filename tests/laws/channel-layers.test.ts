/** Layers of channels and scales: ActNorm, batch-norm, linear maps in every parametrisation, squeeze, multi-scale. */
import { describe, expect, test } from 'vitest';
import type { Layer } from '../../src/algebra/transport.ts';
import {
  actNorm,
  affine,
  affineCoupling,
  batchNorm,
  compose,
  inverse,
  invertible1x1,
  linear,
  multiScale,
  scaleTril,
  squeeze,
} from '../../src/bijectors/index.ts';
import {
  elementwiseZeros,
  inverseLaws,
  showVerdicts,
  type TransportLawOptions,
  transportLaws,
  violations,
} from '../../src/laws/index.ts';
import { convNet, mlp } from '../../src/nn/index.ts';

const parametrisations = ['lu', 'plain', 'qr', 'exponential', 'householder'] as const;

/** Where the Jacobian of a layer that mixes the channels of each pixel is zero: between pixels. */
const betweenPixels =
  (channels: number) =>
  (i: number, j: number): boolean =>
    Math.floor(i / channels) !== Math.floor(j / channels);

const net = convNet({ channels: 3, activation: 'tanh' });
const step = (seed: number) => compose(actNorm(), invertible1x1({ seed }), affineCoupling({ conditioner: net }));
const scales = [
  compose(squeeze([4, 4, 1], [2, 2, 4]), step(1)),
  compose(squeeze([2, 2, 2], [1, 1, 8]), affine(), step(2)),
];

const layers: readonly (readonly [string, Layer, TransportLawOptions])[] = [
  ['ActNorm of a vector', actNorm(), { shape: [4], zeros: elementwiseZeros }],
  ['ActNorm of an image', actNorm(), { shape: [2, 3, 2], zeros: elementwiseZeros }],
  ['inverse ActNorm', inverse(actNorm({ varianceFloor: 1e-3 })), { shape: [2, 2, 3], zeros: elementwiseZeros }],
  ['batch-norm, first batch', batchNorm(), { shape: [2, 2, 3], zeros: elementwiseZeros }],
  ['batch-norm, given', batchNorm({ statistics: { mean: [1, -2], variance: [0.5, 4] } }), { shape: [3, 2], zeros: elementwiseZeros }], // biome-ignore format: one line a layer
  ...parametrisations.flatMap((parametrisation) => [
    [`${parametrisation}, vector`, linear({ parametrisation, seed: 3 }), { shape: [4] }] as const,
    [`${parametrisation}, 2 × 3 pixels`, invertible1x1({ parametrisation, seed: 1 }), { shape: [2, 3, 3], zeros: betweenPixels(3) }] as const, // biome-ignore format: one line a layer
    [`${parametrisation}, one channel`, invertible1x1({ parametrisation }), { shape: [2, 1] }] as const,
    [`inverse ${parametrisation}`, inverse(invertible1x1({ parametrisation, seed: 2 })), { shape: [2, 3] }] as const,
  ]),
  ['scaleTril, learned', scaleTril(), { shape: [3], zeros: (i, j) => j > i }],
  ['scaleTril of pixels', scaleTril(), { shape: [2, 3], zeros: betweenPixels(3) }],
  ['scaleTril, fixed', scaleTril({ matrix: [[2, 0], [-1, -0.5]] }), { shape: [2, 2] }], // biome-ignore format: one line a layer
  ['squeeze', squeeze([4, 2, 3], [2, 1, 12]), { shape: [4, 2, 3] }],
  ['squeeze, RealNVP', squeeze([4, 6, 1], [2, 3, 4], { order: 'realNVP' }), { shape: [4, 6, 1] }],
  ['squeeze by 3', squeeze([3, 6, 2], [1, 2, 18]), { shape: [3, 6, 2] }],
  ['coupling with a conv net', affineCoupling({ conditioner: net }), { shape: [3, 2, 2] }],
  ['coupling with a residual conv net', affineCoupling({ conditioner: convNet({ channels: 2, blocks: 1, activation: 'tanh' }) }), { shape: [2, 2, 3] }], // biome-ignore format: one line a layer
  ['checkerboard with a conv net', affineCoupling({ conditioner: net, split: 'checkerboard' }), { shape: [3, 2, 1] }],
  ['a step of Glow', step(5), { shape: [2, 2, 4] }],
  ['multi-scale', multiScale([4, 4, 1], [16], scales), { shape: [4, 4, 1] }],
  ['multi-scale of a vector', multiScale([5], [5], [affineCoupling({ conditioner: mlp([4], { activation: 'tanh' }) }), linear(), affine()]), { shape: [5] }], // biome-ignore format: one line a layer
];

describe('laws of layers of channels and scales', () => {
  test.each(layers)('%s', (_name, layer, options) => {
    for (const seed of [0, 1]) expect(showVerdicts(violations(transportLaws(layer, { seed, ...options })))).toBe('');
  });

  test.each(parametrisations)('inverse of %s', (parametrisation) => {
    const f = invertible1x1({ parametrisation, seed: 4 });
    expect(showVerdicts(violations(inverseLaws(f, linear({ seed: 1 }), { shape: [3] })))).toBe('');
  });
});
