/**
 * Optimisers as values: what they carry, what the host computes for a move, and one update of a vector of parameters.
 *
 * Small parameters are one vector and large ones a vector each, so an update is a dozen operations for most models. What an optimiser asks of all
 * gradients at once, such as their norm, it says apart from its update, which works number by number. Transformations
 * (`clipByGlobalNorm`, `decayed`, `frozen`, …) are functions from optimisers to optimisers: `pipe(adam(), decayed({ rate: 0.1 }), clipByGlobalNorm(1))`.
 */
import type { Spec } from '../../algebra/spec.ts';
import type { Expr } from '../../core/expr.ts';
import type { Schedule, Told } from '../schedule.ts';
import type { Selector } from '../selector.ts';

/** A vector of parameters and the state vectors beside it, after an update. */
export interface Updated {
  readonly parameters: Expr;
  readonly state: readonly Expr[];
}

/** State vectors (of the parameters' size) and host-computed coefficients around one pure update. */
export interface Optimizer {
  readonly spec: Spec;
  /** Names of the state vectors; each starts at zero. */
  readonly slots: readonly string[];
  /** Names of the coefficients, for reading. */
  readonly coefficients: readonly string[];
  /** The coefficients at a move (0, 1, …: the player's own moves are counted), with the validation results before it. */
  readonly at: (move: number, told?: Told) => readonly number[];
  /** Its learning rate, where it has one: decay and progress read it. */
  readonly learningRate?: Schedule;
  /** The same optimiser at another learning rate: what scales or sweeps the rate asks for it. */
  readonly withRate?: (rate: Schedule) => Optimizer;
  /** The sets of parameters its update asks about. Vectors are made so that each lies inside or outside every one of them. */
  readonly selectors?: readonly Selector[];
  /** Parameters it never moves: their state stays too. */
  readonly held?: Selector;
  /** The number of gradients, each of its own batch, averaged before one update (default 1). */
  readonly microbatches?: number;
  /** A transformation of all gradients together before the update: vectors to vectors of the same sizes (default: nothing). */
  readonly together?: (gradients: readonly Expr[]) => readonly Expr[];
  /**
   * One update of one vector of parameters: from gradient, parameters, state, this move's coefficients and, for each of `selectors`, whether the
   * vector is selected, to the new parameters and state. The new value of a number depends on that number's gradient and state alone: how
   * parameters are grouped into vectors must not matter.
   */
  readonly update: (
    gradient: Expr,
    parameters: Expr,
    state: readonly Expr[],
    coefficients: readonly Expr[],
    selected: readonly boolean[],
  ) => Updated;
}

/** An optimiser from another: what composes by `pipe`. */
export type OptimizerTransformation = (inner: Optimizer) => Optimizer;
