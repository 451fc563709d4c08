/** A surveyed model as a value: what the command line, the laws and the tests know of it. It stands beside its constructor; `all.ts` lists the files. */
import type { AnyDist } from '../algebra/dist.ts';
import { type Fields, isRecord, strict, type t } from '../core/codec.ts';
import { knownOptions } from '../core/known-options.ts';
import type { Shape } from '../core/shape.ts';
import type { AnyObjective } from '../inference/objective.ts';
import type { Events } from './over-events.ts';
import type { ReadsContext } from './reads.ts';

/** What a model must fit: the shape of an event, and the number of levels where data are integers. */
export interface EventInfo extends Events {
  /** Every event has one of so many classes: a class-conditional model is a distribution of (event, one-hot class). */
  readonly classes?: number;
}

/** Options of a model under its own names. */
export interface ModelOptions extends ReadsContext {
  readonly [option: string]: unknown;
}

/** What is said of a model. */
export interface ModelDeclaration<O extends t.Props> {
  readonly name: string;
  /** What it is, in one sentence. */
  readonly description: string;
  /** Authors, year, arXiv number. */
  readonly paper: string;
  /** Options that a person can set, under the names that the constructor gives them. */
  readonly options: O;
  /** The declaration for an event; throws `PushforwardError` where the model cannot fit it. */
  readonly build: (event: EventInfo, options: Fields<Record<never, never>, O> & ReadsContext) => AnyDist;
  /** Learning settings that work. */
  readonly training: { readonly learningRate: number; readonly batchSize: number; readonly clip?: number };
  /** What it is trained by, where that is neither maximum likelihood nor the plain bound. */
  readonly objective?: (dist: AnyDist) => AnyObjective<Shape>;
}

/** A surveyed model. */
export interface ModelEntry extends Omit<ModelDeclaration<t.Props>, 'build'> {
  readonly build: (event: EventInfo, options?: ModelOptions) => AnyDist;
}

/** Marks models, whichever copy of the library made them. */
const MODEL = Symbol.for('pushforward.model');

/**
 * A model with its name, options and learning settings. Building it throws `ArgumentError` for an option that it does not have, with the nearest name.
 *
 * @example
 * const tiny = defineModel({
 *   name: 'tiny',
 *   description: 'One affine layer.',
 *   paper: 'none',
 *   options: {},
 *   build: ({ shape }) => pipe(standardNormal(shape), pushforward(affine())),
 *   training: { learningRate: 1e-2, batchSize: 100 },
 * });
 */
export const defineModel = <O extends t.Props>(declaration: ModelDeclaration<O>): ModelEntry => {
  const { name, options: known } = declaration;
  const names = [...Object.keys(known), 'given'];
  const entry: ModelEntry = {
    ...declaration,
    build: (event, options = {}) => {
      knownOptions(name, options, names);
      return declaration.build(event, options as Fields<Record<never, never>, O> & ReadsContext);
    },
  };
  return Object.assign(entry, { [MODEL]: true });
};

/**
 * Whether something is a model made by {@link defineModel}.
 *
 * @example
 * isModel(models.realNVP);   // true
 */
export const isModel = (u: unknown): u is ModelEntry => isRecord(u) && MODEL in u;

/**
 * The models among some exports, by name.
 *
 * @example
 * Object.keys(modelsOf({ mine: models.realNVP }));   // ['realNVP']
 */
export const modelsOf = (...sources: readonly object[]): { readonly [name: string]: ModelEntry } =>
  Object.fromEntries(
    sources.flatMap((s) =>
      Object.values(s)
        .filter(isModel)
        .map((m) => [m.name, m] as const),
    ),
  );

/**
 * The codec of a model's options: unknown names are refused, with the nearest.
 *
 * @example
 * optionsOf(models.realNVP).decode({ layers: 4 });
 */
export const optionsOf = (model: ModelEntry): t.Type<ModelOptions> =>
  strict({}, model.options, { name: `options of ${model.name}` }) as t.Type<ModelOptions>;
