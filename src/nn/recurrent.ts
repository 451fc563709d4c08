import { pipe } from 'fp-ts/lib/function.js';
import { contextVector } from '../algebra/context.ts';
import { positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { dense } from './dense.ts';
import { networkKind } from './kinds.ts';
import { type Network, network } from './network.ts';

const width = (owner: string, hidden: number): number =>
  Number.isInteger(hidden) && hidden >= 1
    ? hidden
    : raise('ArgumentError', owner, 'the width of the state must be a positive integer', { got: `${hidden}` });

/**
 * One step of a gated recurrent unit (Cho et al. 2014, arXiv:1406.1078) for a state h `[n]` and an input x `[d]`, giving the next state `[n]`:
 *
 *     r = σ(W_r [x, h])    u = σ(W_u [x, h])    h′ = u ∘ h + (1 − u) ∘ tanh(W_x x + r ∘ W_h h)
 *
 * Parameters `gates`, `candidate` and `state`, each a dense layer with a bias. Cost: 3 n (n + d) products.
 *
 * @example
 * gru(ops.input('h', [16]), ops.input('x', [3]));
 */
export const gru =
  (h: Expr, x: Expr): Sc.Scoped<Expr> =>
  (scope) => {
    const [n] = h.shape;
    const at = (name: string, outputs: number, v: Expr): Expr => Sc.at(name, dense(outputs)(v))(scope);
    const gates = o.sigmoid(at('gates', 2 * n, o.concat([x, h])));
    const [r, u] = [o.sliceAxis(gates, 0, 0, n), o.sliceAxis(gates, 0, n, 2 * n)];
    const candidate = o.tanh(o.add(at('candidate', n, x), o.mul(r, at('state', n, h))));
    return o.add(candidate, o.mul(u, o.sub(h, candidate)));
  };

/** A sequence `[T, D]` of an event: a vector is a sequence of numbers, an image one of its rows. */
const steps = (shape: Shape): readonly [number, number] =>
  shape.length === 0
    ? raise('ShapeError', '', 'recurrent: a scalar is not a sequence', { expected: '[T, …]', got: showShape(shape) })
    : [shape[0], sizeOf(shape.slice(1))];

/**
 * A network that reads a sequence `[T, …]`, last element first, by a gated recurrent unit ({@link gru}) from the zero state; the result is a dense layer of the
 * last state, of any shape. Reading backwards puts the first elements, with which {@link unrolled} starts, next to the code (Sutskever et al. 2014,
 * arXiv:1409.3215). Cost: T steps of the unit in one loop. Throws `ArgumentError` where the width is not a positive integer and, when applied, `ShapeError` for
 * a scalar.
 *
 * @example
 * const encoder = conditionalNormal([28, 28], [20], { network: recurrent(64) });
 */
export const recurrent = define(
  networkKind,
  {
    type: 'recurrent',
    about: 'A gated recurrent unit that reads a sequence.',
    takes: ['hidden'],
    required: { hidden: positiveInteger },
    examples: [{ hidden: 3 }],
  },
  (hidden: number): Network => {
    const spec = { type: 'recurrent', hidden: width('recurrent', hidden) };
    const apply =
      (x: Expr, output: Shape): Sc.Scoped<Expr> =>
      (scope) => {
        const [length, d] = steps(x.shape);
        const cell = (h: Expr, v: Expr): Expr => Sc.at('cell', gru(h, v))(scope);
        const { carry } = o.scan({
          length,
          init: [o.broadcastTo(0, [hidden])],
          xs: [o.reverse(o.reshape(x, [length, d]), 0)],
          body: ([h], [v]) => ({ carry: [cell(h, v)] }),
        });
        return pipe(
          Sc.at('out', dense(sizeOf(output))(carry[0])),
          Sc.map((y) => o.reshape(y, output)),
        )(scope);
      };
    // A context is read at every step.
    return network({ spec, apply }, (x, output, context) => {
      const [length, d] = steps(x.shape);
      const c = contextVector(context);
      return apply(o.concat([o.reshape(x, [length, d]), o.broadcastTo(c, [length, c.shape[0]])], 1), output);
    });
  },
);

/**
 * Writes a sequence `[k, T, …]` from a code: the state starts at tanh of a dense layer of the code and moves by a gated recurrent unit that reads the
 * code again at each step; each state gives one element of each of the k sequences by a dense layer. T steps.
 *
 * @example
 * const decoder = conditionalBernoulli([20], [28, 28], { network: unrolled(64) });
 */
export const unrolled = define(
  networkKind,
  {
    type: 'unrolled',
    about: 'A gated recurrent unit that writes a sequence.',
    takes: ['hidden'],
    required: { hidden: positiveInteger },
    examples: [{ hidden: 3 }],
  },
  (hidden: number): Network =>
    network({
      spec: { type: 'unrolled', hidden: width('unrolled', hidden) },
      apply: (x, output) => (scope) => {
        const [lead, ...shape] = output;
        const [length, d] = steps(shape);
        const code = o.reshape(x, [sizeOf(x.shape)]);
        const { ys } = o.scan({
          length,
          init: [o.tanh(Sc.at('start', dense(hidden)(code))(scope))],
          body: ([h]) => {
            const next = Sc.at('cell', gru(h, code))(scope);
            return { carry: [next], ys: [Sc.at('out', dense(lead * d)(next))(scope)] };
          },
        });
        return o.reshape(o.transpose(o.reshape(ys[0], [length, lead, d]), [1, 0, 2]), output);
      },
    }),
);
