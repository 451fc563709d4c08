/** The one-cycle schedule. */
import { knownOptions } from '../core/known-options.ts';
import { demand, isPositive, type Schedule } from './schedule.ts';

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** The highest rate: about the largest that does not diverge (see `learningRateFinder`). */
  readonly peak: number;
  readonly steps: number;
  /** The share of the steps until the peak (default 0.3). */
  readonly rise?: number;
  /** The first rate (default peak / 25). */
  readonly from?: number;
  /** The last rate (default from / 10⁴). */
  readonly to?: number;
  /** How it goes from one to the other: half a cosine (default) or a line. */
  readonly anneal?: 'cosine' | 'linear';
}

/**
 * One cycle (Smith & Topin 2018, arXiv:1708.07120): from `from` up to `peak` at step ⌊rise · steps⌉ (1 at least), down to `to` at step `steps`, and `to`
 * afterwards. The paper's lines are `anneal: 'linear'`; half cosines are what libraries made of them. Momentum is not cycled. Throws `ArgumentError`
 * where a rate is not positive, `steps` is not an integer of at least 2, or `rise` is not between 0 and 1.
 *
 * @example
 * const rate = oneCycle({ peak: 1e-2, steps: 5_000 });
 */
export const oneCycle = (options: OneCycleOptions): Schedule => {
  const {
    peak,
    steps,
    rise = 0.3,
    from = peak / 25,
    to = from / 1e4,
    anneal = 'cosine',
  } = knownOptions('oneCycle', options, { peak: true, steps: true, rise: true, from: true, to: true, anneal: true });
  demand(isPositive(peak) && isPositive(from) && isPositive(to), 'oneCycle', 'rates must be positive', [
    peak,
    from,
    to,
  ]);
  demand(Number.isSafeInteger(steps) && steps >= 2, 'oneCycle', 'the steps must be an integer of at least 2', steps);
  demand(rise > 0 && rise < 1, 'oneCycle', 'the rise is a share of the steps between 0 and 1', rise);
  const top = Math.min(steps - 1, Math.max(1, Math.round(rise * steps)));
  const between = (a: number, b: number, share: number): number =>
    anneal === 'linear' ? a + (b - a) * share : b + 0.5 * (a - b) * (1 + Math.cos(Math.PI * share));
  return {
    spec: { type: 'oneCycle', peak, steps, rise, from, to, anneal },
    at: (t) => {
      if (t >= steps) return to;
      return t < top ? between(from, peak, t / top) : between(peak, to, (t - top) / (steps - top));
    },
  };
};
