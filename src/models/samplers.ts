/** Samplers of diffusion models by name: what `sample --sampler` can say. Another sampler is another word; the model stays as it was trained. */
import { type Either, left, tryCatch } from 'fp-ts/lib/Either.js';
import { capabilityOf, has } from '../algebra/capability.ts';
import { type AnyDist, rebased } from '../algebra/dist.ts';
import { innermost } from '../algebra/pushed.ts';
import { type Failure, failure, toFailure } from '../core/errors.ts';
import { unknownName } from '../core/names.ts';
import { heun, rk4 } from '../dynamics/index.ts';
import {
  ancestral,
  type DiffusionSampler,
  ddim,
  dpmSolver,
  edmHeun,
  eulerMaruyama,
  flowSampler,
  type Grid,
  karrasGrid,
  langevinCorrector,
  logSnrGrid,
  predictorCorrector,
  resampling,
  reverseDiffusion,
  uniformGrid,
} from '../sde/index.ts';

/** A sampler with the grid that suits it. */
export interface SamplerEntry {
  readonly description: string;
  readonly paper?: string;
  readonly sampler: () => DiffusionSampler<'signal'>;
  readonly grid: (steps: number) => Grid;
  /** Steps that give good samples. */
  readonly steps: number;
}

/**
 * Samplers by name.
 *
 * @example
 * samplers.ddim.steps;   // 50
 */
export const samplers: { readonly [name: string]: SamplerEntry } = {
  ddim: {
    description: 'Deterministic implicit steps.',
    paper: 'Song, Meng & Ermon 2021, arXiv:2010.02502',
    sampler: () => ddim(),
    grid: logSnrGrid,
    steps: 50,
  },
  ddimStochastic: {
    description: 'Implicit steps with half of the ancestral noise (η = ½).',
    paper: 'Song, Meng & Ermon 2021, arXiv:2010.02502',
    sampler: () => ddim({ eta: 0.5 }),
    grid: logSnrGrid,
    steps: 100,
  },
  ancestral: {
    description: 'Draws from the posterior of one noisy event given the next (DDPM).',
    paper: 'Ho, Jain & Abbeel 2020, arXiv:2006.11239',
    sampler: () => ancestral(),
    grid: logSnrGrid,
    steps: 200,
  },
  eulerMaruyama: {
    description: 'The reverse stochastic differential equation by Euler–Maruyama.',
    sampler: () => eulerMaruyama(),
    grid: uniformGrid,
    steps: 500,
  },
  reverseDiffusion: {
    description: 'The reverse of the discretised process.',
    paper: 'Song et al. 2021, arXiv:2011.13456',
    sampler: () => reverseDiffusion(),
    grid: uniformGrid,
    steps: 500,
  },
  predictorCorrector: {
    description: 'Langevin steps at each noise level, then reverse diffusion to the next.',
    paper: 'Song et al. 2021, arXiv:2011.13456, algorithm 1',
    sampler: () =>
      predictorCorrector<'signal'>({ corrector: langevinCorrector({ snr: 0.16 }), predictor: reverseDiffusion() }),
    grid: uniformGrid,
    steps: 250,
  },
  heun: {
    description: 'The probability flow by Heun’s method.',
    sampler: () => flowSampler({ solver: heun() }),
    grid: logSnrGrid,
    steps: 40,
  },
  rk4: {
    description: 'The probability flow by the classical method of order 4.',
    sampler: () => flowSampler({ solver: rk4() }),
    grid: logSnrGrid,
    steps: 25,
  },
  dpmSolver: {
    description: 'DPM-Solver++(2M): an exponential integrator of order 2.',
    paper: 'Lu et al. 2022, arXiv:2211.01095',
    sampler: () => dpmSolver(),
    grid: logSnrGrid,
    steps: 20,
  },
  edmHeun: {
    description: 'Heun’s method in EDM’s coordinates, deterministic.',
    paper: 'Karras, Aittala, Aila & Laine 2022, arXiv:2206.00364, algorithm 1',
    sampler: () => edmHeun(),
    grid: karrasGrid,
    steps: 18,
  },
};

/**
 * A diffusion distribution, under whatever it was pushed through, with another sampler by name and another number of steps. `UnknownName` with the nearest name;
 * `ArgumentError` where the distribution has no denoiser.
 *
 * @example
 * resampled('dpmSolver', 20)(dist)   // Either<Failure, Distribution>: a Left here, for a flow has no denoiser
 */
export const resampled =
  (name: string, steps?: number) =>
  (dist: AnyDist): Either<Failure, AnyDist> => {
    const word = Object.keys(samplers).find((k) => k.toLowerCase() === name.toLowerCase());
    if (word === undefined) return left(unknownName('sampler', 'sampler', name, Object.keys(samplers)));
    const entry = samplers[word];
    if (!has(resampling, innermost(dist)))
      return left(
        failure('ArgumentError', 'sampler', 'only a diffusion model has samplers to choose from', {
          got: dist.spec.type,
        }),
      );
    const sampling = { sampler: entry.sampler(), grid: entry.grid(steps ?? entry.steps) };
    return tryCatch(
      () => rebased(dist, (inner) => capabilityOf(resampling, inner)?.(sampling) ?? inner),
      toFailure('ArgumentError', 'sampler'),
    );
  };
