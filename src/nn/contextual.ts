import { pipe } from 'fp-ts/lib/function.js';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import { sizeOf } from '../core/shape.ts';
import type { Network } from './network.ts';

/**
 * A network that reads the context of the conditional law it stands in, beside its own input: net(x, c). Both are flattened and joined; `made` lets
 * every output see the context. This makes any layer conditional, without twins of layers: conditioning is application.
 * Throws `ArgumentError` outside a context.
 *
 * @example
 * const q = conditionalFlow(conditionalNormal([784], [20]), iaf({ conditioner: contextual(made([64])) }));
 */
export const contextual = (network: Network): Network => ({
  ...(network.masked === undefined ? {} : { masked: (d) => contextual((network.masked as NonNullable<typeof network.masked>)(d)) }), // biome-ignore format: one idea
  spec: { type: 'contextual', network: network.spec },
  apply: (x, output) =>
    pipe(
      Sc.context,
      Sc.chain((c) =>
        network.given === undefined
          ? network.apply(o.concat([o.reshape(x, [sizeOf(x.shape)]), o.reshape(c, [sizeOf(c.shape)])]), output)
          : network.given(x, output, o.reshape(c, [sizeOf(c.shape)])),
      ),
    ),
});
