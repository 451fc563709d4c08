/**
 * `npm run bench`: our training step against its peers, in pairs (ours, peer, ours, peer, …) within one run, because the machine is
 * shared and its speed drifts. Printed: the median of the pairwise ratios and their spread; best thread count for each side.
 *
 *   npm run bench                  RealNVP 2-D and 64-D against PyTorch and tfjs
 *   npm run bench -- --json        one JSON document
 *   npm run bench -- --pairs 15    more pairs
 */
import { parseArgs } from 'node:util';
import { ours, type Peer, pytorch, tfjs, type Workload } from './sides.ts';

const workloads: readonly Workload[] = [
  {
    name: 'RealNVP 2-D (8 couplings, 2×64, batch 256)',
    dim: 2,
    hidden: 64,
    couplings: 8,
    batch: 256,
    oursSteps: 100,
    peerSteps: 100,
    tfjsSteps: 10,
  },
  {
    name: 'RealNVP 64-D (8 couplings, 2×256, batch 512)',
    dim: 64,
    hidden: 256,
    couplings: 8,
    batch: 512,
    oursSteps: 20,
    peerSteps: 20,
    tfjsSteps: 1,
  },
];

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    pairs: { type: 'string', default: '9' },
    'no-tfjs': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (values.help) {
  console.log(
    'npm run bench -- [--pairs N] [--no-tfjs] [--json]\nPaired timings of a training step: ours, PyTorch (python3-torch) and tfjs-wasm.',
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

const rows: Row[] = [];
const compile: { workload: string; seconds: number; firstStepSeconds: number }[] = [];
const pairs = Number(values.pairs);

for (const w of workloads) {
  say(`\n${w.name}`);
  const mine = await best([await ours(w, 1), await ours(w, 2), await ours(w, 2, true)], w.oursSteps);
  say(`  ours: ${mine.name}, compile ${mine.compileSeconds?.toFixed(2)} s`);
  compile.push({ workload: w.name, seconds: mine.compileSeconds ?? 0, firstStepSeconds: mine.firstStepSeconds ?? 0 });
  const torches = (await Promise.all([pytorch(w, 1), pytorch(w, 2)])).filter((p) => p !== undefined);
  const peers: { side: Peer; steps: number }[] = [];
  if (torches.length > 0) peers.push({ side: await best(torches, w.peerSteps), steps: w.peerSteps });
  else say('  PyTorch: not measured (no python3-torch: apt-get install python3-torch libopenblas0-pthread)');
  if (!values['no-tfjs']) peers.push({ side: await tfjs(w), steps: w.tfjsSteps });
  for (const peer of peers) {
    const [a, b] = await alternate(
      [{ side: mine, steps: w.oursSteps }, peer],
      peer.steps === 1 ? Math.min(pairs, 5) : pairs,
    );
    const ratios = a.map((t, i) => b[i] / t);
    const row: Row = {
      workload: w.name,
      peer: peer.side.name,
      oursMs: median(a),
      peerMs: median(b),
      ratio: median(ratios),
      lowest: Math.min(...ratios),
      highest: Math.max(...ratios),
    };
    rows.push(row);
    say(
      `  ${row.peer.padEnd(26)} ours ${row.oursMs.toFixed(2)} ms   peer ${row.peerMs.toFixed(2)} ms   peer/ours ${row.ratio.toFixed(2)} (${row.lowest.toFixed(2)}–${row.highest.toFixed(2)} over ${a.length} pairs)`,
    );
    await peer.side.close();
  }
  await mine.close();
}
const peakMiB = process.resourceUsage().maxRSS / 1024;
say(`\npeak memory of this process (all sides but PyTorch): ${peakMiB.toFixed(0)} MiB`);
if (values.json) console.log(JSON.stringify({ rows, compile, peakMiB }, null, 2));
process.exit(0);
