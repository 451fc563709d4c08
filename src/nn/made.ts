import { pipe } from 'fp-ts/lib/function.js';
import { contextVector } from '../algebra/context.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { fanIn, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, showShape } from '../core/shape.ts';
import { type Activation, activations } from './dense.ts';
import { type Network, network } from './network.ts';

/** Options of {@link made}. */
export interface MadeOptions {
  readonly activation?: Activation;
  readonly zeroLast?: boolean;
}

/** 0/1 mask `[in, out]`: an edge where the output's degree allows the input's. */
const mask = (inputs: readonly number[], outputs: readonly number[], strict: boolean): Expr =>
  o.constant(
    inputs.flatMap((a) => outputs.map((b) => ((strict ? a < b : a <= b) ? 1 : 0))),
    [inputs.length, outputs.length],
  );

/**
 * MADE (Germain et al. 2015, arXiv:1502.03509): a perceptron on a vector `[D]` whose outputs for coordinate i depend on coordinates before i only.
 * The asked-for shape is `[width, D]`; degrees of hidden units go round 1 … D−1, so the dependency holds by masks for any widths.
 */
export const made = (
  hidden: readonly number[],
  { activation = 'relu', zeroLast = true }: MadeOptions = {},
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
    // A context has degree 0: it comes before every coordinate, and hidden units of degree 0 carry it to the first.
    const before = context === undefined ? [] : Array.from({ length: context.shape[0] }, () => 0);
    const least = context === undefined ? 1 : 0;
    const degrees = Array.from({ length: d }, (_, i) => i + 1);
    const hiddenDegrees = (n: number): number[] =>
      Array.from({ length: n }, (_, k) => (d > 1 || least === 0 ? least + (k % Math.max(1, d - least)) : 1));
    const outputDegrees = Array.from({ length: width }, () => degrees).flat();

    const layer = (
      h: Expr,
      from: readonly number[],
      to: readonly number[],
      strict: boolean,
      zero: boolean,
    ): Sc.Scoped<Expr> => {
      const init = zero ? zeros : fanIn(from.length);
      return pipe(
        Sc.parameter('kernel', [from.length, to.length], { init, kind: 'kernel' }),
        Sc.chain((w) =>
          pipe(
            Sc.parameter('bias', [to.length], { init, kind: 'bias' }),
            Sc.map((b) => o.add(o.vecmat(h, o.mul(w, mask(from, to, strict))), b)),
          ),
        ),
      );
    };
    type Stage = Sc.Scoped<{ readonly h: Expr; readonly degrees: readonly number[] }>;
    const start = { h: context === undefined ? x : o.concat([context, x]), degrees: [...before, ...degrees] };
    const body: Stage = (scope) => {
      let { h, degrees } = start;
      for (const [i, n] of hidden.entries()) {
        const next = hiddenDegrees(n);
        h = f(Sc.at(`dense${i}`, layer(h, degrees, next, false, false))(scope));
        degrees = next;
      }
      return { h, degrees };
    };
    return pipe(
      body,
      Sc.chain(({ h, degrees }) => Sc.at('out', layer(h, degrees, outputDegrees, true, zeroLast))),
      Sc.map((y) => o.reshape(y, output)),
    );
  };
  return network(
    { spec: { type: 'made', hidden, activation, zeroLast }, apply: (x, output) => masked(x, output) },
    (x, output, context) => masked(x, output, contextVector(context)),
  );
};
