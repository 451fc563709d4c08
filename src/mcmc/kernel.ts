/**
 * Markov kernels: `init : position → state`, `step : state → Random<(state, info)>`. A kernel is written for ONE chain; many chains are `vmap`, a whole
 * chain is one `scan`. State and info are records of expressions, so that any kernel can be carried by a loop.
 */
import type { Spec } from '../algebra/spec.ts';
import type { Expr } from '../core/expr.ts';
import type { Random } from '../core/random.ts';

/** A record of expressions: what a loop carries. */
export type Fields = Readonly<Record<string, Expr>>;

/** The state of a chain has a position, whatever else its kernel keeps (log-density, gradient, momentum). */
export interface Position extends Fields {
  readonly position: Expr;
}

/** What a step gives: the next state, and what there is to say about the step (acceptance, energy error, divergence). */
export interface Transition<S extends Fields, I extends Fields> {
  readonly state: S;
  readonly info: I;
}

/** A Markov kernel for one chain. */
export interface Kernel<S extends Position, I extends Fields> {
  readonly spec: Spec;
  /** The state of a chain that stands at a position. */
  readonly init: (position: Expr) => S;
  readonly step: (state: S) => Random<Transition<S, I>>;
}

/** An unnormalised log-density of one event: what kernels sample from. */
export type LogDensity = (x: Expr) => Expr;
