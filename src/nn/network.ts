/** Networks: parametrised functions of one event, as values that keep their declaration. */

import { type AnyContext, contextVector, givenSpec } from '../algebra/context.ts';
import { contextValueCodec } from '../algebra/context-codec.ts';
import type { Spec } from '../algebra/spec.ts';
import { type Defined, define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Scoped } from '../core/scope.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import type { Dependence } from './dependence.ts';
import { networkKind } from './kinds.ts';

/** A function from an event to an array of any requested shape; its parameters stand where it is applied. */
export interface Network {
  readonly spec: Spec;
  readonly apply: (x: Expr, output: Shape) => Scoped<Expr>;
  /**
   * The same network reading a context beside its input: conditioning is application. A perceptron reads both as one vector, a MADE lets every output see the
   * context, a convolutional network reads it as more channels. Parameters keep their places; kernels that read the context have more rows.
   *
   * @example
   * const layer = (c: Expr) => affineCoupling({ conditioner: mlp([64]).given(c) });
   */
  readonly given: (context: AnyContext) => Network;
  /** The same network with other masks, where it has some: what autoregressive layers of another order, fewer passes or a graph ask for. */
  readonly masked?: (dependence: Dependence) => Network;
}

/** A network without its context: what {@link network} completes. */
export type Plain = Pick<Network, 'spec' | 'apply'>;

/**
 * An event and a context flattened and joined to one vector: the event's elements first, in row-major order, then those of the context.
 *
 * @example
 * besideContext(ops.input('x', [2, 2]), ops.input('c', [3]));   // [7]
 */
export const besideContext = (x: Expr, context: AnyContext): Expr =>
  o.concat([o.reshape(x, [sizeOf(x.shape)]), contextVector(context)]);

/**
 * A network of your own: `apply` maps an event to an array of the requested shape, with parameters at the place where it is applied. `read` says how it reads a
 * context; by default event and context are joined to one vector ({@link besideContext}).
 *
 * @example
 * const twice = network({ spec: opaque('twice', 'an example'), apply: (x, output) => scope.of(ops.reshape(ops.mul(2, x), output)) });
 */
export const network = (
  plain: Plain,
  read: (x: Expr, output: Shape, context: AnyContext) => Scoped<Expr> = (x, output, context) =>
    plain.apply(besideContext(x, context), output),
): Network => ({
  spec: plain.spec,
  apply: plain.apply,
  given: (context) =>
    network({ spec: givenSpec('network', plain.spec, context), apply: (x, output) => read(x, output, context) }, (x, output, more) =>
      read(x, output, { context, more }),
    ),
}); // biome-ignore format: one idea

/**
 * A network that wraps another one: `make` says what is computed of the inner network. A context given to the result is passed on to the inner network.
 *
 * @example
 * const doubled = around(mlp([16]), (inner) => ({
 *   spec: opaque('doubled', 'an example'),
 *   apply: (x, output) => scope.map((y) => ops.mul(2, y))(inner.apply(x, output)),
 * }));
 */
export const around = (inner: Network, make: (inner: Network) => Plain): Network => ({
  ...make(inner),
  given: (context) => around(inner.given(context), make),
});

/**
 * A layer of a network: a function of an event whose parameters stand where it is applied. Applied twice at one place it would claim one set of parameters
 * twice, which is refused: `sequential` gives every layer a place of its own.
 */
export interface NetworkLayer {
  (x: Expr): Scoped<Expr>;
  /** Its type and arguments, where JSON can express them. */
  readonly spec?: Spec;
}

/**
 * A function as a network layer that keeps its specification: `spec` is its type and arguments as JSON. The function gets one event, of any shape it accepts,
 * and its parameters belong to the place where it is applied.
 *
 * @example
 * const twice = networkLayer({ type: 'twice' }, (x) => scope.of(ops.mul(2, x)));
 */
export const networkLayer = <F extends (x: Expr) => Scoped<Expr>>(spec: Spec, f: F): F & { readonly spec: Spec } =>
  Object.assign(f, { spec });

/**
 * The definition by which a network at a context is read from JSON, `{ type: 'given', network, context }`. `given` is a method, so its definition stands by
 * itself.
 *
 * @example
 * networkAtContext.definitions[0].type;   // 'given'
 */
export const networkAtContext: Defined = define(
  networkKind,
  {
    type: 'given',
    about: 'A network that reads a context beside its input.',
    required: { network: nested(networkKind), context: contextValueCodec },
    build: ({ network: inner, context }): Network => inner.given(context),
  },
  {},
);
