/** A rate that falls where validation gets no better. */
import { nonNegative, positiveInteger, positiveNumber } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { scheduleKind } from './kinds.ts';
import { demand, isPositive, type Schedule, type Told } from './schedule.ts';

/** Options of {@link plateau}. */
export interface PlateauOptions {
  /** The first rate. */
  readonly from: number;
  /** What it is multiplied by (default 0.1). */
  readonly factor?: number;
  /** The number of consecutive validations without improvement that lowers the rate (default 10). */
  readonly patience?: number;
  /** A validation is better where it is under the best by more than this (default 0; in the loss's units, which may be negative). */
  readonly threshold?: number;
}

/** The number of reductions of the rate so far: consecutive validations without improvement are counted; each reduction resets the count. */
const lowerings = (told: Told | undefined, patience: number, threshold: number): number => {
  let best = Number.POSITIVE_INFINITY;
  let [misses, count] = [0, 0];
  for (const { value } of told?.validations ?? []) {
    if (value < best - threshold) {
      best = value;
      misses = 0;
    } else if (++misses === patience) {
      count++;
      misses = 0;
    }
  }
  return count;
};

/**
 * from · factor^n, n the number of times that `patience` validations in a row were not better than the best by more than `threshold`. The first validation is
 * better than none; one that is not a number is never better. A pure function of the validations so far (all of them, those before a resume too),
 * so a resumed run follows the same rates; the step does not matter. Throws `ArgumentError` where the rate is not positive, the factor not between 0 and 1, the
 * patience not 1, 2, 3, … or the threshold negative.
 *
 * @example
 * const rate = plateau({ from: 1e-3, factor: 0.5, patience: 5 });
 */
export const plateau = define(
  scheduleKind,
  {
    type: 'plateau',
    about: 'Down when validation gets no better.',
    required: { from: positiveNumber },
    optional: { factor: positiveNumber, patience: positiveInteger, threshold: nonNegative },
    examples: [{ from: 0.01, factor: 0.5, patience: 3, threshold: 0.001 }],
  },
  ({ from, factor = 0.1, patience = 10, threshold = 0 }: PlateauOptions): Schedule => {
    demand(isPositive(from), 'plateau', 'the first rate must be positive', from);
    demand(factor > 0 && factor < 1, 'plateau', 'the factor must be between 0 and 1', factor);
    demand(Number.isSafeInteger(patience) && patience > 0, 'plateau', 'the patience must be 1, 2, 3, …', patience);
    demand(threshold >= 0, 'plateau', 'the threshold must not be negative', threshold);
    return {
      spec: { type: 'plateau', from, factor, patience, threshold },
      at: (_, told) => from * factor ** lowerings(told, patience, threshold),
    };
  },
);
