/**
 * `npm run bench:quality`: how close flows come to toy distributions whose entropy is known. Each is trained by maximum likelihood on points of the distribution, and
 * judged on fresh ones: mean −log q minus the entropy, in nats, with its standard error; and KL(p ‖ q), the same number by pairs (−log q + log p at
 * the same points), which has less noise.
 *
 *   npm run bench:quality                           every flow on every toy
 *   npm run bench:quality -- --only maf/circles     one; or a flow, or a toy; may be repeated
 *   npm run bench:quality -- --steps 2000 --json    fewer steps; one JSON document
 *   npm run bench:quality -- --side both            beside PyTorch, where python3-torch is installed and the flow is written there
 *   npm run bench:quality -- --log scores.jsonl     each score is written as soon as it is known
 *   npm run bench:quality -- --table scores.jsonl   the table of such a file; nothing is trained
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import type { Toy } from '../src/data/index.ts';
import { run } from '../src/inference/index.ts';
import { type Candidate, candidates, type Score, showTable, TRAIN, targetOf, toys, trained } from './quality-flows.ts';
import { hasTorch, type PeerScore, peerScore } from './quality-peer.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    steps: { type: 'string' },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string', default: '1' },
    side: { type: 'string', default: 'ours' },
    log: { type: 'string' },
    table: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(
    'npm run bench:quality -- [--only flow|toy|flow/toy]… [--steps N] [--seed N] [--threads N] [--side ours|theirs|both] [--log FILE | --table FILE] [--json]',
  );
  process.exit(0);
}

if (values.table !== undefined) {
  const lines = readFileSync(values.table, 'utf8').trim().split('\n');
  console.log(showTable(lines.map((l) => JSON.parse(l) as Score)));
  process.exit(0);
}

const TEST = 100_000;
const seed = Number(values.seed);
const wanted = (flow: string, toy: string): boolean =>
  values.only === undefined || values.only.some((o) => [flow, toy, `${flow}/${toy}`].includes(o));
const backend = onnx('cpu', { threads: Number(values.threads) });

const score = async (name: string, c: Candidate, toyName: keyof typeof toys, peer: boolean): Promise<Score> => {
  const toy = toys[toyName]();
  const steps = values.steps === undefined ? (c.more?.[toyName] ?? c.steps) : Number(values.steps);
  const points = toy.sample(seed + 1000, TEST);
  const side = peer ? theirs(c, toy, points, steps) : await ours(c, toy, points, steps);
  const pairs = side.nll.map((v, i) => v + toy.logDensity(points[2 * i], points[2 * i + 1]));
  const [gap, kl] = [summary(side.nll), summary(pairs)];
  return {
    flow: peer ? `${name}, PyTorch` : name,
    toy: toyName,
    gap: gap.mean - toy.entropy,
    gapError: gap.error,
    kl: kl.mean,
    klError: kl.error,
    target: peer ? undefined : targetOf(name, toyName),
    steps,
    seconds: side.seconds,
    processorSeconds: side.processorSeconds,
    parameters: side.parameters,
  };
};

const ours = async (c: Candidate, toy: Toy, points: Float32Array, steps: number): Promise<PeerScore> => {
  const { dist, parameters, seconds, processorSeconds, count } = await trained(c, toy, { steps, seed, backend });
  const x = { shape: [TEST, 2], type: 'float32', data: points } as const;
  const { data } = await run(dist, parameters, backend).logDensity(x);
  return { nll: Array.from(data, (l) => -l), seconds, processorSeconds, parameters: count };
};

const theirs = (
  { peer, batchSize, learningRate }: Candidate,
  toy: Toy,
  points: Float32Array,
  steps: number,
): PeerScore =>
  peerScore(toy.sample(seed, TRAIN), points, {
    ...peer,
    steps,
    batch: batchSize,
    rate: learningRate,
    seed,
    threads: values.threads,
  });

const summary = (v: readonly number[]): { readonly mean: number; readonly error: number } => {
  const mean = v.reduce((a, b) => a + b, 0) / v.length;
  const variance = v.reduce((a, b) => a + (b - mean) ** 2, 0) / (v.length - 1);
  return { mean, error: Math.sqrt(variance / v.length) };
};

const scores: Score[] = [];
const sides = [false, true].filter(
  (peer) => [peer ? 'theirs' : 'ours', 'both'].includes(values.side) && (!peer || hasTorch()),
);
for (const [name, candidate] of Object.entries(candidates))
  for (const toy of Object.keys(toys) as (keyof typeof toys)[])
    for (const peer of sides) {
      if (!wanted(name, toy) || (peer && candidate.peer === undefined)) continue;
      const s = await score(name, candidate, toy, peer);
      scores.push(s);
      if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(s)}\n`);
      console.error(
        `${s.flow} ${toy}: ${s.gap.toFixed(4)} ± ${s.gapError.toFixed(4)} (KL ${s.kl.toFixed(4)}) in ${s.seconds.toFixed(0)} s`,
      );
    }
console.log(values.json ? JSON.stringify(scores, null, 2) : showTable(scores));
process.exit(0);
