/** The part of a distribution's support that lies in a window. */
import type { AnyDist } from '../algebra/dist.ts';
import type { AllFacts } from '../algebra/facts.ts';
import type { Support } from '../algebra/support.ts';
import * as o from '../core/ops/index.ts';
import { type Argument, toExpr } from './argument.ts';

/** Ends of a window; one that is left out does not cut. */
export interface Bounds {
  readonly low?: Argument | undefined;
  readonly high?: Argument | undefined;
}

/** The ends of a support of numbers. */
const endsOf = (s: Support | undefined): Bounds => {
  switch (s?.kind) {
    case 'positive':
    case 'nonNegative':
      return { low: 0 };
    case 'interval':
    case 'above':
    case 'below':
    case 'within':
      return s;
    default:
      return {};
  }
};

/** The higher (or lower) of two ends. */
const tighter = (x: Argument | undefined, y: Argument | undefined, higher: boolean): Argument | undefined =>
  x === undefined || (typeof x === 'number' && !Number.isFinite(x))
    ? typeof y === 'number' && !Number.isFinite(y)
      ? undefined
      : y
    : y === undefined || (typeof y === 'number' && !Number.isFinite(y))
      ? x
      : typeof x === 'number' && typeof y === 'number'
        ? (higher ? Math.max : Math.min)(x, y)
        : (higher ? o.max : o.min)(toExpr(x), toExpr(y));

/** The support of a distribution on reals given that it lies between two ends: numbers where both are, else element by element. */
export const supportWithin = (dist: AnyDist, bounds: Bounds): Support => {
  const own = endsOf((dist as AnyDist & Partial<AllFacts>).support);
  const low = tighter(own.low, bounds.low, true);
  const high = tighter(own.high, bounds.high, false);
  if (low === undefined && high === undefined) return { kind: 'real' };
  if ((low !== undefined && typeof low !== 'number') || (high !== undefined && typeof high !== 'number'))
    return { kind: 'within', ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) };
  if (low === undefined) return { kind: 'below', high: high as number };
  return high === undefined ? { kind: 'above', low } : { kind: 'interval', low, high };
};
