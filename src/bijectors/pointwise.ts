import { type Cost, free } from '../algebra/cost.ts';
import type { Spec } from '../algebra/spec.ts';
import { bijection, type Endo, type Step } from '../algebra/transport.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Mapped } from './scalar/scalar-map.ts';

/** A fixed function of one number with its inverse; both give log |∂z/∂x| of each element with the value. */
export interface Pointwise {
  readonly encode: (x: Expr) => Mapped;
  readonly decode: (z: Expr) => Mapped;
}

const summed = ({ value, logSlope }: Mapped): Step => ({ value, contribution: o.sum(logSlope) });

/** The layer that applies a function of one number to every element: log |det ∂z/∂x| = Σ log |slope|. No network: free both ways. */
export const pointwise = (spec: Spec, f: Pointwise, cost: Cost = free): Endo<'bijective'> =>
  bijection({ spec, cost, encode: (x) => () => summed(f.encode(x)), decode: (z) => () => summed(f.decode(z)) });

/** The function with its sides exchanged. */
export const turned = (f: Pointwise): Pointwise => ({
  encode: (x) => negated(f.decode(x)),
  decode: (z) => negated(f.encode(z)),
});

const negated = ({ value, logSlope }: Mapped): Mapped => ({ value, logSlope: o.neg(logSlope) });

/**
 * A function on part of the reals: elements off it have value `value` and log-slope −∞ (density 0, gradient 0, no NaN), and `f` never
 * sees them.
 */
export const within = (
  x: Expr,
  inside: Expr,
  { standIn, value = 0 }: { readonly standIn: number; readonly value?: number },
  f: (x: Expr) => Mapped,
): Mapped => {
  const y = f(o.where(inside, x, standIn));
  return {
    value: o.where(inside, y.value, value),
    logSlope: o.where(inside, y.logSlope, Number.NEGATIVE_INFINITY),
  };
};
