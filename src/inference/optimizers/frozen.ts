/** Parameters that an optimiser does not move. */

import { define } from '../../core/definition.ts';
import { nested } from '../../core/specification.ts';
import { optimizerKind, selectorKind } from '../kinds.ts';
import { either, type Selector } from '../selector.ts';
import { rateAgain } from './around.ts';
import type { Optimizer, OptimizerTransformation } from './optimizer.ts';

/**
 * The selected parameters stay where they are: no step, no decay, no state, and no share in the norm that clipping sees. Frozen twice, both stay.
 *
 * @example
 * const optimizer = pipe(adamW(), frozen(place('base')));
 */
export const frozen = define(
  optimizerKind,
  {
    type: 'frozen',
    about: 'Parameters that stay.',
    required: { on: nested(selectorKind), optimizer: nested(optimizerKind) },
    takes: ['on'],
    build: ({ optimizer, ...rest }): Optimizer => frozen(rest.on)(optimizer),
    examples: [
      {
        on: { type: 'place', at: 'critic' },
        optimizer: { type: 'adam', learningRate: { type: 'constant', value: 0.01 } },
      },
    ],
  },
  (on: Selector): OptimizerTransformation =>
    (inner) => ({
      ...inner,
      ...rateAgain(inner, frozen(on)),
      spec: { type: 'frozen', on: on.spec, optimizer: inner.spec },
      held: inner.held === undefined ? on : either(inner.held, on),
    }),
);
