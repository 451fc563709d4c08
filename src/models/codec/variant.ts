/**
 * Tagged specifications: `{ "type": "affineCoupling", … }` read by the entry that a table has for its `type`.
 *
 * Tables are open: an entry is a function of the readers of nested specifications, so research code adds its own layer in three lines.
 *
 * @example
 * const mine: Registry = { layers: { wobble: () => variant({ size: positiveNumber }, {}, ({ size }) => wobble(size)) } };
 * readLaw(json, mine);
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Conditional } from '../../algebra/conditional.ts';
import type { Context } from '../../algebra/context.ts';
import type { Law } from '../../algebra/dist.ts';
import type { Spec } from '../../algebra/spec.ts';
import type { Layer } from '../../algebra/transport.ts';
import type { ScalarMap } from '../../bijectors/scalar/scalar-map.ts';
import { type CodecError, type Fields, isRecord, strict, t } from '../../core/codec.ts';
import { failure, toFailure } from '../../core/errors.ts';
import { nearestName } from '../../core/names.ts';
import type { Shape } from '../../core/shape.ts';
import type { OdeSolver } from '../../dynamics/index.ts';
import type { LawKernel } from '../../inference/energies/law-kernel.ts';
import type { AnyObjective } from '../../inference/objective.ts';
import type { Optimizer } from '../../inference/optimizers/index.ts';
import type { Schedule } from '../../inference/schedule.ts';
import type { ScoreModel } from '../../inference/scores/score-model.ts';
import type { Selector } from '../../inference/selector.ts';
import type { Network } from '../../nn/network.ts';
import type { NoiseConditioned } from '../../nn/noise-conditioned.ts';
import type { SequentialPart } from '../../nn/sequential.ts';
import type { Embedding } from '../../nn/time-embedding.ts';
import type {
  Denoiser,
  DiffusionSampler,
  Grid,
  Preconditioning,
  Process,
  TimeLaw,
  Weighting,
} from '../../sde/index.ts';

/** What can be read from JSON, by the name that messages use. */
export interface Kinds {
  readonly law: Law;
  readonly layer: Layer;
  readonly network: Network;
  /** What `sequential` is made of; networks are such parts too. */
  readonly networkPart: SequentialPart & { readonly spec: Spec };
  readonly noiseNetwork: NoiseConditioned;
  readonly embedding: Embedding;
  readonly process: Process;
  readonly preconditioning: Preconditioning;
  readonly denoiser: Denoiser;
  readonly grid: Grid;
  readonly solver: OdeSolver;
  readonly sampler: DiffusionSampler<'signal'>;
  readonly weighting: Weighting;
  readonly timeLaw: TimeLaw;
  readonly scoreModel: ScoreModel<Shape>;
  readonly map: ScalarMap;
  readonly conditional: Conditional<Context, Shape>;
  readonly objective: AnyObjective<Shape>;
  readonly kernel: LawKernel;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly selector: Selector;
}

/** io-ts codecs of nested specifications: decoding builds, encoding gives the `spec`. */
export type Readers = { readonly [K in keyof Kinds]: t.Type<Kinds[K], Spec> };

/** How the specifications of one `type` are read. */
export interface Variant<A> {
  readonly validate: t.Validate<unknown, A>;
}

/** An entry of a table: a variant, given the readers of what is nested in it. */
export type Entry<A> = (read: Readers) => Variant<A>;

/** Entries by `type`. */
export type Table<A> = { readonly [type: string]: Entry<A> };

/** All tables. */
export interface Tables {
  readonly laws: Table<Law>;
  readonly layers: Table<Layer>;
  readonly networks: Table<Network>;
  readonly networkParts: Table<SequentialPart & { readonly spec: Spec }>;
  readonly noiseNetworks: Table<NoiseConditioned>;
  readonly embeddings: Table<Embedding>;
  readonly processes: Table<Process>;
  readonly preconditionings: Table<Preconditioning>;
  readonly denoisers: Table<Denoiser>;
  readonly grids: Table<Grid>;
  readonly solvers: Table<OdeSolver>;
  readonly samplers: Table<DiffusionSampler<'signal'>>;
  readonly weightings: Table<Weighting>;
  readonly timeLaws: Table<TimeLaw>;
  readonly scoreModels: Table<ScoreModel<Shape>>;
  readonly maps: Table<ScalarMap>;
  readonly conditionals: Table<Conditional<Context, Shape>>;
  readonly objectives: Table<AnyObjective<Shape>>;
  readonly kernels: Table<LawKernel>;
  readonly optimizers: Table<Optimizer>;
  readonly schedules: Table<Schedule>;
  readonly selectors: Table<Selector>;
}

/** Entries of one's own, beside (or instead of) those of the library. */
export type Registry = Partial<Tables>;

const broken = (value: unknown, context: t.Context, error: unknown): t.Validation<never> => {
  const { path, ...f } = toFailure('SpecError')(error);
  const full = failure(f._tag, '', path === '' ? f.message : `${path}: ${f.message}`, {
    ...(f.expected === undefined ? {} : { expected: f.expected }),
    ...(f.got === undefined ? {} : { got: f.got }),
  });
  const one: CodecError = { value, context, message: full.message, failure: full };
  return t.failures([one]);
};

/** A variant from the codecs of its keys and a builder; what the builder throws becomes a failure at the JSON path. */
export const variant = <A, R extends t.Props, O extends t.Props>(
  required: R,
  optional: O,
  build: (fields: Fields<R, O>) => A,
): Variant<A> => {
  const fields = strict(required, optional, { ignored: ['type'] });
  return {
    validate: (u, c) =>
      E.chain((a: Fields<R, O>): t.Validation<A> => {
        try {
          return t.success(build(a));
        } catch (e) {
          return broken(u, c, e);
        }
      })(fields.validate(u, c)),
  };
};

/** The variant of what is read through one more function. */
export const through =
  <A, B>(f: (a: A) => B) =>
  ({ validate }: Variant<A>): Variant<B> => ({ validate: (u, c) => E.map(f)(validate(u, c)) });

/** Specifications nested deeper than this are refused: nobody wrote them by hand. */
const DEEPEST = 400;

const aOrAn = (noun: string): string => `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;

const tagged = <A extends { readonly spec: Spec }>(
  kind: keyof Kinds,
  table: Table<A>,
  others: readonly (readonly [keyof Kinds, Table<unknown>])[],
  read: () => Readers,
): t.Type<A, Spec> => {
  const known = Object.keys(table);
  const name = `${aOrAn(kind)}: an object with a type`;
  const validate: t.Validate<unknown, A> = (u, c) => {
    if (c.length > DEEPEST) return t.failure(u, c, 'unreadable: nested too deeply');
    if (!isRecord(u)) return t.failure(u, c);
    const { type, opaque } = u;
    if (typeof type !== 'string') {
      const slip = type === undefined ? nearestName('type', Object.keys(u)) : undefined;
      const message =
        slip === undefined
          ? `'type' is missing: expected the name of ${aOrAn(kind)} (${known.join(', ')})`
          : `unknown key '${slip}'; did you mean 'type'?`;
      return t.failure(u, c, message);
    }
    if (typeof opaque === 'string') return t.failure(u, c, `this ${kind} '${type}' cannot be read back: ${opaque}`);
    if (Object.hasOwn(table, type)) return table[type](read()).validate(u, c);
    const other = others.find(([, x]) => Object.hasOwn(x, type));
    if (other !== undefined)
      return t.failure(u, c, `'${type}' is ${aOrAn(other[0])}, but ${aOrAn(kind)} is needed here`);
    const near = nearestName(type, known);
    return t.failure(
      u,
      c,
      near === undefined
        ? `unknown ${kind} '${type}'; known are ${known.join(', ')}`
        : `unknown ${kind} '${type}'; did you mean '${near}'?`,
    );
  };
  return new t.Type<A, Spec>(
    name,
    (u): u is A => isRecord(u) && isRecord(u.spec),
    validate,
    (a) => a.spec,
  );
};

/** The readers over tables. */
export const readersOf = (tables: Tables): Readers => {
  const all = [
    ['law', tables.laws],
    ['layer', tables.layers],
    ['network', tables.networks],
    ['networkPart', tables.networkParts],
    ['noiseNetwork', tables.noiseNetworks],
    ['embedding', tables.embeddings],
    ['process', tables.processes],
    ['preconditioning', tables.preconditionings],
    ['denoiser', tables.denoisers],
    ['grid', tables.grids],
    ['solver', tables.solvers],
    ['sampler', tables.samplers],
    ['weighting', tables.weightings],
    ['timeLaw', tables.timeLaws],
    ['scoreModel', tables.scoreModels],
    ['map', tables.maps],
    ['conditional', tables.conditionals],
    ['objective', tables.objectives],
    ['kernel', tables.kernels],
    ['optimizer', tables.optimizers],
    ['schedule', tables.schedules],
    ['selector', tables.selectors],
  ] as const satisfies readonly (readonly [keyof Kinds, Table<unknown>])[];
  const made = <A extends { readonly spec: Spec }>(kind: keyof Kinds, table: Table<A>): t.Type<A, Spec> =>
    tagged(
      kind,
      table,
      all.filter(([k]) => k !== kind),
      () => readers,
    );
  const readers: Readers = {
    law: made('law', tables.laws),
    layer: made('layer', tables.layers),
    network: made('network', tables.networks),
    networkPart: made('networkPart', { ...tables.networks, ...tables.networkParts }),
    noiseNetwork: made('noiseNetwork', tables.noiseNetworks),
    embedding: made('embedding', tables.embeddings),
    process: made('process', tables.processes),
    preconditioning: made('preconditioning', tables.preconditionings),
    denoiser: made('denoiser', tables.denoisers),
    grid: made('grid', tables.grids),
    solver: made('solver', tables.solvers),
    sampler: made('sampler', tables.samplers),
    weighting: made('weighting', tables.weightings),
    timeLaw: made('timeLaw', tables.timeLaws),
    scoreModel: made('scoreModel', tables.scoreModels),
    map: made('map', tables.maps),
    conditional: made('conditional', tables.conditionals),
    objective: made('objective', tables.objectives),
    kernel: made('kernel', tables.kernels),
    optimizer: made('optimizer', tables.optimizers),
    schedule: made('schedule', tables.schedules),
    selector: made('selector', tables.selectors),
  };
  return readers;
};
