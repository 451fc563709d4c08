/** The entries of conditional laws. */
import { list, positiveInteger, positiveNumber, shapeCodec } from '../../core/codec.ts';
import { conditionalBernoulli, conditionalNormal } from '../../distributions/index.ts';
import { classConditional } from '../class-conditional.ts';
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
