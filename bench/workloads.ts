/** What `npm run bench` times: a declaration of ours beside the same model in PyTorch (bench/peers/training_step.py). */
import type { AnyDist, Dist } from '../src/algebra/dist.ts';
import type { Bound, Exact } from '../src/algebra/evidence.ts';
import type { Shape } from '../src/core/shape.ts';
import { rbm } from '../src/distributions/index.ts';
import { blockGibbs, contrastiveDivergence } from '../src/inference/energies/index.ts';
import type { AnyObjective } from '../src/inference/objective.ts';
import { elbo, maximumLikelihood } from '../src/inference/objective.ts';
import { denoisingScoreMatching } from '../src/inference/scores/index.ts';
import { glow, hvae, mafFlow, nsfFlow, overEvents, realNVP, vae } from '../src/models/index.ts';
import { resMlp, unet } from '../src/nn/index.ts';
import { predict, vp } from '../src/sde/index.ts';

/** A training step to be timed. */
export interface Workload {
  /** A word for `--only`. */
  readonly key: string;
  readonly name: string;
  readonly objective: () => AnyObjective<Shape>;
  readonly batch: number;
  /** Data are coin flips instead of normal numbers. */
  readonly binary?: boolean;
  /** The same model in PyTorch. */
  readonly peer: { readonly model: string; readonly options: Readonly<Record<string, unknown>> };
  /** The hand-written tfjs peer's options, where there is one. */
  readonly tfjs?: { readonly dim: number; readonly hidden: number; readonly couplings: number };
  /** Our optimiser steps in one run, and steps in one timing of each side. */
  readonly perRun: number;
  readonly steps: number;
  /** The least ratio that issue 7 asks for. */
  readonly target: number;
}

const exact = (dist: AnyDist): AnyObjective<Shape> => maximumLikelihood(dist as unknown as Dist<Shape, Exact>);
const bounded = (dist: AnyDist): AnyObjective<Shape> => elbo(dist as unknown as Dist<Shape, Bound>);

/** Every workload, smallest step first. */
export const workloads: readonly Workload[] = [
  {
    key: 'realNVP-2',
    name: 'RealNVP 2-D (8 couplings, 2×64, batch 256)',
    objective: () => exact(realNVP([2], { layers: 8, hidden: [64, 64] }) as never),
    batch: 256,
    peer: { model: 'realNVP', options: { dim: 2, hidden: 64, layers: 8 } },
    tfjs: { dim: 2, hidden: 64, couplings: 8 },
    perRun: 20,
    steps: 100,
    target: 2,
  },
  {
    key: 'maf',
    name: 'MAF 16-D (5 layers, 2×64, batch 256)',
    objective: () => exact(overEvents({ shape: [16] }, mafFlow({ layers: 5, hidden: [64, 64] }))),
    batch: 256,
    peer: { model: 'maf', options: { dim: 16, hidden: 64, layers: 5 } },
    perRun: 20,
    steps: 100,
    target: 1.5,
  },
  {
    key: 'spline',
    name: 'Spline couplings 2-D (6 layers, 8 bins, 2×64, batch 256)',
    objective: () => exact(overEvents({ shape: [2] }, nsfFlow({ layers: 6, hidden: [64, 64] }))),
    batch: 256,
    peer: { model: 'spline', options: { dim: 2, hidden: 64, layers: 6 } },
    perRun: 20,
    steps: 60,
    target: 2,
  },
  {
    key: 'realNVP-64',
    name: 'RealNVP 64-D (8 couplings, 2×256, batch 512)',
    objective: () => exact(realNVP([64], { layers: 8, hidden: [256, 256] }) as never),
    batch: 512,
    peer: { model: 'realNVP', options: { dim: 64, hidden: 256, layers: 8 } },
    tfjs: { dim: 64, hidden: 256, couplings: 8 },
    perRun: 20,
    steps: 20,
    target: 1.2,
  },
  {
    key: 'vae',
    name: 'VAE 784–500–20 (Bernoulli, batch 100)',
    objective: () => bounded(vae([784], { latent: 20, hidden: [500], decoder: 'bernoulli' }) as never),
    batch: 100,
    binary: true,
    peer: { model: 'vae', options: { dim: 784, hidden: 500, latent: 20 } },
    perRun: 20,
    steps: 60,
    target: 1.2,
  },
  {
    key: 'hvae',
    name: 'HVAE 784–300–40–100–10 (Bernoulli, batch 100)',
    objective: () =>
      bounded(hvae([784], { latents: [40, 10], hidden: [300], between: [100], decoder: 'bernoulli' }) as never),
    batch: 100,
    binary: true,
    peer: { model: 'hvae', options: { dim: 784, hidden: [300, 100], latents: [40, 10] } },
    perRun: 20,
    steps: 60,
    target: 1.3,
  },
  {
    key: 'rbm',
    name: 'RBM 784–64 (CD-1, batch 100)',
    objective: () => contrastiveDivergence({ kernel: blockGibbs(), steps: 1 })(rbm([784], { hidden: 64 })) as never,
    batch: 100,
    binary: true,
    peer: { model: 'rbm', options: { visible: 784, hidden: 64 } },
    perRun: 20,
    steps: 100,
    target: 2,
  },
  {
    key: 'ncsn',
    name: 'Score network 2-D (VP, DSM, 3×128 residual, batch 256)',
    objective: () => denoisingScoreMatching(predict('noise', vp(), resMlp([128, 128, 128]), { shape: [2] })) as never,
    batch: 256,
    peer: { model: 'ncsn', options: { dim: 2, hidden: 128, blocks: 3, embedding: 32 } },
    perRun: 20,
    steps: 100,
    target: 1.3,
  },
  {
    key: 'glow',
    name: 'Glow 28×28 (K = 4, L = 2, 32 channels, batch 64)',
    objective: () => exact(glow({ shape: [28, 28] }, { steps: 4, scales: 2, channels: 32 })),
    batch: 64,
    peer: { model: 'glow', options: { side: 28, steps: 4, scales: 2, channels: 32 } },
    perRun: 4,
    steps: 8,
    target: 1,
  },
  {
    key: 'unet',
    name: 'U-Net 28×28 (VP, DSM, 32 and 64 channels on 2×2 patches, batch 64)',
    objective: () =>
      denoisingScoreMatching(
        predict('noise', vp(), unet({ channels: 32, multipliers: [1, 2], patch: 2 }), { shape: [28, 28, 1] }),
      ) as never,
    batch: 64,
    peer: { model: 'unet', options: { side: 28, channels: 32, multipliers: [1, 2], patch: 2 } },
    perRun: 4,
    steps: 8,
    target: 0.9,
  },
];
