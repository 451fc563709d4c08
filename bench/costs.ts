/**
 * `npm run bench:costs`: what a training step costs against the width, depth, batch and dimension of a RealNVP, and against the batch of a U-Net, with the
 * exponents p of cost ∝ size^p: over all sizes, and over the upper half of them, where what does not grow no longer matters.
 *
 *   npm run bench:costs                                a table, and docs/figures/cost-per-step.png
 *   npm run bench:costs -- --only depth,batch          some of the sweeps
 *   npm run bench:costs -- --rounds 9 --out pic.png --json
 *
 * A step is forward, backward and Adam on onnx-cpu, one thread. Its cost is processor time of this process, which others on the machine disturb less than
 * they do the clock: the least of several rounds, all sizes of a sweep taken in turn.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { releaseSessions } from '../src/core/interpreters/onnx/index.ts';
import { denoisingScoreMatching, maximumLikelihood } from '../src/inference/index.ts';
import { realNVP } from '../src/models/index.ts';
import { unet } from '../src/nn/index.ts';
import { toPng } from '../src/report/index.ts';
import { predict, vp } from '../src/sde/index.ts';
import { type Cost, costFigure, exponent, upperHalf } from './costs-figure.ts';
import { ours } from './sides.ts';
import { type Workload, workloads } from './workloads.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    out: { type: 'string', default: fileURLToPath(new URL('../../docs/figures/cost-per-step.png', import.meta.url)) },
    json: { type: 'boolean' },
  },
});

const workload = (objective: Workload['objective'], batch: number, perRun: number): Workload => ({
  ...workloads[0],
  objective,
  batch,
  perRun,
});

/** The middle of the sweeps over a RealNVP. */
const middle = { width: 128, depth: 8, batch: 512, dimension: 16 };

const flow = (change: Partial<typeof middle>): Workload => {
  const { width, depth, batch, dimension } = { ...middle, ...change };
  const dist = realNVP([dimension], { layers: depth, hidden: [width, width] });
  return workload(() => maximumLikelihood(dist as never) as never, batch, 8);
};

const images = (batch: number): Workload => {
  const network = unet({ channels: 32, multipliers: [1, 2], patch: 2 });
  return workload(() => denoisingScoreMatching(predict('noise', vp(), network, { shape: [28, 28, 1] })) as never, batch, 2); // biome-ignore format: one line
};

interface Sweep {
  readonly key: string;
  readonly model: string;
  /** What is swept over. */
  readonly of: string;
  readonly sizes: readonly number[];
  readonly at: (size: number) => Workload;
  /** What the exponent may be at most, over the upper half of the sizes. */
  readonly most: number;
}

const powers = (from: number, to: number): number[] => (from > to ? [] : [from, ...powers(2 * from, to)]);

const sweeps: readonly Sweep[] = [
  { key: 'width', model: 'RealNVP', of: 'width', sizes: powers(32, 512), at: (width) => flow({ width }), most: 2 },
  { key: 'depth', model: 'RealNVP', of: 'couplings', sizes: powers(2, 128), at: (depth) => flow({ depth }), most: 1.1 },
  { key: 'batch', model: 'RealNVP', of: 'batch', sizes: powers(64, 4096), at: (batch) => flow({ batch }), most: 1.1 },
  { key: 'dimension', model: 'RealNVP', of: 'dimension', sizes: powers(2, 256), at: (dimension) => flow({ dimension }), most: 1.1 }, // biome-ignore format: a table
  { key: 'unet', model: 'U-Net', of: 'batch', sizes: powers(4, 128), at: images, most: 1.1 },
];

/** Milliseconds of processor time a step, for each size. */
const measure = async ({ sizes, at }: Sweep, rounds: number): Promise<Cost[]> => {
  const sides = [];
  for (const size of sizes) {
    const w = at(size);
    sides.push({ size, steps: w.perRun, side: await ours(w, 1), least: Number.POSITIVE_INFINITY });
  }
  for (let r = 0; r < rounds; r++)
    for (const s of sides) {
      const before = process.cpuUsage();
      await s.side.run(s.steps);
      const { user, system } = process.cpuUsage(before);
      s.least = Math.min(s.least, (user + system) / 1000 / s.steps);
    }
  await releaseSessions();
  return sides.map(({ size, least, side }) => ({ size, ms: least, compileSeconds: side.compileSeconds ?? 0 }));
};

const wanted = values.only?.split(',');
const measured = [];
for (const s of sweeps.filter(({ key }) => wanted === undefined || wanted.includes(key))) {
  const costs = await measure(s, Number(values.rounds));
  const [all, upper] = [exponent(costs), exponent(upperHalf(costs))];
  measured.push({ key: s.key, model: s.model, of: s.of, most: s.most, costs, all, upper });
  if (values.json) continue;
  console.log(`\n${s.model}: ${s.of}${s.key === 'unet' ? '' : ` (else ${JSON.stringify(middle)})`}`);
  for (const c of costs)
    console.log(`  ${String(c.size).padStart(5)} ${c.ms.toFixed(2).padStart(9)} ms a step   ${(1000 * c.ms / c.size).toFixed(2).padStart(8)} µs per unit   compiled in ${c.compileSeconds.toFixed(2)} s`); // biome-ignore format: one line
  console.log(`  exponent ${all.toFixed(2)} over all sizes, ${upper.toFixed(2)} over the upper half: ${upper <= s.most ? 'at most' : 'MORE THAN'} ${s.most}`); // biome-ignore format: one line
}
if (values.json) console.log(JSON.stringify(measured, null, 2));
writeFileSync(values.out, toPng(costFigure(measured), { width: 1280 }));
if (!values.json) console.log(`\n${values.out}`);
process.exit(0);
