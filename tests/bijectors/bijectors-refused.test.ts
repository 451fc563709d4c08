/** Bad options are refused when a layer is built, and layers of one kind take each other's place by one word. */
import { expect, test } from 'vitest';
import * as b from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import { PushforwardError } from '../../src/core/errors.ts';
import * as o from '../../src/core/ops/index.ts';
import { made, mlp } from '../../src/nn/index.ts';

const refused = (build: () => unknown): string => {
  try {
    build();
  } catch (e) {
    if (e instanceof PushforwardError) return `${e._tag}: ${e.message}`;
    throw e;
  }
  return 'it was built';
};
const encoded = (layer: b.Endo<'bijective'>, shape: readonly number[]) => () => D.runDraw(layer.encode(o.input('x', shape))); // biome-ignore format: one idea

test.each<readonly [string, () => unknown, RegExp]>([
  ['one bin', () => b.splineMap({ bins: 1 }), /ArgumentError.*bins = 2, 3/],
  ['bins and a half', () => b.splineCoupling({ bins: 2.5 }), /ArgumentError.*bins/],
  ['no box', () => b.splineMap({ bound: 0 }), /ArgumentError.*bound > 0/],
  ['bins that fill the box', () => b.splineMap({ bins: 8, minWidth: 0.125 }), /ArgumentError.*minWidth/],
  ['heights that fill the box', () => b.splineMap({ bins: 8, minHeight: 1 }), /ArgumentError.*minHeight/],
  ['no slope', () => b.splineMap({ minSlope: 0 }), /ArgumentError.*minSlope/],
  ['a least slope of one', () => b.splineAutoregressive({ minSlope: 1 }), /ArgumentError.*minSlope/],
  ['an empty mixture', () => b.mixtureCdfMap({ components: 0 }), /ArgumentError.*empty mixture/],
  ['a negative slope', () => b.leakyRelu({ slope: -1 }), /ArgumentError.*slope > 0/],
  ['a slope of zero', () => b.leakyRelu({ slope: 0 }), /ArgumentError.*slope > 0/],
  ['an empty interval', () => b.sigmoid({ low: 1, high: 1 }), /ArgumentError.*low < high/],
  ['an endless interval', () => b.sigmoid({ high: Number.POSITIVE_INFINITY }), /ArgumentError.*low < high/],
  ['exponent zero', () => b.power({ exponent: 0 }), /ArgumentError.*exponent/],
  ['a signed reciprocal', () => b.power({ exponent: -1, signed: true }), /ArgumentError.*exponent > 0/],
  ['a negative tail weight', () => b.sinhArcsinh({ tailweight: -1 }), /ArgumentError.*tailweight > 0/],
  ['a shift that is no number', () => b.shift(Number.NaN), /ArgumentError.*finite/],
  ['a scale of zero', () => b.scale(0), /ArgumentError.*other than 0/],
  ['no ridge', () => b.sylvester({ width: 0 }), /ArgumentError/],
  ['more ridges than dimensions', encoded(b.sylvester({ width: 3 }), [2]), /ShapeError.*D ≥ 3/],
  ['ridges of an image', encoded(b.sylvester({ width: 1 }), [2, 2]), /ShapeError/],
  ['a spline coupling of one dimension', encoded(b.splineCoupling(), [1]), /ShapeError.*last axis of 2 or more/],
  ['an autoregressive spline of a matrix', encoded(b.splineAutoregressive(), [2, 2]), /ShapeError.*needs a vector/],
  ['a simplex of one', () => b.stickBreaking(1), /ShapeError.*K ≥ 2/],
  ['a correlation of one', () => b.correlationFactor(1), /ShapeError.*n ≥ 2/],
  ['a simplex without a size', () => b.bijectTo({ kind: 'simplex' }, {} as { size: number }), /ArgumentError.*needs its size/],
  ['integers', () => b.bijectTo({ kind: 'integers', low: 0 } as never), /ArgumentError.*continuous support/],
  ['an interval the wrong way round', () => D.runDraw(b.bijectTo({ kind: 'interval', low: 1, high: 0 }).encode(o.input('x', [1]))), /ArgumentError.*low < high/],
])('%s', (_, build, message) => expect(refused(build)).toMatch(message)); // biome-ignore format: one line a case

test('one-word swaps', () => {
  // One set of options, and one type, for each row: the word is all that changes.
  const conditioner = mlp([8]);
  const couplings = [b.affineCoupling, b.splineCoupling, b.additiveCoupling].map((layer) => b.repeat(2, b.compose(layer({ conditioner }), b.reverse()))); // biome-ignore format: one idea
  const masked = made([8]);
  const autoregressive = [b.maf, b.iaf, b.splineAutoregressive, b.splineInverseAutoregressive].map((layer) => b.compose(layer({ conditioner: masked }), b.reverse())); // biome-ignore format: one idea
  const maps = [b.affineMap(), b.splineMap(), b.mixtureCdfMap(), b.additiveMap()];
  const combined = maps.flatMap((map) => [b.coupling(map), b.autoregressive(map), b.elementwise(map)]);
  const supports: readonly b.Endo<'bijective'>[] = [b.exp(), b.softplus(), b.sigmoid(), b.tanh(), b.planar(), b.radial(), b.sylvester({ width: 1 })]; // biome-ignore format: one idea
  for (const layer of [...couplings, ...autoregressive, ...combined, ...supports]) {
    const { value, contribution } = D.runDraw(layer.encode(o.input('x', [3])));
    expect([value.shape, contribution.shape]).toEqual([[3], []]);
    expect(D.runDraw(layer.decode(o.input('z', [3]))).value.shape).toEqual([3]);
  }
  expect(b.splineAutoregressive().cost.decode.how).toBe('sequential');
  expect(b.splineInverseAutoregressive().cost.encode.how).toBe('sequential');
  expect([b.planar().cost.decode.how, b.planar().cost.encode.how]).toEqual(['iterative', 'parallel']);
});
