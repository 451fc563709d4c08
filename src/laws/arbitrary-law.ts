/**
 * Random distributions and random laws, for property tests with fast-check (which is handed in):
 *
 *     fc.assert(fc.property(arbitraryLaw(fc), (t) => assertLaws(`${t}`, distLaws(t.law, t))))
 */
import type * as FastCheck from 'fast-check';
import { type Dist, type Law, pushforward } from '../algebra/dist.ts';
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

/** A random law and where it lives. */
export interface RandomLaw {
  readonly law: Law;
  readonly region: PlainRegion;
}

/** What these arbitraries need of fast-check. */
export type LawCheckLike = FastCheckLike & Pick<typeof FastCheck, 'double' | 'oneof'>;

type Real = Dist<readonly number[], never>;

const described = (law: Law, region: RandomLaw['region']): RandomLaw => {
  const text = `${region}: ${JSON.stringify(law.spec)}`;
  return Object.assign(
    { law, region },
    { toString: () => text, [Symbol.for('fast-check/toStringMethod')]: () => text },
  );
};

/**
 * Random distributions with exact densities over events of the given shape: location–scale families and mixtures of two on the reals, bounded
 * families on (0, 1), with random parameters.
 */
export const arbitraryDistribution = (
  fc: LawCheckLike,
  shape: readonly number[],
  region: RandomLaw['region'] = 'reals',
): FastCheck.Arbitrary<RandomLaw> => {
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
    fc.boolean().map(() => standardNormal(shape) as unknown as Real),
    ...[normal, laplace, logistic, gumbel].map((family) =>
      fc.record({ loc, scale }).map((p) => family(shape, p) as unknown as Real),
    ),
  );
  return fc.oneof(
    one.map((law) => described(law, region)),
    fc
      .record({ a: one, b: one, logit: loc })
      .map(({ a, b, logit }) => described(mixture({ logits: [0, logit], components: [a, b] as never }), region)),
  );
};

/** Random distributions pushed through random compositions ({@link arbitraryTransport}): exact laws of up to `depth` layers. */
export const arbitraryLaw = (
  fc: LawCheckLike,
  { depth = 4 }: { readonly depth?: number } = {},
): FastCheck.Arbitrary<RandomLaw> =>
  arbitraryTransport(fc, { depth }).chain((t) =>
    arbitraryDistribution(fc, t.latent.shape, t.latent.region).map(({ law }) =>
      described(pushforward(t.layer as Endo<'bijective'>)(law as Dist<typeof t.latent.shape, never>), t.region),
    ),
  );
