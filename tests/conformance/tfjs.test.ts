import { test } from 'vitest';
import { tfjs } from '../../src/core/interpreters/tfjs/index.ts';
import { absence } from '../../src/laws/index.ts';
import { expectConformance } from './ask.ts';

test.each(['cpu', 'wasm'] as const)('tfjs-%s conforms', { timeout: 120_000 }, (name) => expectConformance(tfjs(name)));

const adapter = process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES;

test('tfjs-webgpu conforms', { timeout: 300_000 }, async (context) => {
  if (adapter === undefined) context.skip('no Vulkan driver is named: set VK_ICD_FILENAMES');
  const backend = tfjs('webgpu');
  const why = await absence(backend);
  if (why !== undefined) context.skip(why);
  await expectConformance(backend);
});
