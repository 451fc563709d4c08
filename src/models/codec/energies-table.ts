/** The entries of laws known up to a constant, of their networks, and of the estimators that learn them. */
import { has } from '../../algebra/capability.ts';
import type { Dist, Law } from '../../algebra/dist.ts';
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

/** A law whose type was lost: what takes it demands its evidence. */
const untyped = (law: Law) => law as unknown as Dist<Shape, Exact & Samples>;

const enumerable = (law: Law): Dist<Shape, Unnormalised> & Enumerable =>
  has(enumerating, law)
    ? (law as unknown as Dist<Shape, Unnormalised> & Enumerable)
    : raise('ArgumentError', '', 'enumerated: the law has no states to sum over', {
        expected: 'a Boltzmann machine, or a law restricted to integers',
        got: law.spec.type,
      });

const joint = (law: Law): JointEnergy =>
  has(classifying, law)
    ? (law as unknown as JointEnergy)
    : raise('ArgumentError', '', 'the law has no classifier', { expected: 'jem', got: law.spec.type });

/** Laws known up to a constant, by type. */
export const energiesTable: Tables['laws'] = {
  energy: (read) => variant({ shape: shapeCodec }, { network: read.network }, ({ shape, network }) => energy(shape, network)), // biome-ignore format: one entry
  productOfExperts: (read) =>
    variant({ experts: list(read.law, 'a list of laws') }, {}, ({ experts }) =>
      productOfExperts(experts as unknown as readonly Dist<Shape, Unnormalised>[]),
    ),
  tempered: (read) =>
    variant({ beta: nonNegative, law: read.law }, {}, ({ beta, law }) => tempered(beta)(untyped(law))),
  restrict: (read) => variant({ on: box, law: read.law }, {}, ({ on, law }) => restrict(on)(untyped(law))), // biome-ignore format: one entry
  rbm: () =>
    variant(
      { shape: shapeCodec, hidden: positiveInteger },
      { visible: oneOf(['bernoulli', 'normal'] as const satisfies readonly VisibleUnits[]), scale: scaleCodec },
      ({ shape, ...options }) => rbm(shape, options),
    ),
  enumerated: (read) => variant({ law: read.law }, {}, ({ law }) => enumerated(enumerable(law))),
  normalised: (read) =>
    variant({ logZ: finite, evidence: oneOf(['exact', 'estimated']), law: read.law }, {}, ({ law, ...partition }) =>
      normalised(partition)(untyped(law)),
    ),
  sampledBy: (read) =>
    variant(
      { kernel: read.kernel, steps: positiveInteger, law: read.law },
      { start: read.law },
      ({ kernel, steps, start, law }) =>
      sampledBy({ kernel, steps, ...(start === undefined ? {} : { start: untyped(start) }) })(untyped(law)), // biome-ignore format: one entry
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
  jemMarginal: (read) => variant({ of: read.law }, {}, ({ of }) => joint(of).marginal as Law),
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
      { kernel: read.kernel, law: read.law },
      { steps: positiveInteger, energyPenalty: nonNegative },
      ({ law, ...options }) => contrastiveDivergence(options)(untyped(law)),
    ),
  persistentContrastiveDivergence: (read) =>
    variant(
      { kernel: read.kernel, buffer: positiveInteger, law: read.law },
      persistentFields(read.law),
      ({ law, start, ...options }) => persistentContrastiveDivergence({ ...options, ...startOf(start) })(untyped(law)),
    ),
  jemObjective: (read) =>
    variant(
      { buffer: positiveInteger, law: read.law },
      { kernel: read.kernel, ...persistentFields(read.law) },
      ({ law, start, ...options }) => jemObjective({ ...options, ...startOf(start) })(joint(law)) as never,
    ),
  noiseContrastive: (read) =>
    variant(
      { noise: read.law, law: read.law },
      { ratio: positiveInteger, logPartition: finite },
      ({ law, noise, ...options }) => noiseContrastive({ noise: untyped(noise), ...options })(untyped(law)),
    ),
};

const persistentFields = <L extends t.Mixed>(law: L) => ({
  steps: positiveInteger,
  energyPenalty: nonNegative,
  chains: positiveInteger,
  reinitialise: nonNegative,
  start: law,
});

const startOf = (start: Law | undefined): { readonly start?: Dist<Shape, Samples> } =>
  start === undefined ? {} : { start: untyped(start) };
