import { pipe } from 'fp-ts/lib/function.js';
import { contextVector } from '../algebra/context.ts';
import { boolean, list, positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { fanIn, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, showShape } from '../core/shape.ts';
import { type Activation, activationCodec, activations } from './dense.ts';
import { type Dependence, readsOf } from './dependence.ts';
import { networkKind } from './kinds.ts';
import { masks } from './masks.ts';
import { type Network, network } from './network.ts';

/** A network whose masks can be changed, also where it reads a context. */
const withMasks = (inner: Network, masked: (dependence: Dependence) => Network): Network => ({
  ...inner,
  masked,
  given: (context) => withMasks(inner.given(context), (dependence) => masked(dependence).given(context)),
});

/** Options of {@link made}. */
export interface MadeOptions {
  readonly activation?: Activation;
  readonly zeroLast?: boolean;
}

/**
 * MADE (Germain et al. 2015, arXiv:1502.03509): a perceptron on a vector `[D]` whose outputs for coordinate i depend on coordinates before i only. The output
 * has shape `[…, D]`. Degrees of hidden units cycle through 1 … D−1, so the masks keep the dependence for any widths. An autoregressive layer with another
 * order, fewer passes or a graph requests the masks for that. Parameters `kernel` and `bias` at `dense0` … and `out`; the last layer is zero at the start
 * unless `zeroLast` is false. Throws `ShapeError`, when applied, where the event is not a vector or the output does not end in D.
 *
 * @example
 * autoregressive(affineMap(), { conditioner: made([64, 64]) });
 */
export const made = define(
  networkKind,
  {
    type: 'made',
    about: 'A perceptron with masked weights: output i reads inputs before i.',
    takes: ['hidden'],
    required: { hidden: list(positiveInteger, 'a list of positive integers') },
    optional: { activation: activationCodec, zeroLast: boolean },
    examples: [
      { hidden: [6], activation: 'tanh' },
      { hidden: [4], zeroLast: false },
    ],
  },
  (hidden: readonly number[], options: MadeOptions = {}): Network => maskedBy(hidden, options, {}),
);

const maskedBy = (
  hidden: readonly number[],
  { activation = 'relu', zeroLast = true }: MadeOptions,
  dependence: Dependence,
): Network => {
  const masked = (x: Expr, output: Shape, context?: Expr): Sc.Scoped<Expr> => {
    const [d] = x.shape;
    if (x.shape.length !== 1 || output[output.length - 1] !== d)
      return raise('ShapeError', '', 'made: not a vector and parameters for each of its coordinates', {
        expected: '[D] and […, D]',
        got: `${showShape(x.shape)} and ${showShape(output)}`,
      });
    const width = output.slice(0, -1).reduce((a, b) => a * b, 1);
    const f = activations[activation];
    const edges = masks(readsOf(dependence, d), width, context?.shape[0] ?? 0)(hidden);
    const layer = (h: Expr, mask: Expr, zero: boolean): Sc.Scoped<Expr> => {
      const [from, to] = mask.shape;
      const init = zero ? zeros : fanIn(from);
      return pipe(
        Sc.parameter('kernel', [from, to], { init, kind: 'kernel' }),
        Sc.chain((w) =>
          pipe(
            Sc.parameter('bias', [to], { init, kind: 'bias' }),
            Sc.map((b) => o.add(o.vecmat(h, o.mul(w, mask)), b)),
          ),
        ),
      );
    };
    return (scope) => {
      let h = context === undefined ? x : o.concat([context, x]);
      for (const i of hidden.keys()) h = f(Sc.at(`dense${i}`, layer(h, edges[i], false))(scope));
      return o.reshape(Sc.at('out', layer(h, edges[hidden.length], zeroLast))(scope), output);
    };
  };
  const plain = network(
    { spec: { type: 'made', hidden, activation, zeroLast }, apply: (x, output) => masked(x, output) },
    (x, output, context) => masked(x, output, contextVector(context)),
  );
  return withMasks(plain, (other) => maskedBy(hidden, { activation, zeroLast }, other));
};
