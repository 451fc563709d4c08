import fc from 'fast-check';
import { expect, test } from 'vitest';
import { grad } from '../../src/core/differentiate/index.ts';
import type { Expr } from '../../src/core/expr.ts';
import { exportOnnx, onnx } from '../../src/core/interpreters/onnx/index.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { keyOf } from '../../src/core/prng.ts';
import { type Feeds, noiseTensor, program } from '../../src/core/program.ts';
import type { Shape } from '../../src/core/shape.ts';

/** Values and both gradients of Σ y² on ONNX Runtime in float32 against float64 loops: the largest error relative to the largest value. */
const worst = async (y: Expr, leaves: readonly Expr[], feeds: Feeds, threads = 1): Promise<number> => {
  const outputs = [y, ...grad(o.sum(o.mul(y, y)), leaves)];
  const want = evaluateProgram(program(outputs, 'float64'), feeds);
  const executable = await onnx('cpu', { threads }).compile(program(outputs));
  const got = await executable.run(feeds);
  return Math.max(
    ...want.map((w, i) => {
      const scale = Math.max(...Array.from(w.data, Math.abs), 1);
      return Math.max(...Array.from(w.data, (v, k) => Math.abs(v - got[i].data[k]))) / scale;
    }),
  );
};

const normal = (shape: Shape, seed: number) => noiseTensor(shape, 'normal', 0, keyOf(seed), 'float32');

test('convolutions whose channels fill blocks, those whose channels do not, and their gradients', { timeout: 60_000 }, () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(8, 16, 24, 32, 48),
      fc.constantFrom(8, 16, 32, 20),
      fc.constantFrom([1, 1], [3, 3], [3, 1], [2, 3]),
      fc.constantFrom([1, 1], [2, 2], [2, 1]),
      fc.constantFrom('same' as const, 'valid' as const, [[2, 0], [1, 1]] as const),
      fc.constantFrom(1, 2),
      async (inputs, outputs, [p, r], stride, padding, groups) => {
        const x = o.input('x', [3, inputs, 6, 5]);
        const w = o.input('w', [outputs, inputs / groups, p, r]);
        const y = o.conv2d(x, w, { stride: stride as [number, number], padding, groups });
        expect(await worst(y, [x, w], { x: normal(x.shape, 1), w: normal(w.shape, 2) })).toBeLessThan(3e-6);
      },
    ),
    { numRuns: 25 },
  )); // biome-ignore format: one property

test('convolutions with biases, theirs alone and shared with another reader', async () => {
  for (const channels of [16, 5]) {
    const [x, w, b] = [o.input('x', [3, 16, 6, 5]), o.input('w', [channels, 16, 3, 3]), o.input('b', [channels])];
    const image = o.conv2d(x, w, { padding: 'same' });
    const biased = o.add(image, o.broadcastTo(o.reshape(b, [channels, 1, 1]), image.shape));
    const feeds = { x: normal(x.shape, 1), w: normal(w.shape, 2), b: normal(b.shape, 3) };
    expect(await worst(biased, [x, w, b], feeds)).toBeLessThan(3e-6);
    expect(await worst(o.add(biased, o.tanh(image)), [x, w, b], feeds)).toBeLessThan(3e-6);
  }
});

test('a file for other machines holds standard operators only', async () => {
  const [x, w] = [o.input('x', [2, 32, 6, 6]), o.input('w', [32, 32, 3, 3])];
  const bytes = exportOnnx(program([o.conv2d(x, w, { padding: 'same' })]), { outputs: ['y'] });
  expect(Buffer.from(bytes).includes('nchwc')).toBe(false);
});

test('the threads do not change a bit of a convolution', async () => {
  const [x, w] = [o.input('x', [8, 32, 14, 14]), o.input('w', [32, 32, 3, 3])];
  const p = program([o.conv2d(x, w, { padding: 'same' })]);
  const feeds = { x: normal(x.shape, 1), w: normal(w.shape, 2) };
  const [[one], [two]] = await Promise.all(
    [1, 2].map(async (threads) => (await onnx('cpu', { threads }).compile(p)).run(feeds)),
  );
  expect(one.data).toEqual(two.data);
});

test('images enlarged by whole numbers, rows and columns alike or not', async () => {
  const x = o.input('x', [2, 3, 4, 5]);
  for (const [down, across] of [[2, 2], [3, 2], [1, 3], [4, 4]]) {
    const cut = o.reshape(x, [2, 3, 4, 1, 5, 1]);
    const y = o.reshape(o.broadcastTo(cut, [2, 3, 4, down, 5, across]), [2, 3, 4 * down, 5 * across]);
    expect(await worst(y, [x], { x: normal(x.shape, 3) })).toBeLessThan(1e-6);
  } // biome-ignore format: a table
});

test('kernels that loops close over, and one that a loop changes', async () => {
  const [x, w, rate] = [o.input('x', [2, 16, 5, 5]), o.input('w', [16, 16, 3, 3]), o.input('rate', [4])];
  const conv = (v: Expr, k: Expr): Expr => o.tanh(o.mul(0.1, o.conv2d(v, k, { padding: 'same' })));
  const inner = (v: Expr): Expr =>
    o.scan({ length: 2, init: [v], xs: [o.slice(rate, [0], [2])], body: ([u], [r]) => ({ carry: [o.mul(r, conv(u, w))] }) }).carry[0]; // biome-ignore format: one loop
  const { carry, ys } = o.scan({
    length: 4,
    init: [x, w],
    xs: [rate],
    body: ([v, k], [r]) => ({ carry: [conv(inner(conv(v, w)), k), o.mul(r, k)], ys: [o.sum(v)] }),
  });
  const feeds = { x: normal(x.shape, 1), w: normal(w.shape, 2), rate: normal([4], 3) };
  expect(await worst(o.add(o.sum(carry[0]), o.sum(ys[0])), [x, w], feeds)).toBeLessThan(3e-6);
});
