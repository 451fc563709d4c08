/** Parameters that an optimiser does not move. */
import { either, type Selector } from '../selector.ts';
import { rateAgain } from './around.ts';
import type { OptimizerTransformation } from './optimizer.ts';

/**
 * The selected parameters stay where they are: no step, no decay, no state, and no share in the norm that clipping sees. Frozen twice, both stay.
 *
 * @example
 * const optimizer = pipe(adamW(), frozen(place('base')));
 */
export const frozen =
  (on: Selector): OptimizerTransformation =>
  (inner) => ({
    ...inner,
    ...rateAgain(inner, frozen(on)),
    spec: { type: 'frozen', on: on.spec, optimizer: inner.spec },
    held: inner.held === undefined ? on : either(inner.held, on),
  });
