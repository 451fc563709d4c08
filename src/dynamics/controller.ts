/** Controllers: whether the grid of times or the error of a step determines its length. */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { sizeOf } from '../core/shape.ts';
import type { Arrays } from './tableau.ts';

/** Options of {@link adaptive}. */
export interface AdaptiveOptions {
  /** The relative error allowed in a step; default 1e-5. */
  readonly rtol?: number;
  /** The absolute error allowed in a step; default 1e-5. */
  readonly atol?: number;
  /** Steps, rejected ones included, between two times; default 1000. */
  readonly maxSteps?: number;
}

/** What determines the length of a step. */
export type Controller = { readonly kind: 'fixed' } | ({ readonly kind: 'adaptive' } & Required<AdaptiveOptions>);

/**
 * Fixed steps: one step of the method from each time of the grid to the next.
 *
 * @example
 * rungeKutta(tableaux.midpoint, fixed());
 */
export const fixed = (): Controller => ({ kind: 'fixed' });

/**
 * Steps as long as a tolerance allows, by proportional–integral control (Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, II.4): a step is
 * accepted where √ mean (eᵢ / (atol + rtol max(|xᵢ|, |x′ᵢ|)))² ≤ 1 over all elements of all arrays, with e the embedded estimate of its error. `atol` is in the
 * units of the state. Throws `ArgumentError` where a tolerance or the number of steps is not positive.
 *
 * @example
 * rungeKutta(tableaux.tsit5, adaptive({ rtol: 1e-6, atol: 1e-8 }));
 */
export const adaptive = ({ rtol = 1e-5, atol = 1e-5, maxSteps = 1000 }: AdaptiveOptions = {}): Controller =>
  rtol > 0 && atol > 0 && maxSteps >= 1
    ? { kind: 'adaptive', rtol, atol, maxSteps }
    : raise('ArgumentError', 'adaptive', 'tolerances and maxSteps are positive', {
        got: `rtol ${rtol}, atol ${atol}, maxSteps ${maxSteps}`,
      });

/** Squares whose mean is less count as this, so that the root has a derivative where an error is exactly 0; its root is below anything compared with it. */
const TINY = 1e-37;

/** √ mean (eᵢ / (atol + rtol max(|x|, |y|)))² over all elements of all arrays. */
export const errorNorm = (e: Arrays, x: Arrays, y: Arrays, rtol: number, atol: number): Expr => {
  const total = e.map((v, i) => o.sum(o.square(o.div(v, o.add(atol, o.mul(rtol, o.max(o.abs(x[i]), o.abs(y[i]))))))));
  const count = e.reduce((n, v) => n + sizeOf(v.shape), 0);
  return o.sqrt(o.max(o.div(o.addAll(total), count), TINY));
};

const power = (v: Expr, p: number): Expr => o.exp(o.mul(p, o.log(v)));

/**
 * By how much the step grows or shrinks after one of this error, before which there was one of error `before`: Gustafsson's proportional–integral control (Hairer,
 * Nørsett & Wanner, Solving Ordinary Differential Equations I, II.4 and IV.2), for errors that fall with the power `order` of the step.
 */
export const stepFactor = (error: Expr, before: Expr, accepted: Expr, finite: Expr, order: number): Expr => {
  const scale = 5 / order;
  const grown = o.min(
    o.max(o.mul(0.9, o.mul(power(error, -0.14 * scale), power(before, 0.08 * scale))), 0.2),
    5,
  ); // biome-ignore format: an equation
  const cut = o.where(finite, o.max(o.mul(0.9, power(error, -0.2 * scale)), 0.2), 0.2);
  return o.where(accepted, grown, cut);
};
