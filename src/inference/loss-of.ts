import { opaque } from '../algebra/spec.ts';
import type * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import type { Shape } from '../core/shape.ts';
import type { Objective } from './objective.ts';

/**
 * An objective of your own: a loss of one event, over parameters and noise. It says nothing about a density, and its spec cannot be read back. For a loss of a
 * whole batch, see {@link BatchObjective}.
 *
 * @example
 * const generator = implicit([2], standardNormal([4]), mlp([16], { zeroLast: false }));
 * const pulled = lossOf('pull to the centre', [2], () => draw.map((x) => ops.sum(ops.square(x)))(generator.sample));
 */
export const lossOf = <const S extends Shape>(
  name: string,
  shape: S,
  loss: (x: Expr) => D.Draw<Expr>,
): Objective<S> => ({ shape, spec: opaque(name, 'a loss of your own'), evidence: 'none', loss });
