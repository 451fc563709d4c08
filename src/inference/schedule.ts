/** Learning-rate schedules: functions of the step, computed on the host in double precision, kept as data. */

import type { Spec } from '../algebra/spec.ts';
import { raise } from '../core/errors.ts';
import { knownOptions } from '../core/known-options.ts';

/** What is known of training when a rate is asked for: the validations so far, oldest first; less is better. */
export interface Told {
  readonly validations: readonly { readonly step: number; readonly value: number }[];
}

/**
 * The value at step 0, 1, 2, … (a player's own moves) and, for schedules that ask, after some validations: a pure function of both, so that a
 * resumed run is the same.
 */
export interface Schedule {
  readonly spec: Spec;
  readonly at: (step: number, told?: Told) => number;
}

/** One value for ever. */
export const constant = (value: number): Schedule => ({ spec: { type: 'constant', value }, at: () => value });

/** From `from` to `to` along half a cosine over `steps` steps (Loshchilov & Hutter 2017, one period), `to` afterwards. */
export const cosine = (from: number, steps: number, to = 0): Schedule => ({
  spec: { type: 'cosine', from, steps, to },
  at: (t) => (t >= steps ? to : to + 0.5 * (from - to) * (1 + Math.cos((Math.PI * t) / steps))),
});

/** A linear rise from 0 over `steps` steps in front of another schedule, which then starts at its beginning. */
export const warmUp = (steps: number, after: Schedule): Schedule => ({
  spec: { type: 'warmUp', steps, after: after.spec },
  at: (t, told) => (t < steps ? (after.at(0, told) * (t + 1)) / steps : after.at(t - steps, told)),
});

/** A checked argument: raises where it does not hold. */
export const demand = (holds: boolean, schedule: string, what: string, got: number | readonly number[]): void => {
  if (!holds) raise('ArgumentError', schedule, what, { got: `${got}` });
};

/** Whether a number is finite and above zero. */
export const isPositive = (x: number): boolean => x > 0 && Number.isFinite(x);

/**
 * From `from` to `to` by one factor at every step, `to` from step `steps` on: from · (to / from)^(t / steps). It falls or rises. Throws `ArgumentError`
 * where a value is not positive or `steps` not a positive integer.
 *
 * @example
 * const falling = exponentialRate(1e-3, 1e-5, 10_000);
 */
export const exponentialRate = (from: number, to: number, steps: number): Schedule => {
  demand(isPositive(from) && isPositive(to), 'exponentialRate', 'both ends must be positive', [from, to]);
  demand(Number.isSafeInteger(steps) && steps > 0, 'exponentialRate', 'the steps must be 1, 2, 3, …', steps);
  return {
    spec: { type: 'exponentialRate', from, to, steps },
    at: (t) => (t >= steps ? to : from * (to / from) ** (t / steps)),
  };
};

/** Options of {@link stepwise}. */
export interface StepwiseOptions {
  readonly from: number;
  /** The steps at which the value changes, ascending. */
  readonly at: readonly number[];
  readonly factor: number;
}

/**
 * Constant pieces: `from`, times `factor` from each of some steps on (He et al. 2016 divide by 10 at two of them). Throws `ArgumentError` where a value is not
 * positive or the steps do not ascend.
 *
 * @example
 * const halved = stepwise({ from: 1e-3, at: [3_000, 4_500], factor: 0.5 });
 */
export const stepwise = (options: StepwiseOptions): Schedule => {
  const { from, at, factor } = knownOptions('stepwise', options, { from: true, at: true, factor: true });
  demand(isPositive(from), 'stepwise', 'the first value must be positive', from);
  demand(isPositive(factor), 'stepwise', 'the factor must be positive', factor);
  demand(
    at.every((t, i) => Number.isSafeInteger(t) && t > (at[i - 1] ?? 0)),
    'stepwise',
    'the steps must be positive integers that ascend',
    at,
  );
  return {
    spec: { type: 'stepwise', from, at, factor },
    at: (t) => from * factor ** at.filter((s) => s <= t).length,
  };
};

/** A number means a constant schedule. Throws `ArgumentError` where it is not positive and finite. */
export const toSchedule = (s: Schedule | number): Schedule =>
  typeof s !== 'number'
    ? s
    : isPositive(s)
      ? constant(s)
      : raise('ArgumentError', 'schedule', 'a learning rate must be positive', { got: `${s}` });
