/**
 * `npm run bench:against -- --base ../old`: every workload of `npm run bench`, this build against another checkout's, in pairs within one run (old, new, old, new, …).
 * Printed: the median of the pairwise ratios old / new, and their spread; above 1 this build is faster. Build the other side first: `npx tsc -p tsconfig.bench.json` there.
 *
 *   npm run bench:against -- --base /path/to/checkout --pairs 15 --only realNVP-2,vae
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { compared } from './pairs.ts';
import { samplings } from './sampling.ts';
import type { Peer } from './sides.ts';
import { workloads } from './workloads.ts';

const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    pairs: { type: 'string', default: '15' },
    only: { type: 'string' },
    json: { type: 'boolean' },
  },
});
if (values.base === undefined) {
  console.error(
    'say which checkout to compare with: --base /path/to/checkout, built by npx tsc -p tsconfig.bench.json',
  );
  process.exit(2);
}

/** A build's own sides and workloads: its code all the way down. */
interface Build {
  readonly sides: typeof import('./sides.ts');
  readonly workloads: typeof workloads;
  readonly samplings: typeof samplings;
}

const buildAt = async (root: string): Promise<Build> => {
  const from = (name: string) => import(pathToFileURL(resolve(root, 'dist-bench/bench', name)).href);
  const [sides, timed, sampled] = await Promise.all(['sides.js', 'workloads.js', 'sampling.js'].map(from));
  return { sides, workloads: timed.workloads, samplings: sampled.samplings };
};

const root = new URL('../../', import.meta.url).pathname;
const [now, old] = [await buildAt(root), await buildAt(values.base)];

interface Timed {
  readonly key: string;
  readonly name: string;
  readonly steps: number;
  readonly side: (b: Build) => Promise<Peer>;
}

const timed: readonly Timed[] = [
  ...workloads.map((w) => ({ ...w, side: ({ sides, workloads: all }: Build) => sides.ours(all.find((x) => x.key === w.key)!, 1) })), // biome-ignore format: one idea
  ...samplings.map((w) => ({ ...w, steps: w.units, side: ({ sides, samplings: all }: Build) => sides.oursSampling(all.find((x) => x.key === w.key)!, 1) })), // biome-ignore format: one idea
];

const wanted = values.only?.split(',');
for (const t of timed.filter(
  (w) => wanted === undefined || wanted.some((k) => w.key === k || w.key.startsWith(`${k}-`)),
)) {
  const [mine, theirs] = [await t.side(now), await t.side(old)];
  const row = await compared(
    { workload: t.name, unit: 'step' },
    { side: mine, steps: t.steps },
    { side: theirs, steps: t.steps },
    Number(values.pairs),
  );
  const { ratio, lowest, highest, oursMs, peerMs, again, stolen } = row;
  console.log(
    values.json
      ? JSON.stringify(row)
      : `${t.name.padEnd(52)} old ${peerMs.toFixed(3)} ms, new ${oursMs.toFixed(3)} ms, old/new ${ratio.toFixed(3)} (${lowest.toFixed(2)} … ${highest.toFixed(2)}; ${row.pairs} pairs, ${again} again, ${(100 * stolen).toFixed(1)} % stolen)`,
  );
  await mine.close();
  await theirs.close();
}
