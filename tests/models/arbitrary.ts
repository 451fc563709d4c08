/** Random declarations, for distributions that every composition keeps. */
import fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import type { AnyDist, Dist } from '../../src/algebra/dist.ts';
import { compose, type Endo, identity, inverse, repeat } from '../../src/algebra/transport.ts';
import { affine, affineCoupling, logit, permute, reshape, reverse, shiftScale } from '../../src/bijectors/index.ts';
import type { Shape } from '../../src/core/shape.ts';
import { normal, pushforward, standardNormal, uniform } from '../../src/distributions/index.ts';
import { activations, mlp } from '../../src/nn/index.ts';
import { dequantise } from '../../src/transports/index.ts';

/** The number of elements of every event here. */
export const SIZE = 4;

const number = fc.double({ min: -3, max: 3, noNaN: true }).map((v) => v + 0);
const scale = fc.double({ min: 0.1, max: 3, noNaN: true });
const vector = (one: fc.Arbitrary<number>): fc.Arbitrary<number[]> =>
  fc.array(one, { minLength: SIZE, maxLength: SIZE });
const argument = (one: fc.Arbitrary<number>): fc.Arbitrary<number | number[]> => fc.oneof(one, vector(one));
const optional = <A extends object>(model: { [K in keyof A]: fc.Arbitrary<A[K]> }): fc.Arbitrary<Partial<A>> =>
  fc.record<A, never>(model, { requiredKeys: [] }) as fc.Arbitrary<Partial<A>>;

export const arbitraryNetwork = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 2 }),
    optional({
      activation: fc.constantFrom(...(Object.keys(activations) as (keyof typeof activations)[])),
      zeroLast: fc.boolean(),
    }),
  )
  .map(([hidden, options]) => mlp(hidden, options));

const leaf: fc.Arbitrary<Endo<'bijective'>> = fc.oneof(
  fc.constant(null).map(() => identity()),
  fc.constant(null).map(() => reverse()),
  fc.constant(null).map(() => affine()),
  fc.integer({ min: 0, max: 99 }).map((seed) => permute({ seed })),
  fc.shuffledSubarray([0, 1, 2, 3], { minLength: SIZE }).map((order) => permute({ order })),
  fc.constantFrom(0, 1e-6, 0.05).map((alpha) => logit({ alpha })),
  fc.record({ shift: vector(number), scale: vector(scale) }).map(shiftScale),
  optional({ conditioner: arbitraryNetwork, logScale: fc.constantFrom('bounded' as const, 'learned' as const) }).map(
    affineCoupling,
  ),
);

/** A bijection of vectors of {@link SIZE}. */
export const arbitraryBijection: fc.Arbitrary<Endo<'bijective'>> = fc.letrec<{ layer: Endo<'bijective'> }>((tie) => ({
  layer: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    tie('layer').map((l) => inverse(l)),
    fc
      .array(tie('layer'), { maxLength: 3 })
      .map((layers) => (compose as (...l: Endo<'bijective'>[]) => Endo<'bijective'>)(...layers)),
    fc.tuple(fc.integer({ min: 1, max: 3 }), tie('layer')).map(([n, l]) => repeat(n, l)),
  ),
})).layer;

const base = (shape: Shape): fc.Arbitrary<Dist<Shape, never>> =>
  fc.oneof(
    fc.constant(null).map(() => standardNormal(shape)),
    fc.record({ loc: argument(number), scale: argument(scale) }).map((o) => normal(shape, o)),
    fc.record({ low: number, width: scale }).map(({ low, width }) => uniform(shape, { low, high: low + width })),
  ) as unknown as fc.Arbitrary<Dist<Shape, never>>;

/** A distribution: bijections over a base, perhaps reshaped, perhaps over levels. */
export const arbitraryDist: fc.Arbitrary<AnyDist> = fc
  .tuple(base([SIZE]), arbitraryBijection, fc.boolean(), fc.option(fc.integer({ min: 2, max: 9 })))
  .map(([b, layer, square, levels]): AnyDist => {
    const vectors = pipe(b, pushforward(layer));
    const shaped: AnyDist = square
      ? pipe(vectors as Dist<readonly [4], never>, pushforward(reshape([2, 2], [4])))
      : vectors;
    return levels === null ? shaped : pipe(shaped as Dist<Shape, never>, pushforward(dequantise({ levels })));
  });
