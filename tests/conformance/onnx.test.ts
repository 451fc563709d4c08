import { test } from 'vitest';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { expectConformance } from './ask.ts';

test.each(['float32', 'float64'] as const)('onnx-cpu conforms in %s', { timeout: 120_000 }, (precision) =>
  expectConformance(onnx('cpu'), precision),
);

const adapter = process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES;

test.skipIf(adapter === undefined)(
  'onnx-webgpu conforms (skipped without a Vulkan driver: set VK_ICD_FILENAMES)',
  { timeout: 300_000 },
  () => expectConformance(onnx('webgpu')),
);
