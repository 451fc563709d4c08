/** Layers in sequence, each at its own place. */

import type { AnyContext } from '../algebra/context.ts';
import { opaque, type Spec } from '../algebra/spec.ts';
import { list } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { reshape } from '../core/ops/structure.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { activations } from './dense.ts';
import { networkKind, networkPartKind } from './kinds.ts';
import { type Network, type NetworkLayer, network } from './network.ts';

/** What {@link sequential} takes: a network, a layer with parameters, or a function of expressions. */
export type SequentialPart = Network | NetworkLayer | ((x: Expr) => Expr);

/** A network that is a layer too: of the shape that its last part gives. */
export interface Sequential extends Network {
  (x: Expr): Sc.Scoped<Expr>;
}

const known = Object.entries(activations);

const specOf = (part: SequentialPart): Spec => {
  if ('spec' in part && part.spec !== undefined) return part.spec;
  const name = known.find(([, f]) => f === part)?.[0];
  return name === undefined ? opaque('layer', 'a function') : { type: name };
};

/** The name of a part in places: a network with a context has its name without one. */
const nameOf = (spec: Spec): string => (spec.type === 'given' ? nameOf(spec.network as Spec) : spec.type);

const isNetwork = (part: SequentialPart): part is Network => 'apply' in part && 'spec' in part;

/** One part applied to a value, with a requested shape where it takes one. */
const applied =
  (part: SequentialPart, x: Expr, output: Shape): Sc.Scoped<Expr> =>
  (scope) => {
    if (isNetwork(part) && typeof part !== 'function') return part.apply(x, output)(scope);
    const y = part(x);
    return typeof y === 'function' ? y(scope) : y;
  };

/**
 * Layers in sequence: `f₁`, then `f₂`, …. Layer i stands at `i.<its type>` (`0.dense/kernel`, `2.dense/kernel`), so that equal layers have
 * parameters of their own. A part is a layer (`dense(64)`), a function of expressions (`ops.tanh`, `activation('tanh')`), or a network; a
 * network in last place gives the shape requested of the whole, one before that keeps the shape of its input. The result of other parts is reshaped. As a
 * function it gives what its last part gives, and may be a part itself. Its spec can be read back where those of its parts can. Throws
 * `ArgumentError` where there are no parts and, when applied, `ShapeError` where the last part does not give as many numbers as are requested. Cost: that of
 * the parts.
 *
 * @example
 * const critic = scope.placed('critic', (x) => sequential(dense(64), ops.tanh, dense(64), ops.tanh, dense(1)).apply(x, []));
 */
export const sequential = define(
  networkKind,
  {
    type: 'sequential',
    about: 'Layers one after the other.',
    required: { parts: list(nested(networkPartKind)) },
    build: ({ parts }): Network => sequential(...parts),
    examples: [{ parts: [{ type: 'dense', outputs: 4 }, { type: 'tanh' }, { type: 'dense', outputs: 2 }] }],
  },
  (...parts: readonly SequentialPart[]): Sequential => {
    if (parts.length === 0)
      return raise('ArgumentError', 'sequential', 'there are no layers', { expected: 'one or more' });
    const specs = parts.map(specOf);
    const through =
      (x: Expr, output?: Shape): Sc.Scoped<Expr> =>
      (scope) => {
        let value = x;
        for (const [i, part] of parts.entries()) {
          const asked = i === parts.length - 1 && output !== undefined ? output : value.shape;
          value = Sc.at(`${i}.${nameOf(specs[i])}`, applied(part, value, asked))(scope);
        }
        return value;
      };
    const apply = (x: Expr, output: Shape): Sc.Scoped<Expr> =>
    Sc.map((y: Expr) =>
      sizeOf(y.shape) === sizeOf(output)
        ? reshape(y, output)
        : raise('ShapeError', `${parts.length - 1}.${specs[parts.length - 1].type}`, 'the last layer does not give as many numbers as are requested', {
            expected: showShape(output),
            got: showShape(y.shape),
          }),
    )(through(x, output)); // biome-ignore format: one sentence
    const plain = { spec: { type: 'sequential', parts: specs }, apply };
    const [first, ...rest] = parts;
    const given = isNetwork(first)
      ? (context: AnyContext): Network => sequential(first.given(context), ...rest)
      : network(plain).given;
    return Object.assign((x: Expr) => through(x), { ...plain, given });
  },
);
