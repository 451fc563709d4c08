/** Networks: parametrised functions of one event, as values that keep their declaration. */
import type { Spec } from '../algebra/spec.ts';
import type { Expr } from '../core/expr.ts';
import type { Scoped } from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import type { Dependence } from './dependence.ts';

/** A function from an event to an array of any asked-for shape; its parameters stand where it is applied. */
export interface Network {
  readonly spec: Spec;
  readonly apply: (x: Expr, output: Shape) => Scoped<Expr>;
  /** The same function of a context as well, where it is more than a longer input (MADE's masks); see `contextual`. */
  readonly given?: (x: Expr, output: Shape, context: Expr) => Scoped<Expr>;
  /** The same network with other masks, where it has some: what autoregressive layers of another order, fewer passes or a graph ask for. */
  readonly masked?: (dependence: Dependence) => Network;
}

/**
 * A layer of a network: a function of an event whose parameters stand where it is applied. Applied twice at one place it would claim one set of parameters
 * twice, which is refused: `sequential` gives every layer a place of its own.
 */
export interface NetworkLayer {
  (x: Expr): Scoped<Expr>;
  /** What it was made from, where it can be said in JSON. */
  readonly spec?: Spec;
}

/** A function as a layer that keeps its declaration. */
export const networkLayer = <F extends (x: Expr) => Scoped<Expr>>(spec: Spec, f: F): F & { readonly spec: Spec } =>
  Object.assign(f, { spec });
