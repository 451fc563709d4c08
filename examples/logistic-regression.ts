/**
 * Bayesian logistic regression, by three kernels.   npm run example logistic-regression
 *
 * Made-up patients: two measurements and whether they fell ill. The posterior of the three coefficients is sampled by NUTS, HMC and MALA; a kernel is one
 * word of the call, the target stays.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adapted,
  bernoulli,
  hmc,
  joint,
  mala,
  normal,
  nuts,
  ops,
  posterior,
  quantities,
  runChains,
  showSummaries,
  site,
  summaries,
} from 'pushforward';

// 200 rows (1, x₁, x₂), and outcomes with log-odds −0.5 + 2 x₁ − 1 x₂.
const truth = [-0.5, 2, -1];
const unit = (i: number): number => (Math.sin(12.9898 * i) * 43758.5453) % 1;
const rows = Array.from({ length: 200 }, (_, i) => [1, 2 * unit(3 * i + 1), 2 * unit(3 * i + 2)]);
const ill = rows.map((row, i) => {
  const odds = row.reduce((a, x, j) => a + truth[j] * x, 0);
  return Math.abs(unit(3 * i + 3)) < 1 / (1 + Math.exp(-odds)) ? 1 : 0;
});

const design = ops.constant(rows.flat(), [200, 3]);
const model = pipe(
  joint,
  site('coefficients', () => normal([3], { scale: 2.5 })),
  site('ill', ({ coefficients }) => bernoulli([200], { logits: ops.matvec(design, coefficients) })),
);
const target = posterior(model, { ill });

const kernels = {
  NUTS: adapted(nuts, { steps: 300 }),
  'HMC, 3 steps': adapted((tuning) => hmc({ ...tuning, steps: 3 }), { steps: 300 }),
  MALA: adapted(mala, { steps: 300, target: 0.574 }),
};
for (const [name, kernel] of Object.entries(kernels)) {
  const chains = await runChains({ target, kernel, samples: 1000, seed: 2 })();
  if (isLeft(chains)) throw new Error(chains.left.message);
  const { samples, gradients = 0, seconds } = chains.right;
  const table = summaries(await quantities(target, samples));
  const least = Math.min(...table.map((s) => s.bulk));
  console.log(`\n${name}: ${seconds.toFixed(1)} s, ${gradients} gradients, ${(least / gradients).toFixed(3)} effective draws a gradient`); // biome-ignore format: one line
  console.log(showSummaries(table));
}
