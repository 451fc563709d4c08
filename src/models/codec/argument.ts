import { finite, isRecord, list, t } from '../../core/codec.ts';

/** A parameter of a distribution: a number, or numbers; an expression cannot be read back. */
export const argument = new t.Type<number | readonly number[]>(
  'a number or a list of numbers',
  (u): u is number | readonly number[] => finite.is(u) || (Array.isArray(u) && u.every(finite.is)),
  (u, c) =>
    finite.is(u)
      ? t.success(u)
      : Array.isArray(u)
        ? list(finite).validate(u, c)
        : isRecord(u) && typeof u.opaque === 'string'
          ? t.failure(u, c, `cannot be read back: ${u.opaque}`)
          : t.failure(u, c),
  t.identity,
);
