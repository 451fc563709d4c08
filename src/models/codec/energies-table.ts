/** The entries of distributions known up to a constant, of their networks, and of the estimators that learn them. */
import { has } from '../../algebra/capability.ts';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../../algebra/evidence.ts';
import { finite, list, nonNegative, oneOf, positiveInteger, positiveNumber, shapeCodec, t } from '../../core/codec.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import {
  type Box,
  type Enumerable,
  energy,
  enumerated,
  enumerating,
  productOfExperts,
  rbm,
  restrict,
  tempered,
  type VisibleUnits,
} from '../../distributions/index.ts';
import {
  contrastiveDivergence,
  noiseContrastive,
  normalised,
  persistentContrastiveDivergence,
  sampledBy,
} from '../../inference/energies/index.ts';
import { classifying, type JointEnergy, jem, jemObjective } from '../energies/jem.ts';
import { studentExperts, throughFeatures } from '../energies/networks.ts';
import { type Tables, variant } from './variant.ts';

const scaleCodec = t.union([positiveNumber, oneOf(['learned'])], 'a positive number, or learned');

const box: t.Type<Box, unknown> = new t.Type<Box, unknown>(
  'an interval or integers: { kind, low, high }',
  (u): u is Box => typeof u === 'object' && u !== null && 'low' in u && 'high' in u,
  (u, c) => {
    const b = u as { readonly kind?: unknown; readonly low?: unknown; readonly high?: unknown };
    return typeof u === 'object' &&
      u !== null &&
      (b.kind === 'interval' || b.kind === 'integers') &&
      finite.is(b.low) &&
      finite.is(b.high)
      ? t.success({ kind: b.kind, low: b.low, high: b.high })
      : t.failure(u, c);
  },
  t.identity,
);

/** A distribution whose type was lost: what takes it demands its evidence. */
const untyped = (dist: AnyDist) => dist as unknown as Dist<Shape, Exact & Samples>;

const enumerable = (dist: AnyDist): Dist<Shape, Unnormalised> & Enumerable =>
  has(enumerating, dist)
    ? (dist as unknown as Dist<Shape, Unnormalised> & Enumerable)
    : raise('ArgumentError', '', 'enumerated: the distribution has no states to sum over', {
        expected: 'a Boltzmann machine, or a distribution restricted to integers',
        got: dist.spec.type,
      });

const joint = (dist: AnyDist): JointEnergy =>
  has(classifying, dist)
    ? (dist as unknown as JointEnergy)
    : raise('ArgumentError', '', 'the distribution has no classifier', { expected: 'jem', got: dist.spec.type });

/** Distributions known up to a constant, by type. */
export const energiesTable: Tables['dists'] = {
  energy: (read) => variant({ shape: shapeCodec }, { network: read.network }, ({ shape, network }) => energy(shape, network)), // biome-ignore format: one entry
  productOfExperts: (read) =>
    variant({ experts: list(read.dist, 'a list of distributions') }, {}, ({ experts }) =>
      productOfExperts(experts as unknown as readonly Dist<Shape, Unnormalised>[]),
    ),
  tempered: (read) =>
    variant({ beta: nonNegative, dist: read.dist }, {}, ({ beta, dist }) => tempered(beta)(untyped(dist))),
  restrict: (read) => variant({ on: box, dist: read.dist }, {}, ({ on, dist }) => restrict(on)(untyped(dist))), // biome-ignore format: one entry
  rbm: () =>
    variant(
      { shape: shapeCodec, hidden: positiveInteger },
      { visible: oneOf(['bernoulli', 'normal'] as const satisfies readonly VisibleUnits[]), scale: scaleCodec },
      ({ shape, ...options }) => rbm(shape, options),
    ),
  enumerated: (read) => variant({ dist: read.dist }, {}, ({ dist }) => enumerated(enumerable(dist))),
  normalised: (read) =>
    variant({ logZ: finite, evidence: oneOf(['exact', 'estimated']), dist: read.dist }, {}, ({ dist, ...partition }) =>
      normalised(partition)(untyped(dist)),
    ),
  sampledBy: (read) =>
    variant(
      { kernel: read.kernel, steps: positiveInteger, dist: read.dist },
      { start: read.dist },
      ({ kernel, steps, start, dist }) =>
      sampledBy({ kernel, steps, ...(start === undefined ? {} : { start: untyped(start) }) })(untyped(dist)), // biome-ignore format: one entry
    ),
  jem: (read) =>
    variant(
      { shape: shapeCodec, classes: positiveInteger },
      {
        levels: positiveInteger,
        network: read.network,
        scale: positiveNumber,
        stepSize: positiveNumber,
        steps: positiveInteger,
      },
      ({ shape, levels, classes, ...options }) =>
        jem({ shape, ...(levels === undefined ? {} : { levels }) }, classes, options),
    ),
  jemMarginal: (read) => variant({ of: read.dist }, {}, ({ of }) => joint(of).marginal as AnyDist),
};

/** Networks of energies, by type. */
export const energyNetworksTable: Tables['networks'] = {
  throughFeatures: (read) =>
    variant({ features: read.network, channels: positiveInteger, head: read.network }, {}, throughFeatures),
  studentExperts: () => variant({ experts: positiveInteger }, {}, ({ experts }) => studentExperts(experts)),
};

/** Estimators of energies, by type. */
export const energyObjectivesTable: Tables['objectives'] = {
  contrastiveDivergence: (read) =>
    variant(
      { kernel: read.kernel, dist: read.dist },
      { steps: positiveInteger, energyPenalty: nonNegative },
      ({ dist, ...options }) => contrastiveDivergence(options)(untyped(dist)),
    ),
  persistentContrastiveDivergence: (read) =>
    variant(
      { kernel: read.kernel, buffer: positiveInteger, dist: read.dist },
      persistentFields(read.dist),
      ({ dist, start, ...options }) =>
        persistentContrastiveDivergence({ ...options, ...startOf(start) })(untyped(dist)),
    ),
  jemObjective: (read) =>
    variant(
      { buffer: positiveInteger, dist: read.dist },
      { kernel: read.kernel, ...persistentFields(read.dist) },
      ({ dist, start, ...options }) => jemObjective({ ...options, ...startOf(start) })(joint(dist)) as never,
    ),
  noiseContrastive: (read) =>
    variant(
      { noise: read.dist, dist: read.dist },
      { ratio: positiveInteger, logPartition: finite },
      ({ dist, noise, ...options }) => noiseContrastive({ noise: untyped(noise), ...options })(untyped(dist)),
    ),
};

const persistentFields = <L extends t.Mixed>(dist: L) => ({
  steps: positiveInteger,
  energyPenalty: nonNegative,
  chains: positiveInteger,
  reinitialise: nonNegative,
  start: dist,
});

const startOf = (start: AnyDist | undefined): { readonly start?: Dist<Shape, Samples> } =>
  start === undefined ? {} : { start: untyped(start) };
