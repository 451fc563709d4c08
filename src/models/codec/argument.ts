/** Parameters of distributions in specifications. */

import { contextFound } from '../../algebra/context-codec.ts';
import { finite, isRecord, list, t } from '../../core/codec.ts';
import type { Expr } from '../../core/expr.ts';

/** A number, or numbers; an expression cannot be read back. */
export const numbers = new t.Type<number | readonly number[]>(
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

/** A parameter of a distribution: numbers, or the context of the conditional distribution around it. */
export const argument: t.Type<number | readonly number[] | Expr> = new t.Type<number | readonly number[] | Expr>(
  numbers.name,
  (u): u is number | readonly number[] | Expr => numbers.is(u) || isRecord(u),
  (u, c) => {
    if (!isRecord(u) || u.type !== 'context' || 'opaque' in u) return numbers.validate(u, c);
    const value = contextFound(u);
    if (typeof value === 'string') return t.failure(u, c, value);
    return 'op' in value ? t.success(value as Expr) : t.failure(u, c, 'a parameter is one array of the context');
  },
  t.identity,
);
