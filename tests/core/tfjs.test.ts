import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad } from '../../src/core/differentiate/index.ts';
import type { Expr, Op } from '../../src/core/expr.ts';
import { topological } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import { type TfjsBackend, tfjs } from '../../src/core/interpreters/tfjs/index.ts';
import { startBackend } from '../../src/core/interpreters/tfjs/runtime.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Feeds, program } from '../../src/core/program.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { type Tensor, tensor } from '../../src/core/tensor.ts';

const backends: readonly TfjsBackend[] = ['cpu', 'wasm'];

/** Numbers in (−1, 1) that look random. */
const numbers = (n: number, seed = 1): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });

const floats = (shape: readonly number[], seed = 1, map: (x: number) => number = (x) => x): Tensor =>
  tensor(
    Float64Array.from(numbers(sizeOf(shape), seed), (v) => Math.fround(map(v))),
    shape,
  );
const ints = (shape: readonly number[], bound: number, seed = 1): Tensor =>
  tensor(
    Int32Array.from(numbers(sizeOf(shape), seed), (x) => Math.floor(((x + 1) / 2) * bound)),
    shape,
  );
const bools = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    Uint8Array.from(numbers(sizeOf(shape), seed), (x) => (x > 0 ? 1 : 0)),
    shape,
  );

const close = (got: Tensor, want: Tensor, tolerance: number): void => {
  expect(got.shape).toEqual(want.shape);
  for (let i = 0; i < want.data.length; i++) {
    const [g, w] = [got.data[i], want.data[i]];
    if (Object.is(g, w) || g === w || Math.abs(g - w) <= tolerance * (1 + Math.abs(w))) continue;
    expect.fail(`element ${i}: got ${g}, want ${w}`);
  }
};

const run = async (backend: TfjsBackend, ys: readonly Expr[], feeds: Feeds): Promise<Tensor[]> => {
  const e = await tfjs(backend).compile(program(ys, 'float32'));
  try {
    return await e.run(feeds);
  } finally {
    await e.dispose();
  }
};

const agree = async (backend: TfjsBackend, ys: readonly Expr[], feeds: Feeds, tolerance = 1e-5): Promise<void> => {
  const want = evaluateProgram(program(ys, 'float64'), feeds);
  const got = await run(backend, ys, feeds);
  got.forEach((g, i) => {
    close(g, want[i], tolerance);
  });
};

/** An expression for every primitive with values for its inputs. */
interface Case {
  readonly name: string;
  readonly ys: readonly Expr[];
  readonly feeds: Feeds;
  readonly tolerance?: number;
}

const x23 = o.input('x', [2, 3]);
const y23 = o.input('y', [2, 3]);
const i23 = o.input('i', [2, 3], 'int32');
const j23 = o.input('j', [2, 3], 'int32');
const p23 = o.input('p', [2, 3], 'bool');
const q23 = o.input('q', [2, 3], 'bool');
const high = o.input('h', [2, 1, 3, 2, 2, 3]);
const highBool = o.input('hb', [2, 1, 3, 2, 2, 3], 'bool');
const highInt = o.input('hi', [2, 1, 3, 2, 2, 3], 'int32');
const all: Feeds = {
  x: floats([2, 3], 1, (v) => 3 * v),
  y: floats([2, 3], 2, (v) => 3 * v),
  i: ints([2, 3], 5, 3),
  j: ints([2, 3], 5, 4),
  p: bools([2, 3], 5),
  q: bools([2, 3], 6),
  h: floats([2, 1, 3, 2, 2, 3], 7),
  hb: bools([2, 1, 3, 2, 2, 3], 8),
  hi: ints([2, 1, 3, 2, 2, 3], 9, 9),
};
const positive = o.add(o.abs(x23), 0.3);
const image = o.input('image', [2, 4, 7, 6]);
const kernels = o.input('kernels', [6, 4, 3, 2]);
const grouped = o.input('grouped', [6, 2, 3, 2]);
const images: Feeds = {
  image: floats([2, 4, 7, 6], 11),
  kernels: floats([6, 4, 3, 2], 12),
  grouped: floats([6, 2, 3, 2], 13),
};
const at4 = o.input('at', [4], 'int32');
const matrix = o.input('a', [2, 3, 3]);
const linearFeeds: Feeds = {
  a: tensor(
    Float64Array.from(numbers(18, 21), (v, i) => Math.fround(i % 4 === 0 ? 2 + v : v)),
    [2, 3, 3],
  ),
  b: floats([2, 3, 2], 22),
  at: tensor(Int32Array.of(2, 0, 2, 1), [4]),
  u: floats([2, 4, 3], 23),
  ...all,
};
const unaries = { neg: o.neg, abs: o.abs, sign: o.sign, floor: o.floor, exp: o.exp, expm1: o.expm1, sin: o.sin, cos: o.cos, tanh: o.tanh, sigmoid: o.sigmoid, softplus: o.softplus, relu: o.relu, erf: o.erf }; // biome-ignore format: a list
const positives = { log: o.log, log1p: o.log1p, sqrt: o.sqrt, lgamma: o.lgamma };
const binaries = { add: o.add, sub: o.sub, mul: o.mul, max: o.max, min: o.min, less: o.less, lessEqual: o.lessEqual, equal: o.equal }; // biome-ignore format: a list
const padding = [[1, 0], [0, 2]] as const; // biome-ignore format: one line
const convolutions = (w: Expr, groups: number): Expr[] => {
  const y = o.conv2d(image, w, { stride: [2, 3], padding, groups });
  const [gi, gw] = grad(o.sum(o.mul(y, o.sin(y))), [image, w]);
  return [y, gi, gw];
};

const cases: readonly Case[] = [
  ...Object.entries(unaries).map(([name, f]) => ({ name, ys: [f(x23), f(high)], feeds: all })),
  ...Object.entries(positives).map(([name, f]) => ({ name, ys: [f(positive)], feeds: all })),
  ...[0, 1, 3].map((n) => ({ name: `polygamma ${n}`, ys: [o.polygamma(n, positive)], feeds: all, tolerance: 1e-4 })),
  ...Object.entries(binaries).map(([name, f]) => ({
    name,
    ys: [f(x23, y23), f(i23, j23), f(x23, o.sliceAxis(y23, 0, 0, 1)), f(high, o.sliceAxis(high, 3, 0, 1)), f(0.5, x23)], // biome-ignore format: a list
    feeds: all,
  })),
  { name: 'div', ys: [o.div(x23, y23)], feeds: all },
  { name: 'pow', ys: [o.pow(positive, y23), o.pow(x23, 2)], feeds: all },
  { name: 'neg int32', ys: [o.neg(i23)], feeds: all },
  { name: 'logic', ys: [o.and(p23, q23), o.or(p23, q23), o.not(p23), o.equal(p23, q23)], feeds: all },
  {
    name: 'select',
    ys: [o.where(p23, x23, y23), o.where(p23, i23, j23), o.where(p23, q23, o.not(q23)), o.where(highBool, high, 0), o.where(p23, o.sliceAxis(x23, 0, 0, 1), 1)], // biome-ignore format: a list
    feeds: all,
  },
  {
    name: 'cast',
    ys: [o.cast(x23, 'int32'), o.cast(x23, 'bool'), o.cast(i23, 'real'), o.cast(i23, 'bool'), o.cast(p23, 'real'), o.cast(p23, 'int32')], // biome-ignore format: a list
    feeds: { ...all, x: tensor(Float64Array.of(256.5, -0.25, 0, -3.9, 3.9, 1), [2, 3]) },
  },
  {
    name: 'sum',
    ys: [o.sum(x23), o.sum(x23, 0), o.sum(high, [1, 3, 5]), o.sum(i23, 1), o.sum(o.reshape(x23, [6, 1]), 0), o.sum(o.reshape(x23, [6, 1]), 1)], // biome-ignore format: a list
    feeds: all,
  },
  { name: 'reduceMax', ys: [o.reduceMax(x23, 1), o.reduceMax(high, [0, 2, 4]), o.reduceMax(i23, 0)], feeds: all },
  { name: 'argMax', ys: [o.argMax(x23, 0), o.argMax(high, 2), o.argMax(i23, 1)], feeds: all },
  { name: 'cumsum', ys: [o.cumsum(x23, 0), o.cumsum(high, 3, true), o.cumsum(i23, 1)], feeds: all },
  { name: 'argSort', ys: [o.argSort(x23), o.argSort(high, 2), o.argSort(i23, 1), o.argSort(i23, 0)], feeds: all },
  { name: 'reshape', ys: [o.reshape(high, [6, 12]), o.reshape(p23, [6])], feeds: all },
  {
    name: 'transpose',
    ys: [o.transpose(x23), o.transpose(high, [5, 1, 3, 0, 4, 2]), o.transpose(highBool, [4, 5, 1, 3, 2, 0]), o.transpose(high, [0, 2, 3, 1, 4, 5])], // biome-ignore format: a list
    feeds: all,
  },
  {
    name: 'broadcast',
    ys: [o.broadcastTo(x23, [4, 2, 3]), o.broadcastTo(o.sliceAxis(high, 3, 0, 1), [2, 5, 3, 4, 2, 3]), o.broadcastTo(p23, [2, 2, 3]), o.broadcastTo(2, [2, 2])], // biome-ignore format: a list
    feeds: all,
  },
  {
    name: 'slice',
    ys: [
      o.slice(x23, [0, 1], [2, 3]),
      ...[high, highInt, highBool].flatMap((h) => [
        o.slice(h, [1, 0, 0, 0, 1, 0], [2, 1, 3, 2, 2, 3], [1, 1, 2, 1, 1, 2]),
        o.slice(h, [0, 0, 1, 0, 0, 0], [2, 1, 3, 2, 1, 3]),
      ]),
      o.sliceAxis(i23, 1, 0, 3, 2),
      o.sliceAxis(p23, 1, 0, 3, 2),
    ],
    feeds: all,
  },
  {
    name: 'pad',
    ys: [o.pad(x23, [1, 0], [0, 2]), o.pad(x23, [1, 2], [0, 1], [2, 1]), o.pad(high, [0, 1, 0, 0, 2, 0], [1, 0, 0, 0, 0, 1]), o.pad(p23, [1, 0], [0, 1]), o.pad(i23, [1, 0], [0, 1], [0, 1])], // biome-ignore format: a list
    feeds: all,
  },
  {
    name: 'concat',
    ys: [o.concat([x23, y23, x23], 1), o.concat([high, high], 3), o.concat([p23, q23], 0)],
    feeds: all,
  },
  {
    name: 'reverse',
    ys: [o.reverse(x23, 1), o.reverse(high, [0, 2, 3]), o.reverse(p23), o.reverse(i23, 0)],
    feeds: all,
  },
  {
    name: 'gather',
    ys: [o.gather(o.input('u', [2, 4, 3]), at4, 2), o.gather(x23, o.reshape(at4, [2, 2]), 1), o.gather(p23, at4, 1), o.sort(x23)], // biome-ignore format: a list
    feeds: linearFeeds,
  },
  {
    name: 'scatterAdd',
    ys: [o.scatterAdd(at4, o.input('u', [2, 4, 3]), 5, 1), o.scatterAdd(o.reshape(at4, [2, 2]), o.reshape(at4, [2, 2]), 3), grad(o.sum(o.sin(o.gather(x23, at4, 1))), [x23])[0]], // biome-ignore format: a list
    feeds: linearFeeds,
  },
  {
    name: 'matmul',
    ys: [
      o.matmul(matrix, o.input('b', [2, 3, 2])),
      o.matmul(o.transpose(x23), y23),
      o.matmul(x23, o.transpose(y23)),
      o.matmul(matrix, o.sliceAxis(matrix, 0, 0, 1)),
      o.matmul(o.sliceAxis(matrix, 0, 0, 1), matrix),
      o.matmul(o.transpose(matrix), o.broadcastTo(o.transpose(x23), [4, 2, 3, 2])),
      o.matmul(o.broadcastTo(x23, [4, 2, 3]), o.broadcastTo(o.transpose(y23), [4, 3, 2])),
    ].filter((e): e is Expr => e !== undefined),
    feeds: linearFeeds,
  },
  {
    name: 'triangularSolve',
    ys: [true, false].flatMap((lower) =>
      [true, false].flatMap((unit) =>
        [true, false].map((transpose) =>
          o.triangularSolve(matrix, o.input('b', [2, 3, 2]), { lower, unit, transpose }),
        ),
      ),
    ),
    feeds: linearFeeds,
  },
  { name: 'conv2d', ys: convolutions(kernels, 1), feeds: images },
  { name: 'conv2d in groups', ys: convolutions(grouped, 2), feeds: images },
  { name: 'marks', ys: [o.stopGradient(x23), o.label('here', x23), o.batchMean(x23), x23, x23], feeds: all },
  {
    name: 'scan',
    ys: (() => {
      const { carry, ys } = o.scan({
        length: 3,
        init: [x23, o.scalar(0, 'int32')],
        xs: [o.broadcastTo(y23, [3, 2, 3]), o.constant([1, 0, 1], [3], 'bool')],
        body: ([c, i], [s, b]) => ({
          carry: [
            o.where(o.broadcastTo(b, [2, 3]), o.add(c, o.mul(s, o.tanh(y23))), c),
            o.add(i, o.scalar(1, 'int32')),
          ],
          ys: [o.sum(c, 0), b, y23],
        }),
      });
      return [...carry, ...ys];
    })(),
    feeds: all,
  },
  {
    name: 'a scan of no steps',
    ys: (() => {
      const { carry, ys } = o.scan({ length: 0, init: [x23], body: ([c]) => ({ carry: [o.sin(c)], ys: [c] }) });
      return [...carry, ...ys];
    })(),
    feeds: all,
  },
  {
    name: 'empty arrays',
    ys: [o.sum(o.slice(x23, [0, 0], [0, 3]), 0), o.slice(x23, [0, 0], [0, 3]), o.concat([o.slice(x23, [0, 0], [0, 3]), x23]), o.exp(o.slice(x23, [0, 0], [2, 0])), o.matmul(o.slice(x23, [0, 0], [2, 0]), o.slice(o.transpose(y23), [0, 0], [0, 2])), o.pad(o.slice(x23, [0, 0], [0, 3]), [1, 0], [0, 0]), o.reduceMax(o.slice(x23, [0, 0], [0, 3]), 0)], // biome-ignore format: a list
    feeds: all,
  },
];

describe.each(backends)('tfjs-%s', (backend) => {
  test.each(cases.map((c) => [c.name, c] as const))('%s', async (_, { ys, feeds, tolerance }) => {
    await agree(backend, ys, feeds, tolerance);
  });

  test('NaN and infinities', async () => {
    const special = [0, 1, -1, Number.NaN, Infinity, -Infinity];
    const n = special.length ** 2;
    const [a, b] = [o.input('a', [n]), o.input('b', [n])];
    const feeds = {
      a: tensor(
        Float64Array.from({ length: n }, (_, i) => special[i % 6]),
        [n],
      ),
      b: tensor(
        Float64Array.from({ length: n }, (_, i) => special[Math.floor(i / 6)]),
        [n],
      ),
    };
    const rows = o.reshape(a, [6, 6]);
    await agree(backend, [o.max(a, b), o.min(a, b), o.max(a, 0), o.max(0.5, a), o.min(2, a), o.relu(a), o.sign(a), o.where(o.less(a, b), a, b), o.equal(a, b), o.lessEqual(a, b), o.add(a, b), o.mul(a, b), o.div(a, b), o.tanh(a), o.sigmoid(a), o.softplus(a), o.exp(a), o.abs(a), o.reduceMax(rows, 0), o.reduceMax(rows, 1), o.sum(rows, 0), o.cast(a, 'bool')], feeds); // biome-ignore format: a list
  });

  test('small arguments keep their digits', async () => {
    const n = 200;
    const a = o.input('a', [n]);
    const feeds = { a: tensor(Float64Array.from({ length: n }, (_, i) => Math.fround((i % 2 ? -1 : 1) * 10 ** (-12 + i / 16.6))), [n]) }; // biome-ignore format: one idea
    const small = o.where(o.less(a, -0.9), 0.5, a);
    const ys = [o.sin(a), o.tanh(a), o.expm1(small), o.log1p(small), o.erf(a), o.sign(a), o.softplus(a), o.sigmoid(a)];
    const want = evaluateProgram(program(ys, 'float64'), feeds);
    const got = await run(backend, ys, feeds);
    want.forEach((w, k) => {
      w.data.forEach((v, i) => {
        expect(Math.abs(got[k].data[i] - v), `function ${k} at ${feeds.a.data[i]}`).toBeLessThanOrEqual(1e-5 * Math.abs(v)); // biome-ignore format: one idea
      });
    });
  });

  test('the mixed second derivative that TensorFlow.js itself gets wrong', async () => {
    const x = o.input('x', [2, 3]);
    const w = o.input('w', [3, 4]);
    const [gx] = grad(o.sum(o.square(o.tanh(o.matmul(x, w)))), [x]);
    const [gw] = grad(o.sum(o.square(gx)), [w]);
    const [plain] = grad(o.sum(o.square(grad(o.sum(o.tanh(o.matmul(x, w))), [x])[0])), [w]);
    await agree(backend, [gw, plain], { x: floats([2, 3], 1), w: floats([3, 4], 2) }, 1e-4);
  });

  test('a training step with scans: agreement, and nothing leaks', async () => {
    const { outputs, feeds } = trainingStep();
    const want = evaluateProgram(program(outputs, 'float64'), feeds);
    const tf = await startBackend(backend);
    const before = tf.memory().numTensors;
    const e = await tfjs(backend).compile(program(outputs, 'float32'));
    const first = await e.run(feeds);
    first.forEach((g, i) => {
      close(g, want[i], 1e-4);
    });
    const held = tf.memory();
    for (let i = 0; i < 3; i++) await e.run(feeds);
    expect(tf.memory().numTensors).toBe(held.numTensors);
    expect(tf.memory().numBytes).toBe(held.numBytes);
    expect(tf.memory().numDataBuffers).toBe(held.numDataBuffers);
    await e.dispose();
    expect(tf.memory().numTensors).toBe(before);
    await expect(e.run(feeds)).rejects.toMatchObject({ _tag: 'BackendError' });
  });

  test('one buffer as a right factor in two shapes (tfjs wasm writes outside its memory)', async () => {
    const [a, w] = [o.input('a', [8, 2]), o.input('w', [2, 8])];
    const ys = [o.matmul(a, w), o.matmul(o.matmul(a, w), o.reshape(w, [8, 2])), o.matmul(w, o.reshape(w, [8, 2]))];
    await agree(backend, ys, { a: floats([8, 2], 1), w: floats([2, 8], 2) });
  });

  test('a run that fails inside a scan frees what it holds', async () => {
    const x = o.input('x', [3]);
    const i = o.input('i', [], 'int32');
    const { carry, ys } = o.scan({
      length: 4,
      init: [o.exp(x), i],
      body: ([c, k]) => ({ carry: [o.sin(o.add(c, o.gather(x, k))), o.add(k, o.scalar(1, 'int32'))], ys: [o.exp(c)] }),
    });
    const tf = await startBackend(backend);
    const before = tf.memory().numTensors;
    const e = await tfjs(backend).compile(program([...carry, ...ys], 'float32'));
    await expect(e.run({ x: floats([3]), i: tensor(Int32Array.of(1), []) })).rejects.toMatchObject({ _tag: 'BackendError' }); // biome-ignore format: one idea
    await e.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('results are the caller’s own', async () => {
    const x = o.input('x', [2, 3]);
    const c = o.constant([1, 2, 3]);
    const e = await tfjs(backend).compile(program([x, c], 'float32'));
    const feeds = { x: tensor(new Float32Array(6), [2, 3]) };
    const [a, b] = await e.run(feeds);
    a.data.fill(7);
    b.data.fill(7);
    expect(Array.from(feeds.x.data)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Array.from((await e.run(feeds))[1].data)).toEqual([1, 2, 3]);
    await e.dispose();
  });

  test('random structure agrees', async () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        shapes,
        fc.infiniteStream(fc.nat(1000)),
        fc.constantFrom('real', 'int32', 'bool'),
        async (shape, choices, type) => {
          const pick = (n: number): number => choices.next().value % n;
          const x = o.input('x', shape, type);
          const p = [...shape.keys()].sort((a, b) => ((a * 7 + pick(13)) % 5) - ((b * 5 + pick(11)) % 5));
          const start = shape.map((d) => pick(d));
          const cut = o.slice(x, start, shape, shape.map(() => 1 + pick(2))); // biome-ignore format: one idea
          const axis = pick(shape.length);
          const row = o.sliceAxis(x, axis, 0, 1);
          const wide = o.broadcastTo(row, [2, ...shape.map((d, i) => (i === axis ? 3 : d))]);
          const ys = [o.transpose(x, p), cut, o.pad(x, shape.map(() => pick(2)), shape.map(() => pick(2)), shape.map(() => pick(2))), o.reverse(x, pick(shape.length)), wide, o.concat([x, cut.shape.every((d, i) => i === 0 || d === shape[i]) ? cut : x])]; // biome-ignore format: a list
          await agree(backend, ys, { x: type === 'real' ? floats(shape) : type === 'int32' ? ints(shape, 9) : bools(shape) }); // biome-ignore format: one idea
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('every primitive is among the cases', () => {
  const seen = new Set<Op>();
  const visit = (es: readonly Expr[]): void => {
    for (const e of topological(es)) {
      seen.add(e.op);
      if (e.op === 'scan') visit(e.attributes.body.results);
    }
  };
  for (const c of cases) visit(c.ys);
  const wanted: readonly Op[] = ['constant', 'variable', 'input', 'neg', 'abs', 'sign', 'floor', 'exp', 'expm1', 'log', 'log1p', 'sqrt', 'sin', 'cos', 'tanh', 'sigmoid', 'softplus', 'relu', 'erf', 'lgamma', 'polygamma', 'not', 'cast', 'add', 'sub', 'mul', 'div', 'pow', 'max', 'min', 'less', 'lessEqual', 'equal', 'and', 'or', 'select', 'sum', 'reduceMax', 'argMax', 'cumsum', 'argSort', 'reshape', 'transpose', 'broadcast', 'slice', 'pad', 'concat', 'reverse', 'gather', 'scatterAdd', 'matmul', 'triangularSolve', 'conv2d', 'conv2dInputGradient', 'conv2dKernelGradient', 'stopGradient', 'label', 'batchMean', 'scan', 'project']; // biome-ignore format: a list
  expect(wanted.filter((op) => !seen.has(op))).toEqual([]);
});

test('several backends at once keep apart', async () => {
  const x = o.input('x', [2, 3]);
  const ys = [o.softmax(o.matmul(x, o.transpose(x)))];
  const feeds = { x: floats([2, 3]) };
  const [want] = evaluateProgram(program(ys, 'float64'), feeds);
  const both = await Promise.all(backends.map((b) => tfjs(b).compile(program(ys, 'float32'))));
  const got = await Promise.all([0, 1, 0, 1, 1, 0].map((k) => both[k].run(feeds)));
  for (const [g] of got) close(g, want, 1e-6);
  await Promise.all(both.map((e) => e.dispose()));
});

test('double precision is refused', async () => {
  await expect(tfjs('cpu').compile(program([o.scalar(1)], 'float64'))).rejects.toMatchObject({ _tag: 'BackendError' });
});

/** Two RealNVP couplings and a bounded Langevin-like loop, their gradients, and two steps of descent inside a scan. */
function trainingStep(): { outputs: Expr[]; feeds: Feeds } {
  const [batch, hidden] = [16, 8];
  const data = o.input('data', [batch, 2]);
  const shapes = [[1, hidden], [hidden], [hidden, 2], [2], [1, hidden], [hidden], [hidden, 2], [2]];
  const weights = shapes.map((s, i) => o.input(`w${i}`, s));
  const coupling = (x: Expr, [w1, b1, w2, b2]: readonly Expr[], flip: boolean): readonly [Expr, Expr] => {
    const fixed = o.sliceAxis(x, 1, flip ? 1 : 0, flip ? 2 : 1);
    const moved = o.sliceAxis(x, 1, flip ? 0 : 1, flip ? 1 : 2);
    const out = o.add(o.matmul(o.tanh(o.add(o.matmul(fixed, w1), b1)), w2), b2);
    const s = o.tanh(o.sliceAxis(out, 1, 0, 1));
    const y = o.add(o.mul(moved, o.exp(s)), o.sliceAxis(out, 1, 1, 2));
    return [o.concat(flip ? [y, fixed] : [fixed, y], 1), o.sum(s, 1)];
  };
  const lossOf = (ws: readonly Expr[], x: Expr): Expr => {
    const [a, la] = coupling(x, ws.slice(0, 4), false);
    const [b, lb] = coupling(a, ws.slice(4), true);
    const { carry } = o.scan({
      length: 3,
      init: [b],
      body: ([z]) => ({ carry: [o.sub(z, o.mul(0.1, o.sin(o.add(z, ws[3]))))] }),
    });
    return o.mean(o.sub(o.mul(0.5, o.sum(o.square(carry[0]), 1)), o.add(la, lb)));
  };
  const { carry, ys } = o.scan({
    length: 2,
    init: weights,
    xs: [o.stack([data, o.mul(0.5, data)])],
    body: (ws, [x]) => {
      const loss = lossOf(ws, x);
      return { carry: grad(loss, ws).map((g, i) => o.sub(ws[i], o.mul(0.05, g))), ys: [loss] };
    },
  });
  const feeds: Record<string, Tensor> = { data: floats([batch, 2], 99) };
  shapes.forEach((s, i) => {
    feeds[`w${i}`] = floats(s, 30 + i, (v) => 0.5 * v);
  });
  return { outputs: [...carry, ...ys, ...grad(lossOf(weights, data), weights)], feeds };
}
