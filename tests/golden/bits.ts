/** Bits as texts: hashes of arrays, and the processor and runtime that numbers of ONNX Runtime depend on. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, endianness } from 'node:os';
import type { Tensor, TensorData } from '../../src/core/tensor.ts';

const bytesOf = (data: TensorData | Float32Array): Uint8Array => {
  const bytes = new Uint8Array(data.byteLength);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (endianness() === 'BE') for (let i = 0, n = data.BYTES_PER_ELEMENT; i < bytes.length; i += n) bytes.subarray(i, i + n).reverse(); // biome-ignore format: one idea
  return bytes;
};

const hex = (parts: readonly (string | Uint8Array)[]): string =>
  parts.reduce((h, p) => h.update(p), createHash('sha256')).digest('hex');

/** The first 32 digits of the sha256 of an array's little-endian bytes. */
export const hashOf = (data: TensorData | Float32Array): string => hex([bytesOf(data)]).slice(0, 32);

/** The first 16 digits of a sha256 of lines: the key of a listing. */
export const hashOfLines = (lines: readonly string[]): string => hex([lines.join('\n')]).slice(0, 16);

/** One line an array, in order: name, shape, hash of its float32 bytes. */
export const arrayLines = (arrays: Readonly<Record<string, Tensor>>): string[] =>
  Object.entries(arrays).map(([name, { shape, data }]) => `${name} [${shape.join(',')}] ${hashOf(data).slice(0, 16)}`);

/** What decides which kernels ONNX Runtime runs, and so the last digits of its numbers. */
export interface Machine {
  readonly processor: string;
  readonly runtime: string;
}

/** Instruction sets that ONNX Runtime picks kernels by. */
const sets = ['avx', 'avx2', 'fma', 'avx_vnni', 'avx512f', 'avx512bw', 'avx512_vnni', 'avx512_bf16', 'amx_tile', 'asimd', 'asimddp', 'sve', 'i8mm', 'bf16']; // biome-ignore format: one list

const linuxFields = (): ReadonlyMap<string, string> =>
  existsSync('/proc/cpuinfo')
    ? new Map(
        readFileSync('/proc/cpuinfo', 'utf8')
          .split('\n\n')[0]
          .split('\n')
          .map((line) => line.split(':').map((s) => s.trim()))
          .map(([k, v]) => [k.toLowerCase(), v] as const),
      )
    : new Map();

/** This machine. A hypervisor may hide a processor's name, so family, model and instruction sets stand beside it. */
export const thisMachine = (): Machine => {
  const fields = linuxFields();
  const flags = new Set((fields.get('flags') ?? fields.get('features') ?? '').split(' '));
  const number = ['cpu family', 'model'].flatMap((k) => (fields.has(k) ? [`${k} ${fields.get(k)}`] : []));
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { readonly version: string };
  return {
    processor: [process.arch, cpus()[0]?.model ?? 'unknown', ...number, ...sets.filter((s) => flags.has(s))].join(', '),
    runtime: `onnxruntime-node ${version}`,
  };
};
