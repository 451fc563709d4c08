/** The entries of conditional laws. */
import type { Dist } from '../../algebra/dist.ts';
import { list, positiveInteger, positiveNumber, shapeCodec } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import {
  conditionalBernoulli,
  conditionalFlow,
  conditionalNormal,
  topDownPosterior,
  unconditional,
} from '../../distributions/index.ts';
import { classConditional } from '../class-conditional.ts';
import { bijective } from './layers-table.ts';
import { ladder } from './networks-table.ts';
import { type Tables, variant } from './variant.ts';

/** Conditional laws by type. */
export const conditionalsTable: Tables['conditionals'] = {
  conditionalBernoulli: (read) =>
    variant({ context: shapeCodec, event: shapeCodec }, { network: read.network }, ({ context, event, ...options }) =>
      conditionalBernoulli(context, event, options),
    ),
  conditionalNormal: (read) =>
    variant(
      { context: shapeCodec, event: shapeCodec },
      { network: read.network, scale: positiveNumber },
      ({ context, event, ...options }) => conditionalNormal(context, event, options),
    ),
  conditionalFlow: (read) =>
    variant({ base: read.conditional, layer: read.layer }, {}, ({ base, layer }) =>
      conditionalFlow(base, bijective('conditionalFlow', layer)),
    ),
  topDownPosterior: () => ladder(topDownPosterior),
  unconditional: (read) =>
    variant({ context: shapeCodec, law: read.law }, {}, ({ context, law }) =>
      unconditional(context, law as Dist<Shape, unknown>),
    ),
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
