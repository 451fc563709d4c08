/** Asks, in a child process, whether a native backend starts here: what it prints or how it dies stays in the child. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { encodeModel, valueInfo } from './onnx/schema.ts';

/** The answer: whether a backend starts, and one sentence about the device or about what is missing. */
export interface Probe {
  readonly available: boolean;
  readonly detail: string;
  /** A processor pretending to be a graphics card: right, but slow. */
  readonly software?: boolean;
}

const require = createRequire(import.meta.url);

/** The version of an installed package; `undefined` where it is not installed. */
export const versionOf = (name: string): string | undefined => {
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
};

const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));

const marker = '@@pushforward@@';

/** Runs CommonJS text in a fresh Node; it reports by `report(object)`. `undefined` where it says nothing in time. */
const ask = (body: string, timeout: number): Promise<Record<string, unknown> | undefined> =>
  new Promise((resolve) => {
    const script = `const report = (r) => process.stdout.write(${JSON.stringify(marker)} + JSON.stringify(r) + '\\n', () => process.exit(0));${body}`;
    const env = { ...process.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '3' };
    execFile(
      process.execPath,
      ['-e', script],
      { timeout, killSignal: 'SIGKILL', env, windowsHide: true, cwd: dirname(process.execPath) },
      (_, stdout) => {
        const line = stdout.split('\n').find((l) => l.startsWith(marker));
        resolve(line === undefined ? undefined : (JSON.parse(line.slice(marker.length)) as Record<string, unknown>));
      },
    );
  });

const negation = (): string =>
  Buffer.from(
    encodeModel({
      name: 'probe',
      node: [{ opType: 'Neg', input: ['x'], output: ['y'], name: 'y', attribute: [] }],
      input: [valueInfo('x', 'float32', [1])],
      output: [valueInfo('y', 'float32', [1])],
      initializer: [],
    }),
  ).toString('base64');

const runOnnx = (provider: string): string => `
  const ort = require(${JSON.stringify(require.resolve('onnxruntime-node'))});
  const fs = require('node:fs');
  const maps = () => { try { return fs.readFileSync('/proc/self/maps', 'utf8'); } catch { return ''; } };
  const drivers = () => [...new Set(maps().split('\\n').map((l) => l.split('/').pop()).filter((l) => /^lib.*\\.so/.test(l)))];
  ort.InferenceSession.create(new Uint8Array(Buffer.from('${negation()}', 'base64')), { executionProviders: ['${provider}'], logSeverityLevel: 4 })
    .then(async (s) => { await s.run({ x: new ort.Tensor('float32', Float32Array.of(1), [1]) }); report({ drivers: drivers() }); })
    .catch((e) => report({ error: String(e.message) }));`;

/** Driver libraries of Vulkan: software ones, and those of graphics cards. */
const softwareDriver = /swiftshader|libvulkan_lvp/;
const hardwareDriver = /libvulkan_(?!lvp)[a-z]|libGLX_nvidia|libnvidia-(glvkspirv|eglcore|vulkan)|amdvlk/;

/** Device files of graphics cards on Linux. */
const cards = (): string[] => {
  const list = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);
  return [
    ...list('/dev/dri').filter((f) => f.startsWith('renderD')),
    ...list('/dev').filter((f) => /^nvidia\d+$|^dxg$|^kgsl/.test(f)),
  ];
};

/** Without the chain of source files that ONNX Runtime puts in front of its messages. */
const shortly = (message: unknown): string =>
  String(message).split('\n')[0].replace(/^.* was false\. /, '').replace(/^\/\S+ .*?\) /, '').trim(); // biome-ignore format: one idea

/** The WebGPU provider of ONNX Runtime. */
export const probeOnnxWebgpu = async (timeout: number): Promise<Probe> => {
  const said = await ask(runOnnx('webgpu'), timeout);
  if (said === undefined)
    return { available: false, detail: `WebGPU did not start within ${timeout / 1000} s, or crashed: check the graphics driver` }; // biome-ignore format: one idea
  if (said.error !== undefined)
    return {
      available: false,
      detail: `WebGPU finds no graphics card (${shortly(said.error)}): install a Vulkan, Metal or Direct3D 12 driver`,
    };
  const drivers = said.drivers as string[];
  const real = process.platform !== 'linux' || (cards().length > 0 && drivers.some((d) => hardwareDriver.test(d)));
  const by = drivers.find((d) => (real ? hardwareDriver : softwareDriver).test(d));
  const named = by === undefined ? '' : ` (${by})`;
  return real
    ? { available: true, detail: `on a graphics card${named}` }
    : { available: true, software: true, detail: `on a software adapter${named}: right but slow, for tests only` };
};

/** The CUDA provider of ONNX Runtime. */
export const probeOnnxCuda = async (timeout: number): Promise<Probe> => {
  if (process.platform === 'darwin') return { available: false, detail: 'CUDA does not exist on macOS' };
  const library = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
  const folder = join(folderOf('onnxruntime-node'), 'bin', 'napi-v6', process.platform, process.arch);
  if (!existsSync(join(folder, library)))
    return {
      available: false,
      detail: `the CUDA library is not installed: with an NVIDIA card run ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node`,
    };
  if (process.platform === 'linux' && !cards().some((f) => /^nvidia|^dxg/.test(f)))
    return { available: false, detail: 'this machine shows no NVIDIA card (no /dev/nvidia0): install its driver' };
  const said = await ask(runOnnx('cuda'), timeout);
  if (said === undefined)
    return { available: false, detail: `CUDA did not start within ${timeout / 1000} s, or crashed: check the driver and CUDA 12 with cuDNN 9` }; // biome-ignore format: one idea
  // ONNX Runtime falls back to its CPU provider without an error where CUDA does not load.
  const loaded = (said.drivers as string[] | undefined)?.some((d) => /cuda/.test(d)) ?? process.platform === 'win32';
  return said.error === undefined && loaded
    ? { available: true, detail: 'on an NVIDIA card' }
    : { available: false, detail: `CUDA does not start (${shortly(said.error ?? 'its libraries do not load')}): check the driver and CUDA 12 with cuDNN 9` }; // biome-ignore format: one idea
};

const nativeBinding = (name: string): boolean => {
  const lib = join(folderOf(name), 'lib');
  return existsSync(lib) && readdirSync(lib).some((f) => existsSync(join(lib, f, 'tfjs_binding.node')));
};

/** Native TensorFlow: @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node. */
export const probeTensorflow = async (timeout: number): Promise<Probe> => {
  const installed = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].filter((n) => versionOf(n) !== undefined);
  const name = installed.find(nativeBinding);
  if (name === undefined)
    return {
      available: false,
      detail:
        installed.length === 0
          ? 'not installed: npm install @tensorflow/tfjs-node-gpu (CUDA 11.2 and cuDNN 8.1), or @tensorflow/tfjs-node'
          : `${installed[0]} is installed without its native library: npm rebuild ${installed[0]} --build-addon-from-source`,
    };
  const said = await ask(
    `const u = require('node:util'); u.isNullOrUndefined ??= (v) => v == null; u.isArray ??= Array.isArray;
     try { const tf = require(${JSON.stringify(require.resolve(name))}); report({ gpu: Boolean(tf.node && tf.node.isUsingGpuDevice), version: tf.version_core }); }
     catch (e) { report({ error: String(e.message) }); }`,
    timeout,
  );
  if (said === undefined)
    return { available: false, detail: `${name} did not load within ${timeout / 1000} s, or crashed` };
  if (said.error !== undefined)
    return { available: false, detail: `${name} does not load: ${String(said.error).split('\n')[0]}` };
  return { available: true, detail: `${name} ${versionOf(name)} on ${said.gpu ? 'an NVIDIA card' : 'the processor'}` };
};

/** TensorFlow.js on WebGPU. */
export const probeTfjsWebgpu = async (timeout: number): Promise<Probe> => {
  const own = (globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu !== undefined;
  if (versionOf('@tensorflow/tfjs-backend-webgpu') === undefined || (!own && versionOf('webgpu') === undefined))
    return { available: false, detail: 'not installed: npm install @tensorflow/tfjs-backend-webgpu@4.22.0 webgpu' };
  if (own) return { available: true, detail: "on this runtime's own WebGPU" };
  const said = await ask(
    `import(${JSON.stringify(join(folderOf('webgpu'), 'index.js'))}).then(async (w) => {
       const a = await w.create([]).requestAdapter();
       report(a === null ? { error: 'no adapter' } : { adapter: [a.info.vendor, a.info.architecture, a.info.description].filter(Boolean).join(' ') });
     }).catch((e) => report({ error: String(e.message) }));`,
    timeout,
  );
  if (said === undefined || said.error !== undefined)
    return { available: false, detail: `WebGPU does not start (${shortly(said?.error ?? 'no answer')}): install a Vulkan, Metal or Direct3D 12 driver` }; // biome-ignore format: one idea
  return {
    available: true,
    detail: `on ${said.adapter}`,
    software: /swiftshader|llvmpipe/i.test(String(said.adapter)),
  };
};
