/** Which interpreters there are, which of them can run here, and how a name becomes one. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { type TaskEither, tryCatch } from 'fp-ts/lib/TaskEither.js';
import { type Failure, raise, toFailure } from '../errors.ts';
import type { Backend, Precision } from '../program.ts';
import { onnx } from './onnx/index.ts';
import { type Probe, probeOnnxCuda, probeOnnxWebgpu, probeTensorflow, probeTfjsWebgpu, versionOf } from './probe.ts';
import { reference } from './reference/index.ts';
import { tfjs } from './tfjs/index.ts';

/** An interpreter and whether it can run here. */
export interface BackendInfo {
  readonly name: string;
  readonly available: boolean;
  /** One sentence: version, precision and device, or why not and what to do. */
  readonly detail: string;
  readonly precisions: readonly Precision[];
}

interface Entry {
  readonly backend: Backend;
  /** What the packages say without starting anything. */
  readonly title: () => string;
  readonly probe: (timeout: number) => Promise<Probe>;
}

const require = createRequire(import.meta.url);

const onnxTitle = (): string => `ONNX Runtime ${versionOf('onnxruntime-node') ?? ''}`.trim();
const tfjsTitle = (): string => `TensorFlow.js ${versionOf('@tensorflow/tfjs-core') ?? ''}`.trim();

const probeOnnxCpu = async (): Promise<Probe> => {
  const folder = join(dirname(require.resolve('onnxruntime-node/package.json')), 'bin', 'napi-v6');
  return existsSync(join(folder, process.platform, process.arch, 'onnxruntime_binding.node'))
    ? { available: true, detail: 'on the processor' }
    : { available: false, detail: `no library for ${process.platform} ${process.arch}: use tfjs-wasm` };
};

const installed = (name: string, detail: string) => async (): Promise<Probe> => {
  const version = versionOf(name);
  return version === undefined
    ? { available: false, detail: `not installed: npm install ${name}` }
    : { available: true, detail };
};

const entries: readonly Entry[] = [
  {
    backend: reference,
    title: () => 'plain TypeScript',
    probe: async () => ({ available: true, detail: 'on the processor: the oracle of every test, slow' }),
  },
  { backend: onnx('cpu'), title: onnxTitle, probe: probeOnnxCpu },
  { backend: onnx('webgpu'), title: onnxTitle, probe: probeOnnxWebgpu },
  { backend: onnx('cuda'), title: onnxTitle, probe: probeOnnxCuda },
  { backend: tfjs('tensorflow'), title: tfjsTitle, probe: probeTensorflow },
  { backend: tfjs('webgpu'), title: tfjsTitle, probe: probeTfjsWebgpu },
  {
    backend: tfjs('wasm'),
    title: tfjsTitle,
    probe: installed('@tensorflow/tfjs-backend-wasm', 'on the processor, compiled to WebAssembly'),
  },
  {
    backend: tfjs('cpu'),
    title: tfjsTitle,
    probe: installed('@tensorflow/tfjs-backend-cpu', 'on the processor, in plain JavaScript: slow'),
  },
];

/** Names of all interpreters. */
export const backendNames: readonly string[] = entries.map((e) => e.backend.name);

const infoOf = (e: Entry, p: Probe): BackendInfo => ({
  name: e.backend.name,
  available: p.available,
  detail: p.available ? `${e.title()}, ${e.backend.precisions.join(' and ')}, ${p.detail}` : p.detail,
  precisions: e.backend.precisions,
});

/** Milliseconds that `backends()` waits for a device; naming a backend waits longer. */
const quick = 1700;
const patient = 20_000;

/** Every interpreter, with what it runs on or why it cannot run here. Takes less than two seconds, prints nothing. */
export const backends = (): Promise<readonly BackendInfo[]> =>
  Promise.all(entries.map(async (e) => infoOf(e, await e.probe(quick))));

const probed = new Map<string, Promise<Probe>>();

const probeOnce = (e: Entry): Promise<Probe> => {
  const known = probed.get(e.backend.name) ?? e.probe(patient);
  probed.set(e.backend.name, known);
  return known;
};

const aliases: Readonly<Record<string, string>> = { onnx: 'onnx-cpu' };

/** Interpreters in order of preference: `auto` takes no software adapter, `tfjs` the best TensorFlow.js there is. */
const preferences: Readonly<Record<string, readonly string[]>> = {
  auto: ['onnx-cuda', 'onnx-webgpu', 'onnx-cpu', 'tfjs-wasm'],
  tfjs: ['tfjs-tensorflow', 'tfjs-webgpu', 'tfjs-wasm', 'tfjs-cpu'],
};

const entryOf = (name: string): Entry | undefined => entries.find((e) => e.backend.name === name);

const firstOf = async (wish: string, names: readonly string[]): Promise<Backend> => {
  const found = names.map((n) => entryOf(n)!);
  const answers = await Promise.all(found.map(probeOnce));
  const at = answers.findIndex((p) => p.available && p.software !== true);
  return at >= 0 ? found[at].backend : raise('BackendError', wish, `none of ${names.join(', ')} runs on this machine`);
};

const resolve = async (name: string): Promise<Backend> => {
  const wish = aliases[name] ?? name;
  const names = preferences[wish === 'tfjs-auto' ? 'tfjs' : wish];
  if (names !== undefined) return firstOf(wish, names);
  const entry = entryOf(wish);
  if (entry === undefined) {
    const all = [...Object.keys(preferences), ...Object.keys(aliases), ...backendNames];
    return raise('UnknownName', name, `there is no backend of this name: did you mean '${closest(name, all)}'?`, {
      expected: `one of ${all.join(', ')}`,
      got: name,
    });
  }
  const probe = await probeOnce(entry);
  return probe.available ? entry.backend : raise('BackendError', wish, probe.detail);
};

/**
 * The interpreter of a name: one of {@link backendNames}, `auto` (CUDA, else a real WebGPU adapter, else ONNX Runtime's CPU), `onnx`
 * (its CPU) or `tfjs` (the best TensorFlow.js here). Left: `UnknownName` with the nearest name, or `BackendError` with the reason.
 */
export const backend = (name: string): TaskEither<Failure, Backend> =>
  tryCatch(() => resolve(name), toFailure('BackendError', name));
