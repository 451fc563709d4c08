/** A learning rate of their own for some parameters. */

import { raise } from '../../core/errors.ts';
import { knownOptions } from '../../core/known-options.ts';
import type { Schedule } from '../schedule.ts';
import type { Selector } from '../selector.ts';
import { above } from './arguments.ts';
import { around } from './around.ts';
import type { OptimizerTransformation } from './optimizer.ts';

/** Options of {@link rateScaled}. */
export interface RateScaledOptions {
  readonly factor: number;
  readonly on: Selector;
}

const scaled = (factor: number, { spec, at }: Schedule): Schedule => ({
  spec,
  at: (move, told) => factor * at(move, told),
});

/**
 * The learning rate times `factor` for the selected parameters: exactly the step, and the decay, that the inner optimiser takes at lr · factor. Scaled
 * twice, the factors multiply. Throws `ArgumentError` where the factor is not positive or the inner optimiser has no learning rate; see
 * `frozen` for a rate of 0.
 *
 * @example
 * const optimizer = pipe(adam(), rateScaled({ factor: 0.1, on: place('base') }));
 */
export const rateScaled = (options: RateScaledOptions): OptimizerTransformation => {
  const { factor, on } = knownOptions('rateScaled', options, { factor: true, on: true });
  return (inner) => {
    above('rateScaled', 'factor', factor);
    const { learningRate, withRate } = inner;
    if (learningRate === undefined || withRate === undefined)
      return raise('ArgumentError', 'rateScaled', 'the inner optimiser has no learning rate', { got: inner.spec.type });
    const other = withRate(scaled(factor, learningRate));
    return around(inner, rateScaled({ factor, on }), {
      spec: { type: 'rateScaled', factor, on: on.spec, optimizer: inner.spec },
      coefficients: other.coefficients.map((name) => `scaled ${name}`),
      at: other.at,
      selectors: [on],
      update: ({ gradient, parameters, state }, { coefficients, selected }, own) =>
        inner.update(gradient, parameters, state, own.selected[0] ? own.coefficients : coefficients, selected),
    });
  };
};
