/** TensorFlow.js, loaded at first use: backends, the polyfill, and the queue that keeps its global state in order. */
import { createRequire } from 'node:module';
import type * as TfCore from '@tensorflow/tfjs-core';
import { raise } from '../../errors.ts';

/** The tfjs-core module. */
export type Tf = typeof TfCore;

/** A tensor on a backend. */
export type TfTensor = TfCore.Tensor;

/** Backends of TensorFlow.js, best first. `tensorflow` is tfjs-node-gpu (or tfjs-node). */
export const tfjsBackends = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;

/** The name of a TensorFlow.js backend. */
export type TfjsBackend = (typeof tfjsBackends)[number];

const require = createRequire(import.meta.url);

/** A module whose types are not needed (it may not be installed): CommonJS exports are unwrapped. */
const load = async (name: string): Promise<Record<string, unknown>> => {
  const m = (await import(name)) as Record<string, unknown>;
  return (m.default as Record<string, unknown> | undefined) ?? m;
};

/** tfjs-node calls two functions that Node 23 removed from `util`. */
const polyfillUtil = (): void => {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (v: unknown) => v === null || v === undefined;
  util.isArray ??= Array.isArray;
};

/** The first of `names` that loads, or a failure that says why none did. */
const loadFirst = async (names: readonly string[]): Promise<Record<string, unknown>> => {
  const reasons: string[] = [];
  for (const name of names)
    try {
      return await load(name);
    } catch (e) {
      reasons.push(`${name}: ${(e instanceof Error ? e.message : String(e)).split('\n')[0]}`);
    }
  return raise('BackendError', 'tfjs-tensorflow', `no native TensorFlow could be loaded (${reasons.join('; ')})`);
};

/** Runs `f` and drops listeners it adds to the process: Emscripten's rethrow every unhandled rejection. */
const withoutListeners = async <A>(f: () => Promise<A>): Promise<A> => {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((e) => process.listeners(e as 'uncaughtException'));
  try {
    return await f();
  } finally {
    events.forEach((e, i) => {
      for (const l of process.listeners(e as 'uncaughtException'))
        if (!before[i].includes(l)) process.removeListener(e, l);
    });
  }
};

/** WebGPU for this process: `navigator.gpu` as it is, or Dawn from the `webgpu` package put in its place. */
const provideGpu = async (): Promise<void> => {
  const host = globalThis as { navigator?: object & { gpu?: unknown } };
  if (host.navigator?.gpu !== undefined) return;
  const dawn = await load('webgpu').catch(() =>
    raise('BackendError', 'tfjs-webgpu', 'this Node has no navigator.gpu: npm install webgpu'),
  );
  Object.assign(globalThis, dawn.globals);
  const gpu = (dawn.create as (flags: string[]) => unknown)([]);
  if (host.navigator === undefined) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(host.navigator, 'gpu', { value: gpu, configurable: true });
};

/** The backend registers itself where it finds `navigator.gpu`. */
const loadWebgpu = async (): Promise<void> => {
  await provideGpu();
  await load('@tensorflow/tfjs-backend-webgpu').catch(() =>
    raise('BackendError', 'tfjs-webgpu', 'not installed: npm install @tensorflow/tfjs-backend-webgpu@4.22.0 webgpu'),
  );
};

const loaders: { readonly [B in TfjsBackend]: () => Promise<unknown> } = {
  tensorflow: () => {
    polyfillUtil();
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
    return loadFirst(['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']);
  },
  webgpu: loadWebgpu,
  wasm: () => load('@tensorflow/tfjs-backend-wasm'),
  cpu: () => load('@tensorflow/tfjs-backend-cpu'),
};

const start = async (name: TfjsBackend): Promise<Tf> => {
  const tf = (await load('@tensorflow/tfjs-core')) as Tf;
  await withoutListeners(async () => {
    await loaders[name]();
    const before = currentBackend(tf);
    if (!(await tf.setBackend(name)))
      return raise('BackendError', `tfjs-${name}`, 'TensorFlow.js could not start this backend');
    await tf.ready();
    // The plain JavaScript backend greets the user once, on the console. The cast: the field is of the backend's class, which its declared type does not name.
    if (name === 'cpu') (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
    if (before !== undefined && before !== name) await tf.setBackend(before);
  });
  return tf;
};

/** The backend in use, or `undefined` before there is one (`tf.getBackend` would start one). */
const currentBackend = (tf: Tf): string | undefined => tf.engine().backendName || undefined;

const started = new Map<TfjsBackend, Promise<Tf>>();

/** TensorFlow.js with one backend ready. Rejects with a `BackendError` that says why it cannot be had. */
export const startBackend = (name: TfjsBackend): Promise<Tf> => {
  const known = started.get(name);
  if (known !== undefined) return known;
  const made = exclusively(() => start(name));
  started.set(name, made);
  made.catch(() => started.delete(name));
  return made;
};

let tail: Promise<unknown> = Promise.resolve();

/** Runs tasks one after another: the current backend is a global of TensorFlow.js. */
export const exclusively = <A>(task: () => Promise<A>): Promise<A> => {
  const next = tail.then(task, task);
  tail = next.catch(() => undefined);
  return next;
};

/** Runs a task in turn with `name` as the current backend, and puts back the one that was. */
export const onBackend = <A>(tf: Tf, name: TfjsBackend, task: () => Promise<A>): Promise<A> =>
  exclusively(async () => {
    const before = currentBackend(tf);
    if (before !== name) await tf.setBackend(name);
    try {
      return await task();
    } finally {
      if (before !== undefined && before !== name) await tf.setBackend(before);
    }
  });
