/** Training steps for `bench/gpu.ts`: ours on any backend, PyTorch on the same card. Each side runs so many steps and says how many seconds one took. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Backend } from '../src/core/program.ts';
import { adam } from '../src/inference/optimizers/index.ts';
import { noiseFeeder } from '../src/inference/training/feeding.ts';
import { type ModelStep, smallRun } from './model-steps.ts';
import type { Workload } from './workloads.ts';

/** An engine that takes training steps. */
export interface GpuSide {
  readonly name: string;
  readonly compileSeconds?: number;
  readonly firstRunSeconds?: number;
  readonly run: (steps: number) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** What is timed: a workload of `npm run bench`, or a small model where the device is a processor in disguise. */
export interface GpuTask extends Pick<Workload, 'name' | 'objective' | 'batch' | 'binary' | 'perRun' | 'steps'> {
  readonly peer?: Workload['peer'];
}

/** A small model as a task. */
export const tinyTask = (m: ModelStep): GpuTask => ({ name: m.name, objective: m.objective, batch: 4, perRun: 2, steps: 2, ...(m.event.levels === undefined ? {} : { binary: true }) }); // biome-ignore format: one idea

/** Our program on a backend: K steps in one run; what is carried, batches and noise go to the device at each run, as in `fit`. */
export const oursOn = async (task: GpuTask, backend: Backend, start: Backend, name: string): Promise<GpuSide> => {
  const optimizer = adam({ learningRate: 1e-3 });
  const event = { shape: task.objective().shape, ...(task.binary ? { levels: 2 } : {}) };
  const { training, feeds } = await smallRun({ event, objective: task.objective }, start, {
    steps: task.perRun,
    batch: task.batch,
    optimizer,
  });
  const from = performance.now();
  const executable = await backend.compile(training.program);
  const compileSeconds = (performance.now() - from) / 1000;
  const noise = noiseFeeder(training, 0);
  let now = feeds;
  let step = 0;
  const once = async (): Promise<void> => {
    const coefficients = Array.from({ length: task.perRun }, (_, k) => optimizer.at(step + k)).flat();
    const fresh = {
      ...now,
      ...noise(step),
      coefficients: { ...now.coefficients, data: Float32Array.from(coefficients) },
    };
    const out = await executable.run(fresh);
    now = { ...fresh, ...Object.fromEntries(training.carry.map((n, i) => [n, out[i]])) };
    step += task.perRun;
    const losses = out[out.length - 1].data;
    if (!Number.isFinite(losses[losses.length - 1])) throw new Error(`${name}: the loss is ${losses[losses.length - 1]} at step ${step}`); // biome-ignore format: one sentence
  };
  const first = performance.now();
  await once();
  return {
    name,
    compileSeconds,
    firstRunSeconds: (performance.now() - first) / 1000,
    run: async (steps) => {
      const runs = Math.max(1, Math.round(steps / task.perRun));
      const begin = performance.now();
      for (let i = 0; i < runs; i++) await once();
      return (performance.now() - begin) / 1000 / (runs * task.perRun);
    },
    close: () => executable.dispose(),
  };
};

const here = dirname(fileURLToPath(import.meta.url));

/** A peer's file: beside the bundle, or in the sources seen from the build. */
export const peerFile = (name: string): string => [join(here, name), join(here, 'peers', name), join(here, '../../bench/peers', name)].find(existsSync) ?? name; // biome-ignore format: one idea

/** A Python that has PyTorch, or why there is none. */
export const pythonWithTorch = (): string | undefined =>
  ['python3', '/usr/bin/python3'].find((p) => spawnSync(p, ['-c', 'import torch']).status === 0);

/** PyTorch on a device; it rejects with a sentence where it does not start. */
export const torchOn = async (task: GpuTask, python: string, device: string): Promise<GpuSide> => {
  if (task.peer === undefined) throw new Error('there is no such model in bench/peers/training_step.py');
  const options = [
    '--model',
    task.peer.model,
    '--options',
    JSON.stringify(task.peer.options),
    '--batch',
    `${task.batch}`,
  ];
  const child = spawn(python, ['-W', 'ignore', peerFile('training_step.py'), ...options, '--device', device], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done === true)
      throw new Error(`PyTorch on ${device} does not start: ${python} ${peerFile('training_step.py')}`);
    return JSON.parse(value) as Record<string, unknown>;
  };
  const ready = await answer();
  return {
    name: `PyTorch ${ready.torch} on ${device}`,
    run: async (steps) => {
      child.stdin.write(`run ${steps}\n`);
      return ((await answer()).seconds as number) / steps;
    },
    close: async () => {
      child.stdin.write('quit\n');
    },
  };
};
