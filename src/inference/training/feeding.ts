/** The host inputs of a training run: batches, noise, coefficients; those of each step are a pure function of (seed, step). */
import { firstsOf, noiseKey, writeNoise } from '../../core/program.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { childSeed, type Source } from '../../data/source.ts';
import { stackedBatches } from '../../data/sources/reading.ts';
import type { Told } from '../schedule.ts';
import { timesAt } from './game.ts';
import type { GamePlan } from './move-plan.ts';
import { moveInput, repeatsOf, type TrainingProgram } from './program.ts';
import { stepNumbers } from './step-number.ts';

/** The number of times each move has been made before a step, and is made in it. */
export interface Counter {
  readonly before: (step: number) => readonly number[];
  readonly at: (step: number) => readonly number[];
}

/** Counts of a game's moves; sums of numbers that depend on the step are kept, so that training in order asks for each once. */
export const counterOf = ({ game }: Pick<GamePlan, 'game'>): Counter => {
  const at = (step: number): number[] => timesAt(game, step);
  const constant = game.moves.every((m) => typeof m.times !== 'function');
  const sums: (readonly number[])[] = [game.moves.map(() => 0)];
  const before = (step: number): readonly number[] => {
    if (constant) return at(0).map((n) => n * step);
    for (let s = sums.length; s <= step; s++) {
      const times = at(s - 1);
      sums.push(sums[s - 1].map((n, i) => n + times[i]));
    }
    return sums[step];
  };
  return { before, at };
};

/** The seed of a move's batches: the first move sees those of the seed itself. */
export const moveSeed = ({ moves }: GamePlan, move: number, seed: number): number =>
  move === 0 ? seed : childSeed(seed, moves[move].name);

/**
 * Batches of K steps for every move that is made, `[K, …, B, …]`, and their weights. A run makes the same moves in each step, so what a move sees in it is one
 * stretch of its source.
 */
export const batchFeeds = async (
  { plan, steps, made, times }: TrainingProgram,
  sources: readonly Source[],
  counter: Counter,
  seed: number,
  step: number,
): Promise<Record<string, Tensor>> => {
  const feeds: Record<string, Tensor> = {};
  for (const i of made.filter((m) => plan.moves[m].draws === m)) {
    const { axes, each, micro } = repeatsOf(plan, i, times[i]);
    const { values, weights } = await stackedBatches(sources[i], {
      seed: moveSeed(plan, i, seed),
      from: counter.before(step)[i] * micro,
      steps: steps * each,
      size: plan.batchSize,
    });
    const inSteps = (t: Tensor): Tensor => ({ ...t, shape: [steps, ...axes, ...t.shape.slice(1)] });
    feeds[moveInput(plan, 'batches', i)] = inSteps(values);
    if (weights !== undefined) feeds[moveInput(plan, 'weights', i)] = inSteps(weights);
  }
  return feeds;
};

/** The number of moves of each move's player before that move of a step. */
const ownMoves = (plan: GamePlan, counter: Counter, step: number, move: number): number => {
  const { player } = plan.moves[move];
  const [before, at] = [counter.before(step), counter.at(step)];
  return plan.moves.reduce((n, m, i) => (m.player !== player ? n : n + before[i] + (i < move ? at[i] : 0)), 0);
};

/** The coefficients of K steps' updates, `[K, …, c]`, and the numbers of the steps. */
export const coefficientFeeds = (
  { plan, steps, made, times }: TrainingProgram,
  counter: Counter,
  step: number,
  told: Told,
): Record<string, Tensor> => {
  const feeds: Record<string, Tensor> = {
    'step numbers': { shape: [steps], type: 'float32', data: stepNumbers(step, steps) },
  };
  for (const i of made) {
    const { optimizer } = plan.shares[plan.moves[i].player];
    const rows: number[] = [];
    for (let k = 0; k < steps; k++) {
      const first = ownMoves(plan, counter, step + k, i);
      for (let j = 0; j < times[i]; j++) rows.push(...optimizer.at(first + j, told));
    }
    const shape = [steps, ...repeatsOf(plan, i, times[i]).repeated, optimizer.coefficients.length];
    feeds[moveInput(plan, 'coefficients', i)] = { shape, type: 'float32', data: Float32Array.from(rows) };
  }
  return feeds;
};

/** The learning rate of each player at its next move after `step` steps, where its optimiser has one. */
export const ratesAt = (plan: GamePlan, counter: Counter, step: number, told: Told): (number | undefined)[] =>
  plan.shares.map(({ optimizer }, p) => optimizer.learningRate?.at(ownMoves(plan, counter, step, plan.moves.findIndex((m) => m.player === p)), told)); // biome-ignore format: one idea

/**
 * Fills the arrays of K steps' noise from a first step on: what move number n of a kind draws depends on (seed, n) alone, however steps are grouped into
 * runs. The arrays are allocated once and overwritten by each call: the feeds of one run are invalid when the next begins.
 */
export const noiseFeeder = (
  t: TrainingProgram,
  seed: number,
  counter: Counter = counterOf(t.plan),
): ((firstStep: number) => Record<string, Tensor>) => {
  const { plan, steps, times } = t;
  const all = t.noise.map((n) => {
    const repeats = repeatsOf(plan, n.move, times[n.move]);
    return { ...n, ...repeats, data: new Float32Array(steps * repeats.each * sizeOf(n.shape)) };
  });
  return (firstStep) =>
    Object.fromEntries(
      all.map(({ name, path, dist, batch, shape, move, micro, each, axes, data }) => {
        const size = sizeOf(shape);
        const first = counter.before(firstStep)[move] * micro;
        for (let k = 0; k < steps * each; k++)
          writeNoise(shape, dist, noiseKey(seed, first + k, path), firstsOf(batch), data, k * size);
        return [name, { shape: [steps, ...axes, ...shape], type: 'float32', data } satisfies Tensor];
      }),
    );
};
