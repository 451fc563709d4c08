/** The training program: K steps of a game in one run, as a scan over batches, coefficients and noise. */
import { raise } from '../../core/errors.ts';
import type { Expr, NoiseDist } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { type Program, program } from '../../core/program.ts';
import { range, type Shape } from '../../core/shape.ts';
import { leaves, like } from '../../core/struct.ts';
import type { AnyObjective } from '../objective.ts';
import type { Optimizer } from '../optimizers/index.ts';
import { joinGroups, type Layout } from './flat.ts';
import { gameOf } from './game.ts';
import { type GamePlan, planGame } from './move-plan.ts';
import { type Board, type GameState, heldPieces, type MoveFeed, moved, type Pending, settle } from './move-step.ts';
import { endingVectors, groupedShares, startingState, vectorNames } from './player-state.ts';

/** Noise of a move: the shape is that of one draw. */
export interface MoveNoise {
  readonly name: string;
  readonly path: string;
  readonly dist: NoiseDist;
  readonly batch: number;
  readonly shape: Shape;
  /** The number of the move whose draws count. */
  readonly move: number;
}

/** A training program with what is needed to feed it. */
export interface TrainingProgram {
  readonly program: Program;
  readonly plan: GamePlan;
  readonly layout: Layout;
  /** The inputs that a run's first outputs are fed back to, in order: parameters, optimisers' states and averages, buffers. */
  readonly carry: readonly string[];
  /** K. */
  readonly steps: number;
  /** The number of times each move is made in each of the K steps. */
  readonly times: readonly number[];
  readonly noise: readonly MoveNoise[];
  /** The moves that are made: after what is carried, a run's outputs are their losses `[K]`, then (where requested) the norms of their gradients. */
  readonly made: readonly number[];
}

/** Options of {@link gameProgram}. */
export interface GameProgramOptions {
  readonly steps: number;
  /** The number of times each move is made in every step; default 1. */
  readonly times?: readonly number[];
  /** Whether the norm of each move's gradient is an output as well. */
  readonly norms?: boolean;
}

/** The name of an input of a move: the first move's have no suffix. */
export const moveInput = ({ moves }: GamePlan, what: string, move: number): string =>
  move === 0 ? what : `${what}:${moves[move].name}`;

/** The axes in front of what a move is fed in one step: how often it is made, and over how many batches it averages its gradient. */
export const repeatsOf = ({ moves, shares }: GamePlan, move: number, times: number) => {
  const micro = shares[moves[move].player].optimizer.microbatches ?? 1;
  const repeated = times === 1 ? [] : [times];
  return { micro, repeated, axes: micro === 1 ? repeated : [...repeated, micro], each: times * micro };
};

/** The inputs of a program that have one row for each step, found by name. */
const stepInputs = (steps: number) => {
  const all = new Map<string, Expr>();
  const input = (name: string, shape: Shape): string => {
    const made = o.input(name, [steps, ...shape]);
    const known = all.get(name);
    if (known !== undefined && known.shape.join() !== made.shape.join())
      raise('ShapeError', name, 'two moves that share a draw see arrays of different shapes', {
        expected: `[${known.shape}]`,
        got: `[${made.shape}]`,
      });
    all.set(name, known ?? made);
    return name;
  };
  return { all, input };
};

/**
 * Builds the program (θ, states…, averages…, buffers…; for each move batches [K, …, B, …event], coefficients [K, …, c], noise [K, …]; step numbers [K]) ↦
 * (θ, states…, averages…, buffers…, losses [K]…, norms [K]…). The parameters are one flat vector outside the loop; inside, each large one stands by itself.
 */
export const gameProgram = (
  plan: GamePlan,
  { steps, times = plan.moves.map(() => 1), norms = false }: GameProgramOptions,
): TrainingProgram => {
  const { moves, layout, batchSize } = plan;
  const flat = o.input('parameters', [layout.size]);
  const shares = groupedShares(plan);
  const board: Board = { plan, shares, held: heldPieces(layout, flat, shares) };
  const made = range(moves.length).filter((i) => times[i] > 0);
  const { all, input } = stepInputs(steps);
  const names = made.map((i) => {
    const m = moves[i];
    const { repeated, axes } = repeatsOf(plan, i, times[i]);
    return {
      batch: input(moveInput(plan, 'batches', m.draws), [...axes, ...m.batch.shape]),
      coefficients: input(moveInput(plan, 'coefficients', i), [...repeated, shares[m.player].share.optimizer.coefficients.length]), // biome-ignore format: one idea
      weights: m.weights === undefined ? [] : [input(moveInput(plan, 'weights', m.draws), [...axes, batchSize])],
      noise: m.noise.map((e) => input(`noise:${e.attributes.path}`, [...axes, ...e.shape])),
      number: m.numbers.length === 0 ? [] : [input('step numbers', [])],
    };
  });
  const atOnce = plan.game.order === 'atOnce';

  const step = (now: GameState, at: (name: string) => Expr): { state: GameState; ys: Expr[] } => {
    let state = now;
    let waiting: readonly Pending[] = [];
    const done = new Set<string>();
    const results = made.map((i, k) => {
      const { batch, coefficients, weights, noise, number } = names[k];
      const feed: MoveFeed = { batch: at(batch), coefficients: at(coefficients), weights: weights.map(at), noise: noise.map(at), number: number.map(at) }; // biome-ignore format: one record
      const once = moved(board, moves[i], atOnce ? { ...now, buffers: state.buffers } : state, feed, times[i]);
      const { player } = moves[i];
      state = { players: state.players.map((p, j) => (j === player ? once.state.players[j] : p)), buffers: once.state.buffers }; // biome-ignore format: one record
      waiting = [...waiting, ...once.pending];
      done.add(moves[i].name);
      // Moves at once are done together, when the last of them is.
      if (!atOnce) ({ state, pending: waiting } = settle(state, waiting, (after) => done.has(after)));
      return once;
    });
    // What waits for a move that this step does not make stays as it is.
    ({ state, pending: waiting } = settle(state, waiting, (after) => done.has(after)));
    for (const { after } of waiting)
      if (!moves.some((m) => m.name === after))
        raise('ArgumentError', after, 'a buffer waits for a move that the game does not have', {
          expected: moves.map((m) => m.name).join(', '),
          got: after,
        });
    return { state, ys: [...results.map((r) => r.loss), ...(norms ? results.map((r) => r.norm) : [])] };
  };

  const buffers = plan.buffers.map((b) => o.input(`carried:${b.attributes.name}`, b.shape, b.type));
  const start: GameState = { players: shares.map((s) => startingState(s, layout, flat)), buffers };
  const order = [...all.keys()];
  const { carry, ys } = o.scan({
    length: steps,
    init: leaves(start),
    xs: order.map((name) => all.get(name)!),
    body: (carry, xs) => {
      const fed = new Map(order.map((name, i) => [name, xs[i]] as const));
      const next = step(like(start, carry), (name) => fed.get(name)!);
      return { carry: leaves(next.state), ys: next.ys };
    },
  });
  const last = like(start, carry);
  const parameters = joinGroups(layout, shares.flatMap((s) => s.groups), last.players.flatMap((p) => p.theta), flat); // biome-ignore format: one idea
  return {
    program: program([parameters, ...shares.flatMap((s, i) => endingVectors(s, last.players[i])), ...last.buffers, ...ys], 'float32'), // biome-ignore format: one idea
    plan,
    layout,
    carry: [
      'parameters',
      ...plan.shares.flatMap(vectorNames),
      ...plan.buffers.map((b) => `carried:${b.attributes.name}`),
    ],
    steps,
    times,
    made,
    noise: noiseOf(plan, made),
  };
};

const noiseOf = ({ moves }: GamePlan, made: readonly number[]): MoveNoise[] => {
  const all = made.flatMap((i) =>
    moves[i].noise.map(({ attributes: { path, dist, batch }, shape }) => ({ name: `noise:${path}`, path, dist, batch, shape, move: moves[i].draws })),
  ); // biome-ignore format: one record
  return [...new Map(all.map((n) => [n.path, n] as const)).values()];
};

/** Options of {@link trainingProgram}. */
export interface TrainingOptions<S extends Shape> {
  readonly objective: AnyObjective<S>;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  /** K, the optimiser steps in one run. */
  readonly steps: number;
  /** Decay of the exponential moving average of parameters, where one is kept. */
  readonly ema?: number;
}

/** {@link gameProgram} of the game with one player. */
export const trainingProgram = <S extends Shape>({ objective, optimizer, batchSize, steps, ema }: TrainingOptions<S>): TrainingProgram =>
  gameProgram(planGame(gameOf(objective, { optimizer, ...(ema === undefined ? {} : { average: ema }) }), batchSize), { steps }); // biome-ignore format: one idea
