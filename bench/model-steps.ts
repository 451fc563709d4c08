/**
 * One training run of a few steps of every registered model, small, on any backend: what `npm run conformance -- --models` compares, and whose placement
 * `bench/gpu-placement.ts` reads off. Start, data and noise are the same on every backend.
 */
import type { AnyDist, Dist } from '../src/algebra/dist.ts';
import type { Bound, Exact } from '../src/algebra/evidence.ts';
import { keyOf } from '../src/core/prng.ts';
import { type Backend, type Executable, type Feeds, noiseTensor } from '../src/core/program.ts';
import type { Shape } from '../src/core/shape.ts';
import { sizeOf } from '../src/core/shape.ts';
import type { Tensor } from '../src/core/tensor.ts';
import type { AnyObjective } from '../src/inference/objective.ts';
import { elbo, maximumLikelihood } from '../src/inference/objective.ts';
import { adam, type Optimizer } from '../src/inference/optimizers/index.ts';
import { denoisingScoreMatching } from '../src/inference/scores/index.ts';
import { noiseFeeder } from '../src/inference/training/feeding.ts';
import { initialParameters } from '../src/inference/training/initialise.ts';
import { type TrainingProgram, trainingProgram } from '../src/inference/training/program.ts';
import { momentOf } from '../src/inference/training/state.ts';
import { stepNumbers } from '../src/inference/training/step-number.ts';
import type { EventInfo } from '../src/models/model.ts';
import { models } from '../src/models/registry.ts';
import { unet } from '../src/nn/index.ts';
import { predict, vp } from '../src/sde/index.ts';

/** An objective to take steps of, and the events it is for. */
export interface ModelStep {
  readonly name: string;
  readonly event: EventInfo;
  readonly objective: () => AnyObjective<Shape>;
}

const small = { layers: 2, hidden: [8] };

/** What a distribution is trained by where its entry says nothing. */
const byEvidence = (dist: AnyDist): AnyObjective<Shape> =>
  dist.evidence === 'exact'
    ? maximumLikelihood(dist as unknown as Dist<Shape, Exact>)
    : elbo(dist as unknown as Dist<Shape, Bound>);

const named = (name: string, event: EventInfo): ModelStep => ({
  name: `${name} ${event.shape.join('×')}${event.levels === undefined ? '' : `, ${event.levels} levels`}`,
  event,
  objective: () => {
    const { build, objective } = models[name];
    const dist = build(event, small);
    return (objective ?? byEvidence)(dist);
  },
});

const unetStep: ModelStep = {
  name: 'U-Net 8×8×1',
  event: { shape: [8, 8, 1] },
  objective: () =>
    denoisingScoreMatching(
      predict('noise', vp(), unet({ channels: 8, multipliers: [1, 2], patch: 2 }), { shape: [8, 8, 1] }),
    ) as unknown as AnyObjective<Shape>,
};

/** Every registered model on points of the plane and on images of integers, and a U-Net. */
export const modelSteps: readonly ModelStep[] = [
  ...Object.keys(models).flatMap((name) => [named(name, { shape: [2] }), named(name, { shape: [4, 4], levels: 4 })]),
  unetStep,
];

/** A training program of `steps` steps with everything it is fed. */
export interface SmallRun {
  readonly training: TrainingProgram;
  readonly feeds: Feeds;
}

const events = ({ shape, levels }: EventInfo, count: readonly number[]): Tensor => {
  const noise = noiseTensor([...count, ...shape], levels === undefined ? 'normal' : 'uniform', 0, keyOf(0), 'float32');
  return levels === undefined
    ? noise
    : { ...noise, data: Float32Array.from(noise.data, (u) => Math.floor(u * levels)) };
};

/** Adam as it trains, but for an ε of 1: with 1e-8 a gradient that is 0 but for rounding moves its parameter by a whole step, one way or the other. */
const smooth: Optimizer = adam({ learningRate: 1e-2, epsilon: 1 });

/** The program of a few steps and its feeds; initial values that depend on data are computed on `start`. */
export const smallRun = async (
  { event, objective: make }: Pick<ModelStep, 'event' | 'objective'>,
  start: Backend,
  { steps = 2, batch = 8, optimizer = smooth } = {},
): Promise<SmallRun> => {
  const objective = make();
  const training = trainingProgram({ objective, optimizer, batchSize: batch, steps });
  const batches = events(event, [steps, batch]);
  const first: Tensor = {
    shape: [batch, ...event.shape],
    type: 'float32',
    data: batches.data.slice(0, batch * sizeOf(event.shape)),
  };
  const initial = await initialParameters(objective, 0, first, start);
  const coefficients = Float32Array.from(Array.from({ length: steps }, (_, k) => optimizer.at(k)).flat());
  return {
    training,
    feeds: {
      ...momentOf(training.plan, { step: 0, parameters: initial }).vectors,
      batches,
      coefficients: { shape: [steps, optimizer.coefficients.length], type: 'float32', data: coefficients },
      'step numbers': { shape: [steps], type: 'float32', data: stepNumbers(0, steps) },
      ...noiseFeeder(training, 0)(0),
    },
  };
};

/** What a run gave: the losses of its steps, what the parameters moved by, and what it carries besides them. */
export interface Moved {
  readonly losses: readonly number[];
  readonly parameters: readonly number[];
  readonly carried: readonly number[];
}

/** Takes the steps on a backend. */
export const move = async ({ training, feeds }: SmallRun, backend: Backend): Promise<Moved> => {
  const precision = backend.name === 'reference' ? 'float64' : 'float32';
  const executable: Executable = await backend.compile({ ...training.program, precision });
  try {
    const out = await executable.run(feeds);
    const before = feeds[training.carry[0]].data;
    return {
      losses: Array.from(out[out.length - 1].data),
      parameters: Array.from(out[0].data, (v, i) => v - before[i]),
      carried: out.slice(1, -1).flatMap((t) => Array.from(t.data)),
    };
  } finally {
    await executable.dispose();
  }
};

/** max |a − b| / max |b|; infinite where one is not a number. */
export const relativeError = (a: readonly number[], b: readonly number[]): number => {
  const size = b.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-6);
  return b.reduce((m, v, i) => {
    const d = Math.abs(a[i] - v);
    return Number.isFinite(d) ? Math.max(m, d / size) : Number.POSITIVE_INFINITY;
  }, 0);
};

/** How far a backend is from `reference`, and the trusted backend too: the yardstick of what single precision can do here. */
export interface ModelVerdict {
  readonly name: string;
  readonly losses: number;
  readonly parameters: number;
  readonly carried: number;
  readonly yardstick: number;
  readonly tolerance: number;
  readonly pass: boolean;
}

/**
 * A model's steps on a backend against the same steps in double precision on `reference`. Allowed is a relative error of 1e-4, or eight times that of
 * `trusted` (single precision on the processor) where the model itself loses more.
 */
export const checkModel = async (
  m: ModelStep,
  backend: Backend,
  trusted: Backend,
  oracle: Backend,
): Promise<ModelVerdict> => {
  const run = await smallRun(m, trusted);
  const exact = await move(run, oracle);
  const distance = async (b: Backend): Promise<readonly [number, number, number]> => {
    const got = await move(run, b);
    return [
      relativeError(got.losses, exact.losses),
      relativeError(got.parameters, exact.parameters),
      relativeError(got.carried, exact.carried),
    ];
  };
  const yardstick = Math.max(...(await distance(trusted)));
  const [losses, parameters, carried] = await distance(backend);
  const tolerance = Math.max(1e-4, 8 * yardstick);
  const pass = Math.max(losses, parameters, carried) <= tolerance;
  return { name: m.name, losses, parameters, carried, yardstick, tolerance, pass };
};
