import { existsSync } from 'node:fs';
import type { Either } from 'fp-ts/lib/Either.js';
import { isRight } from 'fp-ts/lib/Either.js';
import { expect, test } from 'vitest';
import type { Failure } from '../../src/core/errors.ts';
import { type Backend, backend, backendNames, backends } from '../../src/core/interpreters/index.ts';
import { probeOnnxWebgpu } from '../../src/core/interpreters/probe.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';

const right = (e: Either<Failure, Backend>): Backend => (isRight(e) ? e.right : expect.fail(e.left.message));
const left = (e: Either<Failure, Backend>): Failure => (isRight(e) ? expect.fail(`got ${e.right.name}`) : e.left);

test('every interpreter is listed, quickly, with a sentence', async () => {
  await backends();
  const start = performance.now();
  const all = await backends();
  expect(performance.now() - start).toBeLessThan(2000);
  expect(all.map((b) => b.name)).toEqual(['reference', 'onnx-cpu', 'onnx-webgpu', 'onnx-cuda', 'tfjs-tensorflow', 'tfjs-webgpu', 'tfjs-wasm', 'tfjs-cpu']); // biome-ignore format: a list
  for (const b of all) {
    expect(b.detail.length).toBeGreaterThan(10);
    expect(b.detail).not.toContain('\n');
    expect(b.precisions.length).toBeGreaterThan(0);
  }
  const available = (name: string): boolean => all.find((b) => b.name === name)!.available;
  for (const name of ['reference', 'onnx-cpu', 'tfjs-wasm', 'tfjs-cpu']) expect(available(name), name).toBe(true);
});

test('what is listed as available resolves and runs; what is not says why', async () => {
  for (const info of await backends()) {
    const found = await backend(info.name)();
    if (!info.available) {
      expect(left(found)).toMatchObject({ _tag: 'BackendError', path: info.name, message: info.detail });
      continue;
    }
    const b = right(found);
    expect(b.name).toBe(info.name);
    const e = await b.compile(program([o.add(o.scalar(1), o.input('x', []))], b.precisions[0]));
    const [y] = await e.run({ x: { shape: [], type: 'float64', data: Float64Array.of(2) } });
    expect(y.data[0]).toBe(3);
    await e.dispose();
  }
});

test('auto and aliases', async () => {
  expect(['onnx-cuda', 'onnx-webgpu', 'onnx-cpu']).toContain(right(await backend('auto')()).name);
  expect(right(await backend('onnx')()).name).toBe('onnx-cpu');
  expect(right(await backend('tfjs')()).name).toMatch(/^tfjs-(tensorflow|webgpu|wasm)$/);
});

test('an unknown name: the nearest one and the list', async () => {
  const f = left(await backend('onx-cpu')());
  expect(f._tag).toBe('UnknownName');
  expect(f.message).toContain("'onnx-cpu'");
  for (const name of backendNames) expect(f.expected).toContain(name);
});

const chromium = '/usr/lib/chromium';

test.skipIf(!existsSync(`${chromium}/vk_swiftshader_icd.json`))(
  'a software adapter works but auto passes it by',
  async () => {
    const before = { ...process.env };
    process.env.LD_LIBRARY_PATH = chromium;
    process.env.VK_ICD_FILENAMES = `${chromium}/vk_swiftshader_icd.json`;
    try {
      const probe = await probeOnnxWebgpu(10_000);
      expect(probe).toMatchObject({ available: true, software: true });
      expect(probe.detail).toContain('swiftshader');
    } finally {
      process.env = before;
    }
  },
);

test('asking prints nothing', async () => {
  const written: string[] = [];
  const [out, err] = [process.stdout.write, process.stderr.write];
  const record = ((s: string | Uint8Array) => written.push(String(s)) > 0) as typeof process.stdout.write;
  process.stdout.write = record;
  process.stderr.write = record;
  try {
    await backends();
    await backend('auto')();
    const e = await right(await backend('tfjs-cpu')()).compile(program([o.exp(o.input('x', [2]))], 'float32'));
    await e.run({ x: { shape: [2], type: 'float32', data: new Float32Array(2) } });
    await e.dispose();
  } finally {
    process.stdout.write = out;
    process.stderr.write = err;
  }
  expect(written).toEqual([]);
});
