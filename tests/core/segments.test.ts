/** Loops in pieces: the numbers of the whole program, to the last digit, with the noise of one piece in memory. */
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx, reference } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Backend, noiseKey, noiseTensor, type Program, parametersOf, program } from '../../src/core/program.ts';
import * as R from '../../src/core/random.ts';
import { exampleRunner } from '../../src/core/run-segments.ts';
import { segmentsOf } from '../../src/core/segments.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { resMlp } from '../../src/nn/index.ts';
import { ddpm, predict, reverseChain, vp } from '../../src/sde/index.ts';

const rows = 3;
const each = (f: (x: Expr) => D.Draw<readonly Expr[]>, precision: 'float32' | 'float64'): Program =>
  program(vmapAll((x) => D.runDraw(f(x)), { fresh: () => true })(o.input('x', [rows, 2])), precision);

/** A walk with a probe drawn once, an inner loop of draws of its own, outputs of every step, and draws before and after. */
const walk =
  (done: boolean) =>
  (x: Expr): D.Draw<readonly Expr[]> =>
    D.fromRandom((cursor) => {
      const [first, a] = R.normal([2])(cursor);
      const [probe, b] = R.rademacher([2])(a);
      const [{ carry, ys }, c] = R.scanRandom({
        length: 11,
        init: [o.add(x, first), o.scalar(0)],
        xs: [o.constant(Array.from({ length: 11 }, (_, i) => 1 / (i + 1)))],
        body: ([v, n], [h]) =>
          R.chain((z: Expr) =>
            R.map(({ carry: [w] }: { readonly carry: readonly Expr[] }) => ({
              carry: [w, o.add(n, 1)],
              ys: [o.sum(w), o.mul(n, h)],
              ...(done ? { done: o.greater(n, 1e9) } : {}),
            }))(
              R.scanRandom({
                length: 2,
                init: [o.add(o.mul(0.9, v), o.mul(h, o.mul(probe, z)))],
                body: ([u]) => R.map((y: Expr) => ({ carry: [o.add(u, o.mul(0.1, y))] }))(R.normal([2])),
              }),
            ),
          )(R.normal([2])),
      })(b);
      const [last, d] = R.normal([2])(c);
      return [[o.add(carry[0], last), carry[1], ys[0]], d];
    }); // biome-ignore format: one idea

/** The results of a program, its noise limited to so many numbers, and the most numbers of noise that any run was fed. */
const results = async (p: Program, backend: Backend, limit: number) => {
  const fed: number[] = [];
  const watching: Backend = {
    ...backend,
    compile: async (part) => {
      fed.push(part.slots.reduce((n, s) => n + (s.noise === undefined ? 0 : sizeOf(s.shape)), 0));
      return backend.compile(part);
    },
  };
  const parameters = Object.fromEntries(
    parametersOf(p.outputs).map(({ attributes: { name }, shape }) => [
      name,
      noiseTensor(shape, 'uniform', 0, noiseKey(1, 0, name), p.precision),
    ]),
  );
  const x = noiseTensor([rows, 2], 'normal', 0, noiseKey(2, 0, 'x'), p.precision);
  const runner = exampleRunner(p, watching, limit);
  const values = await runner.run({ ...parameters, x }, { seed: 5, firstExample: 4 });
  await runner.dispose();
  return { values: values.map((t) => toNumbers(t)), most: Math.max(...fed), programs: fed.length };
};

describe('a loop that draws noise', () => {
  test.each([
    ['reference', reference, 'float64'],
    ['onnx', onnx('cpu'), 'float32'],
  ] as const)('in pieces is the loop as it stands (%s)', async (_, backend, precision) => {
    const p = each(walk(false), precision);
    const whole = await results(p, backend, 1e6);
    expect(whole.programs).toBe(1);
    for (const steps of [1, 4, 10]) {
      const parts = await results(p, backend, steps * rows * 6);
      expect(parts.values).toEqual(whole.values);
      expect(parts.programs).toBeGreaterThan(2);
      expect(parts.most).toBeLessThanOrEqual(Math.max(steps, 2) * rows * 6);
    }
  });

  test('the reverse chain of a denoiser: what nobody asks for is not kept', async () => {
    const dist = ddpm(reverseChain(predict('noise', vp(), resMlp([8]), { shape: [2] }), { steps: 30 }));
    const p = each(() => D.map((v: Expr) => [v])(dist.sample), 'float32');
    const whole = await results(p, onnx('cpu'), 1e6);
    expect((await results(p, onnx('cpu'), 7 * rows * 2)).values).toEqual(whole.values);
    expect(segmentsOf(p, 7 * rows * 2)?.results).toEqual(['result.0']);
  });

  test('runs as it stands where it draws little, or may end early', () => {
    expect(segmentsOf(each(walk(false), 'float32'), 1e6)).toBeUndefined();
    expect(segmentsOf(each(walk(true), 'float32'), 1)).toBeUndefined();
  });
});
