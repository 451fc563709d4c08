/** Parameters that an optimiser does not move. */

import { define } from '../../core/definition.ts';
import { raise } from '../../core/errors.ts';
import { kindOf } from '../../core/kind-of.ts';
import type { Declaration } from '../../core/reading.ts';
import { nested } from '../../core/specification.ts';
import { optimizerKind, selectorKind } from '../kinds.ts';
import { belongingTo, either, type Selector } from '../selector.ts';
import { rateAgain } from './around.ts';
import type { Optimizer, OptimizerTransformation } from './optimizer.ts';

/** What declares parameters of its own: a distribution, a layer, a conditional distribution, a placed function. */
export type Declares = { readonly declaration?: Declaration | undefined };

const selectorOf = (what: Selector | Declares): Selector => {
  if (typeof (what as Partial<Selector> | undefined)?.selects === 'function') return what as Selector;
  return (what as Declares | undefined)?.declaration !== undefined
    ? belongingTo(what)
    : raise('ArgumentError', 'frozen', 'this has no parameters of its own', {
        expected: 'a selector (a place, a kind), or a distribution, layer or placed function',
        got: kindOf(what),
      });
};

/**
 * The selected parameters, or all that a part of a model declared (a layer, a distribution; known by identity), stay where they are: no step, no decay, no state,
 * and no share in the norm that clipping sees. Frozen twice, both stay. Names and first values are unchanged, so a part that was read from a checkpoint
 * (`initial`) is held as it was read. The specification of a part is opaque: say its `place` for one that can be read back. Throws `ArgumentError` for what
 * declares nothing (a bare network: freeze the layer it stands in, or its `place`).
 *
 * @example
 * const optimizer = pipe(adamW(), frozen(place('base')));
 * const pretrained = affine();
 * const flow = pipe(standardNormal([2]), pushforward(compose(pretrained, affineCoupling())));
 * const onlyTheCoupling = pipe(adam(), frozen(pretrained));
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
  (what: Selector | Declares): OptimizerTransformation => {
    const on = selectorOf(what);
    return (inner) => ({
      ...inner,
      ...rateAgain(inner, frozen(on)),
      spec: { type: 'frozen', on: on.spec, optimizer: inner.spec },
      held: inner.held === undefined ? on : either(inner.held, on),
    });
  },
);
