/** Every scalar map × {elementwise, coupling, checkerboard, autoregressive}, fixed functions included, and maps made of maps. */
import { describe, expect, test } from 'vitest';
import type { Layer } from '../../src/algebra/transport.ts';
import * as b from '../../src/bijectors/index.ts';
import {
  couplingZeros,
  elementwiseZeros,
  showVerdicts,
  type TransportLawOptions,
  transportLaws,
  violations,
} from '../../src/laws/index.ts';
import { made, mlp } from '../../src/nn/index.ts';

const net = mlp([5], { activation: 'tanh' });
const masked = made([7, 6], { activation: 'tanh' });
const lower = (i: number, j: number): boolean => j > i;

const positive = { region: { low: 0.1, high: 4 } } as const;
const maps: readonly (readonly [string, b.MapLike] | readonly [string, b.MapLike, Partial<TransportLawOptions>])[] = [
  ['tanh', b.tanh()],
  ['exp', b.exp()],
  ['log', b.log(), positive],
  ['softplus', b.softplus()],
  ['sigmoid', b.sigmoid({ low: -1, high: 2 })],
  ['softsign', b.softsign()],
  ['cube', b.power({ exponent: 3, signed: true })],
  ['square', b.power({ exponent: 2 }), positive],
  ['sinhArcsinh', b.sinhArcsinh({ skewness: 0.4, tailweight: 1.3 })],
  ['leakyRelu', b.leakyRelu({ slope: 0.3 })],
  ['logit', b.logit({ alpha: 0.05 }), { region: 'unit' }],
  ['shift', b.shift(2)],
  ['scale', b.scale(-3)],
  ['inverse exp', b.inverse(b.exp()), positive],
  ['inverse of the inverse', b.inverse(b.inverse(b.tanh()))],
  ['learned sinhArcsinh', b.sinhArcsinhMap()],
  ['learned power', b.powerMap()],
  ['learned leakyRelu', b.leakyReluMap()],
  ['scaled tanh', b.scaledMap(b.tanh())],
  ['scaled spline', b.scaledMap(b.splineMap({ bins: 3, bound: 2 }))],
  ['chain', b.chainMaps(b.sinhArcsinhMap(), b.affineMap())],
  ['chain of chains', b.chainMaps(b.chainMaps(b.powerMap(), b.scale(2)), b.affineMap({ logScale: 'learned' }), b.affineMap({ logScale: 'learned' }))], // biome-ignore format: one line a map
  ['chain of none', b.chainMaps()],
  ['inverse chain', b.inverseMap(b.chainMaps(b.leakyReluMap(), b.splineMap({ bins: 3 })))],
];

describe.each(maps.map(([name, map, options]) => [name, map, options ?? {}] as const))('%s', (_, map, options) => {
  const layers: readonly (readonly [string, Layer, TransportLawOptions])[] = [
    ['elementwise', b.elementwise(map), { shape: [2, 3], zeros: elementwiseZeros }],
    ['coupling', b.coupling(map, { conditioner: net }), { shape: [5], zeros: couplingZeros([5]) }],
    ['checkerboard', b.coupling(map, { conditioner: net, split: 'checkerboard' }), { shape: [2, 2, 1] }],
    ['autoregressive', b.autoregressive(map, { conditioner: masked }), { shape: [3], zeros: lower }],
  ];
  test.each(layers)('%s', (_name, layer, own) =>
    expect(showVerdicts(violations(transportLaws(layer, { ...own, ...options })))).toBe(''));
});

describe('autoregressive orders, blocks and graphs', () => {
  const map = b.chainMaps(b.sinhArcsinhMap(), b.affineMap());
  const conditioner = made([9, 8], { activation: 'tanh' });
  const holds = (layer: Layer, d: number, zeros: (i: number, j: number) => boolean): void =>
    expect(showVerdicts(violations(transportLaws(layer, { shape: [d], zeros })))).toBe('');

  test('reverse', () => holds(b.autoregressive(map, { conditioner, order: 'reverse' }), 4, (i, j) => j < i));
  test('a permutation', () => {
    const order = [2, 0, 3, 1];
    holds(b.maf({ conditioner, order }), 4, (i, j) => order.indexOf(j) > order.indexOf(i));
    holds(b.iaf({ conditioner, order }), 4, (i, j) => order.indexOf(j) > order.indexOf(i));
  });
  test.each([1, 2, 3, 5, 9])('%d passes', (passes) => {
    const blocks = Math.min(passes, 5);
    const rank = (i: number): number => Math.floor((i * blocks) / 5);
    holds(b.autoregressive(map, { conditioner, passes }), 5, (i, j) => i !== j && rank(j) >= rank(i));
    holds(b.splineAutoregressive({ conditioner, bins: 3, passes }), 5, (i, j) => i !== j && rank(j) >= rank(i));
  });
  test('a tree', () => {
    const adjacency = [[0, 1, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0]]; // biome-ignore format: a matrix
    holds(b.maf({ conditioner, adjacency }), 4, (i, j) => i !== j && adjacency[i][j] === 0);
  });
});
