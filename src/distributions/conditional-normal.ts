import { pipe } from 'fp-ts/lib/function.js';
import { type Conditional, conditional } from '../algebra/conditional.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import { mlp } from '../nn/mlp.ts';
import type { Network } from '../nn/network.ts';
import { normal } from './normal.ts';

/** Options of {@link conditionalNormal}. */
export interface ConditionalNormalOptions {
  /** From the context to mean and raw scale `[2, …event]`; default `mlp([64, 64])`, which starts at the standard normal. */
  readonly network?: Network;
  /** A fixed standard deviation in place of a learned one; the network then gives the mean alone. */
  readonly scale?: number;
}

/** softplus⁻¹(1): where a raw scale of 0 means 1. */
const UNIT = Math.log(Math.expm1(1));

/**
 * N(m(c), diag s(c)²) with m and s from a network of the context c; s = softplus(raw + softplus⁻¹(1)) > 0. The usual encoder of a VAE, and with
 * a fixed scale the usual decoder of real data (Kingma & Welling 2014, appendix C.2).
 *
 * @example
 * const encoder = conditionalNormal([784], [20], { network: mlp([500], { activation: 'tanh' }) });
 */
export const conditionalNormal = <const C extends Shape, const S extends Shape>(
  context: C,
  event: S,
  { network = mlp([64, 64]), scale }: ConditionalNormalOptions = {},
): Conditional<C, S> => {
  const part = (out: Expr, i: number): Expr => o.reshape(o.sliceAxis(out, 0, i, i + 1), event);
  return conditional({
    spec: {
      type: 'conditionalNormal',
      context,
      event,
      network: network.spec,
      ...(scale === undefined ? {} : { scale }),
    },
    context,
    event,
    given: (c) =>
      pipe(
        Sc.at('net', network.apply(c, [scale === undefined ? 2 : 1, ...event])),
        Sc.map((out) =>
          normal(event as Shape, { loc: part(out, 0), scale: scale ?? o.softplus(o.add(part(out, 1), UNIT)) }),
        ),
      ),
  });
};
