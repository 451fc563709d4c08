import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { parametersOf } from '../core/program.ts';
import type { Shape } from '../core/shape.ts';
import { simplify } from '../core/simplify/index.ts';
import type { Objective } from './objective.ts';

/**
 * The objective with its common subexpressions made one *before* it is differentiated: a program computes every expression once, but two copies of a state
 * that a posterior and a decoder each walk to have two derivatives. Values, parameters and specification are unchanged; labels of layers are lost, so
 * a loss that stops being finite is reported with its parameter.
 *
 * @example
 * const objective = computedOnce(elbo(vae([2])));
 */
export const computedOnce = <S extends Shape>(objective: Objective<S>): Objective<S> => ({
  ...objective,
  loss: (x) =>
    D.map((l: Expr) => {
      // Equal leaves become one here: names shared by accident are reported before.
      parametersOf([l]);
      return simplify([l])[0];
    })(objective.loss(x)),
});
