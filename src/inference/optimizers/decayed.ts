/** Decoupled weight decay. */
import { nonNegative } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import { raise } from '../../core/errors.ts';
import * as o from '../../core/ops/index.ts';
import { nested } from '../../core/specification.ts';
import { optimizerKind, selectorKind } from '../kinds.ts';
import { everything, type Selector } from '../selector.ts';
import { fromZero } from './arguments.ts';
import { around } from './around.ts';
import type { Optimizer, OptimizerTransformation } from './optimizer.ts';

/** Options of {@link decayed}. */
export interface DecayOptions {
  /** λ, per unit of the learning rate. */
  readonly rate: number;
  /** The parameters that decay (default: all that are trained). */
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
export const decayed = define(
  optimizerKind,
  {
    type: 'decayed',
    about: 'Parameters that decay.',
    required: { rate: nonNegative, on: nested(selectorKind), optimizer: nested(optimizerKind) },
    takes: [],
    build: ({ optimizer, ...rest }): Optimizer => decayed(rest)(optimizer),
    examples: [
      {
        rate: 0.01,
        on: { type: 'place', at: 'critic' },
        optimizer: { type: 'adam', learningRate: { type: 'constant', value: 0.01 } },
      },
    ],
  },
  ({ rate, on = everything }: DecayOptions): OptimizerTransformation =>
    (inner) => {
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
    },
);
