/** What a person reads who asks for a graphics card where there is none: a sentence that says what is missing and what to do, by either way of asking. */
import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import { expect, test } from 'vitest';
import { toFailure } from '../../src/core/errors.ts';
import { backend } from '../../src/core/interpreters/index.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { refusal } from '../../src/core/interpreters/onnx/refusal.ts';
import { tfjs } from '../../src/core/interpreters/tfjs/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Backend, program } from '../../src/core/program.ts';

const twice = program([o.mul(2, o.input('x', [2]))], 'float32');

/** What compiling and running says, or nothing where it works. */
const complaint = async (b: Backend): Promise<string | undefined> => {
  try {
    const e = await b.compile(twice);
    await e.run({ x: { shape: [2], type: 'float32', data: Float32Array.of(1, 2) } });
    await e.dispose();
    return undefined;
  } catch (e) {
    const f = toFailure('ArgumentError', '')(e);
    expect(f._tag).toBe('BackendError');
    return f.message;
  }
};

test.each([
  ['onnx-cuda', onnx('cuda'), /CUDA|NVIDIA/, /npm rebuild onnxruntime-node|install its driver|check the driver/],
  ['tfjs-tensorflow', tfjs('tensorflow'), /tfjs-node/, /npm (install|rebuild)/],
] as const)('%s', { timeout: 60_000 }, async (name, direct, what, advice) => {
  const asked = await backend(name)();
  if (isRight(asked)) {
    expect(await complaint(direct)).toBeUndefined();
    return;
  }
  expect(isLeft(asked) && asked.left._tag).toBe('BackendError');
  expect(asked.left.message).toMatch(what);
  expect(asked.left.message).toMatch(advice);
  expect(asked.left.message).not.toMatch(/\n|undefined|\[object/);
  const said = await complaint(direct);
  expect(said).toMatch(what);
  expect(said).not.toMatch(/\n|\/onnxruntime_src/);
});

test('a provider that does not start is told from a program that is refused', () => {
  const adapter =
    '/onnxruntime_src/core/providers/webgpu/webgpu_context.cc:136 adapter_result.status == Success was false. Failed to get a WebGPU adapter: No supported adapters\n\n  at';
  expect(refusal('webgpu', new Error(adapter))).toBe(
    'WebGPU does not start here (Failed to get a WebGPU adapter: No supported adapters): backends() says what is missing',
  );
  expect(refusal('cuda', new Error('Provider_Cuda: Failed to load shared library'))).toMatch(
    /^CUDA does not start here/,
  );
  expect(refusal('webgpu', new Error('Node (Loop_1) has no kernel'))).toBe(
    'ONNX Runtime refused the program: Node (Loop_1) has no kernel',
  );
  expect(refusal('cpu', 'Failed to load shared library')).toMatch(/^ONNX Runtime refused the program/);
});
