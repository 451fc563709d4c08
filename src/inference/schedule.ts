/** Learning-rate schedules: functions of the step, computed on the host in double precision, kept as data. */
import type { Spec } from '../algebra/spec.ts';
import { raise } from '../core/errors.ts';

/** What is known of training when a rate is asked for: the validations so far, oldest first. */
export interface Told {
  readonly validations: readonly { readonly step: number; readonly value: number }[];
}

/** The value at step 0, 1, 2, … and, for those that ask, after some validations: a pure function of both, so that a resumed run is the same. */
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

/** A number means a constant schedule. Throws `ArgumentError` where it is not positive and finite. */
export const toSchedule = (s: Schedule | number): Schedule =>
  typeof s !== 'number'
    ? s
    : s > 0 && Number.isFinite(s)
      ? constant(s)
      : raise('ArgumentError', 'schedule', 'a learning rate must be positive', { got: `${s}` });
