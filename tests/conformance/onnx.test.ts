import { test } from 'vitest';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { absence } from '../../src/laws/index.ts';
import { expectConformance } from './ask.ts';

test.each(['float32', 'float64'] as const)('onnx-cpu conforms in %s', { timeout: 120_000 }, (precision) =>
  expectConformance(onnx('cpu'), precision),
);

const adapter = process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES;

test('onnx-webgpu conforms', { timeout: 300_000 }, async (context) => {
  if (adapter === undefined) context.skip('no Vulkan driver is named: set VK_ICD_FILENAMES');
  const backend = onnx('webgpu');
  const why = await absence(backend);
  if (why !== undefined) context.skip(why);
  await expectConformance(backend);
});
