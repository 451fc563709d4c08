/**
 * Where ONNX Runtime puts the nodes of a training step: `node dist-bench/bench/gpu-placement.js [--provider webgpu] [--only word] [--unroll nodes]`. For every
 * small model of `bench/model-steps.ts` the nodes run on the device, and those left to the processor, by operator: each is a trip over the bus and back.
 *
 * ONNX Runtime's profiler names the provider of each node that ran, loop bodies and the copies it put in (`MemcpyFromHost`, `MemcpyToHost`) included.
 */
import { parseArgs } from 'node:util';
import { emitGraph } from '../src/core/interpreters/onnx/emit.ts';
import { loadRuntime, onnx, type Provider, prepareProgram } from '../src/core/interpreters/onnx/index.ts';
import { encodeModel } from '../src/core/interpreters/onnx/schema.ts';
import type { Feeds, Program } from '../src/core/program.ts';
import { modelSteps, smallRun } from './model-steps.ts';
import { kernelsOf } from './operators.ts';

/** Nodes that ran, by ONNX Runtime's name of the provider and by operator. */
export type Placement = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Runs a program once on a provider with the profiler on, and counts the nodes that ran. */
export const placementOf = async (
  p: Program,
  feeds: Feeds,
  provider: Provider,
  unroll?: number,
): Promise<Placement> => {
  const ort = await loadRuntime();
  const ready = prepareProgram(p, provider, unroll);
  const { graph, inputs, outputs } = emitGraph(ready);
  const given = ready.slots.map((s) => {
    const { data, shape } = feeds[s.name];
    const typed = s.type === 'real' ? Float32Array.from(data) : (data as Float32Array);
    return [inputs.get(s.name)!, new ort.Tensor(s.type === 'real' ? 'float32' : s.type, typed as never, shape)] as const; // biome-ignore format: one idea
  });
  const options = {
    executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
    graphOptimizationLevel: 'extended' as const,
    logSeverityLevel: 3 as const,
  };
  const kernels = await kernelsOf(encodeModel(graph), options, (session) =>
    session.run(Object.fromEntries(given), outputs as string[]),
  );
  const counts = new Map<string, Map<string, number>>();
  for (const { op, provider: place } of kernels) {
    const ops = counts.get(place) ?? new Map<string, number>();
    counts.set(place, ops.set(op, (ops.get(op) ?? 0) + 1));
  }
  return counts;
};

const total = (ops: ReadonlyMap<string, number> | undefined): number => [...(ops?.values() ?? [])].reduce((a, b) => a + b, 0); // biome-ignore format: one idea

/** One line: nodes on the device, copies, and operators left to the processor. */
export const placementLine = (p: Placement): string => {
  const [cpu, device] = [[...p].filter(([k]) => /^CPU/.test(k)), [...p].filter(([k]) => !/^CPU/.test(k))];
  const copies = device.flatMap(([, ops]) => [...ops].filter(([op]) => op.startsWith('Memcpy'))).reduce((n, [, k]) => n + k, 0); // biome-ignore format: one idea
  const left = cpu.flatMap(([, ops]) => [...ops].map(([op, n]) => `${n} ${op}`)).join(', ');
  return `${device.reduce((n, [, ops]) => n + total(ops), 0) - copies} on the device, ${copies} copies, on the processor: ${left || 'none'}`;
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      provider: { type: 'string', default: 'webgpu' },
      only: { type: 'string', default: '' },
      unroll: { type: 'string' },
    },
  });
  const provider = values.provider as Provider;
  for (const m of modelSteps.filter((s) => s.name.includes(values.only))) {
    const { training, feeds } = await smallRun(m, onnx('cpu'));
    try {
      const found = await placementOf(training.program, feeds, provider, values.unroll === undefined ? undefined : Number(values.unroll)); // biome-ignore format: one idea
      console.log(`${m.name.padEnd(36)} ${placementLine(found)}`);
    } catch (e) {
      console.log(`${m.name.padEnd(36)} ${String((e as Error).message).split('\n')[0]}`);
    }
  }
};

if (/gpu-placement\.[jt]s$/.test(process.argv[1] ?? '')) await main();
