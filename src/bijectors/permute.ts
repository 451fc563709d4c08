/** Permutations of the last axis: volume-preserving, so they contribute nothing. */

import { pipe } from 'fp-ts/lib/function.js';
import { having } from '../algebra/capability.ts';
import { free } from '../algebra/cost.ts';
import { backwards, fixing, permuting } from '../algebra/fixed.ts';
import { layerKind } from '../algebra/kinds.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { integer, list, natural, showJson } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { gather } from '../core/ops/indexing.ts';
import { constant, scalar } from '../core/ops/leaves.ts';
import { reverse as reverseAxis } from '../core/ops/structure.ts';
import { foldIn, keyOf, permutation } from '../core/prng.ts';
import { range } from '../core/shape.ts';

const volumePreserving = (value: Expr) => () => ({ value, contribution: scalar(0) });

/**
 * The last axis in reverse order. Its own inverse; log |det| = 0.
 *
 * @example
 * repeat(4, compose(affineCoupling(), reverse()));
 */
export const reverse = define(
  layerKind,
  { type: 'reverse', about: 'The last axis in reverse order.', regions: 'any', examples: [{}] },
  (): Endo<'bijective'> =>
    pipe(
      bijection({
        spec: { type: 'reverse' },
        cost: free,
        encode: (x) => volumePreserving(reverseAxis(x, -1)),
        decode: (z) => volumePreserving(reverseAxis(z, -1)),
      }),
      having(
        fixing,
        permuting((n) => range(n).reverse()),
      ),
    ),
);

/** Which permutation: an explicit one, or a random one by seed (the same for every size and machine). */
export type PermuteOptions = { readonly order: readonly number[] } | { readonly seed: number };

const orderFor = (options: PermuteOptions, n: number): readonly number[] => {
  if ('seed' in options) return Array.from(permutation(foldIn(keyOf(options.seed), `permute:${n}`), n));
  const { order } = options;
  return order.length === n && range(n).every((i) => order.includes(i))
    ? order
    : raise('ArgumentError', '', 'permute: not a permutation of the last axis', {
        expected: `0…${n - 1} in some order`,
        got: `[${order.join(', ')}]`,
      });
};

const permutationOf = ({
  order,
  seed,
}: {
  readonly order?: readonly number[];
  readonly seed?: number;
}): Endo<'bijective'> =>
  order !== undefined && seed === undefined
    ? permute({ order })
    : seed !== undefined && order === undefined
      ? permute({ seed })
      : raise('SpecError', '', "permute: one of 'order' and 'seed'", { got: showJson({ order, seed }) });

/**
 * The last axis in another order: z[i] = x[order[i]]; log |det| = 0.
 *
 * @example
 * compose(permute({ seed: 3 }), permute({ order: [2, 0, 1] }));
 */
export const permute = define(
  layerKind,
  {
    type: 'permute',
    about: 'The last axis in another order.',
    optional: { order: list(natural, 'a permutation'), seed: integer },
    takes: [],
    build: permutationOf,
    regions: 'any',
    examples: [{ seed: 3 }, { order: [1, 0] }],
  },
  (options: PermuteOptions): Endo<'bijective'> => {
    const taken = (x: Expr, inverted: boolean): Expr => {
      const axis = x.shape.length - 1;
      const order = orderFor(options, x.shape[axis]);
      const index = inverted ? backwards(order) : order;
      return gather(x, constant(index, [index.length], 'int32'), axis);
    };
    return pipe(
      bijection({
        spec: 'seed' in options ? { type: 'permute', seed: options.seed } : { type: 'permute', order: options.order },
        cost: free,
        encode: (x) => volumePreserving(taken(x, false)),
        decode: (z) => volumePreserving(taken(z, true)),
      }),
      having(
        fixing,
        permuting((n) => orderFor(options, n)),
      ),
    );
  },
);
