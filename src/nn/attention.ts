import type { Spec } from '../algebra/spec.ts';
import { positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { fanIn, type Initializer, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { showShape } from '../core/shape.ts';
import { networkPartKind } from './kinds.ts';
import { type NetworkLayer, networkLayer } from './network.ts';

/** x W + b for rows `[N, in]`. */
const rows = (x: Expr, outputs: number, init: Initializer): Sc.Scoped<Expr> => (scope) => {
  const kernel = Sc.parameter('kernel', [x.shape[1], outputs], { init, kind: 'kernel' })(scope);
  return o.add(o.matmul(x, kernel), Sc.parameter('bias', [outputs], { init: zeros, kind: 'bias' })(scope));
}; // biome-ignore format: one idea

/**
 * Multi-head self-attention of N tokens `[N, C]`, giving `[N, C]`: softmax(q kᵀ / √d) v in each of `heads` heads of d = C / heads, joined and mapped by a last
 * matrix that is zero at the start (Vaswani et al. 2017, arXiv:1706.03762, §3.2). There is no positional encoding: permuting the rows of x permutes the rows of
 * the result. Parameters `qkv` and `out`. Cost: of the order of N² C + N C² products. Throws `ShapeError`, when applied, where x does not have two axes or the
 * heads do not divide C.
 *
 * @example
 * selfAttention(4)(ops.input('tokens', [49, 64]));
 */
export const selfAttention = define(
  networkPartKind,
  {
    type: 'selfAttention',
    about: 'Attention over the places of an image.',
    takes: ['heads'],
    required: { heads: positiveInteger },
    examples: [{ heads: 1 }],
  },
  (heads: number): NetworkLayer & { readonly spec: Spec } =>
    networkLayer(
      { type: 'selfAttention', heads },
      (x: Expr): Sc.Scoped<Expr> =>
        (scope) => {
          const [n, c] = x.shape;
          if (x.shape.length !== 2 || !Number.isInteger(heads) || heads < 1 || c % heads !== 0)
            return raise('ShapeError', scope.path, 'selfAttention: the heads do not divide the channels of a token', {
              expected: `[N, ${heads} d]`,
              got: showShape(x.shape),
            });
          const d = c / heads;
          const qkv = o.transpose(
            o.reshape(Sc.at('qkv', rows(x, 3 * c, fanIn(c)))(scope), [n, 3, heads, d]),
            [1, 2, 0, 3],
          );
          const part = (i: number): Expr => o.reshape(o.sliceAxis(qkv, 0, i, i + 1), [heads, n, d]);
          const weights = o.softmax(o.matmul(o.mul(1 / Math.sqrt(d), part(0)), o.transpose(part(1))), -1);
          const mixed = o.reshape(o.transpose(o.matmul(weights, part(2)), [1, 0, 2]), [n, c]);
          return Sc.at('out', rows(mixed, c, zeros))(scope);
        },
    ),
);
