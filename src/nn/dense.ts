/** Fully connected layers and activations. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { fanIn, type Initializer, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';

/** Activation functions by name. */
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

/** How a dense layer starts. */
export interface DenseOptions {
  /** Weights `[in, out]`; default uniform ±1/√in. */
  readonly kernel?: Initializer;
  /** Biases `[out]`; default uniform ±1/√in. */
  readonly bias?: Initializer;
}

/** x W + b for a vector x `[in]`: `[out]`. Parameters `kernel [in, out]` and `bias [out]`. */
export const dense =
  (outputs: number, { kernel, bias }: DenseOptions = {}) =>
  (x: Expr): Sc.Scoped<Expr> => {
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
  };

/** A dense layer that starts at zero, so that what it modulates starts as the identity. */
export const denseZero = (outputs: number): ((x: Expr) => Sc.Scoped<Expr>) =>
  dense(outputs, { kernel: zeros, bias: zeros });
