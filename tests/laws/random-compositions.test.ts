/** The laws on random compositions. `LAW_SEED` and `LAW_RUNS` choose which and how many; a failure prints its seed and the composition. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import type { Endo } from '../../src/algebra/transport.ts';
import { affine, affineCoupling, compose, inverse, permute, reverse } from '../../src/bijectors/index.ts';
import { logNormal, pushforward, standardNormal, uniform } from '../../src/distributions/index.ts';
import {
  arbitraryTransport,
  assertLaws,
  ballIdentity,
  batchLaws,
  compositionLaws,
  distParameters,
  gradientLaws,
  inverseLaws,
  pointsIn,
  type RandomTransport,
  sameMap,
  samplerLaws,
  transportLaws,
} from '../../src/laws/index.ts';
import { mlp } from '../../src/nn/index.ts';

const seed = Number(process.env.LAW_SEED ?? 1);
const runs = Number(process.env.LAW_RUNS ?? 40);
const options = { seed, numRuns: runs };

const distOf = (t: RandomTransport): AnyDist => {
  const { shape, region } = t.latent;
  const base = { unit: uniform(shape), reals: standardNormal(shape), positive: logNormal(shape) }[region];
  return pushforward(t.layer as Endo<'bijective'>)(base);
};

const endos: fc.Arbitrary<Endo<'bijective'>> = fc.oneof(
  fc.constant(affine()),
  fc.constant(reverse()),
  fc.nat(5).map((s) => permute({ seed: s })),
  fc.constant(affineCoupling({ conditioner: mlp([3], { activation: 'tanh' }) })),
  fc.constant(inverse(affineCoupling({ conditioner: mlp([3]), logScale: 'learned' }))),
  fc.constant(compose(affine(), reverse())),
);

describe('random compositions', () => {
  test('are bijections whose contribution is log |det ∂z/∂x|', () => {
    fc.assert(
      fc.property(arbitraryTransport(fc), fc.nat(1000), (t, s) => {
        assertLaws(`${t}`, transportLaws(t.layer, { ...t, count: 2, seed: s, tolerance: 1e-7 }));
      }),
      options,
    );
  });

  test('push a base forward to a distribution with sampler, density and gradients that agree', () => {
    fc.assert(
      fc.property(arbitraryTransport(fc, { depth: 4 }), fc.nat(1000), (t, s) => {
        const dist = distOf(t);
        const parameters = distParameters(dist, t.region, s, 0.3);
        const points = pointsIn(t.region, dist.shape, 16, s);
        assertLaws(`${t}`, [
          ...samplerLaws(dist, parameters, s, 1e-7),
          ...gradientLaws(dist, points, parameters, s),
          ...batchLaws(dist, pointsIn(t.region, dist.shape, 3, s), parameters, s),
        ]);
      }),
      options,
    );
  });

  test('samplers draw from the density', () => {
    fc.assert(
      fc.property(arbitraryTransport(fc, { depth: 3, shapes: [[2], [3]] }), fc.nat(1000), (t, s) => {
        const dist = distOf(t);
        const parameters = distParameters(dist, t.region, s, 0.3);
        assertLaws(`${t}`, [ballIdentity(dist, { parameters, region: t.region, seed: s, count: 4096, tolerance: 6 })]);
      }),
      { ...options, numRuns: Math.ceil(runs / 3) },
    );
  });

  test('form a groupoid', () => {
    fc.assert(
      fc.property(endos, endos, endos, fc.constantFrom([2], [4], [2, 3]), fc.nat(1000), (f, g, h, shape, s) => {
        const about = { shape, seed: s, count: 2, tolerance: 1e-9 };
        assertLaws('compose', compositionLaws(f, g, h, about));
        assertLaws('inverse', inverseLaws(f, g, about));
      }),
      options,
    );
  });

  test('inverse(inverse(f)) = f', () => {
    fc.assert(
      fc.property(arbitraryTransport(fc), (t) => {
        const f = t.layer as Endo<'bijective'>;
        assertLaws(`${t}`, sameMap('inverse(inverse(f)) = f', inverse(inverse(f)), f, { ...t, count: 1 }));
      }),
      options,
    );
  });

  test('a failure prints the composition', () => {
    const [sample] = fc.sample(arbitraryTransport(fc), { seed: 3, numRuns: 1 });
    expect(fc.stringify(sample)).toMatch(/^\[[\d, ]+\] (reals|unit|positive): \{"type":"compose"/);
  });
});
