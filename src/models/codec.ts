/**
 * Declarations from JSON and back. Every constructor keeps its arguments as `spec`; reading a `spec` gives the same declaration: the same
 * `spec` again, the same names of parameters, the same densities.
 *
 * What does not fit is one sentence with the JSON path: `transport.layers[1]: unknown layer 'afineCoupling'; did you mean 'affineCoupling'?`
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Law } from '../algebra/dist.ts';
import type { Spec } from '../algebra/spec.ts';
import type { Layer } from '../algebra/transport.ts';
import { decode } from '../core/codec.ts';
import type { Failure } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import type { AnyObjective } from '../inference/objective.ts';
import type { Optimizer } from '../inference/optimizers/index.ts';
import type { Schedule } from '../inference/schedule.ts';
import type { Selector } from '../inference/selector.ts';
import type { Network } from '../nn/network.ts';
import type { NoiseConditioned } from '../nn/noise-conditioned.ts';
import { lawFits, objectiveFits } from './codec/fits.ts';
import { builtIn } from './codec/tables.ts';
import { type Kinds, type Readers, type Registry, readersOf, type Tables } from './codec/variant.ts';

export {
  type Entry,
  type Readers,
  type Registry,
  type Table,
  type Tables,
  type Variant,
  variant,
} from './codec/variant.ts';

/** The library's entries with those of a registry, which come first. */
export const tablesWith = (extra: Registry = {}): Tables => ({
  laws: { ...builtIn.laws, ...extra.laws },
  layers: { ...builtIn.layers, ...extra.layers },
  networks: { ...builtIn.networks, ...extra.networks },
  networkParts: { ...builtIn.networkParts, ...extra.networkParts },
  noiseNetworks: { ...builtIn.noiseNetworks, ...extra.noiseNetworks },
  embeddings: { ...builtIn.embeddings, ...extra.embeddings },
  processes: { ...builtIn.processes, ...extra.processes },
  preconditionings: { ...builtIn.preconditionings, ...extra.preconditionings },
  denoisers: { ...builtIn.denoisers, ...extra.denoisers },
  grids: { ...builtIn.grids, ...extra.grids },
  solvers: { ...builtIn.solvers, ...extra.solvers },
  samplers: { ...builtIn.samplers, ...extra.samplers },
  weightings: { ...builtIn.weightings, ...extra.weightings },
  timeLaws: { ...builtIn.timeLaws, ...extra.timeLaws },
  scoreModels: { ...builtIn.scoreModels, ...extra.scoreModels },
  maps: { ...builtIn.maps, ...extra.maps },
  conditionals: { ...builtIn.conditionals, ...extra.conditionals },
  objectives: { ...builtIn.objectives, ...extra.objectives },
  kernels: { ...builtIn.kernels, ...extra.kernels },
  optimizers: { ...builtIn.optimizers, ...extra.optimizers },
  schedules: { ...builtIn.schedules, ...extra.schedules },
  selectors: { ...builtIn.selectors, ...extra.selectors },
});

/** io-ts codecs of every kind of declaration: for records that contain some. */
export const readers = (extra: Registry = {}): Readers => readersOf(tablesWith(extra));

const reading =
  <K extends keyof Kinds>(kind: K) =>
  (json: unknown, extra: Registry = {}): E.Either<Failure, Kinds[K]> =>
    decode(readers(extra)[kind], json);

/**
 * A law from its `spec`. A `Left` is a `SpecError` (not a specification), or the error of the constructor that refused it (`ShapeError`,
 * `ArgumentError`), both with the JSON path.
 *
 * @example
 * const law = readLaw(JSON.parse(text));
 */
export const readLaw = (json: unknown, extra: Registry = {}): E.Either<Failure, Law> =>
  E.chain(lawFits)(reading('law')(json, extra));

/** A layer from its `spec`. Whether it fits a law is checked where it is pushed forward. */
export const readTransport: (json: unknown, extra?: Registry) => E.Either<Failure, Layer> = reading('layer');

/** A network from its `spec`. */
export const readNetwork: (json: unknown, extra?: Registry) => E.Either<Failure, Network> = reading('network');

/** A network that reads a noise level, from its `spec`. */
export const readNoiseNetwork: (json: unknown, extra?: Registry) => E.Either<Failure, NoiseConditioned> =
  reading('noiseNetwork');

/** An objective from its `spec`; the evidence it needs is demanded here too. */
export const readObjective = (json: unknown, extra: Registry = {}): E.Either<Failure, AnyObjective<Shape>> =>
  E.chain(objectiveFits)(reading('objective')(json, extra));

/** An optimiser from its `spec`. */
export const readOptimizer: (json: unknown, extra?: Registry) => E.Either<Failure, Optimizer> = reading('optimizer');

/** A schedule from its `spec`. */
export const readSchedule: (json: unknown, extra?: Registry) => E.Either<Failure, Schedule> = reading('schedule');

/**
 * A selector of parameters from its `spec`.
 *
 * @example
 * const selector = readSelector({ type: 'not', of: { type: 'kind', kinds: ['bias'] } });
 */
export const readSelector: (json: unknown, extra?: Registry) => E.Either<Failure, Selector> = reading('selector');

/** A declaration as JSON text. */
export const showSpec = (declaration: { readonly spec: Spec }): string => JSON.stringify(declaration.spec, null, 2);
