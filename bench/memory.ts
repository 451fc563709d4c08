/**
 * `npm run bench:memory`: the peak memory of training each workload (bench/workloads.ts), ours and PyTorch's, every side of every workload in a process of
 * its own. Read is `VmHWM` of `/proc/<pid>/status`, the most that was resident at once (`ru_maxrss` would count what the parent held before `exec`).
 *
 *   npm run bench:memory                       a table: MiB, ratio, and both without what an idle process of the side takes
 *   npm run bench:memory -- --only vae,unet    some workloads
 *   npm run bench:memory -- --phases           where ours grows: modules, expressions, session, first run, last run
 *   npm run bench:memory -- --times 8          batches eight times as large: what grows with the work, not what a runtime takes anyway
 *   npm run bench:memory -- --runs 10 --threads 1 --json
 *
 * Ours trains by `fit` on onnx-cpu, as a user does; the peer takes as many steps of bench/peers/training_step.py. An idle process has loaded ONNX Runtime
 * and our modules, or torch.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Workload } from './workloads.ts';

const { values } = parseArgs({
  options: {
    child: { type: 'string' },
    only: { type: 'string' },
    runs: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    times: { type: 'string', default: '1' },
    phases: { type: 'boolean' },
    json: { type: 'boolean' },
  },
});
const [runs, threads, times] = [Number(values.runs), Number(values.threads), Number(values.times)];

/** MiB of a line of `/proc/<pid>/status`: `VmHWM` is the peak, `VmRSS` what is resident now. */
const resident = (line: 'VmHWM' | 'VmRSS', pid: number | 'self'): number =>
  Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** What a process of ours says while it works: a phase, and what is resident then. */
interface Phase {
  readonly phase: string;
  readonly now: number;
  readonly peak: number;
  readonly heap: number;
}

/** The work of a process of ours. */
const child = async (key: string): Promise<void> => {
  const say = (phase: string): void => {
    const record: Phase = {
      phase,
      now: resident('VmRSS', 'self'),
      peak: resident('VmHWM', 'self'),
      heap: process.memoryUsage().heapUsed / 2 ** 20,
    };
    console.log(JSON.stringify(record));
  };
  say('node');
  const { workloads } = await import('./workloads.ts');
  const { loadRuntime, onnx } = await import('../src/core/interpreters/onnx/index.ts');
  const { fit } = await import('../src/inference/training/fit.ts');
  const { fromRows } = await import('../src/data/dataset.ts');
  const { optimizer, rowsLike } = await import('./training-data.ts');
  await loadRuntime();
  say('modules');
  if (key === 'idle') return;
  const w = workloads.find((x) => x.key === key)!;
  const batch = times * w.batch;
  const data = fromRows(w.key, rowsLike(w, 16 * batch), w.objective().shape);
  const backend = onnx('cpu', { threads });
  const watched = {
    ...backend,
    compile: async (p: Parameters<typeof backend.compile>[0]) => {
      say('expressions');
      const made = await backend.compile(p);
      say('session');
      return made;
    },
  };
  const result = await fit({
    objective: w.objective(),
    data,
    optimizer,
    steps: runs * w.perRun,
    stepsPerRun: w.perRun,
    batchSize: batch,
    backend: watched,
    onProgress: ({ step }) => say(step === w.perRun ? 'first run' : `step ${step}`),
  })();
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left));
  say('end');
};

/** What a process printed, line by line, and its peak when it had printed the last line and was still there. */
const measured = (
  command: string,
  args: readonly string[],
  words: readonly string[],
): Promise<{ readonly lines: readonly string[]; readonly peak: number }> =>
  new Promise((done, failed) => {
    const p = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines: string[] = [];
    let peak = 0;
    let asked = 0;
    createInterface({ input: p.stdout }).on('line', (line) => {
      lines.push(line);
      if (words.length > 0) {
        peak = resident('VmHWM', p.pid!);
        p.stdin.write(`${words[asked++] ?? 'quit'}\n`);
      }
    });
    p.on('error', failed);
    p.on('exit', (code) => (code === 0 ? done({ lines, peak }) : failed(new Error(`${command} ended with ${code}`))));
  });

/** Ours, in a process of its own: the phases it passed through. */
const ours = async (key: string): Promise<readonly Phase[]> => {
  const self = fileURLToPath(import.meta.url);
  const { lines } = await measured(process.execPath, [self, '--child', key, '--runs', `${runs}`, '--threads', `${threads}`, '--times', `${times}`], []); // biome-ignore format: one line
  return lines.map((l) => JSON.parse(l) as Phase);
};

const python = '/usr/bin/python3';
const peers = fileURLToPath(new URL('../../bench/peers/', import.meta.url));

/** PyTorch's peak in MiB: of a workload, or having imported torch. */
const pytorch = async (w: Workload | undefined): Promise<number> => {
  const idle = `import sys; sys.path.insert(0, ${JSON.stringify(peers)}); from torch_environment import *; prepare_environment(${threads}); import torch; use_threads(torch, ${threads}); print(1, flush=True); input()`;
  if (w === undefined) return (await measured(python, ['-W', 'ignore', '-c', idle], [''])).peak;
  const { model, options } = w.peer;
  const args = ['--model', model, '--options', JSON.stringify(options), '--batch', `${times * w.batch}`, '--threads', `${threads}`]; // biome-ignore format: one line
  const steps = `run ${w.perRun}`;
  return (await measured(python, ['-W', 'ignore', `${peers}training_step.py`, ...args], Array(runs).fill(steps))).peak;
};

const table = async (): Promise<void> => {
  const { workloads } = await import('./workloads.ts');
  const wanted = values.only?.split(',');
  const say = (line: string): void => {
    if (!values.json) console.log(line);
  };
  const ourIdle = (await ours('idle')).at(-1)!.peak;
  const theirIdle = await pytorch(undefined);
  say(`idle: ours ${ourIdle.toFixed(0)} MiB (node ${process.version}, ONNX Runtime, our modules), PyTorch ${theirIdle.toFixed(0)} MiB; ${threads} threads, ${runs} runs`); // biome-ignore format: one line
  say('workload'.padEnd(12) + ['ours', 'PyTorch', 'ratio', 'ours − idle', 'PyTorch − idle', 'ratio'].map((s) => s.padStart(16)).join('')); // biome-ignore format: one line
  const rows: Record<string, unknown>[] = [];
  for (const w of workloads.filter((x) => wanted === undefined || wanted.includes(x.key))) {
    const phases = await ours(w.key);
    const [a, b] = [phases.at(-1)!.peak, await pytorch(w)];
    rows.push({ workload: w.key, ours: a, pytorch: b, ourIdle, theirIdle, phases });
    const cells = [a, b, a / b, a - ourIdle, b - theirIdle, (a - ourIdle) / (b - theirIdle)];
    say(w.key.padEnd(12) + cells.map((c, i) => c.toFixed(i % 3 === 2 ? 2 : 0).padStart(16)).join(''));
    if (values.phases)
      for (const p of phases)
        say(`    ${p.phase.padEnd(14)} resident ${p.now.toFixed(0).padStart(5)}   peak ${p.peak.toFixed(0).padStart(5)}   JavaScript heap ${p.heap.toFixed(0).padStart(4)} MiB`); // biome-ignore format: one line
  }
  if (values.json) console.log(JSON.stringify(rows, null, 2));
};

await (values.child === undefined ? table() : child(values.child));
