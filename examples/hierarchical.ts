/**
 * A hierarchical regression: every group has a line of its own, and the groups share what they know.   npm run example hierarchical
 *
 * y = aⱼ + bⱼ x + noise in 12 groups of 4 points. Intercepts and slopes come from population distributions whose means and spreads are latent too; a group with
 * few points is drawn towards the population. Traces and ranks are written as pictures beside the table.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adapted,
  halfNormal,
  joint,
  normal,
  nuts,
  ops,
  posterior,
  quantities,
  runChains,
  showChains,
  showSummaries,
  site,
  summaries,
} from 'pushforward';
import { rankPlots, toPng, tracePlots } from 'pushforward/report';

const groups = 12;
const each = 4;
const wave = (i: number): number => Math.sin(12.9898 * i) + Math.cos(78.233 * i);
const group = Array.from({ length: groups * each }, (_, i) => Math.floor(i / each));
const x = group.map((_, i) => (i % each) - 1.5);
const y = x.map((v, i) => 1 + 0.7 * wave(group[i] + 1) + (0.5 + 0.3 * wave(group[i] + 40)) * v + 0.3 * wave(i + 100));

const at = (values: Parameters<typeof ops.gather>[0]) =>
  ops.gather(values, ops.constant(group, [groups * each], 'int32'));
// Four points say more about a line than the population does, so lines are latents themselves (centred); with less data, offsets would be better.
const model = pipe(
  joint,
  site('intercept', () => normal([], { scale: 5 })),
  site('slope', () => normal([], { scale: 5 })),
  site('spread', () => halfNormal([2], { scale: 2 })),
  site('noise', () => halfNormal([], { scale: 1 })),
  site('lines', ({ intercept, slope, spread }) =>
    normal([2, groups], {
      loc: ops.expandDims(ops.stack([intercept, slope]), 1),
      scale: ops.expandDims(spread, 1),
    }),
  ),
  site('y', ({ noise, lines }) => {
    const [a, b] = [0, 1].map((k) => at(ops.reshape(ops.sliceAxis(lines, 0, k, k + 1), [groups])));
    return normal([groups * each], { loc: ops.add(a, ops.mul(b, ops.constant(x))), scale: noise });
  }),
);

const target = posterior(model, { y });
const chains = await runChains({
  target,
  kernel: adapted(nuts, { steps: 500 }),
  samples: 500,
  seed: 3,
  onProgress: ({ stage, step, steps }) => process.stderr.write(`\r${stage} ${step}/${steps} `),
})();
if (isLeft(chains)) throw new Error(chains.left.message);
process.stderr.write('\n');
const { samples, infos } = chains.right;
const named = await quantities(target, samples, ({ intercept, slope, spread, noise }) => ({ intercept, slope, spread, noise })); // biome-ignore format: one line
console.log(showChains(chains.right));
console.log(showSummaries(summaries(named)));

// The same numbers as pictures.
const [count, draws] = samples.shape;
const quantitiesOf = ['intercept', 'slope', 'noise'] as const;
const record = {
  quantities: quantitiesOf.map((name) => ({
    name,
    draws: Array.from({ length: count }, (_, c) => named[name].data.subarray(c * draws, (c + 1) * draws)),
  })),
  divergent: Array.from({ length: count }, (_, c) => infos.divergent.data.subarray(c * draws, (c + 1) * draws)),
};
mkdirSync('runs', { recursive: true });
writeFileSync('runs/hierarchical-traces.png', toPng(tracePlots(record), { width: 1280 }));
writeFileSync('runs/hierarchical-ranks.png', toPng(rankPlots(record), { width: 1280 }));
