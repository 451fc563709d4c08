/**
 * A Gaussian chain: a noising process observed at T + 1 times. x_k = α_k x₀ + σ_k ε for k = 0 … T, α_0 = 1 and σ_0 = 0 the data; steps are Markov,
 * x_k = a_k x_{k−1} + √b_k ε, and by Bayes' rule q(x_{k−1} | x_k, x₀) is normal with mean `fromData`·x₀ + `fromNoisy`·x_k. Everything about the chain is
 * a table of numbers in double precision; DDPM (Ho et al. 2020, eq. 6–7), its bound and its layers read them.
 */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';

/** The step between k − 1 and k. */
export interface ChainStep {
  /** a_k = α_k/α_{k−1}, the signal that q(x_k | x_{k−1}) keeps. */
  readonly keep: number;
  /** b_k = σ_k² − a_k² σ_{k−1}², the variance of q(x_k | x_{k−1}): β_k of DDPM. */
  readonly added: number;
  /** Weights of x₀ and x_k in the mean of q(x_{k−1} | x_k, x₀). */
  readonly fromData: number;
  readonly fromNoisy: number;
  /** b_k σ_{k−1}²/σ_k², the variance of q(x_{k−1} | x_k, x₀): β̃_k of DDPM, 0 at k = 1. */
  readonly posterior: number;
}

/** A Gaussian chain of T steps. */
export interface GaussianChain {
  /** T. */
  readonly steps: number;
  /** α_0 … α_T and σ_0 … σ_T: T + 1 numbers. */
  readonly alpha: readonly number[];
  readonly sigma: readonly number[];
  /** The steps 1 … T, the first at index 0. */
  readonly step: readonly ChainStep[];
}

/**
 * The chain with marginals x_k = α_k x₀ + σ_k ε, k = 1 … T, from the lists of the αs and σs; the data (α, σ) = (1, 0) come before them. Throws `ArgumentError`
 * naming the step that adds no noise: no Markov chain has such marginals.
 *
 * @example
 * gaussianChain([0.9, 0.5], [0.3, 0.9]).step[1].keep;   // 0.5/0.9
 */
export const gaussianChain = (alphas: readonly number[], sigmas: readonly number[]): GaussianChain => {
  const [alpha, sigma] = [
    [1, ...alphas],
    [0, ...sigmas],
  ];
  const step = alphas.map((a, i): ChainStep => {
    const [s, before] = [sigma[i + 1] ** 2, sigma[i] ** 2];
    const keep = a / alpha[i];
    const added = s - keep ** 2 * before;
    if (!(added > 0) || !Number.isFinite(keep))
      return raise('ArgumentError', 'gaussianChain', `step ${i + 1} adds no noise`, {
        expected: 'σ/α that grows from step to step',
        got: `(α, σ) = (${alpha[i]}, ${sigma[i]}), then (${a}, ${sigma[i + 1]})`,
      });
    return {
      keep,
      added,
      fromData: (alpha[i] * added) / s,
      fromNoisy: (keep * before) / s,
      posterior: (added * before) / s,
    };
  });
  return { steps: alphas.length, alpha, sigma, step };
};

/**
 * The variance-preserving chain of β₁ … β_T: α_k² = ᾱ_k = ∏_{i ≤ k} (1 − βᵢ), σ_k² = 1 − ᾱ_k, computed by sums of logarithms so that no digits are lost. Throws
 * `ArgumentError` where a step adds no noise. Source: Ho et al. 2020, arXiv:2006.11239.
 *
 * @example
 * variancePreservingChain(betas({ steps: 1000 })).alpha[1000] ** 2;   // 4.04e-5
 */
export const variancePreservingChain = (beta: readonly number[]): GaussianChain => {
  let total = 0;
  const logs = beta.map((b) => {
    total += Math.log1p(-b);
    return total;
  });
  return gaussianChain(
    logs.map((l) => Math.exp(0.5 * l)),
    logs.map((l) => Math.sqrt(-Math.expm1(l))),
  );
};

/**
 * A number of every step as a constant `[T]`, computed from the step and its number k = 1 … T.
 *
 * @example
 * value(tabled(variancePreservingChain([0.1, 0.2]), (s) => s.added));   // [0.1, 0.2]
 */
export const tabled = (chain: GaussianChain, f: (step: ChainStep, k: number) => number): Expr =>
  o.constant(chain.step.map((s, i) => f(s, i + 1)));

/**
 * The logarithms of the variances that reverse steps may take, `[T]` each (Ho et al. 2020, arXiv:2006.11239, §3.2): `large` b_k is optimal for standard normal
 * data, `small` b̃_k for data concentrated at one point. At the first step, where b̃₁ = 0, both take b̃₂, as the paper's code does (b₁ where T = 1).
 *
 * @example
 * value(reverseLogVariances(variancePreservingChain([0.1, 0.2])).small);
 */
export const reverseLogVariances = (chain: GaussianChain): { readonly large: Expr; readonly small: Expr } => {
  const first = chain.steps > 1 ? chain.step[1].posterior : chain.step[0].added;
  return {
    large: tabled(chain, (s, k) => Math.log(k === 1 ? first : s.added)),
    small: tabled(chain, (s, k) => Math.log(k === 1 ? first : s.posterior)),
  };
};

/**
 * KL(N(m, v) ‖ N(m + d, w)) in nats, summed over the event: ½ Σ (v/w − 1 − log(v/w) + d²/w). It takes d of the event's shape and the logarithms of v and w,
 * scalars or of the event's shape; near v = w it loses no digits.
 *
 * @example
 * value(normalKl(ops.constant([1, 0]), ops.scalar(0), ops.scalar(0)));   // 0.5
 */
export const normalKl = (distance: Expr, logV: Expr, logW: Expr): Expr => {
  const logRatio = o.sub(logV, logW);
  const excess = o.sub(o.expm1(logRatio), logRatio);
  return o.mul(0.5, o.sum(o.add(o.mul(o.square(distance), o.exp(o.neg(logW))), o.broadcastTo(excess, distance.shape))));
};
