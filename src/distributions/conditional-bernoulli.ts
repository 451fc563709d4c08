import { pipe } from 'fp-ts/lib/function.js';
import { having } from '../algebra/capability.ts';
import { type Conditional, conditional } from '../algebra/conditional.ts';
import { counting } from '../algebra/levels.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import { mlp } from '../nn/mlp.ts';
import type { Network } from '../nn/network.ts';
import { bernoulli } from './bernoulli.ts';

/**
 * Bernoulli events whose logits are a network of the context: the decoder of binary data (Kingma & Welling 2014, appendix C.1).
 *
 * @example
 * const decoder = conditionalBernoulli([20], [784], { network: mlp([500], { activation: 'tanh' }) });
 */
export const conditionalBernoulli = <const C extends Shape, const S extends Shape>(
  context: C,
  event: S,
  { network = mlp([64, 64]) }: { readonly network?: Network } = {},
): Conditional<C, S> =>
  having(
    counting,
    2,
  )(
    conditional({
      spec: { type: 'conditionalBernoulli', context, event, network: network.spec },
      context,
      event,
      given: (c) =>
        pipe(
          Sc.at('net', network.apply(c, [1, ...event])),
          Sc.map((out) => bernoulli(event as Shape, { logits: o.reshape(out, event) })),
        ),
    }),
  );
