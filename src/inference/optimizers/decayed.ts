/** Decoupled weight decay. */

import { raise } from '../../core/errors.ts';
import { knownOptions } from '../../core/known-options.ts';
import * as o from '../../core/ops/index.ts';
import { everything, type Selector } from '../selector.ts';
import { fromZero } from './arguments.ts';
import { around } from './around.ts';
import type { OptimizerTransformation } from './optimizer.ts';

/** Options of {@link decayed}. */
export interface DecayOptions {
  /** λ, per unit of the learning rate. */
  readonly rate: number;
  /** What is decayed (default everything that is trained). */
  readonly on?: Selector;
}

/**
 * Decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101): θ ← (1 − lr·λ) θ for the selected parameters, with the step that the inner optimiser
 * takes from the gradient alone. lr is the inner learning rate at the same move. Throws `ArgumentError` where λ is negative or the inner optimiser has
 * no learning rate.
 *
 * @example
 * const optimizer = pipe(lion(), decayed({ rate: 0.1, on: not(kind('bias')) }));
 */
export const decayed = (options: DecayOptions): OptimizerTransformation => {
  const { rate, on = everything } = knownOptions('decayed', options, { rate: true, on: true });
  return (inner) => {
    fromZero('decayed', 'rate', rate);
    const learning =
      inner.learningRate ??
      raise('ArgumentError', 'decayed', 'the inner optimiser has no learning rate', { got: inner.spec.type });
    return around(inner, decayed({ rate, on }), {
      spec: { type: 'decayed', rate, on: on.spec, optimizer: inner.spec },
      coefficients: ['decay'],
      at: (move, told) => [1 - learning.at(move, told) * rate],
      selectors: [on],
      update: ({ gradient, parameters, state }, { coefficients, selected }, own) => {
        const shrunk = rate > 0 && own.selected[0] ? o.mul(own.coefficients[0], parameters) : parameters;
        return inner.update(gradient, shrunk, state, coefficients, selected);
      },
    });
  };
};
