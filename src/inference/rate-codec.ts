/** A learning rate, as JSON: a number, or a schedule. */
import { isRecord, positiveNumber, t } from '../core/codec.ts';
import { nested } from '../core/specification.ts';
import { scheduleKind } from './kinds.ts';
import type { Schedule } from './schedule.ts';

const schedule = nested(scheduleKind);

/** A number for a constant rate, or a schedule. */
export const rateCodec = new t.Type<Schedule | number, unknown>(
  'a positive number or a schedule',
  (u): u is Schedule | number => positiveNumber.is(u) || schedule.is(u),
  (u, c) => (positiveNumber.is(u) ? t.success(u) : isRecord(u) ? schedule.validate(u, c) : t.failure(u, c)),
  (rate) => (typeof rate === 'number' ? rate : schedule.encode(rate)),
);
