/**
 * `npm run bench`: our training steps and our sampling against their peers, in pairs (ours, peer, ours, peer, …) within one run, because the machine
 * is shared and its speed drifts. Printed: the median of the pairwise ratios and their spread; each side has its best number of threads, found in a trial.
 *
 *   npm run bench                  every workload (bench/workloads.ts, bench/sampling.ts) against PyTorch, training against tfjs too
 *   npm run bench -- --only maf,ddpm-unet --no-tfjs
 *   npm run bench -- --only ddpm   every workload whose key begins like this
 *   npm run bench -- --json        one JSON document: machine, versions, date, rows
 *   npm run bench -- --pairs 15    more pairs
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { libraryVersion } from '../src/core/version.ts';
import { best, compared, type Row } from './pairs.ts';
import { samplings } from './sampling.ts';
import { ours, oursSampling, type Peer, pytorch, pytorchSampling, tfjsWasm } from './sides.ts';
import { workloads } from './workloads.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    pairs: { type: 'string', default: '9' },
    only: { type: 'string' },
    'no-tfjs': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});

/** Anything that is timed. */
interface Timed {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  readonly steps: number;
  readonly target?: number;
  readonly ours: (threads: number, spinning?: boolean) => Promise<Peer>;
  readonly torch: (threads: number) => Promise<Peer | undefined>;
  readonly tfjs?: () => Promise<Peer>;
}

const timed: readonly Timed[] = [
  ...workloads.map((w) => ({
    ...w,
    unit: 'training step',
    ours: (threads: number, spinning?: boolean) => ours(w, threads, spinning),
    torch: (threads: number) => pytorch(w, threads),
    tfjs: () => tfjsWasm(w),
  })),
  ...samplings.map((w) => ({
    ...w,
    steps: w.units,
    ours: (threads: number, spinning?: boolean) => oursSampling(w, threads, spinning),
    torch: (threads: number) => pytorchSampling(w, threads),
  })),
];
const keys = timed.map((w) => w.key).join(', ');

if (values.help) {
  console.log(
    `npm run bench -- [--only key,key] [--pairs N] [--no-tfjs] [--json]
Paired timings of training steps and of sampling: ours, PyTorch (python3-torch) and, for training, tfjs-wasm.
Keys, or how they begin: ${keys}.`,
  );
  process.exit(0);
}

const say = (line: string): void => {
  if (!values.json) console.log(line);
};

const wanted = values.only?.split(',');
const asked = (w: Timed): boolean =>
  wanted === undefined ||
  wanted.some((k) => w.key === k || (w.key.startsWith(`${k}-`) && !timed.some((x) => x.key === k)));
const unknown = wanted?.find((k) => !timed.some((w) => w.key === k || w.key.startsWith(`${k}-`)));
if (unknown !== undefined) {
  console.error(`there is no workload "${unknown}"; there are ${keys}`);
  process.exit(2);
}

/** Where and when this was measured. */
const circumstances = {
  date: new Date().toISOString(),
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAtStart: loadavg()[0],
  },
  versions: {
    pushforward: libraryVersion(),
    node: process.version,
    onnxruntime: JSON.parse(readFileSync('node_modules/onnxruntime-node/package.json', 'utf8')).version as string,
  },
};
say(
  `${circumstances.date}, ${circumstances.machine.cores} × ${circumstances.machine.cpu}, load ${circumstances.machine.loadAtStart.toFixed(2)}`,
);

/** How the host disturbed a row. */
const disturbed = ({ again, stolen }: Row): string =>
  (again > 0 ? `, ${again} taken again` : '') +
  (stolen >= 0.01 ? `, the host took ${(100 * stolen).toFixed(0)} %` : '');

const rows: Row[] = [];
const sizes: Record<string, unknown>[] = [];
const pairs = Number(values.pairs);

for (const w of timed.filter(asked)) {
  say(`\n${w.name}`);
  const mine = await best([await w.ours(1), await w.ours(2), await w.ours(2, true)], w.steps);
  const compile = mine.compileSeconds === undefined ? '' : `compile ${mine.compileSeconds.toFixed(2)} s, `;
  say(`  ours: ${mine.name}, ${mine.parameters} parameters, ${compile}first run ${mine.firstRunSeconds?.toFixed(2)} s`);
  const torches = (await Promise.all([w.torch(1), w.torch(2)])).filter((p) => p !== undefined);
  const torch = torches.length > 0 ? await best(torches, w.steps) : undefined;
  const torchPeak = await torch?.peakMiB?.();
  if (torch === undefined)
    say('  PyTorch: not measured (no python3-torch: apt-get install python3-torch libopenblas0-pthread)');
  else say(`  PyTorch: ${torch.parameters} parameters, peak ${torchPeak?.toFixed(0)} MiB`);
  sizes.push({
    workload: w.name,
    compileSeconds: mine.compileSeconds,
    firstRunSeconds: mine.firstRunSeconds,
    parameters: mine.parameters,
    ...(torch === undefined ? {} : { torchPeakMiB: torchPeak, torchParameters: torch.parameters }),
  });
  const tfjs = values['no-tfjs'] ? undefined : await w.tfjs?.();
  const peers: { side: Peer; steps: number; pairs: number; target?: number }[] = [
    ...(torch === undefined ? [] : [{ side: torch, steps: w.steps, pairs, ...(w.target === undefined ? {} : { target: w.target }) }]),
    ...(tfjs === undefined ? [] : [{ side: tfjs, steps: Math.max(1, Math.floor(w.steps / 20)), pairs: Math.min(pairs, 5) }]),
  ]; // biome-ignore format: one peer a line
  for (const { target, ...peer } of peers) {
    const named = { workload: w.name, unit: w.unit, ...(target === undefined ? {} : { target }) };
    const row = await compared(named, { side: mine, steps: w.steps }, peer, peer.pairs);
    rows.push(row);
    say(
      `  ${row.peer.padEnd(36)} ours ${row.oursMs.toFixed(2)} ms   peer ${row.peerMs.toFixed(2)} ms a ${w.unit}   peer/ours ${row.ratio.toFixed(2)} (${row.lowest.toFixed(2)}–${row.highest.toFixed(2)} over ${row.pairs} pairs${disturbed(row)})${target === undefined ? '' : `   wanted ${target}`}`,
    );
    await peer.side.close();
  }
  await mine.close();
}
if (values.json) console.log(JSON.stringify({ ...circumstances, rows, sizes }, null, 2));
process.exit(0);
