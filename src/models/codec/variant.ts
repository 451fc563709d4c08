/** Entries that are not beside their constructors yet: tables of functions from the readers of nested specifications. */
import * as E from 'fp-ts/lib/Either.js';
import { conditionalKind, distributionKind, layerKind, mapKind } from '../../algebra/kinds.ts';
import type { Fields, t } from '../../core/codec.ts';
import { type Definition, fieldsOf, type Kind } from '../../core/definition.ts';
import { nested } from '../../core/specification.ts';
import { solverKind } from '../../dynamics/kinds.ts';
import {
  kernelKind,
  objectiveKind,
  optimizerKind,
  scheduleKind,
  scoreModelKind,
  selectorKind,
} from '../../inference/kinds.ts';
import { embeddingKind, networkKind, networkPartKind, noiseNetworkKind } from '../../nn/kinds.ts';
import {
  denoiserKind,
  gridKind,
  preconditioningKind,
  processKind,
  samplerKind,
  timeKind,
  weightingKind,
} from '../../sde/kinds.ts';

const kinds = {
  dist: distributionKind,
  layer: layerKind,
  network: networkKind,
  networkPart: networkPartKind,
  noiseNetwork: noiseNetworkKind,
  embedding: embeddingKind,
  process: processKind,
  preconditioning: preconditioningKind,
  denoiser: denoiserKind,
  grid: gridKind,
  solver: solverKind,
  sampler: samplerKind,
  weighting: weightingKind,
  timeDist: timeKind,
  scoreModel: scoreModelKind,
  map: mapKind,
  conditional: conditionalKind,
  objective: objectiveKind,
  kernel: kernelKind,
  optimizer: optimizerKind,
  schedule: scheduleKind,
  selector: selectorKind,
};

type Kinds = typeof kinds;
type Member<K> = K extends Kind<infer A> ? A : never;

/** io-ts codecs of nested specifications. */
export type Readers = { readonly [K in keyof Kinds]: t.Type<Member<Kinds[K]>, unknown> };

const readers = Object.fromEntries(
  Object.entries(kinds).map(([k, v]) => [k, nested<unknown>(v)]),
) as unknown as Readers;

/** How the specifications of one `type` are read. */
export interface Variant<A> {
  readonly validate: t.Validate<unknown, A>;
}

/** An entry of a table: a variant, given the readers of what is nested in it. */
export type Entry<A> = (read: Readers) => Variant<A>;

/** Entries by `type`. */
export type Table<A> = { readonly [type: string]: Entry<A> };

/** Tables of one kind each. */
export interface Tables {
  readonly dists: Table<Member<Kinds['dist']>>;
  readonly layers: Table<Member<Kinds['layer']>>;
  readonly networks: Table<Member<Kinds['network']>>;
  readonly networkParts: Table<Member<Kinds['networkPart']>>;
  readonly noiseNetworks: Table<Member<Kinds['noiseNetwork']>>;
  readonly embeddings: Table<Member<Kinds['embedding']>>;
  readonly processes: Table<Member<Kinds['process']>>;
  readonly preconditionings: Table<Member<Kinds['preconditioning']>>;
  readonly denoisers: Table<Member<Kinds['denoiser']>>;
  readonly grids: Table<Member<Kinds['grid']>>;
  readonly solvers: Table<Member<Kinds['solver']>>;
  readonly samplers: Table<Member<Kinds['sampler']>>;
  readonly weightings: Table<Member<Kinds['weighting']>>;
  readonly timeDists: Table<Member<Kinds['timeDist']>>;
  readonly scoreModels: Table<Member<Kinds['scoreModel']>>;
  readonly maps: Table<Member<Kinds['map']>>;
  readonly conditionals: Table<Member<Kinds['conditional']>>;
  readonly objectives: Table<Member<Kinds['objective']>>;
  readonly kernels: Table<Member<Kinds['kernel']>>;
  readonly optimizers: Table<Member<Kinds['optimizer']>>;
  readonly schedules: Table<Member<Kinds['schedule']>>;
  readonly selectors: Table<Member<Kinds['selector']>>;
}

/** The entries of a table as definitions. */
export const definitionsIn = <K extends keyof Kinds>(kind: K, table: Table<Member<Kinds[K]>>): readonly Definition[] =>
  Object.entries(table).map(([type, entry]) => ({
    kind: kinds[kind] as Kind<unknown>,
    type,
    required: {},
    optional: {},
    unreadable: {},
    examples: [],
    validate: entry(readers).validate,
  }));

/** A variant from the codecs of its keys and a builder; what the builder throws becomes a failure at the JSON path. */
export const variant = <A, R extends t.Props, O extends t.Props>(
  required: R,
  optional: O,
  build: (fields: Fields<R, O>) => A,
): Variant<A> => ({ validate: fieldsOf(required, optional, build) });

/** The variant of what is read through one more function. */
export const through =
  <A, B>(f: (a: A) => B) =>
  ({ validate }: Variant<A>): Variant<B> => ({ validate: (u, c) => E.map(f)(validate(u, c)) });
