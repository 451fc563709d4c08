/** Scalar maps × {elementwise, coupling, autoregressive}: the laws of every layer of the product. */
import { describe, expect, test } from 'vitest';
import type { Layer } from '../../src/algebra/transport.ts';
import {
  additiveCoupling,
  additiveMap,
  affineMap,
  autoregressive,
  coupling,
  elementwise,
  iaf,
  maf,
  type ScalarMap,
} from '../../src/bijectors/index.ts';
import {
  couplingZeros,
  elementwiseZeros,
  showVerdicts,
  type TransportLawOptions,
  transportLaws,
  violations,
} from '../../src/laws/index.ts';
import { made, mlp } from '../../src/nn/index.ts';

const maps: readonly (readonly [string, ScalarMap])[] = [
  ['affine, bounded', affineMap()],
  ['affine, learned', affineMap({ logScale: 'learned' })],
  ['additive', additiveMap()],
];

const net = mlp([5], { activation: 'tanh' });
const masked = made([7, 6], { activation: 'tanh' });
const lower = (i: number, j: number): boolean => j > i;

const layersOf = (map: ScalarMap): readonly (readonly [string, Layer, TransportLawOptions])[] => [
  ['elementwise', elementwise(map), { shape: [2, 3], zeros: elementwiseZeros }],
  ['coupling', coupling(map, { conditioner: net }), { shape: [5], zeros: couplingZeros([5]) }],
  ['coupling of channels', coupling(map, { conditioner: net }), { shape: [2, 2, 4], zeros: couplingZeros([2, 2, 4]) }],
  ['checkerboard', coupling(map, { conditioner: net, split: 'checkerboard' }), { shape: [2, 3, 2] }],
  ['the other checkerboard', coupling(map, { conditioner: net, split: 'checkerboardInverse' }), { shape: [3, 2, 1] }],
  ['autoregressive', autoregressive(map, { conditioner: masked }), { shape: [4], zeros: lower }],
  ['autoregressive of one', autoregressive(map, { conditioner: masked }), { shape: [1] }],
];

const holds = (layer: Layer, options: TransportLawOptions): void =>
  expect(showVerdicts(violations(transportLaws(layer, options)))).toBe('');

describe.each(maps)('%s', (_, map) => {
  test.each(layersOf(map))('%s', (_name, layer, options) => holds(layer, options));
});

test('MAF, IAF and NICE', () => {
  holds(maf({ conditioner: masked }), { shape: [4], zeros: lower });
  holds(iaf({ conditioner: masked }), { shape: [4], zeros: lower });
  holds(additiveCoupling({ conditioner: net }), { shape: [4] });
  expect(iaf().cost.decode.how).toBe('parallel');
  expect(maf().cost.decode.how).toBe('sequential');
});
