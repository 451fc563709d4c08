/**
 * Declarations from JSON and back. Every constructor keeps its arguments as `spec`; reading a `spec` gives the same declaration: the same
 * `spec` again, the same names of parameters, the same densities.
 *
 * What does not fit is one sentence with the JSON path: `transport.layers[1]: unknown layer 'afineCoupling'; did you mean 'affineCoupling'?`
 */
import * as E from 'fp-ts/lib/Either.js';
import type { AnyDist } from '../algebra/dist.ts';
import { distributionKind, layerKind } from '../algebra/kinds.ts';
import type { Spec } from '../algebra/spec.ts';
import type { Layer } from '../algebra/transport.ts';
import { decode, type t } from '../core/codec.ts';
import { definitionsOf, type Kind } from '../core/definition.ts';
import type { Failure } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import { reader, type Tables, tablesOf } from '../core/specification.ts';
import { objectiveKind, optimizerKind, scheduleKind, selectorKind } from '../inference/kinds.ts';
import type { AnyObjective } from '../inference/objective.ts';
import type { Optimizer } from '../inference/optimizers/index.ts';
import type { Schedule } from '../inference/schedule.ts';
import type { Selector } from '../inference/selector.ts';
import { networkKind, noiseNetworkKind } from '../nn/kinds.ts';
import type { Network } from '../nn/network.ts';
import type { NoiseConditioned } from '../nn/noise-conditioned.ts';
import { distFits, objectiveFits } from './codec/fits.ts';
import { builtIn } from './codec/tables.ts';

export { builtIn as definitions } from './codec/tables.ts';

/** Definitions of one's own: constructors that have them, or the exports of a module, which come before those of the library. */
export type Extra = readonly object[];

const tablesWith = (extra: Extra): Tables =>
  extra.length === 0 ? library : tablesOf([...builtIn, ...definitionsOf(...extra)]);

const library = tablesOf(builtIn);

/**
 * The io-ts codec of a kind of declaration: decoding builds, encoding gives the `spec`. For records that contain some.
 *
 * @example
 * const record = t.type({ model: codecOf(distributionKind), optimizer: codecOf(optimizerKind) });
 */
export const codecOf = <A>(kind: Kind<A>, extra: Extra = []): t.Type<A, unknown> => reader(kind, tablesWith(extra));

const reading =
  <A>(kind: Kind<A>) =>
  (json: unknown, extra: Extra = []): E.Either<Failure, A> =>
    decode(codecOf(kind, extra), json);

/**
 * A distribution from its `spec`. A `Left` is a `SpecError` (not a specification), or the error of the constructor that refused it (`ShapeError`,
 * `ArgumentError`), both with the JSON path.
 *
 * @example
 * const dist = readDist(JSON.parse(text));
 */
export const readDist = (json: unknown, extra: Extra = []): E.Either<Failure, AnyDist> =>
  E.chain(distFits)(reading(distributionKind)(json, extra));

/**
 * A layer from its `spec`. Returns a `SpecError` with the JSON path of the part that does not fit. Whether the layer fits a distribution is checked by `pushforward`.
 *
 * @example
 * readTransport(affine().spec);   // right(…)
 */
export const readTransport: (json: unknown, extra?: Extra) => E.Either<Failure, Layer> = reading(layerKind);

/**
 * A network from its `spec`. Returns a `SpecError` with the JSON path of the part that does not fit.
 *
 * @example
 * readNetwork(mlp([16]).spec);   // right(…)
 */
export const readNetwork: (json: unknown, extra?: Extra) => E.Either<Failure, Network> = reading(networkKind);

/**
 * A network with a noise level as a second input, from its `spec`. Returns a `SpecError` with the JSON path of the part that does not fit.
 *
 * @example
 * readNoiseNetwork(resMlp([16]).spec);   // right(…)
 */
export const readNoiseNetwork: (json: unknown, extra?: Extra) => E.Either<Failure, NoiseConditioned> =
  reading(noiseNetworkKind);

/**
 * An objective from its `spec`. Returns a `SpecError` where the JSON does not fit, and an `ArgumentError` where the distribution lacks the evidence that the objective needs.
 *
 * @example
 * readObjective(maximumLikelihood(dist).spec);   // right(…)
 */
export const readObjective = (json: unknown, extra: Extra = []): E.Either<Failure, AnyObjective<Shape>> =>
  E.chain(objectiveFits)(reading(objectiveKind)(json, extra));

/**
 * An optimiser from its `spec`. Returns a `SpecError` with the JSON path of the part that does not fit.
 *
 * @example
 * readOptimizer(adam().spec);   // right(…)
 */
export const readOptimizer: (json: unknown, extra?: Extra) => E.Either<Failure, Optimizer> = reading(optimizerKind);

/**
 * A learning-rate schedule from its `spec`. Returns a `SpecError` with the JSON path of the part that does not fit.
 *
 * @example
 * readSchedule(cosine(1e-3, 1000).spec);   // right(…)
 */
export const readSchedule: (json: unknown, extra?: Extra) => E.Either<Failure, Schedule> = reading(scheduleKind);

/**
 * A selector of parameters from its `spec`.
 *
 * @example
 * const selector = readSelector({ type: 'not', of: { type: 'kind', kinds: ['bias'] } });
 */
export const readSelector: (json: unknown, extra?: Extra) => E.Either<Failure, Selector> = reading(selectorKind);

/**
 * A declaration as indented JSON text.
 *
 * @example
 * showSpec(standardNormal([2]));   // '{ "type": "standardNormal", … }'
 */
export const showSpec = (declaration: { readonly spec: Spec }): string => JSON.stringify(declaration.spec, null, 2);
