/**
 * Surjections: layers that lose something one way and draw it the other (SurVAE, Nielsen et al. 2020, table 1). Where encoding loses it, the
 * density stays exact: log p(x) = log p(z) + log p(lost | z). Where encoding adds it, the density is bounded.
 */

import { pipe } from 'fp-ts/lib/function.js';
import { arrayConditional, type Conditional, givenAny, logDensityGiven, sampleGiven } from '../algebra/conditional.ts';
import { free, parallel } from '../algebra/cost.ts';
import { inferring } from '../algebra/inferring.ts';
import { conditionalKind, layerKind } from '../algebra/kinds.ts';
import { type Endo, endo, type Layer, type Transport, transport } from '../algebra/transport.ts';
import { shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import * as o from '../core/ops/index.ts';
import { rademacher, uniform } from '../core/random.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';

const vector = (owner: string, shape: Shape): number =>
  shape.length === 1
    ? shape[0]
    : raise('ShapeError', owner, 'needs a vector', { expected: '[D]', got: showShape(shape) });

/**
 * Keeps the first part of a vector: encode (a, b) ↦ a with contribution log p(b | a); decode draws b ~ p(b | a). Exact. The shapes come from the
 * distribution of what is dropped: its context is a, its event b. Multi-scale flows factor out halves this way (Dinh et al. 2017, §3.6).
 *
 * @example
 * pipe(standardNormal([2]), pushforward(slice([3], conditionalNormal([2], [1]))));   // 3 numbers, the last given the others
 */
export const slice = define(
  layerKind,
  {
    type: 'slice',
    about: 'Keeps the first part of a vector.',
    takes: ['data', 'dropped'],
    required: { data: shapeCodec, dropped: nested(conditionalKind) },
    build: ({ data, dropped }): Layer => slice(data, arrayConditional('slice', dropped)),
    shapes: [[3]],
    examples: [{ data: [3], dropped: { type: 'parametrised', family: 'normal', context: [2], event: [1] } }],
  },
  <const A extends Shape, const B extends Shape, const X extends Shape>(
    data: X,
    dropped: Conditional<A, B>,
  ): Transport<X, A, 'exact'> => {
    const [n, k, m] = [data, dropped.context, dropped.event].map((s) => vector('slice', s));
    if (n !== k + m)
      return raise('ShapeError', 'slice', 'the parts do not fill the vector', {
        expected: `[${n}]`,
        got: `[${k}] and [${m}]`,
      });
    return transport<X, A, 'exact'>(
      'exact',
      { data, latent: dropped.context },
      {
        spec: { type: 'slice', data, dropped: dropped.spec },
        cost: parallel,
        encode: (x) => {
          const [a, b] = [o.sliceAxis(x, 0, 0, k), o.sliceAxis(x, 0, k, n)];
          return pipe(
            D.at('dropped', logDensityGiven(dropped, a, b)),
            D.map((contribution) => ({ value: a, contribution })),
          );
        },
        decode: (a) =>
          pipe(
            D.at('dropped', sampleGiven(dropped, a)),
            D.map((b) => ({ value: o.concat([a, b.value]), contribution: b.logDensity })),
          ),
      },
    );
  },
);

/**
 * Appends noise to a vector: encode x ↦ (x, u) with u ~ q(u | x) and contribution −log q(u | x); decode drops u. A bound. Augmented flows (ANF, Huang
 * et al. 2020; VFlow, Chen et al. 2020) are `compose(augment(…), …bijections)`.
 *
 * @example
 * compose(augment([4], conditionalNormal([2], [2])), affineCoupling(), reverse());   // from 2 numbers to 4
 */
export const augment = define(
  layerKind,
  {
    type: 'augment',
    about: 'Appends noise to a vector: a bound.',
    takes: ['latent', 'added'],
    required: { latent: shapeCodec, added: nested(conditionalKind) },
    build: ({ latent, added }): Layer => augment(latent, arrayConditional('augment', added)),
    shapes: [[2]],
    examples: [{ latent: [3], added: { type: 'parametrised', family: 'normal', context: [2], event: [1] } }],
  },
  <const X extends Shape, const U extends Shape, const Z extends Shape>(
    latent: Z,
    added: Conditional<X, U>,
  ): Transport<X, Z, 'bound'> => {
    const [n, k, m] = [latent, added.context, added.event].map((s) => vector('augment', s));
    if (n !== k + m)
      return raise('ShapeError', 'augment', 'the parts do not fill the vector', {
        expected: `[${n}]`,
        got: `[${k}] and [${m}]`,
      });
    return transport<X, Z, 'bound'>(
      'bound',
      { data: added.context, latent },
      {
        spec: { type: 'augment', latent, added: added.spec },
        cost: parallel,
        ...inferring({
          place: 'added',
          posterior: (x) => givenAny(added, x),
          join: (x, u) => D.of({ value: o.concat([x, u]), contribution: o.scalar(0) }),
          generate: (z) =>
            D.of({
              value: o.sliceAxis(z, 0, 0, k),
              inferred: o.sliceAxis(z, 0, k, n),
              contribution: o.scalar(0),
            }),
        }),
      },
    );
  },
);

/**
 * Absolute values, for distributions that are symmetric about 0 in every coordinate: decode draws the signs. Contribution −D log 2, exact.
 *
 * @example
 * pipe(halfNormal([2]), pushforward(abs()));   // N(0, 1) again
 */
export const abs = define(
  layerKind,
  { type: 'abs', about: 'Absolute values.', regions: 'own', examples: [{}] },
  (): Endo<'exact'> =>
    endo('exact', {
      spec: { type: 'abs' },
      cost: free,
      encode: (x) => D.of({ value: o.abs(x), contribution: o.scalar(-sizeOf(x.shape) * Math.LN2) }),
      decode: (z) =>
        pipe(
          D.fromRandom(rademacher(z.shape)),
          D.map((s) => ({ value: o.mul(s, z), contribution: o.scalar(-sizeOf(z.shape) * Math.LN2) })),
        ),
    }),
);

const logFactorial = (n: number): number =>
  Array.from({ length: n }, (_, i) => Math.log(i + 1)).reduce((a, b) => a + b, 0);

/**
 * Ascending order, for distributions that do not know the order of a vector's elements: decode shuffles. Contribution −log D!, exact.
 *
 * @example
 * pipe(standardNormal([3]), pushforward(sort()));   // exchangeable events
 */
export const sort = define(
  layerKind,
  { type: 'sort', about: 'Ascending order.', shapes: 'vectors', regions: 'own', examples: [{}] },
  (): Endo<'exact'> =>
    endo('exact', {
      spec: { type: 'sort' },
      cost: free,
      encode: (x) => D.of({ value: o.sort(x, 0), contribution: o.scalar(-logFactorial(vector('sort', x.shape))) }),
      decode: (z) =>
        pipe(
          D.fromRandom(uniform(z.shape)),
          D.map((u) => ({
            value: o.takeAlong(z, o.argSort(u, 0), 0),
            contribution: o.scalar(-logFactorial(vector('sort', z.shape))),
          })),
        ),
    }),
);
