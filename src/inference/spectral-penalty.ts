import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { knownOptions } from '../core/known-options.ts';
import * as o from '../core/ops/index.ts';
import { parametersOf } from '../core/program.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import type { Objective } from './objective.ts';

/** Options of {@link spectralPenalty}. */
export interface SpectralPenaltyOptions {
  /** λ, nats per unit of norm. */
  readonly weight: number;
  /** Steps of power iteration; default 4. */
  readonly iterations?: number;
}

/** A kernel `[…, in, out]` as a matrix: everything that is not an output is an input. */
const matrixOf = (kernel: Expr): Expr => {
  const outputs = kernel.shape[kernel.shape.length - 1];
  return o.reshape(kernel, [sizeOf(kernel.shape) / outputs, outputs]);
};

const unit = (v: Expr): Expr => o.div(v, o.add(o.sqrt(o.sum(o.square(v))), 1e-12));

/**
 * The largest singular value of a matrix `[m, n]` by power iteration from a fixed vector: σ = uᵀ W v with u, v constants to the derivative, which is then u vᵀ,
 * that of σ (Miyato et al. 2018, arXiv:1802.05957). Never above σ; below it by a factor of (σ₂/σ₁)^(4 iterations) at most in generic position.
 * Cost: 2 products of W and a vector an iteration.
 *
 * @example
 * spectralNorm(ops.constant([3, 0, 0, 1], [2, 2]), 8);   // 3
 */
export const spectralNorm = (w: Expr, iterations = 4): Expr => {
  const [, n] = w.shape;
  const fixed = o.stopGradient(w);
  const start = unit(o.constant(Float64Array.from({ length: n }, (_, i) => 1 + 0.5 * Math.cos(2.4 * i))));
  const step = (v: Expr): Expr => unit(o.vecmat(unit(o.matvec(fixed, v)), fixed));
  const v = Array.from({ length: iterations }).reduce<Expr>((x) => step(x), start);
  const u = unit(o.matvec(fixed, v));
  return o.dot(o.stopGradient(u), o.matvec(w, o.stopGradient(v)));
};

/**
 * Spectral regularisation (Vahdat & Kautz 2020, arXiv:2007.03898, §3.2, after Yoshida & Miyato 2017): an objective plus λ Σ σ_max(W) over the kernels of every
 * network in it (parameters of the kind `kernel`, of two axes or more), so that small changes of data or codes cannot move the divergences far. −loss is a bound
 * still. Throws `ArgumentError` where λ is negative or the iterations no positive integer.
 *
 * @example
 * const objective = spectralPenalty({ weight: 0.01 })(elbo(vae([2])));
 */
export const spectralPenalty = (options: SpectralPenaltyOptions) => {
  const { weight, iterations = 4 } = knownOptions('spectralPenalty', options, { weight: true, iterations: true });
  if (!(weight >= 0) || !Number.isInteger(iterations) || iterations < 1)
    raise('ArgumentError', 'spectralPenalty', 'λ is not negative, and iterations are counted from 1', {
      got: `λ = ${weight}, ${iterations} iterations`,
    });
  return <S extends Shape>(objective: Objective<S>): Objective<S> => ({
    ...objective,
    spec: { type: 'spectralPenalty', weight, iterations, objective: objective.spec },
    evidence: objective.evidence === 'exact' ? 'bound' : objective.evidence,
    loss: (x) =>
      D.map((loss: Expr) => {
        const kernels = parametersOf([loss]).filter((p) => p.attributes.kind === 'kernel' && p.shape.length >= 2);
        return o.addAll([loss, ...kernels.map((k) => o.mul(weight, spectralNorm(matrixOf(k), iterations)))]);
      })(objective.loss(x)),
  });
};
