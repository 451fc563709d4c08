/** Compile-time tests of estimators of latent variables: one word after the declaration, and the evidence each demands. Nothing here runs. */
import type { Samples, Unnormalised } from '../../src/algebra/index.ts';
import type { Dist } from '../../src/distributions/index.ts';
import {
  dreg,
  elbo,
  fit,
  fullVariationalBayes,
  importanceWeighted,
  maximumLikelihood,
  monteCarloEm,
  type Objective,
  reweightedWakeSleep,
  scaleKl,
  scoreFunction,
  scoreFunctionWithAverage,
  sgvb,
  stickingTheLanding,
  wakeSleep,
  weighted,
} from '../../src/inference/index.ts';
import { vae } from '../../src/models/index.ts';

declare const data: Parameters<typeof fit>[0]['data'];
declare const energy: Dist<readonly [2], Unnormalised>;
declare const sampler: Dist<readonly [2], Samples>;
const dist = vae([2]);

// ── one word after the declaration ────────────────────────────────────────────────────────────────────────────────────
const swaps: readonly Objective<readonly [2]>[] = [
  elbo(dist),
  importanceWeighted(50)(dist),
  dreg(50)(dist),
  stickingTheLanding(1)(dist),
  sgvb({ kl: [scaleKl(2)] })(dist),
  scoreFunction({ samples: 4, baseline: 'leaveOneOut' })(dist),
  wakeSleep(dist),
  reweightedWakeSleep(5)(dist),
  monteCarloEm({ stepSize: 0.1 })(dist),
];
for (const objective of swaps) fit({ objective, data, steps: 1 });
fit({ objective: scoreFunctionWithAverage()(dist), data, steps: 1 });
fit({ objective: fullVariationalBayes({ events: 10 })(elbo(dist)), data, steps: 1 });

// ── evidence ──────────────────────────────────────────────────────────────────────────────────────────────────────────
// @ts-expect-error a VAE has a bound, not a density
maximumLikelihood(dist);
// @ts-expect-error nothing bounds an unnormalised distribution
dreg(50)(energy);
// @ts-expect-error nor one that can only be sampled
importanceWeighted(50)(sampler);
// @ts-expect-error
sgvb()(energy);
// @ts-expect-error
wakeSleep(sampler);
// @ts-expect-error
scoreFunction()(sampler);
// @ts-expect-error an objective that carries arrays has no loss of one event
weighted(2, scoreFunctionWithAverage()(dist));
// @ts-expect-error a distribution is no objective
fullVariationalBayes({ events: 10 })(dist);
// @ts-expect-error a chain needs a step size
monteCarloEm({ transitions: 3 });
// @ts-expect-error
scoreFunction({ baseline: 'movingAverage' });
