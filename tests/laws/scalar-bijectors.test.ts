/** The laws of elementwise layers, spline and mixture maps with their combinators, ridges, and maps onto supports. */
import { describe, expect, test } from 'vitest';
import type { Layer } from '../../src/algebra/transport.ts';
import * as b from '../../src/bijectors/index.ts';
import {
  couplingZeros,
  elementwiseZeros,
  type Region,
  showVerdicts,
  type TransportLawOptions,
  transportLaws,
  violations,
} from '../../src/laws/index.ts';
import { made, mlp } from '../../src/nn/index.ts';

const holds = (layer: Layer, options: TransportLawOptions): void =>
  expect(showVerdicts(violations(transportLaws(layer, options)))).toBe('');

const positive: Region = { low: 0, high: 6 };
const each = (region: Region = 'reals', shape: readonly number[] = [2, 3]): TransportLawOptions => ({
  shape,
  region,
  zeros: elementwiseZeros,
});
const { inverse } = b;

const fixed: readonly (readonly [string, Layer, TransportLawOptions])[] = [
  ['exp', b.exp(), each()],
  ['log', b.log(), each(positive)],
  ['inverse exp', inverse(b.exp()), each(positive)],
  ['softplus', b.softplus(), each()],
  ['softplusInverse', b.softplusInverse(), each(positive)],
  ['sigmoid', b.sigmoid(), each()],
  ['sigmoid onto (−2, 5)', b.sigmoid({ low: -2, high: 5 }), each()],
  ['inverse sigmoid', inverse(b.sigmoid({ low: -2, high: 5 })), each({ low: -2, high: 5 })],
  ['tanh', b.tanh(), each()],
  ['inverse tanh', inverse(b.tanh()), each({ low: -1, high: 1 })],
  ['softsign', b.softsign(), each()],
  ['inverse softsign', inverse(b.softsign()), each({ low: -1, high: 1 })],
  ['power 2.5', b.power({ exponent: 2.5 }), each(positive)],
  ['power −1', b.power({ exponent: -1 }), each(positive)],
  ['cube', b.power({ exponent: 3, signed: true }), each()],
  ['signed square root', b.power({ exponent: 0.5, signed: true }), each()],
  ['signed power 1', b.power({ exponent: 1, signed: true }), each()],
  ['sinhArcsinh', b.sinhArcsinh({ skewness: 0.7, tailweight: 1.6 }), each()],
  ['sinhArcsinh, light tails', b.sinhArcsinh({ skewness: -0.4, tailweight: 0.5 }), each()],
  ['leakyRelu', b.leakyRelu({ slope: 0.2 }), each()],
  ['shift', b.shift(3), each()],
  ['learned shift', b.shift(), each()],
  ['scale', b.scale(-2), each()],
  ['learned scale', b.scale(), each()],
];

describe('elementwise layers', () => {
  test.each(fixed)('%s', (_, layer, options) => {
    for (const seed of [0, 1]) holds(layer, { seed, ...options });
  });
});

const net = mlp([5], { activation: 'tanh' });
const masked = made([7, 6], { activation: 'tanh' });
const lower = (i: number, j: number): boolean => j > i;
const maps = [
  ['spline', b.splineMap({ bins: 5, bound: 2 })],
  ['spline of two bins', b.splineMap({ bins: 2, bound: 1 })],
  ['mixture CDF', b.mixtureCdfMap()],
  ['mixture CDF of one', b.mixtureCdfMap({ components: 1 })],
] as const;

describe.each(maps)('%s', (_, map) => {
  const layers: readonly (readonly [string, Layer, TransportLawOptions])[] = [
    ['elementwise', b.elementwise(map), { shape: [2, 3], zeros: elementwiseZeros, spread: 1 }],
    ['coupling', b.coupling(map, { conditioner: net }), { shape: [5], zeros: couplingZeros([5]), spread: 0.6 }],
    ['coupling of channels', b.coupling(map, { conditioner: net }), { shape: [2, 1, 4], zeros: couplingZeros([2, 1, 4]) }], // biome-ignore format: one line a layer
    ['checkerboard', b.coupling(map, { conditioner: net, split: 'checkerboard' }), { shape: [2, 2, 1] }],
    ['autoregressive', b.autoregressive(map, { conditioner: masked }), { shape: [3], zeros: lower }],
    ['inverse', inverse(b.elementwise(map)), { shape: [3], zeros: elementwiseZeros, spread: 1 }],
  ];
  test.each(layers)('%s', (_name, layer, options) => holds(layer, options));
});

test('spline layers by name', () => {
  holds(b.splineCoupling({ conditioner: net, bins: 4, bound: 3 }), { shape: [4], zeros: couplingZeros([4]) });
  holds(b.splineCoupling({ conditioner: net, split: 'checkerboardInverse' }), { shape: [2, 2, 1] });
  holds(b.splineAutoregressive({ conditioner: masked, bins: 4 }), { shape: [3], zeros: lower });
  holds(b.splineInverseAutoregressive({ conditioner: masked, bins: 4 }), { shape: [3], zeros: lower });
});

const ridges: readonly (readonly [string, Layer, TransportLawOptions])[] = [
  ['planar', b.planar(), { shape: [4] }],
  ['planar of a matrix', b.planar(), { shape: [2, 3] }],
  ['planar of one', b.planar(), { shape: [1] }],
  ['inverse planar', inverse(b.planar()), { shape: [3] }],
  ['radial', b.radial(), { shape: [4] }],
  ['radial of one', b.radial(), { shape: [1] }],
  ['inverse radial', inverse(b.radial()), { shape: [2, 2] }],
  ['sylvester', b.sylvester({ width: 2 }), { shape: [4] }],
  ['sylvester of full width', b.sylvester({ width: 3 }), { shape: [3] }],
  ['sylvester of one ridge', b.sylvester({ width: 1, reflections: 3 }), { shape: [3] }],
  ['inverse sylvester', inverse(b.sylvester({ width: 2 })), { shape: [3] }],
  ['planar flow', b.repeat(3, b.compose(b.planar(), b.radial())), { shape: [2] }],
];

describe('ridges and pulls', () => {
  test.each(ridges)('%s', (_, layer, options) => {
    for (const [seed, spread] of [[0, 0.3], [1, 1.5], [2, 3]] as const) holds(layer, { seed, spread, ...options }); // biome-ignore format: one idea
  });
});

describe('bijectTo', () => {
  const supports: readonly (readonly [string, Layer, TransportLawOptions])[] = [
    ['reals', b.bijectTo({ kind: 'real' }), each()],
    ['positive numbers', b.bijectTo({ kind: 'positive' }), each(positive)],
    ['positive numbers by exp', b.bijectTo({ kind: 'positive' }, { by: 'exp' }), each(positive)],
    ['non-negative numbers', b.bijectTo({ kind: 'nonNegative' }), each(positive)],
    ['the unit interval', b.bijectTo({ kind: 'interval', low: 0, high: 1 }), each('unit')],
    ['an interval', b.bijectTo({ kind: 'interval', low: -3, high: -1 }), each({ low: -3, high: -1 })],
    ['numbers above 2', b.bijectTo({ kind: 'above', low: 2 }), each({ low: 2, high: 5 })],
    ['numbers above −2 by exp', b.bijectTo({ kind: 'above', low: -2 }, { by: 'exp' }), each({ low: -2, high: 5 })],
  ];
  test.each(supports)('%s', (_, layer, options) => holds(layer, options));
});
