/** The entries of conditional laws. */
import { positiveNumber, shapeCodec } from '../../core/codec.ts';
import { conditionalNormal } from '../../distributions/index.ts';
import { type Tables, variant } from './variant.ts';

/** Conditional laws by type. */
export const conditionalsTable: Tables['conditionals'] = {
  conditionalNormal: (read) =>
    variant(
      { context: shapeCodec, event: shapeCodec },
      { network: read.network, scale: positiveNumber },
      ({ context, event, ...options }) => conditionalNormal(context, event, options),
    ),
};
