/** One declaration of a family's member: its specification, as JSON, and what the algebra reads, as expressions. */
import type { DistFamily } from '../algebra/family.ts';
import type { Json, Spec } from '../algebra/spec.ts';
import type { Expr } from '../core/expr.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr, toSpec } from './argument.ts';

/** What a distribution says of itself: spread it into `dist`. */
export interface Declared {
  readonly spec: Spec;
  readonly family: DistFamily;
}

const each = <A>(
  all: { readonly [name: string]: Argument },
  f: (a: Argument, name: string) => A,
): { readonly [name: string]: A } => Object.fromEntries(Object.entries(all).map(([name, a]) => [name, f(a, name)]));

/**
 * The member of a family with some parameters, over events of a shape: its `spec`, and its `family` for `kl` and whoever else knows families, whose parameters
 * are broadcast to `at` (the event's shape). Throws `ShapeError` where one does not fit.
 *
 * @example
 * const mine = (rate: number) => scalarFamily([3], familyOf('mine', [3], { rate }), standardLogistic);
 * kl(mine(1), mine(2), { pairs: { ...klPairs, 'mine/mine': () => draw.of(ops.scalar(0)) } }).evidence;   // 'exact'
 */
export const familyOf = (
  name: string,
  shape: Shape,
  parameters: { readonly [name: string]: Argument },
  at: Shape = shape,
): Declared => ({
  spec: { type: name, shape, ...each<Json>(parameters, (a) => toSpec(a)) },
  family: { name, parameters: each<Expr>(parameters, (a, key) => fits(name, key, toExpr(a), at)) },
});
