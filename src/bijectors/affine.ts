import { pipe } from 'fp-ts/lib/function.js';
import { free } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { define } from '../core/definition.ts';
import * as o from '../core/ops/index.ts';
import { zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';

/**
 * Learned elementwise affine map, z = x · e^{s} + t with s, t of the event's shape, both starting at 0: log |det ∂z/∂x| = Σ s.
 *
 * @example
 * pipe(standardNormal([3]), pushforward(affine()));   // a diagonal normal distribution, learned
 */
export const affine = define(
  layerKind,
  { type: 'affine', about: 'A learned shift and scale of each element.', examples: [{}] },
  (): Endo<'bijective'> => {
    const maps = (shape: readonly number[]) =>
      pipe(
        Sc.parameter('logScale', shape, { init: zeros, kind: 'scale' }),
        Sc.chain((s) =>
          pipe(
            Sc.parameter('shift', shape, { init: zeros, kind: 'shift' }),
            Sc.map((t) => ({ s, t })),
          ),
        ),
      );
    return bijection({
      spec: { type: 'affine' },
      cost: free,
      encode: (x) =>
        pipe(
          maps(x.shape),
          Sc.map(({ s, t }) => ({ value: o.add(o.mul(x, o.exp(s)), t), contribution: o.sum(s) })),
        ),
      decode: (z) =>
        pipe(
          maps(z.shape),
          Sc.map(({ s, t }) => ({ value: o.mul(o.sub(z, t), o.exp(o.neg(s))), contribution: o.sum(s) })),
        ),
    });
  },
);
