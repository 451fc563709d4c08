/** Grey levels: that events are the integers 0 … n − 1 is declared by the layer or distribution that makes them so. */
import { capability, capabilityOf, having } from './capability.ts';

/**
 * n, where the data side is made of the integers 0 … n − 1: of a distribution's events, of what a layer encodes, of a conditional distribution's events.
 *
 * @example
 * capabilityOf(counting, dequantise({ levels: 16 }));
 */
export const counting = capability<number>()('dataLevels', {
  named: (n) => n,
  resampled: (n) => n,
  normalised: (n) => n,
});

/** The levels that a part declares, declared by what it is the data side of. */
export const countedBy =
  (part: object | undefined) =>
  <L extends object>(of: L): L => {
    const n = part === undefined ? undefined : capabilityOf(counting, part);
    return n === undefined ? of : having(counting, n)(of);
  };
