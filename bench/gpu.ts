/**
 * `npm run bench:gpu`: what a graphics card gives. Matrix products and memory against the card's own limits, training steps on onnx-webgpu and onnx-cuda against
 * the processor and against PyTorch on the same card, nodes that are left to the processor; with `--check` the conformance of every model's step and of every
 * primitive. What cannot be measured here says why, and nothing fails.
 *
 *   --allow-software --tiny     a software adapter at toy sizes: shows that the command works, measures nothing
 *   --only realNVP-64,unet      some workloads of bench/workloads.ts      --sizes 1024,4096   sides of the matrices
 *   --pairs 7                   rounds in which the sides take turns      --minutes 8         starts nothing new after so many
 *   --json FILE                 everything measured, as one document
 *
 * `bench/gpu.md` says how it reaches a machine that has a card and nothing else.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { type Probe, probeOnnxCuda, probeOnnxWebgpu } from '../src/core/interpreters/probe.ts';
import { reference } from '../src/core/interpreters/reference/index.ts';
import type { Backend } from '../src/core/program.ts';
import { conformance, conformanceCounts } from '../src/laws/index.ts';
import { callCost, chainSpeed, productSpeed } from './gpu-limits.ts';
import { placementLine, placementOf } from './gpu-placement.ts';
import { type GpuSide, type GpuTask, oursOn, peerFile, pythonWithTorch, tinyTask, torchOn } from './gpu-sides.ts';
import { checkModel, modelSteps, smallRun } from './model-steps.ts';
import { workloads } from './workloads.ts';

const { values } = parseArgs({
  options: {
    tiny: { type: 'boolean', default: false },
    'allow-software': { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    only: { type: 'string', default: 'realNVP-64,vae,glow,unet' },
    sizes: { type: 'string' },
    pairs: { type: 'string', default: '7' },
    minutes: { type: 'string', default: '9' },
    json: { type: 'string' },
  },
});

const begun = performance.now();
const late = (): boolean => performance.now() - begun > Number(values.minutes) * 60_000;
const record: { section: string; row: string; [key: string]: unknown }[] = [];
const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
const sentence = (e: unknown): string => String(e instanceof Error ? e.message : e).split('\n')[0];

/** Prints a row and keeps it; a row that fails, or comes too late, says why. */
const row = async (section: string, name: string, measure: () => Promise<Record<string, unknown>>): Promise<void> => {
  const found = late() ? { 'not measured': `the ${values.minutes} minutes are over` } : await measure().catch((e) => ({ 'not measured': sentence(e) })); // biome-ignore format: one idea
  record.push({ section, row: name, ...found });
  const cells = Object.entries(found).map(([k, v]) => `${k}: ${typeof v === 'number' ? Number(v.toPrecision(4)) : v}`);
  console.log(`  ${name.padEnd(34)} ${cells.join('   ')}`);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(record, null, 1));
};

interface Place {
  readonly name: string;
  readonly backend: Backend;
  readonly absent?: string;
}

const threads = availableParallelism();
const cpu = onnx('cpu', { threads: Math.min(16, threads) });

const usable = (p: Probe): string | undefined =>
  !p.available
    ? p.detail
    : p.software === true && !values['allow-software']
      ? `${p.detail} (--allow-software --tiny to see the command work)`
      : undefined;

const placed = (name: string, backend: Backend, absent: string | undefined): Place => ({ name, backend, ...(absent === undefined ? {} : { absent }) }); // biome-ignore format: one idea

const [webgpu, cuda] = await Promise.all([probeOnnxWebgpu(30_000), probeOnnxCuda(30_000)]);
const [noWebgpu, noCuda] = [usable(webgpu), usable(cuda)];
const card = spawnSync('nvidia-smi', ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']);
const python = pythonWithTorch();
const torchDevice = values['allow-software'] ? 'cpu' : 'cuda';
const seesCard = python !== undefined && spawnSync(python, ['-c', 'import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)']).status === 0; // biome-ignore format: one idea
const noTorch = python === undefined ? 'no Python here has PyTorch' : torchDevice === 'cuda' && !seesCard ? 'PyTorch sees no CUDA device' : undefined; // biome-ignore format: one idea

console.log(`card: ${card.status === 0 ? card.stdout.toString().trim() : 'nvidia-smi says nothing'}`);
console.log(`processor: ${cpus()[0]?.model ?? '?'}, ${threads} threads; Node ${process.version}`);
console.log(`onnx-webgpu: ${webgpu.detail}\nonnx-cuda: ${cuda.detail}\nPyTorch: ${noTorch ?? `on ${torchDevice}`}`);

const places: readonly Place[] = [
  placed('onnx-webgpu', onnx('webgpu'), noWebgpu),
  placed('onnx-cuda', onnx('cuda'), noCuda),
  placed('onnx-cpu', cpu, undefined),
];
const needs = <A>(absent: string | undefined, f: () => Promise<A>): Promise<A> =>
  absent === undefined ? f() : Promise.reject(new Error(absent));

const sizes = (values.sizes ?? (values.tiny ? '32,64' : '512,1024,2048,4096,8192')).split(',').map(Number);
const side = values.tiny ? 64 : 4096;

console.log(`\nproducts of n × n matrices, TFLOP/s; elementwise operations on ${side} × ${side} numbers, GB/s through the memory; a call`); // biome-ignore format: one sentence
for (const p of places) {
  if (p.absent !== undefined) {
    await row('products', p.name, () => Promise.reject(new Error(p.absent)));
    continue;
  }
  const slow = p.name === 'onnx-cpu';
  for (const n of sizes.filter((m) => !slow || m <= 4096))
    await row('products', `${p.name}, n = ${n}`, async () => ({ 'TFLOP/s': await productSpeed(p.backend, n) })); // biome-ignore format: one idea
  await row('memory', `${p.name}, elementwise`, async () => ({ 'GB/s': await chainSpeed(p.backend, side) })); // biome-ignore format: one idea
  await row('call', `${p.name}, a call`, async () => ({ ms: await callCost(p.backend) }));
}
await row('limits', `PyTorch, the same on ${torchDevice}`, () =>
  needs(noTorch, async () => {
    const args = [peerFile('gpu_limits.py'), '--device', torchDevice, '--sizes', sizes.join(','), '--side', `${side}`];
    const ran = spawnSync(python!, args, { encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(ran.stderr.trim().split('\n').pop() ?? 'it does not start');
    const said = JSON.parse(ran.stdout) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(said).map(([k, v]) => [k, typeof v === 'object' ? JSON.stringify(v) : v]));
  }),
);

const keys = values.only.split(',');
const tasks: readonly GpuTask[] = values.tiny
  ? modelSteps.filter((m) => ['realNVP 2', 'glow 2', 'vae 2'].includes(m.name)).map(tinyTask)
  : workloads.filter((w) => keys.includes(w.key));

/** The sides of a task that run here, each opened when its turn comes; those that do not, with the reason. */
const candidates = (task: GpuTask): readonly { readonly name: string; readonly open: () => Promise<GpuSide> }[] => [
  { name: 'onnx-cpu', open: () => oursOn(task, cpu, cpu, 'onnx-cpu') },
  { name: 'onnx-webgpu', open: () => needs(noWebgpu, () => oursOn(task, onnx('webgpu'), cpu, 'onnx-webgpu')) },
  ...[0, 20_000].map((unroll) => {
    const name = `onnx-webgpu, loops ${unroll === 0 ? 'kept' : 'wholly copied out'}`;
    return { name, open: () => needs(noWebgpu, () => oursOn(task, onnx('webgpu', { unroll }), cpu, name)) };
  }),
  { name: 'onnx-cuda', open: () => needs(noCuda, () => oursOn(task, onnx('cuda'), cpu, 'onnx-cuda')) },
  { name: `PyTorch on ${torchDevice}`, open: () => needs(noTorch, () => torchOn(task, python!, torchDevice)) },
];

for (const task of tasks) {
  console.log(`\n${task.name}: a training step, the sides in turn`);
  const sides: GpuSide[] = [];
  for (const { name, open } of candidates(task))
    await open()
      .then(async (s) => {
        await s.run(task.steps);
        sides.push(s);
      })
      .catch((e) => row('steps', name, () => Promise.reject(e)));
  const times = sides.map((): number[] => []);
  for (let r = 0; r < Number(values.pairs) && !late(); r++)
    for (const [i, s] of sides.entries()) times[i].push(1000 * (await s.run(task.steps)));
  for (const [i, s] of sides.entries())
    await row('steps', s.name, async () => {
      if (times[i].length === 0) throw new Error('the time was over');
      const ratios = times[0].map((t, r) => t / times[i][r]);
      return {
        task: task.name,
        'ms a step': median(times[i]),
        'onnx-cpu / this': `${median(ratios).toPrecision(3)} (${Math.min(...ratios).toPrecision(3)}–${Math.max(...ratios).toPrecision(3)}, ${ratios.length} rounds)`, // biome-ignore format: one idea
        ...(s.compileSeconds === undefined ? {} : { 'compile s': s.compileSeconds, 'first run s': s.firstRunSeconds }),
      };
    });
  for (const s of sides) await s.close();
}

console.log('\nwhere the nodes of small steps run');
for (const m of modelSteps.filter((s) => ['realNVP 2', 'vae 2', 'U-Net 8×8×1'].includes(s.name) && !(values.tiny && s.name.startsWith('U')))) // biome-ignore format: one idea
  for (const [provider, absent] of [['webgpu', noWebgpu], ['cuda', noCuda]] as const) // biome-ignore format: a table
    await row('placement', `${m.name}, ${provider}`, () =>
      needs(absent, async () => {
        const { training, feeds } = await smallRun(m, cpu);
        return { nodes: placementLine(await placementOf(training.program, feeds, provider)) };
      }),
    );

if (values.check)
  for (const p of places.slice(0, 2)) {
    console.log(
      `\n${p.name}: two training steps of every model against reference, relative errors; then every primitive`,
    );
    if (p.absent !== undefined) {
      await row('models', p.name, () => Promise.reject(new Error(p.absent)));
      continue;
    }
    for (const m of modelSteps)
      await row('models', m.name, async () => {
        const { pass, losses, parameters, carried, yardstick } = await checkModel(m, p.backend, cpu, reference);
        return { pass, losses, parameters, carried, 'onnx-cpu': yardstick };
      });
    await row('primitives', p.name, async () => {
      const from = performance.now();
      const rows = await conformance(p.backend);
      const seconds = (performance.now() - from) / 1000;
      return { pass: rows.every((r) => r.pass), answers: conformanceCounts({ name: p.name, rows, seconds }) };
    });
    const failed = record.filter(
      (r) => r.pass === false || (r.section === 'models' && r['not measured'] !== undefined),
    );
    console.log(`  ${failed.length} failed or not measured${failed.map((r) => `; ${r.row}`).join('')}`);
  }
process.exit(0);
