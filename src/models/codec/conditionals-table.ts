/** The entries of conditional laws, of laws at a context, and of what older files call them. */
import type { Errors } from 'io-ts';
import { type Conditional, conditional, lawGiven } from '../../algebra/conditional.ts';
import type { AnyContext, Context, ContextValue } from '../../algebra/context.ts';
import type { Dist, Law } from '../../algebra/dist.ts';
import type { Exact, Samples } from '../../algebra/evidence.ts';
import { list, positiveInteger, positiveNumber, shapeCodec, t, text } from '../../core/codec.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import type { Argument } from '../../distributions/argument.ts';
import {
  conditionalBernoulli,
  conditionalFlow,
  conditionalNormal,
  jointly,
  parametricFamilies,
  parametrised,
  topDownPosterior,
  unconditional,
} from '../../distributions/index.ts';
import { classConditional } from '../class-conditional.ts';
import { argument } from './argument.ts';
import { contextCodec, contextsAround, contextValueCodec, readingInside } from './contexts.ts';
import { bijective } from './layers-table.ts';
import { ladder } from './networks-table.ts';
import { type Tables, type Variant, variant } from './variant.ts';

const contextSwap = { context: contextCodec, event: shapeCodec };

/** What does not read, thrown through the function of the context and caught where the declaration is read. */
interface Unread {
  readonly unread: Errors;
}

const isUnread = (e: unknown): e is Unread => typeof e === 'object' && e !== null && 'unread' in e;

/** A specification under a key that is read anew for each context. */
const inside =
  <A>(codec: t.Type<A, unknown>, json: unknown, key: string, c: t.Context) => {
    const outer = contextsAround();
    return (value: AnyContext): A =>
      readingInside([value, ...outer], () => {
        const read = codec.validate(json, [...c, { key, type: codec }]);
        if (read._tag === 'Right') return read.right;
        throw { unread: read.left } satisfies Unread;
      });
  }; // biome-ignore format: one idea

/** A variant that reads one of its keys as a function of a context. */
const ofContext =
  <A, R extends t.Props>(
    key: string,
    rest: R,
    build: (fields: { readonly [K in keyof R]: t.TypeOf<R[K]> }, json: unknown, c: t.Context) => A,
  ): Variant<A> => ({
    validate: (u, c) => {
      let unread: Errors | undefined;
      const read = variant({ ...rest, [key]: t.unknown }, {}, (fields) => {
        try {
          return build(fields as never, (fields as { readonly [k: string]: unknown })[key], c);
        } catch (e) {
          if (isUnread(e)) unread = e.unread;
          throw e;
        }
      }).validate(u, c);
      return unread === undefined ? read : t.failures(unread);
    },
  }); // biome-ignore format: one idea

/** Conditional laws by type. */
export const conditionalsTable: Tables['conditionals'] = {
  conditional: (read) =>
    ofContext('law', { context: contextCodec }, ({ context }, json, c) => {
      const law = inside(read.law, json, 'law', c);
      return conditional(context as Context, (value) => law(value as AnyContext) as Dist<Shape, unknown>);
    }),
  parametrised: (read) =>
    variant(
      { family: text, ...contextSwap },
      { network: read.network, fixed: t.record(t.string, argument) },
      ({ family, context, event, network, fixed }) =>
        Object.hasOwn(parametricFamilies, family)
          ? parametrised(parametricFamilies[family], {
              context,
              event,
              ...(network === undefined ? {} : { network }),
              ...(fixed === undefined ? {} : { fixed: fixed as { readonly [k: string]: Argument } }),
            })
          : raise('SpecError', '', `parametrised: unknown family '${family}'`, {
              expected: Object.keys(parametricFamilies).join(', '),
            }),
    ),
  topDownPosterior: () => ladder(topDownPosterior),
  // What older files say.
  unconditional: (read) =>
    variant({ context: contextCodec, law: read.law }, {}, ({ context, law }) =>
      unconditional(context, law as Dist<Shape, unknown>),
    ),
  conditionalBernoulli: (read) =>
    variant(contextSwap, { network: read.network }, ({ context, event, ...options }) =>
      conditionalBernoulli(context, event, options),
    ),
  conditionalNormal: (read) =>
    variant(contextSwap, { network: read.network, scale: positiveNumber }, ({ context, event, ...options }) =>
      conditionalNormal(context, event, options),
    ),
  conditionalFlow: (read) =>
    ofContext('layer', { base: read.conditional }, ({ base }, json, c) => {
      const layer = inside(read.layer, json, 'layer', c);
      return conditionalFlow(base as Conditional<Context, Shape>, (value: ContextValue<Context>) =>
        bijective('conditionalFlow', layer(value as AnyContext)),
      );
    }),
  classConditional: () =>
    variant(
      { shape: shapeCodec, classes: positiveInteger },
      {
        levels: positiveInteger,
        layers: positiveInteger,
        hidden: list(positiveInteger, 'a list of positive integers'),
      },
      ({ shape, levels, classes, ...options }) =>
        classConditional({ shape, ...(levels === undefined ? {} : { levels }) }, classes, options),
    ),
};

/** Laws at a context, and of event and context together, by type. */
export const givenLawsTable: Tables['laws'] = {
  given: (read) =>
    variant(
      { law: read.conditional, context: contextValueCodec },
      {},
      ({ law, context }): Law => lawGiven(law, context as ContextValue<Context>),
    ),
  jointly: (read) =>
    variant({ prior: read.law, law: read.conditional }, {}, ({ prior, law }) =>
      prior.evidence === 'exact'
        ? jointly(prior as Dist<Shape, Exact & Samples>, law)
        : raise('ArgumentError', '', 'jointly: the prior has no exact log-density', { got: prior.evidence }),
    ),
};
