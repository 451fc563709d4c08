/** What laws do not say: where layers start, what they refuse, how exact they are in single precision, and what they cost. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { pushforward } from '../../src/algebra/dist.ts';
import type { Endo, Layer } from '../../src/algebra/transport.ts';
import {
  actNorm,
  affine,
  batchNorm,
  compose,
  flooredChannels,
  invertible1x1,
  linear,
  multiScale,
  scaleTril,
  squeeze,
  squeezed,
} from '../../src/bijectors/index.ts';
import { rotation } from '../../src/bijectors/rotation.ts';
import { collectAdvances } from '../../src/core/advances.ts';
import { whileTraining } from '../../src/core/buffer.ts';
import * as D from '../../src/core/draw.ts';
import { type Expr, topological } from '../../src/core/expr.ts';
import { tensorOf } from '../../src/core/index.ts';
import { onnx, reference } from '../../src/core/interpreters/index.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { generator, keyOf } from '../../src/core/prng.ts';
import { program } from '../../src/core/program.ts';
import { root } from '../../src/core/scope.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { fromRows } from '../../src/data/index.ts';
import { standardNormal } from '../../src/distributions/index.ts';
import {
  adamW,
  batchLosses,
  fit,
  initialParameters,
  maximumLikelihood,
  type Optimizer,
  run,
  sgd,
} from '../../src/inference/index.ts';
import { batchStep } from '../../src/inference/training/move-plan.ts';
import { logAbsDet } from '../../src/laws/index.ts';
import { glow, readDist, readNetwork, readTransport, realNVPMultiScale } from '../../src/models/index.ts';
import { convNet } from '../../src/nn/index.ts';

const g = generator(keyOf(7));
const normals = (n: number): Float64Array => Float64Array.from({ length: n }, g.normal);

describe('ActNorm', () => {
  const images = (n: number): Tensor => {
    // Channel 0 has mean 3 and deviation 2, channel 1 mean −1 and deviation 0.1, channel 2 is constant.
    const data = Float64Array.from(
      { length: n * 4 * 3 },
      (_, k) => [3 + 2 * g.normal(), -1 + 0.1 * g.normal(), 5][k % 3],
    );
    return tensorOf(data, [n, 2, 2, 3]);
  };
  const moments = (x: Tensor, channels: number) =>
    Array.from({ length: channels }, (_, c) => {
      const v = Array.from(x.data).filter((_, k) => k % channels === c);
      const mean = v.reduce((a, b) => a + b, 0) / v.length;
      return [mean, v.reduce((a, b) => a + (b - mean) ** 2, 0) / v.length];
    });

  test('the first batch comes out with mean 0 and variance 1, at every depth', async () => {
    const x = images(50);
    const layer = compose(actNorm(), invertible1x1({ seed: 1 }), affine(), actNorm());
    const dist = pipe(standardNormal([2, 2, 3]), pushforward(layer));
    const initial = await initialParameters(maximumLikelihood(dist), 0, x, reference);
    const z = await run(dist, initial, reference).encode(x);
    // Channel 2 of the data is constant: what leaves the second ActNorm has two dimensions in three channels, all of them scaled.
    for (const [mean, variance] of moments(z, 3)) {
      expect(mean).toBeCloseTo(0, 4);
      expect(variance).toBeCloseTo(1, 4);
    }
  });

  test('names the channels that were floored', async () => {
    const dist = pipe(standardNormal([2, 2, 3]), pushforward(compose(actNorm(), affine())));
    const initial = await initialParameters(maximumLikelihood(dist), 0, images(50), reference);
    expect(flooredChannels(initial)).toEqual([{ layer: '0.compose/0.actNorm', channels: [2] }]);
    expect(initial['0.compose/0.actNorm/logScale'].data[2]).toBeCloseTo(-0.5 * Math.log(1e-6), 4);
    const wide = pipe(standardNormal([2, 2, 3]), pushforward(actNorm({ varianceFloor: 0.5 })));
    const floored = await initialParameters(maximumLikelihood(wide), 0, images(50), reference);
    expect(flooredChannels(floored, { varianceFloor: 0.5 })).toEqual([{ layer: '0.actNorm', channels: [1, 2] }]);
  });

  test('has the same parameters both ways', () => {
    const names = (e: readonly Expr[]): string[] =>
      topological(e).flatMap((x) => (x.op === 'parameter' ? [x.attributes.name] : []));
    const x = o.input('x', [2, 3]);
    const both = [actNorm().encode(x), actNorm().decode(x)].map((d) => names([D.runDraw(d).value]).sort());
    expect(both[0]).toEqual(both[1]);
  });
});

describe('batch-norm', () => {
  test('standardises by what it is given, and its parameters start at the first batch', async () => {
    const x = tensorOf(
      Float64Array.from({ length: 200 }, (_, k) => (k % 2 === 0 ? 4 + 3 * g.normal() : g.normal())),
      [100, 2],
    );
    const dist = pipe(standardNormal([2]), pushforward(batchNorm()));
    const initial = await initialParameters(maximumLikelihood(dist), 0, x, reference);
    const [mean, variance] = ['mean', 'variance'].map((n) => Array.from(initial[`0.batchNorm/${n}`].data));
    const given = pipe(standardNormal([2]), pushforward(batchNorm({ statistics: { mean, variance } })));
    const [a, b] = await Promise.all([dist, given].map((l) => run(l, initial, reference).encode(x)));
    expect(Array.from(b.data)).toEqual(Array.from(a.data));
    expect(mean[0]).toBeCloseTo(4, 0);
    expect(variance[0]).toBeGreaterThan(6);
  });

  /** Rows whose every batch is the whole, and their moments. */
  const rows = Float32Array.from({ length: 60 }, (_, k) => (k % 2 === 0 ? 4 + 3 * Math.sin(5 * k) : Math.cos(3 * k)));
  const momentsOf = (c: number) => {
    const v = Array.from(rows).filter((_, k) => k % 2 === c);
    const mean = v.reduce((a, b) => a + b, 0) / v.length;
    return [mean, v.reduce((a, b) => a + (b - mean) ** 2, 0) / v.length];
  };
  const trained = async (layer: Layer, optimizer: Optimizer, steps: number) => {
    const dist = pipe(standardNormal([2]), pushforward(layer as Endo<'bijective'>));
    const fitted = await fit({ objective: maximumLikelihood(dist), data: fromRows('rows', rows, [2]), batchSize: 30, steps, optimizer, initial: { '0.batchNorm/mean': tensorOf([100, -7]), '0.batchNorm/variance': tensorOf([2, 9]) } })(); // biome-ignore format: one call
    if (fitted._tag === 'Left') throw new Error(fitted.left.message);
    return fitted.right;
  };

  test.each([
    ['sgd', sgd({ learningRate: 0.01 })],
    ['AdamW', adamW({ learningRate: 0.01, weightDecay: 0.5 })],
  ])('statistics follow the batches by their recursion, whatever %s does to the parameters', async (_name, optimizer) => {
    const [steps, rate] = [6, 0.25];
    const { parameters, last } = await trained(batchNorm({ rate }), optimizer, steps);
    const left = (1 - rate) ** steps;
    [0, 1].forEach((c) => {
      const [mean, variance] = momentsOf(c);
      expect(parameters['0.batchNorm/mean'].data[c]).toBeCloseTo(left * [100, -7][c] + (1 - left) * mean, 4);
      expect(parameters['0.batchNorm/variance'].data[c]).toBeCloseTo(left * [2, 9][c] + (1 - left) * variance, 4);
    });
    expect(Object.keys(last.parameters)).toEqual(['0.batchNorm/logScale', '0.batchNorm/shift']);
  });

  test('without a rate, statistics stand still under AdamW, bit for bit', async () => {
    const { parameters } = await trained(batchNorm({ rate: 0 }), adamW({ learningRate: 0.01, weightDecay: 0.5 }), 6);
    expect(Array.from(parameters['0.batchNorm/mean'].data)).toEqual([100, -7]);
    expect(Array.from(parameters['0.batchNorm/variance'].data)).toEqual([2, 9]);
  });

  test('the density of one event does not depend on the others while training', () => {
    const dist = pipe(standardNormal([2]), pushforward(batchNorm()));
    const losses = (n: number): number[] => {
      const x = o.input('x', [n, 2]);
      const p = program(collectAdvances([whileTraining((scope) => batchLosses(maximumLikelihood(dist), x, 'noise', scope))(root)]).outputs, 'float64'); // biome-ignore format: one idea
      const two = [[2, 9], [0, 1]].map((v) => tensorOf(v)); // biome-ignore format: one idea
      const feeds = { x: tensorOf(Float64Array.from(rows.slice(0, 2 * n)), [n, 2]), '0.batchNorm/mean': two[0], '0.batchNorm/variance': two[0], '0.batchNorm/logScale': two[1], '0.batchNorm/shift': two[1] }; // biome-ignore format: one record
      return Array.from(evaluateProgram(p, feeds)[0].data, Number);
    };
    expect(losses(20).slice(0, 5)).toEqual(losses(5));
  });

  test('two encodings in one loss are refused by name', () => {
    const dist = pipe(standardNormal([2]), pushforward(batchNorm()));
    const objective = maximumLikelihood(dist);
    const twice = { ...objective, loss: (x: Expr) => D.chain((a: Expr) => D.map((b: Expr) => o.add(a, b))(objective.loss(o.neg(x))))(objective.loss(x)) }; // biome-ignore format: one record
    expect(() => batchStep(twice, o.input('x', [4, 2]))).toThrow(/0.batchNorm.*two readings move one buffer/);
  });
});

describe('linear layers', () => {
  const parametrisations = ['lu', 'plain', 'qr', 'exponential', 'householder'] as const;

  test.each(parametrisations)('%s starts as a rotation', async (parametrisation) => {
    const dist = pipe(standardNormal([6]), pushforward(linear({ parametrisation, seed: 5 })));
    const p = await initialParameters(maximumLikelihood(dist), 0, tensorOf([0, 0, 0, 0, 0, 0], [1, 6]), reference);
    const eye = Float64Array.from({ length: 36 }, (_, k) => (k % 7 === 0 ? 1 : 0));
    const w = (await run(dist, p, reference).encode(tensorOf(eye, [6, 6]))).data;
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++) {
        let dot = 0;
        for (let k = 0; k < 6; k++) dot += w[i * 6 + k] * w[j * 6 + k];
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 5);
      }
    if (parametrisation === 'lu' || parametrisation === 'plain')
      for (let i = 0; i < 36; i++) expect(w[(i % 6) * 6 + Math.floor(i / 6)]).toBeCloseTo(rotation(5, 6)[i], 5);
  });

  test('LU of 64 channels agrees with a dense computation in double precision to 1e-5, on onnx-cpu', async () => {
    const c = 64;
    const layer = invertible1x1({ seed: 2 });
    const dist = pipe(standardNormal([2, 2, c]), pushforward(layer));
    const start = await initialParameters(
      maximumLikelihood(dist),
      0,
      tensorOf(normals(4 * c), [1, 2, 2, c]),
      reference,
    );
    // Away from the rotation: factors perturbed, still well conditioned.
    const parameters = Object.fromEntries(
      Object.entries(start).map(([n, t]) => [
        n,
        { ...t, data: Float32Array.from(t.data, (v) => v + 0.01 * g.normal()) },
      ]),
    );
    const [x, z] = [o.input('x', [2, 2, c]), o.input('z', [2, 2, c])];
    const [there, back] = [D.runDraw(layer.encode(x)), D.runDraw(layer.decode(z))];
    const at = { x: Float32Array.from(normals(4 * c)), z: Float32Array.from(normals(4 * c)) };
    const feeds = {
      ...Object.fromEntries(Object.entries(parameters).map(([n, t]) => [n.replace('0.invertible1x1/', ''), t])),
      x: { shape: [2, 2, c], type: 'float32', data: at.x } as Tensor,
      z: { shape: [2, 2, c], type: 'float32', data: at.z } as Tensor,
    };
    const run32 = await onnx('cpu').compile(program([there.value, there.contribution, back.value], 'float32'));
    const [value, contribution, decoded] = await run32.run(feeds);
    await run32.dispose();
    // The dense matrix: columns are what the layer makes of unit vectors, in float64 on `reference`.
    const column = vmapAll((v) => [D.runDraw(layer.encode(v)).value])(o.input('rows', [c, c]));
    const dense = await reference.compile(program(column, 'float64'));
    const eye = Float64Array.from({ length: c * c }, (_, k) => (k % (c + 1) === 0 ? 1 : 0));
    const [columns] = await dense.run({ ...feeds, rows: tensorOf(eye, [c, c]) });
    const w = (i: number, j: number): number => columns.data[j * c + i];
    const matrix = Float64Array.from({ length: c * c }, (_, k) => w(Math.floor(k / c), k % c));
    const logDet = 4 * logAbsDet(matrix, c);
    expect(Math.abs(contribution.data[0] - logDet) / Math.max(1, Math.abs(logDet))).toBeLessThan(1e-5);
    const largest = (a: ArrayLike<number>): number => Math.max(...Array.from(a, Math.abs));
    for (let pixel = 0; pixel < 4; pixel++)
      for (let i = 0; i < c; i++) {
        let [encoded, again] = [0, 0];
        for (let j = 0; j < c; j++) {
          encoded += w(i, j) * at.x[pixel * c + j];
          again += w(i, j) * decoded.data[pixel * c + j];
        }
        expect(Math.abs(value.data[pixel * c + i] - encoded) / largest(value.data)).toBeLessThan(1e-5);
        // W (decoded) is z again: decoded is W⁻¹ z.
        expect(Math.abs(again - at.z[pixel * c + i]) / largest(decoded.data)).toBeLessThan(1e-5);
      }
  });

  /** Multiplications and additions of the matrix products and solves for one event. */
  const work = (e: readonly Expr[]): number =>
    topological(e).reduce((sum, n) => {
      if (n.op === 'matmul')
        return sum + 2 * n.shape.reduce((a, b) => a * b, 1) * n.inputs[0].shape[n.inputs[0].shape.length - 1];
      if (n.op === 'triangularSolve')
        return sum + n.shape.reduce((a, b) => a * b, 1) * n.inputs[0].shape[n.inputs[0].shape.length - 1];
      return sum;
    }, 0);
  const perPixel = (shape: Shape, direction: 'encode' | 'decode'): number => {
    const { value, contribution } = D.runDraw(invertible1x1()[direction](o.input('x', shape)));
    return work([value, contribution]) / shape.slice(0, -1).reduce((a, b) => a * b, 1);
  };

  test.each(['encode', 'decode'] as const)('LU: %s is O(C²) a pixel, on vectors and on images', (direction) => {
    for (const c of [8, 16, 32, 64]) {
      // At most twice the product itself: 4 C² operations a pixel, the forming of W included.
      expect(perPixel([c], direction)).toBeLessThanOrEqual(4 * c * c);
      expect(perPixel([8, 8, c], direction)).toBeLessThanOrEqual(4 * c * c);
      expect(perPixel([8, 8, 2 * c], direction) / perPixel([8, 8, c], direction)).toBeLessThanOrEqual(6);
    }
    expect(perPixel([128], direction) / perPixel([64], direction)).toBeCloseTo(4, 6);
  });

  test('a fixed triangular matrix gives the covariance L Lᵀ', async () => {
    const dist = pipe(standardNormal([2]), pushforward(scaleTril({ matrix: [[2, 0], [-1, 0.5]] }))); // biome-ignore format: a matrix
    const { data } = await run(dist, {}, reference).sample(40_000, 0);
    const mean = (f: (a: number, b: number) => number): number => {
      let sum = 0;
      for (let i = 0; i < 40_000; i++) sum += f(data[2 * i], data[2 * i + 1]);
      return sum / 40_000;
    };
    expect(mean((a) => a * a)).toBeCloseTo(4, 0);
    expect(mean((a, b) => a * b)).toBeCloseTo(-2, 0);
    expect(mean((_, b) => b * b)).toBeCloseTo(1.25, 0);
  });
});

describe('squeeze and multi-scale', () => {
  const encoded = async (layer: Layer, x: Tensor): Promise<number[]> => {
    const p = program([D.runDraw(layer.encode(o.input('x', x.shape))).value], 'float64');
    return Array.from((await (await reference.compile(p)).run({ x }))[0].data);
  };

  test('the order of the channels is the declared one', async () => {
    // Pixel (i, j), channel c is 100 c + 10 i + j.
    const x = tensorOf(Array.from({ length: 8 }, (_, k) => 100 * (k % 2) + 10 * Math.floor(k / 4) + (Math.floor(k / 2) % 2)), [2, 2, 2]); // biome-ignore format: one idea
    expect(await encoded(squeeze([2, 2, 2], [1, 1, 8]), x)).toEqual([0, 1, 10, 11, 100, 101, 110, 111]);
    expect(await encoded(squeeze([2, 2, 2], [1, 1, 8], { order: 'realNVP' }), x)).toEqual([0, 100, 1, 101, 10, 110, 11, 111]); // biome-ignore format: one idea
  });

  test('the latent is what was factored out, finest first', async () => {
    const layer = multiScale([2, 4, 1], [8], [squeeze([2, 4, 1], [1, 2, 4]), affine(), affine()]);
    expect(layer.latents).toEqual([
      [1, 2, 2],
      [1, 2, 1],
      [1, 2, 1],
    ]);
    const p = program([D.runDraw(layer.encode(o.input('x', [2, 4, 1]))).value], 'float64');
    const zero = { shape: [1, 2, 2], type: 'float64', data: new Float64Array(4) } as Tensor;
    const at = Object.fromEntries(p.slots.map((s) => [s.name, { ...zero, shape: s.shape, data: new Float64Array(s.shape.reduce((a, b) => a * b, 1)) }])); // biome-ignore format: one idea
    const x = tensorOf([0, 1, 2, 3, 4, 5, 6, 7], [2, 4, 1]);
    const [z] = await (await reference.compile(p)).run({ ...at, x });
    expect(Array.from(z.data)).toEqual([4, 5, 6, 7, 1, 3, 0, 2]);
  });
});

describe('models', () => {
  test.each([
    ['glow', glow({ shape: [4, 4], levels: 8 }, { steps: 1, scales: 2, channels: 3 })],
    ['glow, vectors', glow({ shape: [3] }, { steps: 2, hidden: [4] })],
    ['glow, odd sides', glow({ shape: [3, 3], levels: 8 }, { steps: 1, hidden: [4] })],
    ['RealNVP, multi-scale', realNVPMultiScale({ shape: [4, 4, 1] }, { scales: 2, channels: 3 })],
  ] as const)('%s is read back from JSON', (_name, dist) => {
    const read = readDist(JSON.parse(JSON.stringify(dist.spec)));
    if (read._tag === 'Left') throw new Error(read.left.message);
    expect(read.right.spec).toEqual(dist.spec);
    expect(read.right.shape).toEqual(dist.shape);
  });
});

describe('JSON', () => {
  test.each<readonly [string, Layer]>([
    ['ActNorm', actNorm({ varianceFloor: 1e-3 })],
    ['batch-norm', batchNorm()],
    ['batch-norm, another rate', batchNorm({ rate: 0.5 })],
    ['batch-norm, at rest', batchNorm({ rate: 0 })],
    ['batch-norm, given', batchNorm({ epsilon: 1e-3, statistics: { mean: [1], variance: [0] } })],
    ['linear', linear({ parametrisation: 'qr', seed: 4 })],
    ['scaleTril', scaleTril()],
    ['scaleTril, fixed', scaleTril({ matrix: [[1, 0], [2, -3]] })], // biome-ignore format: a matrix
    ['squeeze', squeeze([4, 4, 1], [2, 2, 4], { order: 'realNVP' })],
    ['multi-scale', multiScale([2, 2], [4], [actNorm(), linear()])],
  ])('%s is read back', (_name, layer) => {
    const read = readTransport(JSON.parse(JSON.stringify(layer.spec)));
    if (read._tag === 'Left') throw new Error(read.left.message);
    expect([read.right.spec, read.right.grade, read.right.cost]).toEqual([layer.spec, layer.grade, layer.cost]);
  });

  test('a batch-norm of a file without a rate stands still, and says so by what it writes', () => {
    const read = readTransport({ type: 'batchNorm', epsilon: 1e-5 });
    expect(read).toMatchObject({ _tag: 'Right', right: { spec: batchNorm({ rate: 0 }).spec } });
    expect(batchNorm({ rate: 0 }).spec).toEqual({ type: 'batchNorm', epsilon: 1e-5 });
    expect(batchNorm().spec).toEqual({ type: 'batchNorm', epsilon: 1e-5, rate: 0.1 });
  });

  test('a network, and what is wrong in a sentence with its path', () => {
    const { spec } = convNet({ channels: 5, blocks: 2, zeroLast: false });
    expect(readNetwork(JSON.parse(JSON.stringify(spec)))).toMatchObject({ _tag: 'Right', right: { spec } });
    const wrong = readTransport({ type: 'multiScale', data: [2], latent: [2], scales: [{ type: 'invertible1x1', parametrisation: 'ul' }] }); // biome-ignore format: one idea
    expect(wrong).toMatchObject({ _tag: 'Left', left: { path: 'scales[0].parametrisation' } });
    const weak = readTransport({ type: 'multiScale', data: [2], latent: [2], scales: [{ type: 'dequantise', levels: 4 }] }); // biome-ignore format: one idea
    expect(weak).toMatchObject({
      _tag: 'Left',
      left: { message: expect.stringMatching(/every scale must be a bijection/) },
    });
  });
});

describe('what cannot be built is refused in a sentence', () => {
  const used = (layer: Layer, shape: Shape) => () => D.runDraw(layer.encode(o.input('x', shape)));
  test.each<readonly [string, () => unknown, RegExp]>([
    ['no floor', () => actNorm({ varianceFloor: 0 }), /actNorm: the variance floor must be positive/],
    ['a scalar event', used(actNorm(), []), /actNorm: needs a last axis/],
    ['ε = 0', () => batchNorm({ epsilon: 0 }), /batchNorm: epsilon must be positive/],
    ['a rate above 1', () => batchNorm({ rate: 2 }), /batchNorm: the rate is a number from 0 to 1/],
    ['a rate of fixed statistics', () => batchNorm({ rate: 0.1, statistics: { mean: [0], variance: [1] } }), /say a rate or statistics/], // biome-ignore format: one line a case
    ['a negative variance', () => batchNorm({ statistics: { mean: [0], variance: [-1] } }), /variances not negative/],
    ['fewer variances', () => batchNorm({ statistics: { mean: [0, 1], variance: [1] } }), /as many variances as means/],
    [
      'other channels',
      used(batchNorm({ statistics: { mean: [0], variance: [1] } }), [2]),
      /statistics of other channels/,
    ],
    ['no such parametrisation', () => invertible1x1({ parametrisation: 'svd' as never }), /one of lu, plain, qr, exponential, householder/], // biome-ignore format: one line a case
    ['half a seed', () => invertible1x1({ seed: 0.5 }), /the seed must be an integer/],
    ['a full matrix', () => scaleTril({ matrix: [[1, 2], [0, 1]] }), /not lower triangular.*expected 0 at \[0\]\[1\], got 2/], // biome-ignore format: one line a case
    ['a zero on the diagonal', () => scaleTril({ matrix: [[1, 0], [0, 0]] }), /diagonal that is not 0/], // biome-ignore format: one line a case
    ['no square', () => scaleTril({ matrix: [[1, 0]] }), /not square/],
    ['another last axis', used(scaleTril({ matrix: [[1]] }), [2]), /another last axis/],
    ['an odd side', () => squeezed([3, 4, 1]), /does not divide the image.*got \[3, 4, 1\]/],
    ['a wrong latent', () => squeeze([4, 4, 1], [2, 2, 2]), /shapes do not fit.*expected \[2, 2, 4\] for \[4, 4, 1\], got \[2, 2, 2\]/], // biome-ignore format: one line a case
    ['no scale', () => multiScale([4], [4], []), /one scale or more/],
    ['one channel', () => multiScale([4, 1], [4], [affine(), affine()]), /nothing to factor out.*got \[4, 1\]/],
    ['a latent that is not flat', () => multiScale([4, 1], [4, 1], [affine()]), /the latent is flat/],
    ['no channels', () => convNet({ channels: 0 }), /channels must be a positive integer/],
    ['no image', () => convNet().apply(o.input('x', [4]), [4]), /convNet: not an image/],
  ])('%s', (_name, build, said) => {
    expect(build).toThrow(said);
  });
});
