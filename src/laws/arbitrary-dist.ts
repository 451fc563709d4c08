/**
 * Random distributions, of a family or behind layers, for property tests with fast-check (which is handed in):
 *
 *     fc.assert(fc.property(arbitraryDist(fc), (t) => assertLaws(`${t}`, distLaws(t.dist, t))))
 */
import type * as FastCheck from 'fast-check';
import { type AnyDist, type Dist, pushforward } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import type { Endo } from '../algebra/transport.ts';
import {
  gumbel,
  kumaraswamy,
  laplace,
  logistic,
  logNormal,
  mixture,
  normal,
  standardNormal,
  triangular,
  uniform,
  weibull,
} from '../distributions/index.ts';
import { arbitraryTransport, type FastCheckLike } from './arbitrary-transport.ts';
import type { PlainRegion } from './region.ts';

/** A random distribution and where it lives. */
export interface RandomDist {
  readonly dist: AnyDist;
  readonly region: PlainRegion;
}

/** What these arbitraries need of fast-check. */
export type DistCheckLike = FastCheckLike & Pick<typeof FastCheck, 'double' | 'oneof'>;

type Real = Dist<readonly number[], Exact & Samples>;

const described = (dist: AnyDist, region: RandomDist['region']): RandomDist => {
  const text = `${region}: ${JSON.stringify(dist.spec)}`;
  return Object.assign(
    { dist, region },
    { toString: () => text, [Symbol.for('fast-check/toStringMethod')]: () => text },
  );
};

/**
 * A fast-check arbitrary of distributions with exact densities over events of a shape: location–scale families and mixtures of two on the reals, bounded families
 * on (0, 1), with random parameters.
 *
 * @example
 * fc.sample(arbitraryDistribution(fc, [2]), 1)[0].dist.shape;   // [2]
 */
export const arbitraryDistribution = (
  fc: DistCheckLike,
  shape: readonly number[],
  region: RandomDist['region'] = 'reals',
): FastCheck.Arbitrary<RandomDist> => {
  const loc = fc.double({ min: -2, max: 2, noNaN: true });
  const scale = fc.double({ min: 0.3, max: 2, noNaN: true });
  const power = fc.double({ min: 1.1, max: 4, noNaN: true });
  if (region === 'unit')
    return fc.oneof(
      fc.boolean().map(() => described(uniform(shape), region)),
      fc.record({ a: power, b: power }).map((p) => described(kumaraswamy(shape, p), region)),
      fc
        .double({ min: 0.1, max: 0.9, noNaN: true })
        .map((mode) => described(triangular(shape, { low: 0, high: 1, mode }), region)),
    );
  if (region === 'positive')
    return fc.oneof(
      fc.record({ loc, scale }).map((p) => described(logNormal(shape, p), region)),
      fc.record({ concentration: power, scale }).map((p) => described(weibull(shape, p), region)),
    );
  const one = fc.oneof(
    fc.boolean().map((): Real => standardNormal(shape)),
    ...[normal, laplace, logistic, gumbel].map((family) =>
      fc.record({ loc, scale }).map((p): Real => family(shape, p)),
    ),
  );
  return fc.oneof(
    one.map((dist) => described(dist, region)),
    fc
      .record({ a: one, b: one, logit: loc })
      .map(({ a, b, logit }) => described(mixture({ logits: [0, logit], components: [a, b] }), region)),
  );
};

/** Few numbers, so that integrals over balls are within reach of a sum over draws. */
const few = [[2], [3], [4], [5], [2, 3]];

/**
 * A fast-check arbitrary of distributions pushed forward through random compositions ({@link arbitraryTransport}) of up to `depth` layers; their densities are exact.
 *
 * @example
 * const [{ dist: random }] = fc.sample(arbitraryDist(fc, { depth: 2 }), 1);
 */
export const arbitraryDist = (
  fc: DistCheckLike,
  { depth = 4 }: { readonly depth?: number } = {},
): FastCheck.Arbitrary<RandomDist> =>
  arbitraryTransport(fc, { depth, shapes: few }).chain((t) =>
    arbitraryDistribution(fc, t.latent.shape, t.latent.region).map(({ dist }) =>
      described(pushforward(t.layer as Endo<'bijective'>)(dist as Dist<typeof t.latent.shape, never>), t.region),
    ),
  );
