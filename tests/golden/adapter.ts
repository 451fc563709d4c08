/**
 * All that the golden records know of how training is built: what an objective reads, how `fit` is called, where its state keeps what. When those change,
 * this file follows, and the records stay.
 */
import { isRight } from 'fp-ts/lib/Either.js';
import { grad } from '../../src/core/differentiate/index.ts';
import { PushforwardError } from '../../src/core/errors.ts';
import { type Expr, topological } from '../../src/core/expr.ts';
import { reference } from '../../src/core/interpreters/index.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Backend, type Feeds, noiseFeeds, type Program, parametersOf, program } from '../../src/core/program.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Tensor, TensorData } from '../../src/core/tensor.ts';
import type { Dataset } from '../../src/data/index.ts';
import {
  type AnyObjective,
  fit,
  initialParameters,
  type Optimizer,
  type TrainingState,
} from '../../src/inference/index.ts';
import { batchStep } from '../../src/inference/training/move-plan.ts';
import { stepFeed } from '../../src/inference/training/step-number.ts';

/** What a training step reads, a line each. */
export interface Leaves {
  /** Name and shape, in the order of the parameter vector. */
  readonly parameters: readonly string[];
  /** Path, distribution, shape, number of batch axes, by path. */
  readonly noise: readonly string[];
}

/** The noise of a program, a line a leaf, by path. */
export const noiseLines = ({ slots }: Program): string[] =>
  slots
    .flatMap(({ noise, shape }) => (noise === undefined ? [] : [`${noise.path} ${noise.dist} [${shape.join(',')}] ${noise.batch}`]))
    .sort(); // biome-ignore format: one idea

/** Whether an array is a statistic of batch normalisation: once a parameter without a gradient, now a buffer. */
const isStatistic = (name: string): boolean => /batchNorm\/(mean|variance)$/.test(name);

/** Parameters, and the statistics of batch normalisation, which once were parameters: in order of first use. */
const arraysOf = (roots: readonly Expr[]) => {
  const all = topological(roots).flatMap((e) =>
    e.op === 'parameter' && (e.attributes.role === undefined || isStatistic(e.attributes.name)) ? [e] : [],
  );
  return all.filter((e, i) => all.findIndex((f) => f.attributes.name === e.attributes.name) === i);
};

/** The parameters and the noise of one training step on `batch` events. */
export const leavesOf = (objective: AnyObjective<Shape>, batch: number): Leaves => {
  const { loss, advances } = batchStep(objective, o.input('batch', [batch, ...objective.shape]));
  const roots = [loss, ...advances.map((a) => a.next)];
  return {
    parameters: arraysOf(roots).map((p) => `${p.attributes.name} [${p.shape.join(',')}]`),
    noise: noiseLines(program(roots)),
  };
};

/** Initial parameters at seed 0, those that depend on data too, from the double-precision interpreter: the same on every machine. */
export const initialOf = async (objective: AnyObjective<Shape>, examples: Tensor): Promise<Record<string, Tensor>> => {
  const all = await initialParameters(objective, 0, examples, reference);
  const { parameters } = leavesOf(objective, examples.shape[0]);
  return Object.fromEntries(parameters.map((line) => line.split(' [')[0]).map((name) => [name, all[name]]));
};

/** First values of buffers at seed 0. */
const buffersAtStart = (objective: AnyObjective<Shape>, batch: Tensor): Promise<Feeds> =>
  initialParameters(objective, 0, batch, reference);

/** The loss of a batch and its gradient by each parameter, from the double-precision interpreter. */
export const lossAndGradients = async (objective: AnyObjective<Shape>, batch: Tensor, parameters: Feeds) => {
  const { loss } = batchStep(objective, o.input('batch', batch.shape));
  const p = program([loss, ...grad(loss, parametersOf([loss]))], 'float64');
  const noise = noiseFeeds(p, { seed: 0 });
  const rest = { ...(await buffersAtStart(objective, batch)), ...stepFeed(0) };
  const [value, ...gradients] = evaluateProgram(p, { ...rest, ...parameters, ...noise, batch });
  return { loss: value.data[0], gradients };
};

/** What is trained, and how. */
export interface Task {
  readonly objective: AnyObjective<Shape>;
  readonly data: Dataset;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  readonly seed: number;
  readonly ema?: number;
}

/** A training state as flat arrays by name: parameters, the optimiser's slots and the average in the order of parameters' names, what else is carried. */
export type FlatState = Readonly<Record<string, TensorData>>;

const joined = (arrays: readonly Tensor[]): Float32Array => {
  const out = new Float32Array(arrays.reduce((n, t) => n + t.data.length, 0));
  arrays.reduce((at, t) => {
    out.set(t.data, at);
    return at + t.data.length;
  }, 0);
  return out;
};

/** A state as it was when statistics were parameters: the names in the order of `task`'s first use, slots without a gradient at 0. */
export const withStatistics = (state: TrainingState, { objective, batchSize }: Task): TrainingState => {
  const { parameters, slots, buffers = {} } = state;
  const statistics = Object.fromEntries(Object.entries(buffers).filter(([name]) => isStatistic(name)));
  if (Object.keys(statistics).length === 0) return state;
  const order = leavesOf(objective, batchSize).parameters.map((line) => line.split(' [')[0]);
  const inOrder = (own: Feeds, rest: Feeds): Feeds => Object.fromEntries(order.map((name) => [name, own[name] ?? rest[name]])); // biome-ignore format: one line
  const still = Object.fromEntries(Object.entries(statistics).map(([name, t]) => [name, { ...t, data: new Float32Array(t.data.length) }])); // biome-ignore format: one line
  return {
    ...state,
    parameters: inOrder(parameters, statistics),
    slots: Object.fromEntries(Object.entries(slots).map(([slot, of]) => [slot, inOrder(of, still)])),
    buffers: Object.fromEntries(Object.entries(buffers).filter(([name]) => !isStatistic(name))),
  };
};

/** A slot in the order of the parameters; one that no gradient reaches has no state now, and had zeros once. */
const slotOf = (parameters: Feeds, of: Feeds): Float32Array =>
  joined(Object.entries(parameters).map(([name, p]) => of[name] ?? { ...p, data: new Float32Array(p.data.length) }));

/** The content of a state, flat. */
export const flatOf = ({ parameters, slots, average, buffers }: TrainingState): FlatState => ({
  parameters: joined(Object.values(parameters)),
  ...Object.fromEntries(Object.entries(slots).map(([name, of]) => [`slot ${name}`, slotOf(parameters, of)])),
  ...(average === undefined ? {} : { average: joined(Object.keys(parameters).map((name) => average[name])) }),
  ...Object.fromEntries(Object.entries(buffers ?? {}).map(([name, t]) => [`carried ${name}`, t.data])),
});

/** The outcome of some steps: the mean loss of each run of `stepsPerRun`, and the state. */
export interface Steps {
  readonly losses: readonly number[];
  readonly state: TrainingState;
}

/** Trains up to `steps` steps in all, `stepsPerRun` at a time. */
export const train = async (
  task: Task,
  backend: Backend,
  options: { readonly steps: number; readonly stepsPerRun: number; readonly resume?: TrainingState },
): Promise<Steps> => {
  const outcome = await fit({ ...task, backend, ...options })();
  if (!isRight(outcome)) throw new PushforwardError(outcome.left);
  const { last, history } = outcome.right;
  return { losses: history.map((h) => h.loss), state: last };
};
