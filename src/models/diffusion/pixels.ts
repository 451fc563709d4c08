import { compose, type Endo } from '../../algebra/transport.ts';
import { shiftScale } from '../../bijectors/index.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { dequantise } from '../../transports/index.ts';

/**
 * From levels to [−1, 1] (encoding) and back: dequantisation, then y ↦ 2y − 1. A distribution of numbers in [−1, 1] pushed through it is a distribution of levels whose bits/dim
 * are right by construction.
 *
 * @example
 * pipe(standardNormal([2]), pushforward(toPixels([2], 8)));   // a distribution over 0 … 7
 */
export const toPixels = (shape: Shape, levels: number): Endo<'bound'> => {
  const halves = Array.from({ length: sizeOf(shape) }, () => 0.5);
  return compose(dequantise({ levels }), shiftScale({ shift: halves, scale: halves }));
};
