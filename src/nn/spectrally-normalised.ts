import type { AnyContext } from '../algebra/context.ts';
import { opaque } from '../algebra/spec.ts';
import { buffer } from '../core/buffer.ts';
import { boolean, positiveInteger, positiveNumber, type t } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map, normal } from '../core/random.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { type NetworkPart, networkKind, networkPartKind } from './kinds.ts';
import type { Network, NetworkLayer } from './network.ts';

/** Options of {@link spectrallyNormalised}. */
export interface SpectrallyNormalisedOptions {
  /** Steps of power iteration in each move; default 1. */
  readonly iterations?: number;
  /** c, the norm that kernels get; default 1. */
  readonly coefficient?: number;
  /** Leave kernels whose norm is below c unchanged, instead of scaling them up to c; default false. */
  readonly ceiling?: boolean;
}

const unit = (v: Expr): Expr => o.div(v, o.add(o.sqrt(o.sum(o.square(v))), 1e-12));

/** Whether outputs are a kernel's first axis, `[out, in, k, k]`; else they are its last, `[in, out]` or `[k, k, in, out]`. */
const outputsFirst = ([a, b, c, d, ...rest]: Shape): boolean =>
  d !== undefined && rest.length === 0 && c === d && (a !== b || c < a);

/** A kernel as a matrix `[inputs, outputs]`: everything that is not an output is an input. */
const matrixOf = (kernel: Expr): Expr => {
  if (kernel.shape.length === 2) return kernel;
  const first = outputsFirst(kernel.shape);
  const outputs = first ? kernel.shape[0] : kernel.shape[kernel.shape.length - 1];
  const inputs = sizeOf(kernel.shape) / outputs;
  return first ? o.transpose(o.reshape(kernel, [outputs, inputs]), [1, 0]) : o.reshape(kernel, [inputs, outputs]);
};

/** Steps of power iteration at the first value of a kernel, so that the first norm is a good one already. */
const STARTING = 15;

/** The vector of outputs after some steps of power iteration from `u`. */
const iterated = (w: Expr, u: Expr, steps: number): Expr =>
  Array.from({ length: steps }).reduce<Expr>((at) => unit(o.vecmat(unit(o.matvec(w, at)), w)), u);

/** Reads every kernel of a part through its spectral norm. */
const readsNormalised =
  ({ iterations = 1, coefficient = 1, ceiling = false }: SpectrallyNormalisedOptions) =>
  (scope: Sc.Scope): Sc.Scope =>
    Sc.readingBy(scope, (leaf) => {
      const original = leaf.op === 'stopGradient' ? leaf.inputs[0] : leaf;
      if (original.op !== 'parameter' || original.attributes.kind !== 'kernel' || leaf.shape.length < 2) return leaf;
      const w = matrixOf(leaf);
      const fixed = o.stopGradient(w);
      const first = matrixOf(original);
      const initial = map((e: Expr) => iterated(first, unit(e), STARTING))(normal([w.shape[1]]));
      const { now, become } = buffer('u', { initial })({ ...scope, path: original.attributes.name });
      const u = scope.training === true ? iterated(fixed, now, iterations - 1) : now;
      const v = o.stopGradient(unit(o.matvec(fixed, u)));
      const next = scope.training === true ? o.stopGradient(unit(o.vecmat(v, fixed))) : u;
      const norm = o.dot(v, o.matvec(w, next));
      const over = o.div(norm, coefficient);
      return become(next, o.div(leaf, ceiling ? o.max(1, over) : over));
    });

const normalisedSpectrally = <L extends Network | NetworkLayer>(
  layer: L,
  options: SpectrallyNormalisedOptions = {},
): L => {
  const { iterations = 1, coefficient = 1, ceiling = false } = options;
  if (!Number.isInteger(iterations) || iterations < 1)
    raise('ArgumentError', 'spectrallyNormalised', 'power iteration needs one or more steps', { got: `${iterations}` });
  if (!(coefficient > 0 && Number.isFinite(coefficient)))
    raise('ArgumentError', 'spectrallyNormalised', 'the coefficient must be a positive number', {
      got: `${coefficient}`,
    });
  const inside = readsNormalised({ iterations, coefficient, ceiling });
  const normalised =
    <A>(part: Sc.Scoped<A>): Sc.Scoped<A> =>
    (scope) =>
      part(inside(scope));
  const { spec, apply, given } = layer as Partial<Network>;
  const network = {
    spec: {
      type: 'spectrallyNormalised',
      layer: spec ?? opaque('layer', 'a function'),
      iterations,
      coefficient,
      ceiling,
    },
    ...(apply === undefined ? {} : { apply: (x: Expr, output: Shape) => normalised(apply(x, output)) }),
    ...(given === undefined ? {} : { given: (c: AnyContext) => normalisedSpectrally(given(c), options) }),
  };
  const called = (x: Expr): Sc.Scoped<Expr> => normalised((layer as NetworkLayer)(x));
  const made = (typeof layer === 'function' ? Object.assign(called, network) : network) as Network | NetworkLayer;
  return made as L;
};

const fieldsOf = <A>(layer: t.Type<A, unknown>) => ({
  takes: ['layer'] as const,
  required: { layer },
  optional: { iterations: positiveInteger, coefficient: positiveNumber, ceiling: boolean },
});

const normalisedNetwork = define(
  networkKind,
  {
    type: 'spectrallyNormalised',
    about: 'A network whose kernels are divided by their largest singular values.',
    ...fieldsOf(nested(networkKind)),
    build: ({ layer, ...options }): Network => normalisedSpectrally(layer, options),
    examples: [
      { layer: { type: 'mlp', hidden: [4], zeroLast: false }, iterations: 2, coefficient: 0.9, ceiling: true },
    ],
  },
  normalisedSpectrally,
);

/**
 * A layer or a network whose kernels W are read as c W / σ̂, σ̂ the largest singular value of W by power iteration (spectral normalisation, Miyato et al.
 * 2018, arXiv:1802.05957): with activations of slope 1 at most it is then c^depth-Lipschitz, up to the error of σ̂. Each parameter of
 * kind `kernel`, of two axes or more, has a buffer `u [out]` under its name, which moves by `iterations` steps v = W u / |W u|, u ← vᵀW / |vᵀW| in each move that reads it; u and v are constants to
 * the derivative of σ̂ = vᵀ W u. Where the model is used, σ̂ = |W u| with u as training left it. At the start u is a normal draw after 15 steps. Kernels of
 * convolutions, `[k, k, in, out]` or `[out, in, k, k]`, count as matrices of all inputs × outputs, as in the paper: a proxy of the convolution's own norm.
 * `ceiling` divides by max(1, σ̂ / c) instead (residual flows: Behrmann et al. 2019, arXiv:1811.00995). Biases are unchanged.
 * Reading it on real and on generated events in one loss is fine; inside a loop it is not. Cost: 2 products of W and a vector an iteration, once a batch.
 * Throws `ArgumentError` where c is not positive or the iterations are not a positive integer.
 *
 * @example
 * const layer = spectrallyNormalised(dense(64));
 * const network = spectrallyNormalised(mlp([64, 64], { zeroLast: false }), { coefficient: 0.9, ceiling: true });
 */
export const spectrallyNormalised = define(
  networkPartKind,
  {
    type: 'spectrallyNormalised',
    about: 'A layer whose kernels are divided by their largest singular value.',
    ...fieldsOf(nested(networkPartKind)),
    build: ({ layer, ...options }): NetworkPart => normalisedSpectrally(layer as NetworkLayer & NetworkPart, options),
    examples: [{ layer: { type: 'dense', outputs: 3 }, iterations: 2, coefficient: 0.9, ceiling: true }],
  },
  normalisedNetwork,
);
