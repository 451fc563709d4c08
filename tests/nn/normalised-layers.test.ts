/** Layers with buffers: batch normalisation and spectral normalisation, by their closed forms. */
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import { buffersOf, evaluating, movingAverage, whileTraining } from '../../src/core/buffer.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { sentence } from '../../src/core/errors.ts';
import type { Expr } from '../../src/core/expr.ts';
import { reference } from '../../src/core/interpreters/index.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { zeros } from '../../src/core/parameters.ts';
import { generator, keyOf } from '../../src/core/prng.ts';
import { type Feeds, noiseFeeds, parametersOf, program } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import { type Shape, sizeOf } from '../../src/core/shape.ts';
import { type Tensor, tensorOf } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { fromRows } from '../../src/data/index.ts';
import { implicit, standardNormal } from '../../src/distributions/index.ts';
import { fit, initialParameters, type Objective, run, sgd } from '../../src/inference/index.ts';
import { batchStep } from '../../src/inference/training/move-plan.ts';
import { readNetwork } from '../../src/models/index.ts';
import {
  activation,
  batchNormalised,
  dense,
  mlp,
  network,
  sequential,
  spectrallyNormalised,
} from '../../src/nn/index.ts';

type Layer = (x: Expr) => Sc.Scoped<Expr>;
const random = (seed: number, shape: Shape): Tensor => {
  const g = generator(keyOf(seed));
  return tensorOf(Float64Array.from({ length: sizeOf(shape) }, g.normal), shape);
};
const valuesOf = (outputs: readonly Expr[], feeds: Feeds): number[][] => {
  const p = program(outputs, 'float64');
  return evaluateProgram(p, { ...noiseFeeds(p, { seed: 0 }), ...feeds }).map((t) => Array.from(t.data, Number));
};
/** A layer over rows, as training reads it. */
const trained = (layer: Layer, x: Expr): Expr => vmapAll((v) => [whileTraining(layer(v))(Sc.root)])(x)[0];
const used = (layer: Layer, x: Expr): Expr => vmapAll((v) => [layer(v)(Sc.root)])(x)[0];
/** A loss Σ y² weighted, over a layer. */
const objectiveOf = (layer: Layer, shape: Shape, weight = 1): Objective<Shape> => ({
  shape,
  spec: { type: 'test' },
  evidence: 'none',
  loss: (x) => D.map((y: Expr) => o.mul(weight, o.sum(o.square(y))))(D.fromScoped(layer(x))),
});
const moments = (rows: ArrayLike<number>, channels: number, places: number) =>
  Array.from({ length: channels }, (_, c) => {
    const v = Array.from(rows).filter((_, k) => Math.floor(k / places) % channels === c);
    const mean = v.reduce((a, b) => a + b, 0) / v.length;
    return { mean, variance: v.reduce((a, b) => a + (b - mean) ** 2, 0) / v.length };
  });

describe('batchNormalised', () => {
  const feeds = (channels: number, more: Feeds = {}): Feeds => ({
    scale: tensorOf(
      Array.from({ length: channels }, (_, i) => 1 + i),
      [channels],
    ),
    shift: tensorOf(
      Array.from({ length: channels }, (_, i) => 3 - i),
      [channels],
    ),
    ...more,
  });

  test.each<[string, Shape]>([
    ['vectors', [3]],
    ['images', [3, 2, 4]],
  ])('%s come out with mean β and variance γ² v / (v + ε) while training', (_name, shape) => {
    const [channels, ...places] = shape;
    const n = sizeOf(places);
    fc.assert(
      fc.property(
        fc.integer(),
        fc.double({ min: 1e-4, max: 1, noNaN: true }),
        fc.integer({ min: 2, max: 9 }),
        (seed, epsilon, batch) => {
          const x = random(seed, [batch, ...shape]);
          const y = trained(batchNormalised({ epsilon }), o.input('x', x.shape));
          const [rows] = valuesOf([y], {
            ...feeds(channels),
            x,
            mean: tensorOf([0, 0, 0]),
            variance: tensorOf([1, 1, 1]),
          });
          const before = moments(x.data as Float64Array, channels, n);
          moments(rows, channels, n).forEach(({ mean, variance }, i) => {
            expect(mean).toBeCloseTo(3 - i, 9);
            const v = before[i].variance;
            expect(variance).toBeCloseTo(((1 + i) ** 2 * v) / (v + epsilon), 9);
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  test('its gradient is that of differences, through the statistics of the batch', () => {
    const x = random(3, [5, 2]);
    const w = random(4, [5, 2]);
    const at = (rows: Tensor): number => valuesOf([loss], { ...all, x: rows })[0][0];
    const input = o.input('x', [5, 2]);
    const all = { ...feeds(2), mean: tensorOf([0, 0]), variance: tensorOf([1, 1]), w };
    const loss = o.sum(o.mul(o.input('w', [5, 2]), o.square(trained(batchNormalised(), input))));
    const [g] = valuesOf(grad(loss, [input]), { ...all, x });
    const h = 1e-5;
    g.forEach((slope, i) => {
      const moved = (d: number): Tensor => ({
        ...x,
        data: Float64Array.from(x.data as Float64Array, (v, k) => v + (k === i ? d : 0)),
      });
      expect(slope).toBeCloseTo((at(moved(h)) - at(moved(-h))) / (2 * h), 6);
    });
  });

  test('in use it reads the buffers, and no example another', () => {
    const x = random(5, [4, 2]);
    const statistics = { mean: tensorOf([0.5, -1]), variance: tensorOf([4, 0.25]) };
    const [y] = valuesOf([used(batchNormalised({ epsilon: 1e-3 }), o.input('x', [4, 2]))], {
      ...feeds(2),
      ...statistics,
      x,
    });
    y.forEach((v, k) => {
      const c = k % 2;
      const expected = ((Number(x.data[k]) - [0.5, -1][c]) / Math.sqrt([4, 0.25][c] + 1e-3)) * (1 + c) + (3 - c);
      expect(v).toBeCloseTo(expected, 10);
    });
  });

  test('the buffers follow the batches by their recursion, from 0 and 1, and sampling uses them', async () => {
    const rows = Float32Array.from({ length: 64 }, (_, k) => Math.sin(7 * k) + (k % 2 === 0 ? 5 : -1));
    const data = fromRows('rows', rows, [2]);
    const [steps, rate] = [7, 0.3];
    const objective = objectiveOf(batchNormalised({ rate }), [2]);
    const options = { objective, data, batchSize: 32, steps, optimizer: sgd({ learningRate: 0.01 }) };
    const fitted = await fit({ ...options, backend: reference })();
    if (E.isLeft(fitted)) throw new Error(sentence(fitted.left));
    const { mean, variance, scale, shift } = fitted.right.parameters;
    // Every batch is the whole of the data.
    moments(rows, 2, 1).forEach((m, c) => {
      const left = (1 - rate) ** steps;
      expect(mean.data[c]).toBeCloseTo((1 - left) * m.mean, 5);
      expect(variance.data[c]).toBeCloseTo(left + (1 - left) * m.variance, 5);
    });
    const net = network({ spec: { type: 'only' }, apply: (x: Expr) => batchNormalised({ rate })(x) });
    const dist = implicit([2], standardNormal([2]), net);
    const named = Object.fromEntries(Object.entries(fitted.right.parameters).map(([k, v]) => [`generator/${k}`, v]));
    const samples = (await run(dist, named, reference).sample(4, 0)).data;
    const z = await run(
      implicit([2], standardNormal([2]), network({ spec: { type: 'none' }, apply: (x) => Sc.of(x) })),
      {},
      reference,
    ).sample(4, 0);
    samples.forEach((v, k) => {
      const c = k % 2;
      const standard = (Number(z.data[k]) - Number(mean.data[c])) / Math.sqrt(Number(variance.data[c]) + 1e-5);
      const expected = standard * Number(scale.data[c]) + Number(shift.data[c]);
      expect(Number(v)).toBeCloseTo(expected, 4);
    });
  });

  test('two readings in one loss are refused by name, unless one does not move', () => {
    const layer = batchNormalised();
    const twice = (second: Layer): Objective<Shape> => ({
      ...objectiveOf(layer, [2]),
      loss: (x) => D.fromScoped((scope) => o.sum(o.add(layer(x)(scope), second(o.mul(2, x))(scope)))),
    });
    const batch = o.input('batch', [4, 2]);
    expect(() => batchStep(twice(layer), batch)).toThrow(/variance: two readings move one buffer/);
    expect(
      batchStep(
        twice((x) => evaluating(layer(x))),
        batch,
      ).advances.map((a) => a.name),
    ).toEqual(['variance', 'mean']);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a rate above 1', () => batchNormalised({ rate: 1.5 }), /rate is a number from 0 to 1.*got 1.5/],
    ['no epsilon', () => batchNormalised({ epsilon: 0 }), /epsilon must be a positive number/],
    ['a scalar', () => batchNormalised()(o.scalar(1))(Sc.root), /no axis of channels/],
  ])('%s is refused', (_name, build, message) => expect(build).toThrow(message));
});

/** Singular vectors of the largest singular value of a matrix, by many steps of power iteration. */
const svd = (w: readonly number[], rows: number, columns: number) => {
  const unit = (v: number[]): number[] => v.map((x) => x / Math.hypot(...v));
  const times = (u: number[]): number[] =>
    Array.from({ length: rows }, (_, i) => u.reduce((s, x, j) => s + w[i * columns + j] * x, 0));
  const back = (v: number[]): number[] =>
    Array.from({ length: columns }, (_, j) => v.reduce((s, x, i) => s + w[i * columns + j] * x, 0));
  let u = unit(Array.from({ length: columns }, (_, j) => 1 + 0.3 * Math.sin(5 * j)));
  for (let k = 0; k < 3000; k++) u = unit(back(unit(times(u))));
  const v = unit(times(u));
  return { u, v, sigma: Math.hypot(...times(u)) };
};

describe('spectrallyNormalised', () => {
  const layer = spectrallyNormalised(dense(4));
  const kernel = random(11, [3, 4]);
  const w = Array.from(kernel.data, Number);
  const { u, v, sigma } = svd(w, 3, 4);
  const bias = tensorOf([0, 0, 0, 0]);
  const rows = tensorOf([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]);

  test('is x W / σ + b at singular vectors, its gradient that of the paper (eq. 12)', () => {
    const x = o.input('x', [3, 3]);
    const y = trained(layer, x);
    const feeds = { kernel, bias, 'kernel/u': tensorOf(u), x: rows };
    const a = random(12, [3, 4]);
    const k = parametersOf([y]).find((p) => p.attributes.name === 'kernel')!;
    const loss = o.sum(o.mul(o.input('a', [3, 4]), y));
    const [out, g] = valuesOf([y, ...grad(loss, [k])], { ...feeds, a });
    out.forEach((r, i) => expect(r).toBeCloseTo(w[i] / sigma, 9));
    const along = w.reduce((s, x, i) => s + (x / sigma) * Number(a.data[i]), 0);
    g.forEach((slope, i) =>
      expect(slope).toBeCloseTo((Number(a.data[i]) - along * v[Math.floor(i / 4)] * u[i % 4]) / sigma, 7),
    );
    // In use the same, from the same buffer.
    expect(valuesOf([used(layer, x)], feeds)[0]).toEqual(out.map((r) => expect.closeTo(r, 10)));
  });

  test('every move is one step of power iteration, or as many as are said', () => {
    const step = (from: number[]): number[] => {
      const wu = Array.from({ length: 3 }, (_, i) => from.reduce((s, x, j) => s + w[i * 4 + j] * x, 0));
      const back = from.map((_, j) => wu.reduce((s, x, i) => s + w[i * 4 + j] * x, 0));
      return back.map((x) => x / Math.hypot(...back));
    };
    const start = [0.5, -0.5, 0.5, 0.5];
    for (const iterations of [1, 3]) {
      const { advances } = batchStep(
        objectiveOf(spectrallyNormalised(dense(4), { iterations }), [3]),
        o.input('batch', [2, 3]),
      );
      expect(advances.map((a) => a.name)).toEqual(['kernel/u']);
      const [next] = valuesOf([advances[0].next], {
        kernel,
        bias,
        'kernel/u': tensorOf(start),
        batch: random(1, [2, 3]),
      });
      let expected = start;
      for (let i = 0; i < iterations; i++) expected = step(expected);
      next.forEach((x, i) => expect(x).toBeCloseTo(expected[i], 10));
    }
  });

  test('training keeps the norm at c, sampling reads the buffer', async () => {
    const data = fromRows(
      'rows',
      Float32Array.from({ length: 96 }, (_, k) => Math.sin(3 * k)),
      [3],
    );
    const network = spectrallyNormalised(mlp([6, 5], { zeroLast: false }), { coefficient: 0.7 });
    const objective: Objective<Shape> = { ...objectiveOf((x) => network.apply(x, [2]), [3], -1) };
    const fitted = await fit({
      objective,
      data,
      batchSize: 32,
      steps: 200,
      optimizer: sgd({ learningRate: 0.05 }),
      backend: reference,
    })();
    if (E.isLeft(fitted)) throw new Error(sentence(fitted.left));
    const { parameters } = fitted.right;
    expect(Object.keys(parameters).filter((n) => n.endsWith('/u'))).toEqual([
      'dense0/kernel/u',
      'dense1/kernel/u',
      'out/kernel/u',
    ]);
    for (const name of ['dense0', 'dense1', 'out']) {
      const { shape, data } = parameters[`${name}/kernel`];
      const truth = svd(Array.from(data, Number), shape[0], shape[1]).sigma;
      const at = Array.from(parameters[`${name}/kernel/u`].data, Number);
      const estimate = Math.hypot(
        ...Array.from({ length: shape[0] }, (_, i) =>
          at.reduce((s, x, j) => s + Number(data[i * shape[1] + j]) * x, 0),
        ),
      );
      expect(Math.abs(estimate / truth - 1)).toBeLessThan(1e-3);
    }
    const [a, b] = [random(21, [40, 3]), random(22, [40, 3])];
    const all = (x: Tensor): number[] =>
      valuesOf([used((e) => network.apply(e, [2]), o.input('x', [40, 3]))], { ...parameters, x })[0];
    const [fa, fb] = [all(a), all(b)];
    for (let i = 0; i < 40; i++) {
      const gap = (p: ArrayLike<number | bigint>, q: ArrayLike<number | bigint>, n: number): number =>
        Math.hypot(...Array.from({ length: n }, (_, j) => Number(p[i * n + j]) - Number(q[i * n + j])));
      expect(gap(fa, fb, 2)).toBeLessThanOrEqual(1.01 * 0.7 ** 3 * gap(a.data, b.data, 3));
    }
  });

  test('before training its norms are good already', async () => {
    const objective = objectiveOf(spectrallyNormalised(dense(4)), [3]);
    const start = await initialParameters(objective, 0, rows, reference);
    const k = Array.from(start.kernel.data, Number);
    const at = Array.from(start['kernel/u'].data, Number);
    const norm = Math.hypot(...[0, 1, 2].map((i) => at.reduce((s, x, j) => s + k[i * 4 + j] * x, 0)));
    expect(Math.abs(norm / svd(k, 3, 4).sigma - 1)).toBeLessThan(0.02);
  });

  test.each<[string, Shape, number]>([
    ['[k, k, in, out]', [3, 3, 2, 5], 5],
    ['[out, in, k, k]', [5, 2, 3, 3], 5],
    ['[k, k, in, out] of squares', [3, 3, 4, 4], 4],
    ['[out, in, k, k] of squares', [4, 4, 3, 3], 4],
  ])('a kernel %s counts as inputs × outputs', (_name, shape, outputs) => {
    const first = shape[0] === outputs;
    const conv: Layer = () => Sc.parameter('kernel', shape, { init: zeros, kind: 'kernel' });
    const inputs = sizeOf(shape) / outputs;
    const array = random(31, shape);
    const flat = Array.from(array.data, Number);
    const matrix = first
      ? Array.from({ length: inputs * outputs }, (_, k) => flat[(k % outputs) * inputs + Math.floor(k / outputs)])
      : flat;
    const s = svd(matrix, inputs, outputs);
    const feeds = { kernel: array, 'kernel/u': tensorOf(s.u) };
    const [y] = valuesOf([whileTraining(spectrallyNormalised(conv)(o.scalar(0)))(Sc.root)], feeds);
    y.forEach((x, i) => expect(x).toBeCloseTo(flat[i] / s.sigma, 9));
  });

  test('a ceiling leaves what is below it, bit for bit', () => {
    const x = o.input('x', [3, 3]);
    const feeds = { kernel, bias, 'kernel/u': tensorOf(u), x: rows };
    const [free, low, high] = [2 * sigma, sigma / 2, undefined].map(
      (coefficient) =>
        valuesOf(
          [
            trained(
              coefficient === undefined ? dense(4) : spectrallyNormalised(dense(4), { coefficient, ceiling: true }),
              x,
            ),
          ],
          feeds,
        )[0],
    );
    expect(free).toEqual(high);
    low.forEach((r, i) => expect(r).toBeCloseTo(w[i] / 2, 9));
  });

  test('reads twice in one loss, constants and copies', () => {
    const twice: Objective<Shape> = {
      ...objectiveOf(layer, [3]),
      loss: (x) => D.fromScoped((scope) => o.sum(o.add(layer(x)(scope), layer(o.mul(2, x))(scope)))),
    };
    expect(batchStep(twice, o.input('batch', [2, 3])).advances.map((a) => a.name)).toEqual(['kernel/u']);
    const constant = whileTraining(Sc.detached(layer(o.input('x', [3]))))(Sc.root);
    const k = parametersOf([constant]).find((p) => p.attributes.name === 'kernel')!;
    expect(
      valuesOf(grad(o.sum(constant), [k]), { kernel, bias, 'kernel/u': tensorOf(u), x: tensorOf([1, 2, 3]) })[0].every(
        (g) => g === 0,
      ),
    ).toBe(true);
    const copy = movingAverage({ name: 'teacher', decay: 0.9 })(layer(o.input('x', [3])))(Sc.root);
    expect(
      buffersOf([copy])
        .map((b) => b.attributes.name)
        .sort(),
    ).toEqual(['teacher/bias', 'teacher/kernel', 'teacher/kernel/u']);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['no iteration', () => spectrallyNormalised(dense(2), { iterations: 0 }), /one or more steps.*got 0/],
    [
      'a negative coefficient',
      () => spectrallyNormalised(dense(2), { coefficient: -1 }),
      /coefficient must be a positive number/,
    ],
  ])('%s is refused', (_name, build, message) => expect(build).toThrow(message));
});

test('normalised layers are read back from JSON, in chains and around them', () => {
  const relu = activation('relu');
  const inside = sequential(
    spectrallyNormalised(dense(4), { iterations: 2 }),
    batchNormalised({ rate: 0.3 }),
    relu,
    dense(1),
  );
  const around = spectrallyNormalised(sequential(dense(4), relu, dense(1)), { coefficient: 3, ceiling: true });
  for (const { spec, apply } of [inside, around, sequential(around, relu)]) {
    const read = readNetwork(JSON.parse(JSON.stringify(spec)));
    if (E.isLeft(read)) throw new Error(sentence(read.left));
    expect(read.right.spec).toEqual(spec);
    const arrays = (a: typeof apply) => {
      const y = a(o.input('x', [3]), [1])(Sc.root);
      return [...parametersOf([y]), ...buffersOf([y])].map((p) => [p.attributes.name, p.shape]);
    };
    expect(arrays(read.right.apply)).toEqual(arrays(apply));
  }
});
