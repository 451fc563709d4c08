/** Learning-rate schedules: functions of the step, computed on the host in double precision, kept as data. */
import type { Spec } from '../algebra/spec.ts';
import { raise } from '../core/errors.ts';

/** The value at step 0, 1, 2, … */
export interface Schedule {
  readonly spec: Spec;
  readonly at: (step: number) => number;
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
  at: (t) => (t < steps ? (after.at(0) * (t + 1)) / steps : after.at(t - steps)),
});

/** A number means a constant schedule. Throws `ArgumentError` where it is not positive and finite. */
export const toSchedule = (s: Schedule | number): Schedule =>
  typeof s !== 'number'
    ? s
    : s > 0 && Number.isFinite(s)
      ? constant(s)
      : raise('ArgumentError', 'schedule', 'a learning rate must be positive', { got: `${s}` });
