/**
 * What `npm run bench` times besides training: drawing from a distribution and evaluating it, by the functions that a user calls, beside the same in PyTorch
 * (bench/peers/sampling.py). Parameters are those of an untrained model, with small numbers where it starts at zero.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { AnyDist, Dist } from '../src/algebra/dist.ts';
import type { Exact, Unnormalised } from '../src/algebra/evidence.ts';
import { constant, matvec } from '../src/core/ops/index.ts';
import { keyOf } from '../src/core/prng.ts';
import { type Backend, type Feeds, noiseTensor } from '../src/core/program.ts';
import { type Shape, sizeOf } from '../src/core/shape.ts';
import type { Tensor } from '../src/core/tensor.ts';
import { bernoulli, normal } from '../src/distributions/index.ts';
import { rk4 } from '../src/dynamics/index.ts';
import { joint, maximumLikelihood, posterior, run, site } from '../src/inference/index.ts';
import type { AnyObjective } from '../src/inference/objective.ts';
import { denoisingScoreMatching } from '../src/inference/scores/index.ts';
import { initialParameters } from '../src/inference/training/initialise.ts';
import { hmc, runChains } from '../src/mcmc/index.ts';
import { nsfFlow, overEvents, realNVP } from '../src/models/index.ts';
import { resMlp, unet } from '../src/nn/index.ts';
import * as sde from '../src/sde/index.ts';

/** Our side of a workload on one backend: seconds for some of its units. */
export interface Drawing {
  readonly parameters: number;
  readonly run: (units: number) => Promise<number>;
}

/** A workload of drawing or evaluating. */
export interface Sampling {
  /** A word for `--only`. */
  readonly key: string;
  readonly name: string;
  /** What a time is of: a step of the chain, all points. */
  readonly unit: string;
  /** Units in one timing of each side. */
  readonly units: number;
  readonly ours: (backend: Backend) => Promise<Drawing>;
  /** The options of the same in PyTorch, and how often it is asked to run for one unit. */
  readonly peer: Readonly<Record<string, string>>;
  readonly peerRuns?: number;
  /** The least ratio that is asked for. */
  readonly target?: number;
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
};

const numbers = (shape: Shape, seed: number): Tensor => noiseTensor(shape, 'normal', 0, keyOf(seed), 'float32');

/** Parameters as training would leave them, for speed's sake: none all zero. */
const parametersOf = async (objective: AnyObjective<Shape>, backend: Backend): Promise<Feeds> => {
  const start = await initialParameters(objective, 0, numbers([16, ...objective.shape], 1), backend);
  const small = (t: Tensor): Tensor => ({
    ...t,
    data: numbers([t.data.length], 2).data.map((v) => 0.02 * v) as Float32Array,
  });
  return Object.fromEntries(Object.entries(start).map(([k, t]) => [k, t.data.some((v) => v !== 0) ? t : small(t)]));
};

const countOf = (parameters: Feeds): number => Object.values(parameters).reduce((n, t) => n + sizeOf(t.shape), 0);

// Velocities, so that what is drawn stays of order one with an untrained network, as with a trained one: exponentials that overflow are slow.
const score = sde.predict('velocity', sde.vp(), resMlp([128, 128, 128]), { shape: [2] });
const images = sde.predict('velocity', sde.vp(), unet({ channels: 32, multipliers: [1, 2], patch: 2 }), {
  shape: [28, 28, 1],
});
const inPyTorch = {
  score: { model: 'ncsn', options: JSON.stringify({ dim: 2, hidden: 128, blocks: 3, embedding: 32 }) },
  images: { model: 'unet', options: JSON.stringify({ side: 28, channels: 32, multipliers: [1, 2], patch: 2 }) },
};

/** The first steps of a sampler over a grid of `steps`, on `rows` events side by side. */
const denoising =
  (
    denoiser: sde.Denoiser<Shape, 'signal'>,
    sampler: sde.DiffusionSampler<'signal'>,
    steps: number,
    rows: number,
  ): Sampling['ours'] =>
  async (backend) => {
    const parameters = await parametersOf(denoisingScoreMatching(denoiser) as never, backend);
    const compiled = sde.compiledSampler({ denoiser, sampler, backend, rows });
    const times = sde.timesOf(sde.uniformGrid(steps), denoiser.process);
    return {
      parameters: countOf(parameters),
      run: (units) =>
        seconds(async () => {
          const grid = sde.givenGrid(times.slice(0, units + 1));
          const drawn = await compiled.draw({ grid, n: rows, seed: 1, parameters, finish: 'noisy' })();
          if (isLeft(drawn)) throw new Error(drawn.left.message);
        }),
    };
  };

/** log p of rows under the probability flow by RK4, its divergence exact. */
const likelihood =
  (steps: number, rows: number): Sampling['ours'] =>
  async (backend) => {
    const parameters = await parametersOf(denoisingScoreMatching(score) as never, backend);
    const how = { divergence: 'exact', solver: rk4(), grid: sde.uniformGrid(steps) } as const;
    const running = run(sde.diffusion(score, { likelihood: how }), parameters, backend);
    const x = numbers([rows, 2], 3);
    return {
      parameters: countOf(parameters),
      run: (units) =>
        seconds(async () => {
          for (let i = 0; i < units; i += steps) await running.logDensity(x);
        }),
    };
  };

/** log p of rows under a flow. */
const density =
  (dist: () => AnyDist, rows: number): Sampling['ours'] =>
  async (backend) => {
    const flow = dist() as unknown as Dist<Shape, Exact>;
    const parameters = await parametersOf(maximumLikelihood(flow), backend);
    const running = run(flow, parameters, backend);
    const x = numbers([rows, ...flow.shape], 3);
    return {
      parameters: countOf(parameters),
      run: (units) =>
        seconds(async () => {
          for (let i = 0; i < units; i++) await running.logDensity(x);
        }),
    };
  };

/** Trajectories of Hamiltonian Monte Carlo: the stepping alone, without compilation. */
const trajectories =
  (target: () => Dist<Shape, Unnormalised>, chains: number, leapfrogs: number, stepSize: number): Sampling['ours'] =>
  async (backend) => {
    const dist = target();
    const initial: Tensor = {
      shape: [chains, ...dist.shape],
      type: 'float32',
      data: new Float32Array(chains * sizeOf(dist.shape)),
    };
    return {
      parameters: 0,
      run: async (units) => {
        const kernel = hmc({ stepSize, steps: leapfrogs });
        const ran = await runChains({ target: dist, kernel, chains, samples: units, initial, backend, seed: 1 })();
        if (isLeft(ran)) throw new Error(ran.left.message);
        return ran.right.seconds;
      },
    };
  };

const scales = Array.from({ length: 50 }, (_, i) => 10 ** (-1 + (2 * i) / 49));

/** Regression of 1000 coin flips on 25 normal covariates with a standard normal prior. */
const regression = (): Dist<Shape, Unnormalised> => {
  const [rows, size] = [1000, 25];
  const covariates = constant(Array.from(numbers([rows * size], 4).data), [rows, size]);
  const flips = Array.from(numbers([rows], 5).data, (v) => (v > 0 ? 1 : 0));
  return posterior(
    pipe(
      joint,
      site('w', () => normal([size])),
      site('y', ({ w }) => bernoulli([rows], { logits: matvec(covariates, w) })),
    ),
    { y: flips },
  ) as unknown as Dist<Shape, Unnormalised>;
};

const points = 100_000;
/** Rows that PyTorch takes at once: 10⁵ at once, 10⁴ and 2·10³ were tried, and this is its quickest. */
const atOnce = 10_000;

/** Every workload. */
export const samplings: readonly Sampling[] = [
  {
    key: 'ddpm-mlp',
    name: 'DDPM 2-D, 1000 steps (3×128 residual, 256 samples)',
    unit: 'step',
    units: 1000,
    ours: denoising(score, sde.ancestral({ variance: 'large' }), 1000, 256),
    peer: { task: 'ddpm', ...inPyTorch.score, rows: '256', steps: '1000' },
    target: 1.5,
  },
  {
    key: 'ddpm-unet',
    name: 'DDPM 28×28, 40 of 1000 steps (U-Net, 16 samples)',
    unit: 'step',
    units: 40,
    ours: denoising(images, sde.ancestral({ variance: 'large' }), 1000, 16),
    peer: { task: 'ddpm', ...inPyTorch.images, rows: '16', steps: '1000' },
    target: 1.5,
  },
  {
    key: 'ddim-unet',
    name: 'DDIM 28×28, 50 steps (U-Net, 16 samples)',
    unit: 'step',
    units: 50,
    ours: denoising(images, sde.ddim(), 50, 16),
    peer: { task: 'ddim', ...inPyTorch.images, rows: '16', steps: '50' },
    target: 1.5,
  },
  {
    key: 'likelihood',
    name: 'Likelihood 2-D by the probability flow (RK4, exact divergence, 256 points)',
    unit: 'step of RK4',
    units: 40,
    ours: likelihood(40, 256),
    peer: { task: 'likelihood', ...inPyTorch.score, rows: '256', steps: '40' },
  },
  {
    key: 'hmc-normal',
    name: 'HMC, 50-D normal (16 chains, 20 leapfrogs)',
    unit: 'trajectory',
    units: 400,
    ours: trajectories(() => normal([50], { scale: scales }) as unknown as Dist<Shape, Unnormalised>, 16, 20, 0.1),
    peer: {
      task: 'hmc',
      model: 'gaussian',
      options: JSON.stringify({ size: 50, leapfrogs: 20, stepSize: 0.1 }),
      rows: '16',
    },
  },
  {
    key: 'hmc-logistic',
    name: 'HMC, logistic regression 1000×25 (16 chains, 20 leapfrogs)',
    unit: 'trajectory',
    units: 50,
    ours: trajectories(regression, 16, 20, 0.02),
    peer: {
      task: 'hmc',
      model: 'logistic',
      options: JSON.stringify({ size: 25, rows: 1000, leapfrogs: 20, stepSize: 0.02 }),
      rows: '16',
    },
  },
  {
    key: 'density-realNVP',
    name: 'log p of 10⁵ points, RealNVP 2-D (8 couplings, 2×64)',
    unit: '10⁵ points',
    units: 1,
    ours: density(() => realNVP([2], { layers: 8, hidden: [64, 64] }) as unknown as AnyDist, points),
    peer: {
      task: 'density',
      model: 'realNVP',
      options: JSON.stringify({ dim: 2, hidden: 64, layers: 8 }),
      rows: `${atOnce}`,
    },
    peerRuns: points / atOnce,
  },
  {
    key: 'density-spline',
    name: 'log p of 10⁵ points, spline couplings 2-D (6 layers, 8 bins, 2×64)',
    unit: '10⁵ points',
    units: 1,
    ours: density(() => overEvents({ shape: [2] }, nsfFlow({ layers: 6, hidden: [64, 64] })), points),
    peer: {
      task: 'density',
      model: 'spline',
      options: JSON.stringify({ dim: 2, hidden: 64, layers: 6 }),
      rows: `${atOnce}`,
    },
    peerRuns: points / atOnce,
  },
];
