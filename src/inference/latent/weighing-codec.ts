/** Transformations of divergences, as JSON. */
import { isRecord, nonNegative, positiveNumber, strict, t } from '../../core/codec.ts';
import { fieldsOf } from '../../core/definition.ts';
import { balanceKl, freeBits, scaleKl, type Weighing } from './weighings.ts';

const warmUp = strict({ warmUp: positiveNumber });
const weight = new t.Type<number | t.TypeOf<typeof warmUp>>(
  'a number from 0, or { warmUp: steps }',
  (u): u is number | t.TypeOf<typeof warmUp> => nonNegative.is(u) || warmUp.is(u),
  (u, c) => (nonNegative.is(u) ? t.success(u) : isRecord(u) ? warmUp.validate(u, c) : t.failure(u, c)),
  t.identity,
);

const weighings: { readonly [type: string]: t.Validate<unknown, Weighing> } = {
  scaleKl: fieldsOf({ weight }, {}, (f) => scaleKl(f.weight)),
  freeBits: fieldsOf({ nats: nonNegative }, {}, (f) => freeBits(f.nats)),
  balanceKl: fieldsOf({}, { warmUp: positiveNumber }, balanceKl),
};

/** A weighing of divergences. */
export const weighingCodec = new t.Type<Weighing, Weighing['spec']>(
  `a weighing: an object with a type (${Object.keys(weighings).join(', ')})`,
  (u): u is Weighing => isRecord(u) && 'apply' in u,
  (u, c) =>
    isRecord(u) && typeof u.type === 'string' && Object.hasOwn(weighings, u.type)
      ? weighings[u.type](u, c)
      : t.failure(u, c),
  (w) => w.spec,
);
