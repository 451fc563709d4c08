/** Fully connected layers and activations. */

import { pipe } from 'fp-ts/lib/function.js';
import { opaque, type Spec } from '../algebra/spec.ts';
import { oneOf, positiveInteger } from '../core/codec.ts';
import { type Defined, define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { fanIn, type Initializer, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { networkPartKind } from './kinds.ts';
import { type NetworkLayer, networkLayer } from './network.ts';

/**
 * Activation functions by name, elementwise on arrays of any shape: `relu` max(x, 0), `tanh`, `sigmoid` σ(x) = 1/(1 + e⁻ˣ), `softplus` log(1 + eˣ), `silu` x
 * σ(x), `gelu` x Φ(x) (with the error function, not the tanh approximation), `identity` x.
 *
 * @example
 * value(activations.relu(ops.constant([-1, 2])));   // [0, 2]
 */
export const activations = {
  relu: o.relu,
  tanh: o.tanh,
  sigmoid: o.sigmoid,
  softplus: o.softplus,
  silu: (x: Expr): Expr => o.mul(x, o.sigmoid(x)),
  gelu: (x: Expr): Expr => o.mul(o.mul(0.5, x), o.add(1, o.erf(o.mul(Math.SQRT1_2, x)))),
  identity: (x: Expr): Expr => x,
} as const;

/** The name of an activation function. */
export type Activation = keyof typeof activations;

const names = Object.keys(activations) as Activation[];

/**
 * The codec of an activation's name in JSON: one of the keys of {@link activations}.
 *
 * @example
 * activationCodec.decode('silu');   // Right('silu')
 */
export const activationCodec = oneOf(names);

/** An activation as a layer without parameters, which keeps its name. */
export interface ActivationLayer {
  (x: Expr): Expr;
  readonly spec: Spec;
}

const activationLayer = (name: Activation): ActivationLayer =>
  Object.assign((x: Expr) => activations[name](x), { spec: { type: name } });

/**
 * An activation function as a layer of {@link sequential}, elementwise and without parameters; the names are the keys of {@link activations}.
 *
 * @example
 * sequential(dense(64), activation('tanh'), dense(2));
 */
export const activation: ((name: Activation) => ActivationLayer) & Defined = names.reduce<
  typeof activationLayer & Defined
>(
  (f, name) =>
    define(
      networkPartKind,
      { type: name, about: `The activation ${name}.`, build: () => activationLayer(name), examples: [{}] },
      f,
    ),
  Object.assign(activationLayer, { definitions: [] }),
);

/** How a dense layer starts. */
export interface DenseOptions {
  /** Weights `[in, out]`; default uniform ±1/√in. */
  readonly kernel?: Initializer;
  /** Biases `[out]`; default uniform ±1/√in. */
  readonly bias?: Initializer;
}

const denseOf = (spec: Spec, outputs: number, { kernel, bias }: DenseOptions): NetworkLayer & { readonly spec: Spec } =>
  networkLayer(spec, (x: Expr) => {
    const inputs = x.shape[0];
    return pipe(
      Sc.parameter('kernel', [inputs, outputs], { init: kernel ?? fanIn(inputs), kind: 'kernel' }),
      Sc.chain((w) =>
        pipe(
          Sc.parameter('bias', [outputs], { init: bias ?? fanIn(inputs), kind: 'bias' }),
          Sc.map((b) => o.add(o.vecmat(x, w), b)),
        ),
      ),
    );
  });

/**
 * The affine map x W + b of a vector `[in]`, giving `[out]`. Parameters `kernel [in, out]` and `bias [out]` at the place where it is applied: each application
 * needs a place of its own (`sequential`, `scope.at`). They start uniform on ±1/√in. Cost: in · out products.
 *
 * @example
 * sequential(dense(32), ops.tanh, dense(32), ops.tanh, dense(1));
 */
export const dense = define(
  networkPartKind,
  {
    type: 'dense',
    about: 'A linear layer.',
    takes: ['outputs'],
    required: { outputs: positiveInteger },
    unreadable: { kernel: 'initial values are functions', bias: 'initial values are functions' },
    examples: [{ outputs: 3 }],
  },
  (outputs: number, options: DenseOptions = {}): NetworkLayer & { readonly spec: Spec } =>
    denseOf(
      options.kernel === undefined && options.bias === undefined
        ? { type: 'dense', outputs }
        : { ...opaque('dense', 'its initial values are functions'), outputs },
      outputs,
      options,
    ),
);

/**
 * A dense layer x W + b of a vector `[in]`, giving `[outputs]`, whose kernel and bias are zero at the start, so that what it modulates starts as the identity.
 * Parameters `kernel [in, outputs]` and `bias [outputs]`. Cost: in · outputs products.
 *
 * @example
 * sequential(dense(64), activation('silu'), denseZero(2));
 */
export const denseZero = define(
  networkPartKind,
  {
    type: 'denseZero',
    about: 'A linear layer that starts at zero.',
    takes: ['outputs'],
    required: { outputs: positiveInteger },
    examples: [{ outputs: 3 }],
  },
  (outputs: number): NetworkLayer & { readonly spec: Spec } =>
    denseOf({ type: 'denseZero', outputs }, outputs, { kernel: zeros, bias: zeros }),
);
