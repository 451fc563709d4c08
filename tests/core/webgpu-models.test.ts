/** Training steps on WebGPU against the processor: a handful here, every model by `npm run conformance -- --models`. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { placementOf } from '../../bench/gpu-placement.ts';
import { checkModel, modelSteps, smallRun } from '../../bench/model-steps.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { probeOnnxCuda, probeOnnxWebgpu } from '../../src/core/interpreters/probe.ts';
import { reference } from '../../src/core/interpreters/reference/index.ts';
import { absence } from '../../src/laws/index.ts';

/** Chromium's SwiftShader, where nobody has named a driver. */
const software = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (process.env.VK_ICD_FILENAMES === undefined && process.env.VK_DRIVER_FILES === undefined && existsSync(software))
  process.env.VK_ICD_FILENAMES = software;

const step = (name: string) => modelSteps.find((m) => m.name === name)!;

test('every step of the table has a name of its own', () => {
  expect(new Set(modelSteps.map((m) => m.name)).size).toBe(modelSteps.length);
  expect(modelSteps.length).toBeGreaterThan(60);
});

test('steps on WebGPU: losses, parameters, state; nothing is left to the processor', { timeout: 120_000 }, async (context) => {
  const probe = await probeOnnxWebgpu(20_000);
  if (!probe.available) context.skip(probe.detail);
  for (const name of ['realNVP 2', 'vae 2', 'nice 4×4, 4 levels', 'scoreSdeVp 2']) {
    const verdict = await checkModel(step(name), onnx('webgpu'), onnx('cpu'), reference);
    expect(verdict, name).toMatchObject({ name, pass: true });
    expect(verdict.tolerance, name).toBeLessThan(1e-3);
    const { training, feeds } = await smallRun(step(name), onnx('cpu'));
    const places = await placementOf(training.program, feeds, 'webgpu');
    expect([...places.keys()], name).toEqual(['WebGpuExecutionProvider']);
    expect([...places.values()].flatMap((ops) => [...ops.keys()]).filter((op) => op.startsWith('Memcpy'))).toEqual([]);
  }
}); // biome-ignore format: one heading

test('a wrong step fails', async () => {
  const wrong = { ...onnx('cpu'), compile: async (p: Parameters<ReturnType<typeof onnx>['compile']>[0]) => {
    const executable = await onnx('cpu').compile(p);
    return { ...executable, run: async (f: Parameters<typeof executable.run>[0]) =>
      (await executable.run(f)).map((t, i) => (i === 0 ? { ...t, data: t.data.map((v) => v * 1.0001) as typeof t.data } : t)) };
  } }; // biome-ignore format: one idea
  expect(await checkModel(step('realNVP 2'), onnx('cpu'), onnx('cpu'), reference)).toMatchObject({ pass: true });
  expect(await checkModel(step('realNVP 2'), wrong, onnx('cpu'), reference)).toMatchObject({ pass: false });
});

test('without its library CUDA is a sentence, not a crash', async (context) => {
  const probe = await probeOnnxCuda(5000);
  if (probe.available) context.skip('CUDA runs here');
  expect(probe.detail).toMatch(/CUDA|NVIDIA/);
  expect(await absence(onnx('cuda'))).toMatch(/^onnx-cuda does not run here: .*CUDA/);
});
