/** The entries of conditional distributions, of distributions at a context, and of what older files call them. */
import { type Conditional, conditional, distGiven } from '../../algebra/conditional.ts';
import type { AnyContext, Context, ContextValue } from '../../algebra/context.ts';
import { conditionedDist, contextCodec, contextValueCodec } from '../../algebra/context-codec.ts';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Denoises, Exact, Samples } from '../../algebra/evidence.ts';
import { bijective } from '../../algebra/kinds.ts';
import { finite, list, positiveInteger, positiveNumber, shapeCodec, t, text } from '../../core/codec.ts';
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
import { guided } from '../../inference/scores/index.ts';
import { ladderFields } from '../../nn/top-down.ts';
import { classConditional } from '../class-conditional.ts';
import { argument } from './argument.ts';
import { inside, ofContext } from './inside.ts';
import { type Tables, variant } from './variant.ts';

const contextSwap = { context: contextCodec, event: shapeCodec };

/** Conditional distributions by type. */
export const conditionalsTable: Tables['conditionals'] = {
  conditional: (read) =>
    ofContext('dist', { context: contextCodec }, {}, ({ context }, json, c) => {
      const dist = inside(read.dist, json, 'dist', c);
      return conditional(context as Context, (value) => dist(value as AnyContext) as Dist<Shape, unknown>);
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
  topDownPosterior: () => variant({ data: shapeCodec }, ladderFields, topDownPosterior),
  // What older files say.
  unconditional: (read) =>
    variant({ context: contextCodec, dist: read.dist }, {}, ({ context, dist }) =>
      unconditional(context, dist as Dist<Shape, unknown>),
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
    ofContext('layer', { base: read.conditional }, {}, ({ base }, json, c) => {
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

/** Distributions at a context, and of event and context together, by type. */
export const givenDistsTable: Tables['dists'] = {
  given: (read) =>
    variant(
      { dist: read.conditional, context: contextValueCodec },
      {},
      ({ dist, context }): AnyDist => distGiven(dist, context as ContextValue<Context>),
    ),
  conditioned: () => variant({}, {}, conditionedDist),
  guided: (read) =>
    variant(
      { dist: read.conditional, context: contextValueCodec },
      { scale: finite },
      ({ dist, context, ...options }): AnyDist =>
        guided(dist as Conditional<Context, Shape, Denoises>, context as ContextValue<Context>, options),
    ),
  jointly: (read) =>
    variant({ prior: read.dist, dist: read.conditional }, {}, ({ prior, dist }) =>
      prior.evidence === 'exact'
        ? jointly(prior as Dist<Shape, Exact & Samples>, dist)
        : raise('ArgumentError', '', 'jointly: the prior has no exact log-density', { got: prior.evidence }),
    ),
};
