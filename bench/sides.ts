/** The sides of the benchmark: one declaration, several engines, each timed by the same two words, `run` and `close`. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { tfjs } from '../src/core/interpreters/tfjs/index.ts';
import { keyOf } from '../src/core/prng.ts';
import { type Backend, noiseTensor } from '../src/core/program.ts';
import { sizeOf } from '../src/core/shape.ts';
import type { Tensor } from '../src/core/tensor.ts';
import { adam } from '../src/inference/optimizers/index.ts';
import { noiseFeeder } from '../src/inference/training/feeding.ts';
import { initialParameters } from '../src/inference/training/initialise.ts';
import { type TrainingProgram, trainingProgram } from '../src/inference/training/program.ts';
import { momentOf } from '../src/inference/training/state.ts';
import { tfjsRealNvp } from './peers/tfjs_realnvp.ts';
import type { Sampling } from './sampling.ts';
import type { Workload } from './workloads.ts';

/** An engine that does some work (training steps, steps of a chain); `run` gives seconds per unit of it. */
export interface Peer {
  readonly name: string;
  readonly parameters: number;
  readonly compileSeconds?: number;
  readonly firstRunSeconds?: number;
  readonly run: (steps: number) => Promise<number>;
  /** The peak memory of a process of its own; ours, which share one, are measured by `npm run bench:memory`. */
  readonly peakMiB?: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Batches of a workload, `[K, B, …]`: normal numbers, or coin flips where the data are binary. */
const batchesOf = (w: Workload, steps: number): Tensor => {
  const shape = [steps, w.batch, ...w.objective().shape];
  const noise = noiseTensor(shape, w.binary === true ? 'uniform' : 'normal', 0, keyOf(0), 'float32');
  return w.binary === true ? { ...noise, data: Float32Array.from(noise.data, (u) => (u < 0.2 ? 1 : 0)) } : noise;
};

/** Where a training run stands before its first step: what it carries, the batches it reads. */
export const started = async (w: Workload, t: TrainingProgram, backend: Backend, perRun: number) => {
  const objective = w.objective();
  const batches = batchesOf(w, perRun);
  const few = Math.min(256, perRun * w.batch);
  const first: Tensor = {
    ...batches,
    shape: [few, ...objective.shape],
    data: batches.data.slice(0, few * sizeOf(objective.shape)) as Float32Array,
  };
  const start = await initialParameters(objective, 0, first, backend);
  const moment = momentOf(t.plan, { step: 0, parameters: start });
  return { batches, vectors: t.carry.map((name) => moment.vectors[name]) };
};

/** The optimiser of every side. */
export const optimizer = adam({ learningRate: 1e-3 });

/** What a run of `perRun` steps from step `step` is fed. */
export const feedsOf = (
  t: TrainingProgram,
  { batches, vectors }: { readonly batches: Tensor; readonly vectors: readonly Tensor[] },
  noise: Record<string, Tensor>,
  perRun: number,
  step: number,
): Record<string, Tensor> => {
  const data = Float32Array.from(Array.from({ length: perRun }, (_, k) => optimizer.at(step + k)).flat());
  return {
    ...Object.fromEntries(t.carry.map((n, i) => [n, vectors[i]])),
    batches,
    coefficients: { shape: [perRun, optimizer.coefficients.length], type: 'float32', data },
    ...noise,
  };
};

/** Our training program on a backend of ours: K steps in one run, batches and noise fed from the host at each run, as `fit` does. */
const onBackend = async (w: Workload, backend: Backend, name: string, perRun: number): Promise<Peer> => {
  const begin = performance.now();
  const t = trainingProgram({ objective: w.objective(), optimizer, batchSize: w.batch, steps: perRun });
  const executable = await backend.compile(t.program);
  const compileSeconds = (performance.now() - begin) / 1000;
  const { batches, ...start } = await started(w, t, backend, perRun);
  let { vectors } = start;
  const noise = noiseFeeder(t, 0);
  let step = 0;
  const once = async (): Promise<void> => {
    const out = await executable.run(feedsOf(t, { batches, vectors }, noise(step), perRun, step));
    vectors = out.slice(0, -1);
    step += perRun;
  };
  const firstStart = performance.now();
  await once();
  return {
    name,
    parameters: t.layout.size,
    compileSeconds,
    firstRunSeconds: (performance.now() - firstStart) / 1000,
    run: async (steps) => {
      const runs = Math.max(1, Math.round(steps / perRun));
      const from = performance.now();
      for (let i = 0; i < runs; i++) await once();
      return (performance.now() - from) / 1000 / (runs * perRun);
    },
    close: async () => executable.dispose(),
  };
};

const onnxName = (threads: number, spinning: boolean): string =>
  `onnx-cpu, ${threads} thread${threads > 1 ? 's' : ''}${spinning ? ', spinning' : ''}`;

/** Our training steps on ONNX Runtime. */
export const ours = (w: Workload, threads: number, spinning = false): Promise<Peer> =>
  onBackend(w, onnx('cpu', { threads, spinning }), onnxName(threads, spinning), w.perRun);

/** Our sampling on ONNX Runtime. What the first run takes beyond the second is compilation, for the most part. */
export const oursSampling = async (w: Sampling, threads: number, spinning = false): Promise<Peer> => {
  const drawing = await w.ours(onnx('cpu', { threads, spinning }));
  const from = performance.now();
  await drawing.run(w.units);
  return {
    name: onnxName(threads, spinning),
    parameters: drawing.parameters,
    firstRunSeconds: (performance.now() - from) / 1000,
    run: async (units) => (await drawing.run(units)) / units,
    close: async () => {},
  };
};

const peersFolder = fileURLToPath(new URL('../../bench/peers/', import.meta.url));

/** PyTorch eager in a process of its own, driven over its stdin; nothing where Debian's python3-torch is not installed. */
const pytorchProcess = async (
  script: string,
  options: Readonly<Record<string, string>>,
  threads: number,
  runsAStep = 1,
): Promise<Peer | undefined> => {
  const python = '/usr/bin/python3';
  if (spawnSync(python, ['-c', 'import torch']).status !== 0) return undefined;
  const flags = Object.entries({ ...options, threads: `${threads}` }).flatMap(([name, value]) => [`--${name}`, value]);
  const child: ChildProcessWithoutNullStreams = spawn(python, ['-W', 'ignore', `${peersFolder}${script}`, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  }) as unknown as ChildProcessWithoutNullStreams;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => JSON.parse((await lines.next()).value as string);
  const ask = (command: string): Promise<Record<string, unknown>> => {
    child.stdin.write(`${command}\n`);
    return answer();
  };
  const ready = await answer();
  return {
    name: `PyTorch ${ready.torch}, ${threads} thread${threads > 1 ? 's' : ''}`,
    parameters: ready.parameters as number,
    run: async (steps) => ((await ask(`run ${steps * runsAStep}`)).seconds as number) / steps,
    peakMiB: async () => (await ask('memory')).peakMiB as number,
    close: async () => {
      child.stdin.write('quit\n');
    },
  };
};

/** A training step in PyTorch. */
export const pytorch = (w: Workload, threads: number): Promise<Peer | undefined> => {
  const options = { model: w.peer.model, options: JSON.stringify(w.peer.options), batch: `${w.batch}` };
  return pytorchProcess('training_step.py', options, threads);
};

/** Sampling in PyTorch. */
export const pytorchSampling = (w: Sampling, threads: number): Promise<Peer | undefined> =>
  pytorchProcess('sampling.py', w.peer, threads, w.peerRuns);

/** tfjs on its wasm backend: written by hand where there is such a peer, else our program run by its kernels. */
export const tfjsWasm = async (w: Workload): Promise<Peer> => {
  if (w.tfjs === undefined) return onBackend(w, tfjs('wasm'), 'tfjs 4.22 wasm kernels, our program', 1);
  const model = await tfjsRealNvp('wasm', { ...w.tfjs, batch: w.batch });
  return {
    name: 'tfjs 4.22 wasm',
    parameters: model.parameters,
    run: async (steps) => {
      const from = performance.now();
      for (let i = 0; i < steps; i++) await model.step();
      return (performance.now() - from) / 1000 / steps;
    },
    close: async () => model.dispose(),
  };
};
