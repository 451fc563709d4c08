/** Scalar maps of one protocol: where they start, their tails in both precisions, what they refuse; and how autoregressive layers read coordinates. */
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { addCost, type Cost, costAt, flipCost, free } from '../../src/algebra/cost.ts';
import type { Layer } from '../../src/algebra/transport.ts';
import * as b from '../../src/bijectors/index.ts';
import { grad, jacobian } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { type Expr, topological } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { parametersOf } from '../../src/core/program.ts';
import { root } from '../../src/core/scope.ts';
import { range } from '../../src/core/shape.ts';
import { tensor } from '../../src/core/tensor.ts';
import { pushforward, standardNormal } from '../../src/distributions/index.ts';
import { randomised, valuesOf } from '../../src/laws/region.ts';
import { describe as described, describeText, readTransport } from '../../src/models/index.ts';
import { made, mlp } from '../../src/nn/index.ts';
import { inBothRows } from '../distributions/helpers.ts';

const learned: readonly (readonly [string, b.ScalarMap])[] = [
  ['sinhArcsinhMap', b.sinhArcsinhMap()],
  ['powerMap', b.powerMap()],
  ['leakyReluMap', b.leakyReluMap()],
  ['scaled leakyReluMap', b.scaledMap(b.leakyReluMap())],
  ['chain', b.chainMaps(b.sinhArcsinhMap(), b.powerMap(), b.leakyReluMap(), b.affineMap())],
];

/** Value and log-slope of a number by its parameters, then the value and log-slope of going back, and gradients by all of them. */
const thereAndBack =
  (map: b.ScalarMap) =>
  (x: Expr, ...parameters: Expr[]): Expr[] => {
    const raw = o.reshape(o.stack(parameters, 0), [map.width, 1]);
    const at = o.reshape(x, [1]);
    const there = map.encode(at, raw)(root);
    const back = map.decode(there.value, raw)(root);
    const gradients = grad(o.sum(o.add(there.value, there.logSlope)), [x, ...parameters]);
    return [there.value, there.logSlope, back.value, back.logSlope, ...gradients];
  };

describe.each(learned)('%s', (_, map) => {
  const tails = [-1e6, -80, -3, -1, -1e-6, -1e-30, 0, 1e-30, 1e-6, 0.3, 1, 5, 80, 1e6];
  const zero = range(map.width).map(() => 0);

  test('is the identity at raw = 0, and back again', async () => {
    const rows = await inBothRows(tails.map((x) => [x, ...zero]), thereAndBack(map)); // biome-ignore format: one idea
    rows.forEach(({ float32, float64 }, i) => {
      const x = Math.fround(tails[i]);
      for (const [values, tolerance] of [
        [float64, 1e-9],
        [float32, 1e-4],
      ] as const) {
        // biome-ignore format: pairs
        expect(Math.abs(values[0][0] - x)).toBeLessThanOrEqual(tolerance * Math.abs(x));
        expect(Math.abs(values[1][0])).toBeLessThanOrEqual(tolerance);
        expect(Math.abs(values[2][0] - x)).toBeLessThanOrEqual(tolerance * Math.abs(x));
      }
    });
  });

  test('parameters of any size, tails: increasing, finite values and gradients, the way back, in both precisions', async () => {
    for (const size of [0.5, -2, 50, -1e4]) {
      const raw = zero.map((_v, i) => size * (i % 2 ? -1 : 1));
      // Powers of powers leave float32 earlier.
      const xs = map.spec.type === 'chainMaps' ? tails.filter((x) => Math.abs(x) < 100) : tails;
      const rows = await inBothRows(xs.map((x) => [x, ...raw]), thereAndBack(map)); // biome-ignore format: one idea
      rows.forEach(({ float32, float64 }, i) => {
        const x = Math.fround(xs[i]);
        expect([...float32.flat(), ...float64.flat()].every(Number.isFinite), `${x}, ${size}: ${float32}`).toBe(true);
        if (i > 0) expect(float64[0][0]).toBeGreaterThanOrEqual(rows[i - 1].float64[0][0]);
        expect(Math.abs(float32[0][0] - float64[0][0])).toBeLessThan(2e-4 * Math.max(1, Math.abs(float64[0][0])));
        // As many digits as the slope leaves.
        const steep = Math.min(1, Math.exp(float64[1][0]));
        expect(Math.abs(float64[2][0] - x) * steep).toBeLessThan(1e-8 * Math.max(1, Math.abs(x)));
        expect(Math.abs(float64[3][0] - float64[1][0])).toBeLessThan(1e-6);
      });
    }
  });
});

test('closed forms of learned maps', () => {
  const at = (map: b.ScalarMap, x: number, raw: readonly number[]): readonly number[] => {
    const { value, logSlope } = map.encode(o.constant([x]), o.constant([...raw], [raw.length, 1]))(root);
    return valuesOf([value, logSlope], {}).map((t) => t.data[0]);
  };
  const close = (got: readonly number[], want: readonly number[]): void =>
    want.forEach((w, i) => expect(Math.abs(got[i] - w)).toBeLessThan(1e-12 * Math.max(1, Math.abs(w))));
  for (const x of [-7, -0.4, 0, 1.3, 20]) {
    const [r, s] = [0.7, -0.9];
    const p = Math.exp(Math.tanh(r));
    close(at(b.powerMap(), x, [r]), [(Math.sign(x) * ((1 + Math.abs(x)) ** p - 1)) / p, (p - 1) * Math.log(1 + Math.abs(x))]); // biome-ignore format: one idea
    const inner = Math.asinh(x) / Math.exp(Math.tanh(s)) - 3 * Math.tanh(r / 3);
    close(at(b.sinhArcsinhMap(), x, [r, s]), [Math.sinh(inner), Math.log(Math.cosh(inner)) - Math.tanh(s) - 0.5 * Math.log(1 + x * x)]); // biome-ignore format: one idea
    const c = Math.exp(3 * Math.tanh(r / 3));
    close(at(b.scaledMap(b.tanh()), x, [r]), [c * Math.tanh(x / c), -2 * Math.log(Math.cosh(x / c))]);
    close(at(b.leakyReluMap(), x, [r]), x < 0 ? [x * c, Math.log(c)] : [x, 0]);
  }
});

describe('protocol', () => {
  const namesOf = (layer: Layer, shape: readonly number[]): string[] => {
    const { value, contribution } = D.runDraw(layer.encode(o.input('x', shape)));
    return parametersOf([value, contribution]).map((p) => p.attributes.name);
  };
  test('a fixed map asks for no network and is free; a learned one reads its width', () => {
    for (const layer of [
      b.coupling(b.tanh()),
      b.coupling(b.tanh(), { split: 'checkerboard' }),
      b.elementwise(b.exp()),
    ]) {
      expect(namesOf(layer, [2, 2, 2])).toEqual([]);
      expect(layer.cost).toEqual(free);
    }
    expect(namesOf(b.autoregressive(b.sinhArcsinh()), [3])).toEqual([]);
    expect(b.autoregressive(b.sinhArcsinh()).cost).toEqual(free);
    const out = parametersOf([D.runDraw(b.coupling(b.chainMaps(b.sinhArcsinhMap(), b.affineMap()), { conditioner: mlp([]) }).encode(o.input('x', [4]))).value]); // biome-ignore format: one idea
    expect(out.map((p) => p.shape)).toContainEqual([2, (2 + 2) * 2]);
  });
  test('parameters that maps name themselves keep apart in a chain', () => {
    const map = b.chainMaps(b.affineMap({ logScale: 'learned' }), b.affineMap({ logScale: 'learned' }));
    expect(namesOf(b.elementwise(map), [2]).sort()).toEqual(['0.affineMap/logScale', '1.affineMap/logScale', 'raw']);
  });
  test('a map of your own', () => {
    const turn = b.scalarMap({
      spec: { type: 'turn' },
      encode: (x) => ({ value: o.neg(x), logSlope: o.broadcastTo(0, x.shape) }),
      decode: (z) => ({ value: o.neg(z), logSlope: o.broadcastTo(0, z.shape) }),
    });
    const { value } = D.runDraw(b.coupling(turn).encode(o.constant([1, 2])));
    expect(Array.from(valuesOf([value], {})[0].data)).toEqual([1, -2]);
    expect(() => b.scalarMap({ ...turn, width: -1, encode: (x) => ({ value: x, logSlope: x }), decode: (x) => ({ value: x, logSlope: x }) })).toThrow(/no count/); // biome-ignore format: one idea
  });
  test('is read back from JSON: fixed maps, learned ones, chains, inverses; orders, passes and graphs', () => {
    const fixed = [b.tanh(), b.exp(), b.log(), b.softplus(), b.softplusInverse(), b.sigmoid({ low: -1, high: 2 }), b.softsign(), b.power({ exponent: 3, signed: true }), b.sinhArcsinh({ skewness: 1 }), b.leakyRelu({ slope: 0.5 }), b.logit(), b.shift(1), b.scale(2), b.inverse(b.tanh())]; // biome-ignore format: one list
    const layers: readonly Layer[] = [
      ...[...fixed, ...learned.map(([, map]) => map), b.chainMaps(b.tanh(), b.inverseMap(b.splineMap()))].flatMap(
        (m) => [b.coupling(m), b.elementwise(m), b.autoregressive(m)],
      ),
      b.autoregressive(b.powerMap(), { order: [1, 0, 2], passes: 2 }),
      b.maf({ adjacency: [[0, 1], [0, 0]] }), // biome-ignore format: a matrix
      b.iaf({ order: 'reverse' }),
      b.splineAutoregressive({ passes: 3 }),
      b.splineInverseAutoregressive({ order: 'reverse' }),
    ];
    for (const layer of layers) {
      const again = readTransport(JSON.parse(JSON.stringify(layer.spec)));
      if (E.isLeft(again)) throw new Error(again.left.message);
      expect([again.right.spec, again.right.cost]).toEqual([layer.spec, layer.cost]);
    }
  });
});

/** Which inputs each output really reads: where the Jacobian of random parameters is not 0. */
const readsIn = (layer: Layer, d: number): boolean[][] => {
  const x = o.input('x', [d]);
  const { value } = D.runDraw(layer.encode(x));
  const [j] = valuesOf([jacobian(value, x)], { ...randomised([value], { spread: 1 }), x: tensor(Float64Array.from({ length: d }, (_, i) => 0.3 + 0.1 * i), [d]) }); // biome-ignore format: one idea
  return range(d).map((i) => range(d).map((k) => j.data[i * d + k] !== 0));
};
const passesIn = (layer: Layer, d: number): number[] =>
  topological([D.runDraw(layer.decode(o.input('z', [d]))).value]).flatMap((e) => (e.op === 'scan' ? [e.attributes.length] : [])); // biome-ignore format: one idea

describe('what coordinates read', () => {
  const conditioner = made([24], { activation: 'tanh' });
  const diagonal = (d: number, reads: (i: number, j: number) => boolean): boolean[][] =>
    range(d).map((i) => range(d).map((j) => i === j || reads(i, j)));

  test('all before it, in any order, by any number of passes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }).chain((d) => fc.tuple(fc.shuffledSubarray(range(d), { minLength: d }), fc.integer({ min: 1, max: 6 }))), // biome-ignore format: one idea
        ([order, passes]) => {
          const d = order.length;
          const blocks = Math.min(passes, d);
          const rank = (i: number): number => Math.floor((order.indexOf(i) * blocks) / d);
          const layer = b.maf({ conditioner, order, passes });
          expect(readsIn(layer, d)).toEqual(diagonal(d, (i, j) => rank(j) < rank(i)));
          expect(passesIn(layer, d)).toEqual([blocks]);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('exactly what a random graph says, in as many passes as its longest path has coordinates', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
        (order, edges) => {
          const adjacency = range(4).map((i) =>
            range(4).map((j) => (order.indexOf(j) < order.indexOf(i) && edges[4 * i + j] ? 1 : 0)),
          );
          const depth = (i: number): number => 1 + Math.max(0, ...range(4).filter((j) => adjacency[i][j] === 1).map(depth)); // biome-ignore format: one idea
          const passes = Math.max(...range(4).map(depth));
          const layer = b.maf({ conditioner, adjacency });
          expect(readsIn(layer, 4)).toEqual(diagonal(4, (i, j) => adjacency[i][j] === 1));
          expect(passesIn(layer, 4)).toEqual([passes]);
          expect(layer.cost.decode.passes).toBe(passes);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('two passes read as a coupling does, and a context reaches every coordinate', () => {
    const coupling = b.coupling(b.affineMap(), { conditioner: mlp([24], { activation: 'tanh' }) });
    expect(readsIn(b.maf({ conditioner, passes: 2 }), 4)).toEqual(readsIn(coupling, 4));
    const adjacency = [[0, 0, 0], [1, 0, 0], [0, 0, 0]]; // biome-ignore format: a matrix
    for (const dependence of [{ passes: 2 }, { adjacency }]) {
      const c = o.input('c', [2]);
      const layer = b.maf({ conditioner: conditioner.given(c), ...dependence });
      const { value } = D.runDraw(layer.encode(o.constant([0.1, 0.2, 0.3])));
      const [j] = valuesOf([jacobian(value, c)], { ...randomised([value], { spread: 1 }), c: tensor(Float64Array.of(0.5, 1), [2]) }); // biome-ignore format: one idea
      expect(Array.from(j.data).every((v) => v !== 0)).toBe(true);
    }
  });

  test.each<readonly [string, () => unknown, RegExp]>([
    ['no permutation', () => b.maf({ order: [0, 0] }), /not a permutation/],
    ['no passes', () => b.maf({ passes: 0 }), /not a number of passes/],
    ['no passes of a spline', () => b.splineAutoregressive({ passes: 0 }), /not a number of passes/],
    ['a ragged graph', () => b.maf({ adjacency: [[0, 1], [0]] }), /adjacency matrix/],
    ['weights', () => b.maf({ adjacency: [[0, 2], [0, 0]] }), /adjacency matrix/], // biome-ignore format: a matrix
    ['a cycle', () => b.maf({ adjacency: [[0, 1], [1, 0]] }), /cycle.*among 0, 1/], // biome-ignore format: a matrix
    ['a graph and an order', () => b.maf({ adjacency: [[0]], order: 'reverse' }), /order and passes itself/],
    ['a network without masks', () => b.maf({ conditioner: mlp([3]), passes: 2 }), /no masks/],
    ['another size', () => D.runDraw(b.maf({ order: [1, 0] }).encode(o.input('x', [3]))), /another size.*\[2\].*\[3\]/],
  ])('refused: %s', (_, build, message) => expect(build).toThrow(message));
});

describe('costs', () => {
  const passes = fc.record({ how: fc.constantFrom('parallel' as const, 'sequential' as const, 'iterative' as const), passes: fc.nat(9), perCoordinate: fc.nat(3), atMost: fc.constant(true as const) }, { requiredKeys: ['how', 'passes', 'perCoordinate'] }); // biome-ignore format: one idea
  const cost: fc.Arbitrary<Cost> = fc.record({ encode: passes, decode: passes });
  test('add, flip and count coordinates lawfully', () => {
    fc.assert(
      fc.property(cost, cost, cost, fc.integer({ min: 1, max: 50 }), (p, q, r, n) => {
        const at = (c: Cost): Cost => costAt(c, n);
        expect(addCost(addCost(p, q), r)).toEqual(addCost(p, addCost(q, r)));
        expect(at(addCost(p, free))).toEqual(at(p));
        expect(at(addCost(p, q))).toEqual(addCost(at(p), at(q)));
        expect(flipCost(addCost(p, q))).toEqual(addCost(flipCost(p), flipCost(q)));
        expect(at(p).encode.atMost).toBe(p.encode.atMost);
        expect(at(flipCost(p))).toEqual(flipCost(at(p)));
      }),
    );
  });
  test('decoding takes as many passes as there are coordinates, blocks, or coordinates on the longest path', () => {
    const dist = pipe(
      standardNormal([4]),
      pushforward(
        b.compose(
          b.repeat(2, b.maf()),
          b.inverse(b.maf({ passes: 2 })),
          b.iaf({ adjacency: [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]] }), // biome-ignore format: a matrix
          b.maf({ passes: 1 }),
        ),
      ),
    );
    const { cost: total, layers } = described(dist);
    expect(layers[0].parts.map((p) => [p.cost.encode.passes, p.cost.decode.passes])).toEqual([[2, 8], [2, 1], [3, 1], [1, 1]]); // biome-ignore format: pairs
    expect(total).toEqual({ encode: { how: 'sequential', passes: 8 }, decode: { how: 'sequential', passes: 11 } });
    expect(describeText(described(dist))).toMatch(/2 × maf .* 2 passes {2,}8 passes, sequential/);
  });
});
