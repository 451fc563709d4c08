/** Neural energies on toy distributions: one declaration, three estimators. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Dist } from '../src/algebra/dist.ts';
import type { Unnormalised } from '../src/algebra/evidence.ts';
import type { Failure } from '../src/core/errors.ts';
import type { Backend, Feeds } from '../src/core/program.ts';
import { type Toy, toyDatasetOf } from '../src/data/index.ts';
import { eightGaussians, twoMoons } from '../src/data/toys/dists.ts';
import { energy, normal, productOfExperts } from '../src/distributions/index.ts';
import {
  type AnyObjective,
  adam,
  annealedImportanceSampling,
  clipByGlobalNorm,
  cosine,
  denoisingScoreMatchingAt,
  evaluate,
  fit,
  normalised,
  persistentContrastiveDivergence,
  run,
  slicedScoreMatching,
} from '../src/inference/index.ts';
import { hmc } from '../src/mcmc/index.ts';
import { mlp } from '../src/nn/index.ts';
import type { ToyScore } from './energies-table.ts';

type Plane = readonly [2];

interface Setup {
  readonly toy: () => Toy;
  /** The normal distribution that is tilted, and that annealing starts from. */
  readonly base: { readonly loc: readonly number[]; readonly scale: number };
  /** The step of Hamiltonian Monte Carlo, and the noise of denoising score matching. */
  readonly stepSize: number;
  readonly noise: number;
  /** Half the side of the square that quadrature covers, around the base's mean. */
  readonly half: number;
  /** Which mode a point belongs to. */
  readonly modeOf: (x: number, y: number) => number;
  readonly modes: number;
}

/** The toys; the two moons are cut into four pieces each. */
export const toySetups: Readonly<Record<'twoMoons' | 'eightGaussians', Setup>> = {
  twoMoons: {
    toy: twoMoons,
    base: { loc: [0.5, 0.25], scale: 1.5 },
    stepSize: 0.1,
    noise: 0.05,
    half: 6,
    modes: 8,
    modeOf: (x, y) => {
      const upper = Math.abs(Math.hypot(x, y) - 1) < Math.abs(Math.hypot(x - 1, y - 0.5) - 1);
      const angle = upper ? Math.atan2(y, x) : Math.atan2(0.5 - y, 1 - x);
      return (upper ? 0 : 4) + Math.min(3, Math.max(0, Math.floor((4 * angle) / Math.PI)));
    },
  },
  eightGaussians: {
    toy: eightGaussians,
    base: { loc: [0, 0], scale: 3 },
    stepSize: 0.3,
    noise: 0.2,
    half: 16,
    modes: 8,
    modeOf: (x, y) => (Math.round((4 * Math.atan2(y, x)) / Math.PI) + 8) % 8,
  },
};

interface Training {
  readonly steps: Readonly<Record<keyof typeof toySetups, number>>;
  readonly learningRate: number;
  readonly of: (dist: Dist<Plane, Unnormalised>, setup: Setup) => AnyObjective<Plane>;
}

/** The swap is one word: the distribution stays. */
export const estimators: Readonly<Record<'persistent' | 'denoising' | 'sliced', Training>> = {
  persistent: {
    steps: { twoMoons: 8000, eightGaussians: 4000 },
    learningRate: 2e-3,
    of: (dist, { base, stepSize }) =>
      persistentContrastiveDivergence({
        kernel: hmc({ stepSize, steps: 3 }),
        steps: 3,
        buffer: 1024,
        chains: 256,
        start: normal([2], base),
      })(dist),
  },
  denoising: {
    steps: { twoMoons: 8000, eightGaussians: 6000 },
    learningRate: 2e-3,
    of: (dist, { noise }) => denoisingScoreMatchingAt(noise)(dist),
  },
  sliced: {
    steps: { twoMoons: 8000, eightGaussians: 6000 },
    learningRate: 1e-3,
    of: (dist) => slicedScoreMatching()(dist),
  },
};

/** What the benchmark lends. */
export interface BenchTools {
  readonly seed: number;
  readonly backend: Backend;
  readonly done: <A>(task: TaskEither<Failure, A>) => Promise<A>;
  readonly told: (sentence: string) => void;
}

const CHAINS = 1000;

/** Trains, anneals, judges. */
export const scoreToy = async (
  name: keyof typeof toySetups,
  estimator: keyof typeof estimators,
  { seed, backend, done, told }: BenchTools,
): Promise<ToyScore> => {
  const setup = toySetups[name];
  const training = estimators[estimator];
  const toy = setup.toy();
  const base = normal([2], setup.base);
  const dist = productOfExperts([base, energy([2], mlp([128, 128], { activation: 'silu', zeroLast: false }))]);
  const steps = training.steps[name];
  const fitted = await done(
    fit({
      objective: training.of(dist, setup),
      data: toyDatasetOf(toy, { size: 50_000, seed }),
      optimizer: clipByGlobalNorm(10)(adam({ learningRate: cosine(training.learningRate, steps) })),
      steps,
      batchSize: 256,
      ema: 0.999,
      stepsPerRun: 50,
      seed,
      backend,
      onProgress: (p) => p.step % 1000 === 0 && told(`${name} ${estimator} ${p.step}: ${p.loss.toFixed(3)}, ${p.stepsPerSecond.toFixed(0)} steps/s`), // biome-ignore format: one sentence
    }),
  );
  const parameters = fitted.parameters;
  const kernel = hmc({ stepSize: setup.stepSize, steps: 3 });
  const z = await done(
    annealedImportanceSampling({ from: base, to: dist, kernel, betas: 1000, chains: CHAINS, parameters, seed, backend, reverse: { steps: 300 } }), // biome-ignore format: one call
  );
  const judged = await evaluate(
    run(normalised(z)(dist), parameters, backend),
    toyDatasetOf(toy, { size: 20_000, seed: seed + 1000 }),
  );
  const shares = modeShares(setup, z.samples.data, z.logWeights);
  const score: ToyScore = {
    toy: name,
    estimator,
    entropy: toy.entropy,
    nats: judged.nats,
    error: judged.standardError,
    logZ: z.logZ,
    interval: z.interval,
    lower: z.lower.mean,
    upper: z.upper?.mean ?? Number.NaN,
    quadrature: await byQuadrature(dist, setup, parameters, backend),
    modes: shares.filter((s) => s >= 0.25 / setup.modes).length,
    ofModes: setup.modes,
    smallestShare: Math.min(...shares) * setup.modes,
    steps,
    seconds: fitted.seconds,
  };
  told(`${name} ${estimator}: −log p ≈ ${score.nats.toFixed(3)}, entropy ${score.entropy.toFixed(3)}, ${score.modes}/${score.ofModes} modes`); // biome-ignore format: one sentence
  return score;
};

/** The share of each mode among weighted samples. */
const modeShares = ({ modeOf, modes }: Setup, x: ArrayLike<number>, logWeights: Float64Array): number[] => {
  const top = Math.max(...logWeights);
  const shares = new Array<number>(modes).fill(0);
  let total = 0;
  logWeights.forEach((l, i) => {
    const w = Math.exp(l - top);
    shares[modeOf(x[2 * i], x[2 * i + 1])] += w;
    total += w;
  });
  return shares.map((s) => s / total);
};

/** log Z by the midpoint rule on a square of 400 × 400 cells. */
const byQuadrature = async (
  dist: Dist<Plane, Unnormalised>,
  { half, base }: Setup,
  parameters: Feeds,
  backend: Backend,
): Promise<number> => {
  const n = 400;
  const step = (2 * half) / n;
  const points = Float32Array.from({ length: 2 * n * n }, (_, k) => {
    const cell = k >> 1;
    const i = k % 2 === 0 ? Math.floor(cell / n) : cell % n;
    return base.loc[k % 2] - half + (i + 0.5) * step;
  });
  const x = { shape: [n * n, 2], type: 'float32', data: points } as const;
  const { data } = await run(dist, parameters, backend).unnormalisedLogDensity(x);
  const top = Array.from(data).reduce((a, v) => Math.max(a, v), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (const l of data) sum += Math.exp(l - top);
  return top + Math.log(sum * step * step);
};
