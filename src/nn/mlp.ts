import { pipe } from 'fp-ts/lib/function.js';
import { boolean, list, positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { reshape } from '../core/ops/structure.ts';
import * as Sc from '../core/scope.ts';
import { sizeOf } from '../core/shape.ts';
import { type Activation, activationCodec, activations, dense, denseZero } from './dense.ts';
import { networkKind } from './kinds.ts';
import { type Network, network } from './network.ts';

/** Options of {@link mlp}. */
export interface MlpOptions {
  readonly activation?: Activation;
  /** Start the last layer at zero, so that couplings start as the identity (default); else like the others. */
  readonly zeroLast?: boolean;
}

/**
 * A multi-layer perceptron with the given hidden widths: the event is flattened, and the result has the requested shape. hᵢ₊₁ = f(hᵢ Wᵢ + bᵢ), and a linear
 * last layer, zero at the start unless `zeroLast` is false; weights start uniform on ±1/√fan-in. A context is joined to the flattened event. Cost: one
 * vector–matrix product a layer. Throws `ArgumentError` where a width is not a positive integer.
 *
 * @example
 * affineCoupling({ conditioner: mlp([64, 64]) });
 */
export const mlp = define(
  networkKind,
  {
    type: 'mlp',
    about: 'A perceptron.',
    takes: ['hidden'],
    required: { hidden: list(positiveInteger, 'a list of positive integers') },
    optional: { activation: activationCodec, zeroLast: boolean },
    examples: [{ hidden: [] }, { hidden: [4], activation: 'tanh' }, { hidden: [3, 3], zeroLast: false }],
  },
  (hidden: readonly number[], { activation = 'relu', zeroLast = true }: MlpOptions = {}): Network => {
    const bad = hidden.find((w) => !Number.isInteger(w) || w < 1);
    if (bad !== undefined)
      return raise('ArgumentError', 'mlp', 'a hidden width is not a positive integer', { got: `${bad}` });
    return network({
      spec: { type: 'mlp', hidden, activation, zeroLast },
      apply: (x, output) => {
        const f = activations[activation];
        // A loop: ten thousand layers need no deeper stack than one.
        const body: Sc.Scoped<Expr> = (scope) => {
          let h = reshape(x, [sizeOf(x.shape)]);
          for (const [i, width] of hidden.entries()) h = f(Sc.at(`dense${i}`, dense(width)(h))(scope));
          return h;
        };
        const last = zeroLast ? denseZero(sizeOf(output)) : dense(sizeOf(output));
        return pipe(
          body,
          Sc.chain((v) => Sc.at('out', last(v))),
          Sc.map((y) => reshape(y, output)),
        );
      },
    });
  },
);
