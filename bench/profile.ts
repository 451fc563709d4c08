/**
 * Where the time of a training step goes, by ONNX operator: `node dist-bench/bench/profile.js <workload> [threads]`, with the keys of bench/workloads.ts.
 * Runs ONNX Runtime's own profiler on the program that `npm run bench` times; SHAPES=1 keeps operators of different sizes apart, SPIN=1 lets threads spin.
 */
import * as ort from 'onnxruntime-node';
import { blockedDomain, channelBlock } from '../src/core/interpreters/onnx/blocked.ts';
import { emitGraph } from '../src/core/interpreters/onnx/emit.ts';
import { onnx, prepareProgram } from '../src/core/interpreters/onnx/index.ts';
import { encodeModel } from '../src/core/interpreters/onnx/schema.ts';
import { noiseFeeder } from '../src/inference/training/feeding.ts';
import { trainingProgram } from '../src/inference/training/program.ts';
import { isLoop, kernelsOf } from './operators.ts';
import { feedsOf, optimizer, started } from './sides.ts';
import { workloads } from './workloads.ts';

const [key = 'realNVP-64', threads = '1'] = process.argv.slice(2);
const w = workloads.find((x) => x.key === key);
if (w === undefined) {
  console.error(`there is no workload "${key}"; there are ${workloads.map((x) => x.key).join(', ')}`);
  process.exit(2);
}
const t = trainingProgram({ objective: w.objective(), optimizer, batchSize: w.batch, steps: w.perRun });
const ready = prepareProgram(t.program);
const { graph, inputs } = emitGraph(ready, undefined, undefined, await channelBlock(ort));
const noise = noiseFeeder(t, 0);
const feeds = Object.fromEntries(
  Object.entries(feedsOf(t, await started(w, t, onnx('cpu'), w.perRun), noise(0), w.perRun, 0)).map(([name, x]) => [
    inputs.get(name)!,
    new ort.Tensor('float32', x.data as Float32Array, x.shape),
  ]),
);
const noise0 = performance.now();
noise(w.perRun);
console.log(`${((performance.now() - noise0) / w.perRun).toFixed(3)} ms per step for noise, on the host`);
const options: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: Number(threads),
  graphOptimizationLevel: 'extended',
  extra: { session: { intra_op: { allow_spinning: process.env.SPIN ?? '0' } } },
  logSeverityLevel: 3,
};
const kernels = await kernelsOf(encodeModel(graph, {}, [blockedDomain]), options, async (session) => {
  for (let i = 0; i < 3; i++) await session.run(feeds);
  const from = performance.now();
  for (let i = 0; i < 3; i++) await session.run(feeds);
  console.log(`${((performance.now() - from) / (3 * w.perRun)).toFixed(2)} ms per step, profiler on`);
});
const totals = new Map<string, { us: number; n: number }>();
for (const { op, microseconds, outputs } of kernels) {
  if (isLoop(op)) continue;
  const key = op + (process.env.SHAPES ? ` ${JSON.stringify(outputs)}` : '');
  const was = totals.get(key) ?? { us: 0, n: 0 };
  totals.set(key, { us: was.us + microseconds, n: was.n + 1 });
}
const steps = 6 * w.perRun;
for (const [op, { us, n }] of [...totals].sort((a, b) => b[1].us - a[1].us).slice(0, 40))
  console.log(
    `${op.padEnd(24)} ${(us / steps / 1000).toFixed(3).padStart(8)} ms  ${(n / steps).toFixed(1).padStart(7)} nodes`,
  );
