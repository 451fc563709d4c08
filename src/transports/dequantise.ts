import { pipe } from 'fp-ts/lib/function.js';
import { having } from '../algebra/capability.ts';
import { free } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { counting } from '../algebra/levels.ts';
import { type Endo, endo } from '../algebra/transport.ts';
import { positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import * as o from '../core/ops/index.ts';
import { uniform } from '../core/random.ts';
import { sizeOf } from '../core/shape.ts';

/** Options of {@link dequantise}. */
export interface DequantiseOptions {
  /** Number of grey levels of the data, which are the integers 0 … levels − 1. */
  readonly levels?: number;
}

/**
 * Uniform dequantisation as a rounding surjection: data are integers k in 0 … L−1, latents y = (k + u)/L in [0, 1), u uniform.
 *
 *     log P(k) ≥ log p(y) − D log L          (Theis et al. 2016; exact in the mean for piecewise constant p)
 *
 * so the number that comes out is a log-*probability* of the levels, and bits/dim is −log P / (D log 2) with no offset to remember:
 * a uniform distribution over 256 levels gives exactly 8. Decoding rounds down: k = ⌊L y⌋, kept in range.
 *
 * @example
 * pipe(standardNormal([4]), pushforward(logit()), pushforward(dequantise({ levels: 256 })));   // bits/dim without an offset
 */
export const dequantise = define(
  layerKind,
  {
    type: 'dequantise',
    about: 'Uniform noise under integer levels: a bound.',
    optional: { levels: positiveInteger },
    regions: 'own',
    examples: [{}, { levels: 16 }],
  },
  ({ levels = 256 }: DequantiseOptions = {}): Endo<'bound'> => {
    if (!Number.isInteger(levels) || levels < 2)
      return raise('ArgumentError', 'dequantise', 'needs two or more levels', { got: `${levels}` });
    return having(
      counting,
      levels,
    )(
      endo('bound', {
        spec: { type: 'dequantise', levels },
        cost: free,
        encode: (k) =>
          pipe(
            D.fromRandom(uniform(k.shape)),
            D.map((u) => ({
              value: o.mul(1 / levels, o.add(k, u)),
              contribution: o.scalar(-sizeOf(k.shape) * Math.log(levels)),
            })),
          ),
        decode: (y) =>
          D.of({
            value: o.max(0, o.min(levels - 1, o.floor(o.mul(levels, y)))),
            contribution: o.scalar(-sizeOf(y.shape) * Math.log(levels)),
          }),
      }),
    );
  },
);
