/** Compile-time tests of the room of stochastic differential equations. Nothing here runs. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Denoises, Exact, Samples, Unbiased } from '../../src/algebra/index.ts';
import { type Dist, normal, pushforward } from '../../src/distributions/index.ts';
import {
  eulerMaruyamaSolver,
  itoSde,
  milsteinSolver,
  solveSde,
  stochasticHeunSolver,
  toStratonovich,
} from '../../src/dynamics/index.ts';
import { maximumLikelihood } from '../../src/inference/index.ts';
import { resMlp } from '../../src/nn/index.ts';
import {
  ancestral,
  type Denoiser,
  type DiffusionSampler,
  ddim,
  diffusion,
  dpmSolver,
  edm,
  edmHeun,
  eulerMaruyama,
  exactDenoiser,
  flowSampler,
  langevinCorrector,
  logSnrGrid,
  type Process,
  predict,
  predictorCorrector,
  probabilityFlow,
  reverseDiffusion,
  sampleWith,
  subVp,
  ve,
  vp,
  zeroTerminalSnr,
} from '../../src/sde/index.ts';

const net = resMlp([8]);
const shape = [2] as const;
const grid = logSnrGrid(10);
const pure = zeroTerminalSnr(vp());

// ── one-word swaps ────────────────────────────────────────────────────────────────────────────────────────────────────
const swaps: readonly Denoiser<readonly [2], 'signal'>[] = [
  predict('noise', vp(), net, { shape }),
  predict('noise', subVp(), net, { shape }),
  predict('velocity', ve(), net, { shape }),
  predict('data', edm(), net, { shape }),
  predict('score', vp(), net, { shape }),
  exactDenoiser(vp(), normal([2])),
];
const samplers: readonly DiffusionSampler<'signal'>[] = [
  eulerMaruyama(),
  reverseDiffusion(),
  ancestral(),
  ddim(),
  dpmSolver(),
  edmHeun(),
  flowSampler(),
  predictorCorrector({ corrector: langevinCorrector(), predictor: ancestral() }),
  predictorCorrector<'signal'>({ corrector: langevinCorrector(), predictor: eulerMaruyama() }),
];
for (const d of swaps) for (const s of samplers) sampleWith(s, grid)(d);

// ── pure noise ────────────────────────────────────────────────────────────────────────────────────────────────────────
const velocity: Denoiser<readonly [2], 'pure'> = predict('velocity', pure, net, { shape });
predict('data', pure, net, { shape });
// @ts-expect-error — the noise says nothing about the data where α = 0
predict('noise', pure, net, { shape });
// @ts-expect-error — nor does the score
predict('score', pure, net, { shape });
sampleWith(ddim(), grid)(velocity);
sampleWith(dpmSolver(), grid)(velocity);
sampleWith(ancestral(), grid)(velocity);
// @ts-expect-error — there is no σ/α at pure noise
sampleWith(edmHeun(), grid)(velocity);
// @ts-expect-error — nor a velocity of the flow
sampleWith(flowSampler(), grid)(velocity);
// @ts-expect-error — nor coefficients of the SDE
sampleWith(eulerMaruyama(), grid)(velocity);
// @ts-expect-error — nor a likelihood by the flow
probabilityFlow(velocity);
// @ts-expect-error — so there is no distribution with one
diffusion(velocity);
declare const unknownProcess: Process;
predict('velocity', unknownProcess, net, { shape });

// ── a denoiser where a denoiser is due ────────────────────────────────────────────────────────────────────────────────
// @ts-expect-error — a raw network has no process and has not said what it predicts
sampleWith(ddim(), grid)(net);
// @ts-expect-error — and no distribution is made of one
diffusion(net);
// @ts-expect-error — a misspelt option is no option
diffusion(predict('noise', vp(), net, { shape }), { samplr: ddim() });

// ── evidence ──────────────────────────────────────────────────────────────────────────────────────────────────────────
const d = predict('noise', vp(), net, { shape });
const dist: Dist<readonly [2], Unbiased & Samples & Denoises> = diffusion(d);
const exact: Dist<readonly [2], Exact & Samples> = pipe(
  vp().prior([2]),
  pushforward(probabilityFlow(d, { divergence: 'exact' })),
);
const unbiased: Dist<readonly [2], Unbiased & Samples> = pipe(
  vp().prior([2]),
  pushforward(probabilityFlow(d, { divergence: 'rademacher' })),
);
maximumLikelihood(exact);
// @ts-expect-error — a stochastic trace is an unbiased estimate, not the density
maximumLikelihood(unbiased);
// @ts-expect-error — nor is that of a diffusion distribution
maximumLikelihood(dist);

// ── Itô and Stratonovich ──────────────────────────────────────────────────────────────────────────────────────────────
const ito = itoSde(
  (x) => x,
  (x) => x,
);
solveSde(eulerMaruyamaSolver, ito, { to: 1, levels: 3 });
solveSde(milsteinSolver, ito, { to: 1, levels: 3 });
solveSde(stochasticHeunSolver, toStratonovich(ito), { to: 1, levels: 3 });
// @ts-expect-error — Heun's method solves Stratonovich's equation
solveSde(stochasticHeunSolver, ito, { to: 1, levels: 3 });
// @ts-expect-error — Milstein's solves Itô's
solveSde(milsteinSolver, toStratonovich(ito), { to: 1, levels: 3 });
