/** Loops copied out, as providers without a loop of their own need them: the same values, wholly, in part and nested. */
import { expect, test } from 'vitest';
import { smallRun } from '../../bench/model-steps.ts';
import { type Expr, topological } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { unrolled } from '../../src/core/interpreters/onnx/unroll.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { maximumLikelihood } from '../../src/inference/objective.ts';
import { realNVP } from '../../src/models/index.ts';

const x = o.input('x', [3]);
const xs = o.input('xs', [6, 3]);
const feeds = {
  x: tensorOf([0.3, -1, 2]),
  xs: tensorOf(Array.from({ length: 18 }, (_, i) => Math.sin(i)), [6, 3]),
}; // biome-ignore format: two arrays

/** Six iterations that carry two arrays, read a sequence and a captured value, and give an output each; a loop of four inside. */
const loops = (): Expr[] => {
  const { carry, ys } = o.scan({
    length: 6,
    init: [x, o.scalar(0)],
    xs: [xs],
    body: ([a, s], [row]) => {
      const inner = o.scan({ length: 4, init: [a], body: ([b]) => ({ carry: [o.mul(0.5, o.add(o.sin(b), x))] }) });
      return { carry: [o.add(inner.carry[0], row), o.add(s, 1)], ys: [o.mul(a, row), s] };
    },
  });
  return [...carry, ...ys];
};

const values = (outputs: readonly Expr[]): number[][] => evaluateProgram(program(outputs, 'float64'), feeds).map(toNumbers); // biome-ignore format: one idea
const lengths = (outputs: readonly Expr[]): number[] =>
  topological(outputs).flatMap((e) => (e.op === 'scan' ? [e.attributes.length] : []));

test.each([
  [0, [6]],
  [60, [3]],
  [100, [2]],
  [10_000, []],
])('with %i nodes a loop: loops of %j are left, and the values are the same', (limit, left) => {
  const copied = unrolled(loops(), limit);
  expect(lengths(copied)).toEqual(left);
  expect(values(copied)).toEqual(values(loops()));
});

test('a loop that may end early stays one', () => {
  const { carry, ys } = o.scan({
    length: 8,
    init: [o.scalar(1)],
    body: ([p]) => ({ carry: [o.mul(2, p)], ys: [p], done: o.less(10, p) }),
  });
  const copied = unrolled([...carry, ...ys], 10_000);
  expect(lengths(copied)).toEqual([8]);
  expect(values(copied)).toEqual([[32], [1, 2, 4, 8, 16, 0, 0, 0]]);
});

test('training steps copied out by ONNX Runtime are the steps of its loop', async () => {
  const dist = realNVP([2], { layers: 2, hidden: [8] });
  const run = await smallRun(
    { event: { shape: [2] }, objective: () => maximumLikelihood(dist) as never },
    onnx('cpu'),
    {
      steps: 4,
    },
  );
  const all = await Promise.all(
    [0, 500, 5000].map(async (unroll) => {
      const executable = await onnx('cpu', { unroll, threads: 1 }).compile(run.training.program);
      return executable.run(run.feeds);
    }),
  );
  for (const out of all.slice(1))
    out.forEach((t, i) => {
      const want = all[0][i].data;
      expect(t.data.length).toBe(want.length);
      t.data.forEach((v, k) => {
        expect(Math.abs(v - want[k])).toBeLessThan(1e-6 * (1 + Math.abs(want[k])));
      });
    });
});
