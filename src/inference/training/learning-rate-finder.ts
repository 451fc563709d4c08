/** A learning rate from one short run in which it grows until the loss does. */

import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Failure, failure, raise, toFailure } from '../../core/errors.ts';
import { knownOptions, type OptionNames } from '../../core/known-options.ts';
import type { Shape } from '../../core/shape.ts';
import { adam } from '../optimizers/index.ts';
import { exponentialRate } from '../schedule.ts';
import { type FitOptions, fit } from './fit.ts';

/** A step of the sweep. */
export interface RatePoint {
  readonly rate: number;
  /** The mean loss of the step's batch, before the step was taken. */
  readonly loss: number;
  /** The average of the losses so far, later ones weighing more. */
  readonly smoothed: number;
}

/** The outcome of {@link learningRateFinder}. */
export interface RateSweep {
  readonly points: readonly RatePoint[];
  /** The rate at which the smoothed loss falls most steeply on its way to the lowest, per logarithm of the rate; none where it never falls. */
  readonly suggestion?: number;
  /** `diverged`: the loss rose beyond the limit or was not finite. */
  readonly ending: 'diverged' | 'finished' | 'interrupted';
}

/** Options of {@link learningRateFinder}: those of `fit` that a short run has a use for, and the sweep. */
export interface RateSweepOptions<S extends Shape>
  extends Pick<FitOptions<S>, 'objective' | 'data' | 'optimizer' | 'batchSize' | 'seed' | 'backend' | 'signal'> {
  /** The first rate (default 10⁻⁶). */
  readonly from?: number;
  /** The last rate (default 1). */
  readonly to?: number;
  /** Steps from one to the other (default 200). */
  readonly steps?: number;
  /** β, the share of the average that is kept at each step (default 0.9). */
  readonly smoothing?: number;
}

/** s ← β s + (1−β) loss, over 1 − βᵗ: the average that starts at the first loss. */
const smooth = (losses: readonly number[], beta: number): number[] => {
  let s = 0;
  return losses.map((loss, t) => {
    s = beta * s + (1 - beta) * loss;
    return s / (1 - beta ** (t + 1));
  });
};

/** Whether a sweep has gone far enough: the last smoothed loss is over 4 times the best. A loss may be negative: see {@link learningRateFinder}. */
const risen = (smoothed: readonly number[]): boolean => {
  const best = Math.min(...smoothed);
  return smoothed[smoothed.length - 1] - best > 3 * Math.max(Math.abs(best), smoothed[0] - best);
};

/**
 * The rate in the middle of the steepest fall, over windows of one fortieth of the sweep (one step at least): noise makes single steps steep. Falls after the
 * lowest loss are recoveries from a rise, and do not count.
 */
const steepest = (points: readonly RatePoint[]): number | undefined => {
  const lowest = points.reduce((best, p, i) => (p.smoothed < points[best].smoothed ? i : best), 0);
  if (lowest === 0) return undefined;
  const window = Math.min(lowest, Math.max(1, Math.round(points.length / 40)));
  let found: { readonly rate: number; readonly fall: number } | undefined;
  for (let i = 0; i + window <= lowest; i++) {
    const fall = points[i].smoothed - points[i + window].smoothed;
    if (fall > (found?.fall ?? 0)) found = { rate: points[i + Math.floor(window / 2)].rate, fall };
  }
  return found?.rate;
};

const SWEEP: OptionNames<RateSweepOptions<Shape>> = { objective: true, data: true, optimizer: true, batchSize: true, seed: true, backend: true, signal: true, from: true, to: true, steps: true, smoothing: true }; // biome-ignore format: one line

/**
 * The learning-rate range test (Smith 2017, arXiv:1506.01186, §3.3): trains from the initial parameters while the optimiser's rate grows by one factor at every
 * step from `from` to `to`, and records the losses, smoothed as s/(1 − βᵗ). It stops where the smoothed loss exceeds the best by more than 3 times the
 * best's size (4 times the best, for a positive loss) and by 3 times what had been gained, or where a loss is not finite. What it learned is thrown
 * away. The optimiser (default `adam()`) keeps its transformations; its own schedule is not read. Costs `steps` steps, one to a run of the backend.
 *
 * A `Left` is an `ArgumentError` where the optimiser has no learning rate to change or a number cannot be used, and whatever `fit` says where the first
 * loss is not finite.
 *
 * @example
 * const sweep = await learningRateFinder({ objective: maximumLikelihood(realNVP), data, steps: 20, batchSize: 10 })();
 */
export const learningRateFinder =
  <S extends Shape>(options: RateSweepOptions<S>): TaskEither<Failure, RateSweep> =>
  async () => {
    try {
      const known = knownOptions('learningRateFinder', options, SWEEP);
      const { from = 1e-6, to = 1, steps = 200, smoothing = 0.9, optimizer = adam(), signal, ...rest } = known;
      const { withRate } = optimizer;
      if (withRate === undefined)
        return E.left(
          failure('ArgumentError', 'learningRateFinder', 'the optimiser has no learning rate', {
            got: optimizer.spec.type,
          }),
        );
      if (!(smoothing >= 0 && smoothing < 1))
        raise('ArgumentError', 'learningRateFinder', 'smoothing is a share from 0 and under 1', {
          got: `${smoothing}`,
        });
      const rate = exponentialRate(from, to, steps);
      const losses: number[] = [];
      const enough = new AbortController();
      const outcome = await fit<S>({
        ...rest,
        optimizer: withRate(rate),
        steps,
        stepsPerRun: 1,
        signal: signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]),
        onProgress: ({ loss }) => {
          losses.push(loss);
          if (risen(smooth(losses, smoothing))) enough.abort();
        },
      })();
      if (E.isLeft(outcome) && (outcome.left._tag !== 'NonFiniteError' || losses.length === 0)) return outcome;
      const smoothed = smooth(losses, smoothing);
      const points = losses.map((loss, t) => ({ rate: rate.at(t), loss, smoothed: smoothed[t] }));
      const suggestion = steepest(points);
      const diverged = E.isLeft(outcome) || enough.signal.aborted;
      const ending = diverged ? 'diverged' : outcome.right.ending === 'finished' ? 'finished' : 'interrupted';
      return E.right({ points, ending, ...(suggestion === undefined ? {} : { suggestion }) });
    } catch (e) {
      return E.left(toFailure('ArgumentError', 'learningRateFinder')(e));
    }
  };
