/** Learning-rate schedules: functions of the step, computed on the host in double precision, kept as data. */

import type { Spec } from '../algebra/spec.ts';
import { list, nonNegative, positiveInteger, positiveNumber } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import { nested } from '../core/specification.ts';
import { scheduleKind } from './kinds.ts';

/** The state of training that a schedule may use: the validation results so far, oldest first; lower is better. */
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

/**
 * The same learning rate at every step. Rates read from JSON must be positive.
 *
 * @example
 * constant(1e-3).at(500);   // 0.001
 */
export const constant = define(
  scheduleKind,
  {
    type: 'constant',
    about: 'One rate.',
    takes: ['value'],
    required: { value: positiveNumber },
    examples: [{ value: 0.01 }],
  },
  (value: number): Schedule => ({ spec: { type: 'constant', value }, at: () => value }),
);

const cosineOf = (from: number, steps: number, to = 0): Schedule => ({
  spec: { type: 'cosine', from, steps, to },
  at: (t) => (t >= steps ? to : to + 0.5 * (from - to) * (1 + Math.cos((Math.PI * t) / steps))),
});

/**
 * Half a cosine from `from` down to `to` (default 0), then `to`: to + ½ (from − to) (1 + cos(πt / steps)) at step t ≤ steps. Source: Loshchilov & Hutter (2017,
 * arXiv:1608.03983), one period.
 *
 * @example
 * cosine(1e-3, 10_000).at(5_000);   // half of 1e-3
 */
export const cosine = define(
  scheduleKind,
  {
    type: 'cosine',
    about: 'Down along half a cosine.',
    takes: ['from', 'steps', 'to'],
    required: { from: positiveNumber, steps: positiveInteger },
    optional: { to: nonNegative },
    examples: [{ from: 0.01, steps: 100, to: 0.001 }],
  },
  cosineOf,
);

/**
 * A linear rise from 0 over `steps` steps, followed by another schedule from its beginning: after(0) · (t + 1) / steps at step
 * t < steps, after(t − steps) later.
 *
 * @example
 * const schedule = warmUp(500, cosine(1e-3, 10_000));
 */
export const warmUp = define(
  scheduleKind,
  {
    type: 'warmUp',
    about: 'A linear rise before another schedule.',
    takes: ['steps', 'after'],
    required: { steps: positiveInteger, after: nested(scheduleKind) },
    examples: [{ steps: 10, after: { type: 'constant', value: 0.01 } }],
  },
  (steps: number, after: Schedule): Schedule => ({
    spec: { type: 'warmUp', steps, after: after.spec },
    at: (t, told) => (t < steps ? (after.at(0, told) * (t + 1)) / steps : after.at(t - steps, told)),
  }),
);

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
export const exponentialRate = define(
  scheduleKind,
  {
    type: 'exponentialRate',
    about: 'Exponentially from one rate to another.',
    takes: ['from', 'to', 'steps'],
    required: { from: positiveNumber, to: positiveNumber, steps: positiveInteger },
    examples: [{ from: 0.01, to: 0.001, steps: 100 }],
  },
  (from: number, to: number, steps: number): Schedule => {
    demand(isPositive(from) && isPositive(to), 'exponentialRate', 'both ends must be positive', [from, to]);
    demand(Number.isSafeInteger(steps) && steps > 0, 'exponentialRate', 'the steps must be 1, 2, 3, …', steps);
    return {
      spec: { type: 'exponentialRate', from, to, steps },
      at: (t) => (t >= steps ? to : from * (to / from) ** (t / steps)),
    };
  },
);

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
export const stepwise = define(
  scheduleKind,
  {
    type: 'stepwise',
    about: 'Times a factor at some steps.',
    required: { from: positiveNumber, at: list(positiveInteger), factor: positiveNumber },
    examples: [{ from: 0.01, at: [10, 20], factor: 0.5 }],
  },
  ({ from, at, factor }: StepwiseOptions): Schedule => {
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
  },
);

/**
 * A schedule from a schedule or a number; a number is a constant rate. Throws `ArgumentError` where the number is not positive and finite.
 *
 * @example
 * toSchedule(1e-3).spec;   // { type: 'constant', value: 0.001 }
 */
export const toSchedule = (s: Schedule | number): Schedule =>
  typeof s !== 'number'
    ? s
    : isPositive(s)
      ? constant(s)
      : raise('ArgumentError', 'schedule', 'a learning rate must be positive', { got: `${s}` });
