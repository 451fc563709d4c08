import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jvp, vjp } from '../../src/core/differentiate/index.ts';
import { onnx, releaseSessions } from '../../src/core/interpreters/onnx/index.ts';
import { tfjs } from '../../src/core/interpreters/tfjs/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Backend, type Precision, program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { build, distance, feedsFor, inputsOf, recipe, run } from '../core/programs.ts';

const backends: readonly (readonly [string, Backend, Precision, number])[] = [
  ['onnx-cpu float64', onnx('cpu'), 'float64', 1e-9],
  ['onnx-cpu float32', onnx('cpu'), 'float32', 2e-3],
  ['tfjs-cpu', tfjs('cpu'), 'float32', 2e-3],
  ['tfjs-wasm', tfjs('wasm'), 'float32', 2e-3],
];

// Comparisons of nearly equal numbers may go either way in single precision: those programs keep to moves and smooth functions.
test.each(backends)(
  'random programs and their derivatives on %s',
  { timeout: 120_000 },
  async (_, backend, precision, tolerance) => {
    const check = async (r: Parameters<typeof build>[0]): Promise<void> => {
      const xs = inputsOf(r);
      const y = build(r)(...xs);
      const outputs = [y, ...vjp([y], xs, [o.input('c', y.shape)]), ...jvp([y], xs, inputsOf(r, 't'))];
      const feeds = feedsFor(outputs);
      const executable = await backend.compile(program(outputs, precision));
      const got = await executable.run(feeds);
      await executable.dispose();
      expect(distance(run(outputs, feeds), got.map(toNumbers))).toBeLessThan(tolerance); // biome-ignore format: one idea
    };
    const arbitrary = precision === 'float64' ? recipe : recipe.map((r) => ({ ...r, moves: true }));
    await fc.assert(fc.asyncProperty(arbitrary, check), {
      seed: Number(process.env.LAW_SEED ?? 1),
      numRuns: Number(process.env.LAW_RUNS ?? 60),
    });
    await releaseSessions();
  },
);
