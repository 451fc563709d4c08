/**
 * `npm run bench`: our training step against its peers, in pairs (ours, peer, ours, peer, …) within one run, because the machine is
 * shared and its speed drifts. Printed: the median of the pairwise ratios and their spread; best thread count for each side.
 *
 *   npm run bench                  every workload (bench/workloads.ts) against PyTorch and tfjs
 *   npm run bench -- --only maf,vae --no-tfjs
 *   npm run bench -- --json        one JSON document
 *   npm run bench -- --pairs 15    more pairs
 */
import { parseArgs } from 'node:util';
import { ours, type Peer, pytorch, tfjsWasm } from './sides.ts';
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

if (values.help) {
  console.log(
    `npm run bench -- [--only key,key] [--pairs N] [--no-tfjs] [--json]
Paired timings of a training step: ours, PyTorch (python3-torch) and tfjs-wasm.
Keys: ${workloads.map((w) => w.key).join(', ')}.`,
  );
  process.exit(0);
}

const say = (line: string): void => {
  if (!values.json) console.log(line);
};
const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];

interface Row {
  readonly workload: string;
  readonly peer: string;
  readonly target?: number;
  readonly oursMs: number;
  readonly peerMs: number;
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Milliseconds per step of each of several sides, taken in turn. */
const alternate = async (
  sides: readonly { readonly side: Peer; readonly steps: number }[],
  rounds: number,
): Promise<number[][]> => {
  for (const { side, steps } of sides) await side.run(Math.max(1, Math.floor(steps / 2)));
  const times: number[][] = sides.map(() => []);
  for (let r = 0; r < rounds; r++)
    for (const [i, { side, steps }] of sides.entries()) times[i].push((await side.run(steps)) * 1000);
  return times;
};

/** The faster of several settings of one side, by a short trial in turn. */
const best = async (candidates: readonly Peer[], steps: number): Promise<Peer> => {
  const times = await alternate(
    candidates.map((side) => ({ side, steps })),
    3,
  );
  const order = candidates.map((side, i) => ({ side, ms: median(times[i]) })).sort((a, b) => a.ms - b.ms);
  for (const { side } of order.slice(1)) await side.close();
  return order[0].side;
};

const wanted = values.only?.split(',');
const unknown = wanted?.find((k) => !workloads.some((w) => w.key === k));
if (unknown !== undefined) {
  console.error(`there is no workload "${unknown}"; there are ${workloads.map((w) => w.key).join(', ')}`);
  process.exit(2);
}

const rows: Row[] = [];
const sizes: Record<string, unknown>[] = [];
const pairs = Number(values.pairs);

for (const w of workloads.filter((x) => wanted === undefined || wanted.includes(x.key))) {
  say(`\n${w.name}`);
  const mine = await best([await ours(w, 1), await ours(w, 2), await ours(w, 2, true)], w.steps);
  const ownPeak = await mine.peakMiB();
  say(
    `  ours: ${mine.name}, ${mine.parameters} parameters, compile ${mine.compileSeconds?.toFixed(2)} s, first run ${mine.firstRunSeconds?.toFixed(2)} s`,
  );
  const torches = (await Promise.all([pytorch(w, 1), pytorch(w, 2)])).filter((p) => p !== undefined);
  const torch = torches.length > 0 ? await best(torches, w.steps) : undefined;
  if (torch === undefined)
    say('  PyTorch: not measured (no python3-torch: apt-get install python3-torch libopenblas0-pthread)');
  else say(`  PyTorch: ${torch.parameters} parameters, peak ${(await torch.peakMiB()).toFixed(0)} MiB`);
  sizes.push({
    workload: w.name,
    compileSeconds: mine.compileSeconds,
    firstRunSeconds: mine.firstRunSeconds,
    parameters: mine.parameters,
    ownPeakMiB: ownPeak,
    ...(torch === undefined ? {} : { torchPeakMiB: await torch.peakMiB(), torchParameters: torch.parameters }),
  });
  const peers: { side: Peer; steps: number; target?: number }[] = [
    ...(torch === undefined ? [] : [{ side: torch, steps: w.steps, target: w.target }]),
    ...(values['no-tfjs'] ? [] : [{ side: await tfjsWasm(w), steps: Math.max(1, Math.floor(w.steps / 20)) }]),
  ];
  for (const peer of peers) {
    const slow = peer.target === undefined;
    const [a, b] = await alternate([{ side: mine, steps: w.steps }, peer], slow ? Math.min(pairs, 5) : pairs);
    const ratios = a.map((t, i) => b[i] / t);
    const row: Row = {
      workload: w.name,
      peer: peer.side.name,
      ...(peer.target === undefined ? {} : { target: peer.target }),
      oursMs: median(a),
      peerMs: median(b),
      ratio: median(ratios),
      lowest: Math.min(...ratios),
      highest: Math.max(...ratios),
    };
    rows.push(row);
    say(
      `  ${row.peer.padEnd(36)} ours ${row.oursMs.toFixed(2)} ms   peer ${row.peerMs.toFixed(2)} ms   peer/ours ${row.ratio.toFixed(2)} (${row.lowest.toFixed(2)}–${row.highest.toFixed(2)} over ${a.length} pairs)${peer.target === undefined ? '' : `   wanted ${peer.target}`}`,
    );
    await peer.side.close();
  }
  await mine.close();
}
if (values.json) console.log(JSON.stringify({ rows, sizes }, null, 2));
process.exit(0);
