/**
 * `npm run bench:limits`: how near a training step comes to what the runtime's matrix products alone would take. The products of a step (their sizes are read
 * off the program) are run by ONNX Runtime in a loop that holds nothing else, in turn with the step itself; printed are T_products / T_step, the rate of
 * both, and which operators the remainder of the step goes to.
 *
 *   npm run bench:limits                              RealNVP 64-D, a wide one, VAE, HVAE on one thread
 *   npm run bench:limits -- --only vae --threads 2 --rounds 15 --json
 *
 * Times of one thread are processor time of this process, which others on the machine disturb less than they do the clock; of more threads, the clock.
 * `products` have their operands upright; `as in the step` has those transposed that the step reads transposed.
 */
import { parseArgs } from 'node:util';
import * as ort from 'onnxruntime-node';
import { blockedDomain, channelBlock } from '../src/core/interpreters/onnx/blocked.ts';
import { emitGraph } from '../src/core/interpreters/onnx/emit.ts';
import { onnx, prepareProgram } from '../src/core/interpreters/onnx/index.ts';
import { encodeModel } from '../src/core/interpreters/onnx/schema.ts';
import { sessionOptions } from '../src/core/interpreters/onnx/sessions.ts';
import { sizeOf } from '../src/core/shape.ts';
import { maximumLikelihood } from '../src/inference/objective.ts';
import { noiseFeeder } from '../src/inference/training/feeding.ts';
import { trainingProgram } from '../src/inference/training/program.ts';
import { realNVP } from '../src/models/index.ts';
import { operatorTimes } from './operators.ts';
import { operations, type Product, productsModel, productsOf, upright } from './products.ts';
import { feedsOf, optimizer, ours, started } from './sides.ts';
import { type Workload, workloads } from './workloads.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '9' },
    json: { type: 'boolean' },
  },
});
const [threads, rounds] = [Number(values.threads), Number(values.rounds)];

const of = (key: string): Workload => workloads.find((w) => w.key === key)!;
const wide: Workload = {
  ...of('realNVP-64'),
  key: 'realNVP-64-wide',
  name: 'RealNVP 64-D (8 couplings, 2×512, batch 1024)',
  objective: () => maximumLikelihood(realNVP([64], { layers: 8, hidden: [512, 512] }) as never) as never,
  batch: 1024,
  perRun: 4,
};
const subjects = [of('realNVP-64'), wide, of('vae'), of('hvae')];

/** Milliseconds that some work takes: of this process where it is one thread's. */
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const [clock, used] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(used);
  return threads === 1 ? (user + system) / 1000 : performance.now() - clock;
};

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1];

/** A session of products alone, over numbers around 1. */
const bare = async (products: readonly Product[], iterations: number) => {
  const { bytes, operands } = productsModel(products, iterations);
  const session = await ort.InferenceSession.create(bytes, sessionOptions('cpu', threads, false, []));
  const data = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => Math.sin(i));
  const feeds = Object.fromEntries(operands.map(({ name, shape }) => [name, new ort.Tensor('float32', data(sizeOf(shape)), shape)])); // biome-ignore format: one line
  return { run: () => session.run(feeds), close: () => session.release() };
};

/** Shares of a step's kernels by operator, largest first. */
const shares = async (w: Workload): Promise<readonly (readonly [string, number])[]> => {
  const t = trainingProgram({ objective: w.objective(), optimizer, batchSize: w.batch, steps: w.perRun });
  const ready = prepareProgram(t.program);
  const { graph, inputs } = emitGraph(ready, undefined, undefined, await channelBlock(ort));
  const fed = feedsOf(t, await started(w, t, onnx('cpu'), w.perRun), noiseFeeder(t, 0)(0), w.perRun, 0);
  const feeds = Object.fromEntries(Object.entries(fed).map(([name, x]) => [inputs.get(name)!, new ort.Tensor('float32', x.data as Float32Array, x.shape)])); // biome-ignore format: one line
  const options = sessionOptions('cpu', threads, false, ready.outputs);
  const times = await operatorTimes(encodeModel(graph, {}, [blockedDomain]), options, feeds, 3);
  const sum = [...times.values()].reduce((a, b) => a + b, 0);
  return [...times].map(([op, ms]) => [op, ms / sum] as const).sort((a, b) => b[1] - a[1]);
};

const show = ({ batch, m, k, n, ta, tb }: Product): string =>
  `${batch > 1 ? `${batch} × ` : ''}${m}×${k}×${n}${ta ? ' Aᵀ' : ''}${tb ? ' Bᵀ' : ''}`;

const measure = async (w: Workload) => {
  const t = trainingProgram({ objective: w.objective(), optimizer, batchSize: w.batch, steps: w.perRun });
  const products = productsOf(prepareProgram(t.program).outputs);
  const flops = products.reduce((s, p) => s + operations(p), 0);
  const step = await ours(w, threads);
  const [plain, same] = [await bare(upright(products), w.perRun), await bare(products, w.perRun)];
  const sides = [() => step.run(w.perRun), plain.run, same.run];
  for (const side of sides) await side();
  const times: number[][] = [];
  for (let r = 0; r < rounds; r++) {
    const round: number[] = [];
    for (const side of sides) round.push((await timed(side)) / w.perRun);
    times.push(round);
  }
  await Promise.all([step.close(), plain.close(), same.close()]);
  const ms = [0, 1, 2].map((i) => median(times.map((x) => x[i])));
  return {
    workload: w.key,
    name: w.name,
    gigaflops: flops / 1e9,
    stepMs: ms[0],
    productsMs: ms[1],
    asInStepMs: ms[2],
    fraction: median(times.map(([a, b]) => b / a)),
    fractionAsInStep: median(times.map(([a, , c]) => c / a)),
    products: [...new Set(products.map(show))].map((text) => ({ text, count: products.filter((p) => show(p) === text).length })), // biome-ignore format: one line
    operators: await shares(w),
  };
};

const wanted = values.only?.split(',');
const results = [];
for (const w of subjects.filter(({ key }) => wanted === undefined || wanted.includes(key))) {
  const r = await measure(w);
  results.push(r);
  if (values.json) continue;
  const rate = (ms: number): string => `${ms.toFixed(2)} ms (${(1000 * r.gigaflops / ms).toFixed(0)} GFLOP/s)`; // biome-ignore format: one line
  console.log(`\n${r.name}, ${threads} thread${threads > 1 ? 's' : ''}: ${r.gigaflops.toFixed(2)} GFLOP a step in products`); // biome-ignore format: one line
  console.log(`  step ${rate(r.stepMs)}   products ${rate(r.productsMs)}   as in the step ${rate(r.asInStepMs)}`);
  console.log(`  products / step ${(100 * r.fraction).toFixed(0)} %, as in the step ${(100 * r.fractionAsInStep).toFixed(0)} %   wanted 70`); // biome-ignore format: one line
  console.log(`  m×k×n: ${r.products.map(({ text, count }) => `${count} of ${text}`).join(', ')}`);
  console.log(`  kernels: ${r.operators.slice(0, 12).map(([op, share]) => `${op} ${(100 * share).toFixed(1)} %`).join(', ')}`); // biome-ignore format: one line
}
if (values.json) console.log(JSON.stringify(results, null, 2));
process.exit(0);
