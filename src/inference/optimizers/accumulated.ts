/** Gradients of several batches before one update. */
import { positiveInteger } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import { raise } from '../../core/errors.ts';
import { nested } from '../../core/specification.ts';
import { optimizerKind } from '../kinds.ts';
import { rateAgain } from './around.ts';
import type { Optimizer, OptimizerTransformation } from './optimizer.ts';

/**
 * One update from the mean gradient of `batches` batches: the update of a batch that is so many times larger, in the memory of one. What is done to
 * gradients (clipping) is done to the mean. Accumulated twice, the numbers multiply. Throws `ArgumentError` where the number is not 1, 2, 3, …
 *
 * @example
 * const optimizer = pipe(adam(), accumulated(4));
 */
export const accumulated = define(
  optimizerKind,
  {
    type: 'accumulated',
    about: 'Gradients of several batches.',
    required: { batches: positiveInteger, optimizer: nested(optimizerKind) },
    takes: ['batches'],
    build: ({ optimizer, ...rest }): Optimizer => accumulated(rest.batches)(optimizer),
    examples: [{ batches: 4, optimizer: { type: 'adam', learningRate: { type: 'constant', value: 0.01 } } }],
  },
  (batches: number): OptimizerTransformation =>
    (inner) =>
      Number.isSafeInteger(batches) && batches > 0
        ? {
            ...inner,
            ...rateAgain(inner, accumulated(batches)),
            spec: { type: 'accumulated', batches, optimizer: inner.spec },
            microbatches: batches * (inner.microbatches ?? 1),
          }
        : raise('ArgumentError', 'accumulated', 'the number of batches cannot be used', {
            expected: 'a positive integer',
            got: `${batches}`,
          }),
);
