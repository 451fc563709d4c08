/** What older files say: constructors that are written as others now. Read, never written. */

import type { Conditional } from '../../algebra/conditional.ts';
import type { AnyContext, Context, ContextValue } from '../../algebra/context.ts';
import { contextCodec, contextsAround } from '../../algebra/context-codec.ts';
import type { Dist } from '../../algebra/dist.ts';
import { inside, ofContext } from '../../algebra/inside-codec.ts';
import { bijective, conditionalKind, distributionKind, layerKind } from '../../algebra/kinds.ts';
import { list, positiveInteger, positiveNumber, shapeCodec } from '../../core/codec.ts';
import { define, definitionsOf } from '../../core/definition.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { conditionalBernoulli, conditionalFlow, conditionalNormal, unconditional } from '../../distributions/index.ts';
import { networkKind } from '../../nn/kinds.ts';
import type { Network } from '../../nn/network.ts';
import { cldDiffusion } from '../../sde/index.ts';
import { classConditional } from '../class-conditional.ts';

const swap = { context: contextCodec, event: shapeCodec };

/** Constructors of before. */
export const former = [
  define(
    conditionalKind,
    {
      type: 'unconditional',
      required: { context: contextCodec, dist: nested(distributionKind) },
      build: ({ context, dist }): Conditional<Context, Shape> => unconditional(context, dist as Dist<Shape, unknown>),
    },
    {},
  ),
  define(
    conditionalKind,
    {
      type: 'conditionalBernoulli',
      required: swap,
      optional: { network: nested(networkKind) },
      build: ({ context, event, ...options }): Conditional<Context, Shape> =>
        conditionalBernoulli(context, event, options),
    },
    {},
  ),
  define(
    conditionalKind,
    {
      type: 'conditionalNormal',
      required: swap,
      optional: { network: nested(networkKind), scale: positiveNumber },
      build: ({ context, event, ...options }): Conditional<Context, Shape> =>
        conditionalNormal(context, event, options),
    },
    {},
  ),
  define(
    conditionalKind,
    {
      type: 'conditionalFlow',
      validate: ofContext(
        'layer',
        { base: nested(conditionalKind) },
        {},
        ({ base }, json, c): Conditional<Context, Shape> => {
          const layer = inside(nested(layerKind), json, 'layer', c);
          return conditionalFlow(base, (value: ContextValue<Context>) =>
            bijective('conditionalFlow', layer(value as AnyContext)),
          );
        },
      ),
    },
    {},
  ),
  define(
    conditionalKind,
    {
      type: 'classConditional',
      required: { shape: shapeCodec, classes: positiveInteger },
      optional: {
        levels: positiveInteger,
        layers: positiveInteger,
        hidden: list(positiveInteger, 'a list of positive integers'),
      },
      build: ({ shape, levels, classes, ...options }): Conditional<Context, Shape> =>
        classConditional({ shape, ...(levels === undefined ? {} : { levels }) }, classes, options),
    },
    {},
  ),
  // The context of the conditional flow around.
  define(
    networkKind,
    {
      type: 'contextual',
      required: { network: nested(networkKind) },
      build: ({ network }): Network =>
        network.given(
          contextsAround()[0] ??
            raise('SpecError', '', 'there is no context here: a contextual network stands inside a conditional flow'),
        ),
    },
    {},
  ),
  ...definitionsOf(cldDiffusion).map((d) => ({ definitions: [{ ...d, type: 'cldLaw', examples: [] }] })),
];
