/**
 * Where the time of a training step goes, by ONNX operator: `node dist-bench/bench/profile.js [dim hidden batch threads]`.
 * Runs ONNX Runtime's own profiler on the program that `npm run bench` times.
 */
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { emitGraph } from '../src/core/interpreters/onnx/emit.ts';
import { prepareProgram } from '../src/core/interpreters/onnx/index.ts';
import { encodeModel } from '../src/core/interpreters/onnx/schema.ts';
import { sizeOf } from '../src/core/shape.ts';
import { maximumLikelihood } from '../src/inference/objective.ts';
import { adam } from '../src/inference/optimizer.ts';
import { trainingProgram } from '../src/inference/training-program.ts';
import { realNVP } from '../src/models/real-nvp.ts';

const [dim = 64, hidden = 256, batch = 512, threads = 1] = process.argv.slice(2).map(Number);
const objective = maximumLikelihood(realNVP([dim], { layers: 8, hidden: [hidden, hidden] }));
const t = trainingProgram({ objective, optimizer: adam(), batchSize: batch, steps: 20 });
const ready = prepareProgram(t.program);
const { graph, inputs } = emitGraph(ready);
const session = await ort.InferenceSession.create(encodeModel(graph), {
  intraOpNumThreads: threads,
  graphOptimizationLevel: 'extended',
  enableProfiling: true,
  profileFilePrefix: join(tmpdir(), 'pushforward'),
  extra: { session: { intra_op: { allow_spinning: '0' } } },
  logSeverityLevel: 3,
});
const feeds = Object.fromEntries(
  ready.slots.map((s) => [
    inputs.get(s.name)!,
    new ort.Tensor(
      'float32',
      new Float32Array(sizeOf(s.shape)).map(() => 0.1 * (Math.random() - 0.5)),
      s.shape,
    ),
  ]),
);
for (let i = 0; i < 3; i++) await session.run(feeds);
const from = performance.now();
for (let i = 0; i < 3; i++) await session.run(feeds);
console.log(`${((performance.now() - from) / 60).toFixed(2)} ms per step, profiler on`);
session.endProfiling();
const { readdirSync } = await import('node:fs');
const file = readdirSync(tmpdir())
  .filter((f) => f.startsWith('pushforward_') && f.endsWith('.json'))
  .map((f) => join(tmpdir(), f))
  .sort()
  .pop()!;
const events = JSON.parse(readFileSync(file, 'utf8')) as {
  cat: string;
  name: string;
  dur: number;
  args?: { op_name?: string; output_type_shape?: unknown };
}[];
rmSync(file);
const totals = new Map<string, { us: number; n: number }>();
for (const e of events) {
  if (
    e.cat !== 'Node' ||
    !e.name.endsWith('_kernel_time') ||
    e.args?.op_name === undefined ||
    e.args.op_name === 'Loop'
  )
    continue;
  const shape = process.env.SHAPES ? ` ${JSON.stringify(e.args.output_type_shape)}` : '';
  const key = e.args.op_name + shape;
  const was = totals.get(key) ?? { us: 0, n: 0 };
  totals.set(key, { us: was.us + e.dur, n: was.n + 1 });
}
const steps = 6 * 20;
for (const [op, { us, n }] of [...totals].sort((a, b) => b[1].us - a[1].us).slice(0, 40))
  console.log(
    `${op.padEnd(24)} ${(us / steps / 1000).toFixed(3).padStart(8)} ms  ${(n / steps).toFixed(1).padStart(7)} nodes`,
  );
