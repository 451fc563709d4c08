/** What `fit` takes and gives. */
import type { Backend, Feeds } from '../../core/program.ts';
import type { Shape } from '../../core/shape.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { Source } from '../../data/source.ts';
import type { AnyObjective } from '../objective.ts';
import type { Optimizer } from '../optimizers/index.ts';
import type { Trainable } from './game.ts';
import type { Stage, TrainingState } from './state.ts';

/** A point of the training history; losses are in nats per event. */
export interface HistoryPoint {
  readonly step: number;
  /** Mean loss of the first move over the run's steps. */
  readonly loss: number;
  readonly validation?: number;
}

/** What one move did in a run of the backend. */
export interface MoveProgress {
  readonly name: string;
  /** Mean loss over the run; absent where the move was not made. */
  readonly loss?: number;
  /** The learning rate of the player's next move, where its optimiser has one. */
  readonly learningRate?: number;
  /** Euclidean norm of the gradient of the last move, before clipping. */
  readonly gradientNorm?: number;
}

/** The progress report during training. */
export interface Progress extends HistoryPoint {
  readonly steps: number;
  readonly stepsPerSecond: number;
  /** Seconds to go, at the speed so far. */
  readonly remaining: number;
  /** Each move of the game, in order. */
  readonly moves: readonly MoveProgress[];
}

/** Why training ended. */
export type Ending = 'finished' | 'stopped early' | 'interrupted';

/** The outcome of {@link fit}. */
export interface Fitted {
  /** What to use: the best that validation knows, else the last; averages where players keep some. Buffers stand beside the parameters, so `run` takes them as they are. */
  readonly parameters: Feeds;
  /** The state to resume from. */
  readonly last: TrainingState;
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
  readonly history: readonly HistoryPoint[];
  readonly ending: Ending;
  /** Seconds from the first step to the last, without compilation. */
  readonly seconds: number;
  readonly compileSeconds: number;
}

/** Held-out data, and when to stop. */
export interface ValidationOptions<S extends Shape> {
  readonly data: Dataset;
  /** Steps between validations; default a fiftieth of all, in twenties. */
  readonly every?: number;
  /** The number of consecutive validations without improvement after which training ends. */
  readonly patience?: number;
  /** The objective to evaluate; default the objective of the first move. */
  readonly objective?: AnyObjective<S>;
}

/** Options of {@link fit}. */
export interface FitOptions<S extends Shape> {
  /** An objective, or a game of several moves. */
  readonly objective: Trainable<S>;
  readonly data: Dataset | Source<Shape>;
  /** For an objective, and for the players of a game that bring none; default Adam. */
  readonly optimizer?: Optimizer;
  /** Steps in all, those of a resumed state included. */
  readonly steps: number;
  readonly batchSize?: number;
  readonly seed?: number;
  readonly backend?: Backend;
  /** Decay of an exponential moving average of the parameters of an objective (a game says it player by player). */
  readonly ema?: number;
  /** Parameters and buffers to start from in place of their own initial values; those that are not named start as declared. */
  readonly initial?: Feeds;
  readonly validation?: ValidationOptions<S>;
  readonly resume?: TrainingState;
  /** Which stage of several this is (set by `fitStages`); it is saved with every state. */
  readonly stage?: Stage;
  /** Steps in one run of the backend. */
  readonly stepsPerRun?: number;
  readonly onProgress?: (p: Progress) => void;
  /** Called with the state every `every` steps, and at the end; what it saves can be resumed. */
  readonly checkpoint?: { readonly every: number; readonly save: (state: TrainingState) => Promise<void> };
  /** Stops between runs; the state so far is returned (and saved), not lost. */
  readonly signal?: AbortSignal;
}
