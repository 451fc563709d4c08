import { demand } from '../algebra/demand.ts';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Unnormalised } from '../algebra/evidence.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { mul } from '../core/ops/elementwise.ts';
import type { Shape } from '../core/shape.ts';

/**
 * A distribution at another temperature: log p_β(x) = β log f(x) − log Z_β nats, flatter for β < 1, sharper for β > 1. It stands where the distribution stands: both
 * read the same parameters. Throws `ArgumentError` where β is not a finite number from 0.
 *
 * @example
 * const half = tempered(0.5)(normal([2]));   // N(0, 2) up to a constant
 */
export const tempered =
  (beta: number) =>
  <S extends Shape>(dist: Dist<S, Unnormalised>): Dist<S, Unnormalised> => {
    if (!(Number.isFinite(beta) && beta >= 0))
      return raise('ArgumentError', 'tempered', 'the inverse temperature is a finite number from 0', {
        got: `${beta}`,
      });
    const plain = demand<S>('tempered', dist, 'unnormalisedLogDensity');
    return distribution<S, Unnormalised>({
      shape: plain.shape,
      spec: { type: 'tempered', beta, dist: plain.spec },
      evidence: 'unnormalised',
      logDensity: (x) => D.map((l: Expr) => mul(beta, l))(plain.logDensity(x)),
    });
  };
