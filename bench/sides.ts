/** The sides of the training-step benchmark: one model, one batch size, one optimiser, several engines. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { keyOf } from '../src/core/prng.ts';
import { noiseTensor } from '../src/core/program.ts';
import type { Tensor } from '../src/core/tensor.ts';
import { joinFlat } from '../src/inference/flat.ts';
import { initialParameters } from '../src/inference/initialise.ts';
import { maximumLikelihood } from '../src/inference/objective.ts';
import { adam } from '../src/inference/optimizer.ts';
import { trainingProgram } from '../src/inference/training-program.ts';
import { realNVP } from '../src/models/real-nvp.ts';
import { tfjsRealNvp } from './peers/tfjs_realnvp.ts';

/** A model and how many steps one timing takes. */
export interface Workload {
  readonly name: string;
  readonly dim: number;
  readonly hidden: number;
  readonly couplings: number;
  readonly batch: number;
  readonly oursSteps: number;
  readonly peerSteps: number;
  readonly tfjsSteps: number;
}

/** An engine that runs training steps; `run` gives seconds per step. */
export interface Peer {
  readonly name: string;
  readonly compileSeconds?: number;
  readonly firstStepSeconds?: number;
  readonly run: (steps: number) => Promise<number>;
  readonly close: () => Promise<void>;
}

const STEPS_PER_RUN = 20;

/** Ours: K = 20 steps in one run of ONNX Runtime, fed from the host at each run. */
export const ours = async (w: Workload, threads: number, spinning = false): Promise<Peer> => {
  const objective = maximumLikelihood(realNVP([w.dim], { layers: w.couplings, hidden: [w.hidden, w.hidden] }));
  const optimizer = adam({ learningRate: 1e-3 });
  const backend = onnx('cpu', { threads, spinning });
  const begin = performance.now();
  const t = trainingProgram({ objective, optimizer, batchSize: w.batch, steps: STEPS_PER_RUN });
  const executable = await backend.compile(t.program);
  const compileSeconds = (performance.now() - begin) / 1000;
  const batches = noiseTensor([STEPS_PER_RUN, w.batch, w.dim], 'normal', 0, keyOf(0), 'float32');
  const start = await initialParameters(objective, 0, { ...batches, shape: [STEPS_PER_RUN * w.batch, w.dim] }, backend);
  const zeros = (): Tensor => ({ shape: [t.layout.size], type: 'float32', data: new Float32Array(t.layout.size) });
  let vectors: Tensor[] = [joinFlat(t.layout, start), ...optimizer.slots.map(zeros)];
  let step = 0;
  const once = async (): Promise<void> => {
    const data = Float32Array.from(Array.from({ length: STEPS_PER_RUN }, (_, k) => optimizer.at(step + k)).flat());
    const out = await executable.run({
      parameters: vectors[0],
      ...Object.fromEntries(optimizer.slots.map((s, i) => [`state:${s}`, vectors[1 + i]])),
      batches,
      coefficients: { shape: [STEPS_PER_RUN, optimizer.coefficients.length], type: 'float32', data },
    });
    vectors = out.slice(0, -1);
    step += STEPS_PER_RUN;
  };
  const firstStart = performance.now();
  await once();
  const firstStepSeconds = (performance.now() - firstStart) / 1000;
  return {
    name: `onnx-cpu, ${threads} thread${threads > 1 ? 's' : ''}${spinning ? ', spinning' : ''}`,
    compileSeconds,
    firstStepSeconds,
    run: async (steps) => {
      const runs = Math.max(1, Math.round(steps / STEPS_PER_RUN));
      const from = performance.now();
      for (let i = 0; i < runs; i++) await once();
      return (performance.now() - from) / 1000 / (runs * STEPS_PER_RUN);
    },
    close: async () => executable.dispose(),
  };
};

const peersFolder = fileURLToPath(new URL('../../bench/peers/', import.meta.url));

/** PyTorch eager in a process of its own, or nothing where Debian's python3-torch is not installed. */
export const pytorch = async (w: Workload, threads: number): Promise<Peer | undefined> => {
  const python = '/usr/bin/python3';
  if (spawnSync(python, ['-c', 'import torch']).status !== 0) return undefined;
  const args = [
    '--dim',
    w.dim,
    '--hidden',
    w.hidden,
    '--couplings',
    w.couplings,
    '--batch',
    w.batch,
    '--threads',
    threads,
  ].map(String);
  const child: ChildProcessWithoutNullStreams = spawn(python, [`${peersFolder}realnvp_step.py`, ...args]);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => JSON.parse((await lines.next()).value as string);
  const ready = await answer();
  return {
    name: `PyTorch ${ready.torch}, ${threads} thread${threads > 1 ? 's' : ''}`,
    run: async (steps) => {
      child.stdin.write(`run ${steps}\n`);
      const { seconds } = await answer();
      return (seconds as number) / steps;
    },
    close: async () => {
      child.stdin.write('quit\n');
    },
  };
};

/** tfjs on its wasm backend. */
export const tfjs = async (w: Workload): Promise<Peer> => {
  const model = await tfjsRealNvp('wasm', { dim: w.dim, hidden: w.hidden, couplings: w.couplings, batch: w.batch });
  return {
    name: 'tfjs 4.22 wasm',
    run: async (steps) => {
      const from = performance.now();
      for (let i = 0; i < steps; i++) await model.step();
      return (performance.now() - from) / 1000 / steps;
    },
    close: async () => model.dispose(),
  };
};
