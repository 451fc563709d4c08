/** Weighings of KL terms: what is done to the divergences of the groups before they are subtracted. They compose in order. */
import type { Spec } from '../../algebra/spec.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { rampUp } from '../training/step-number.ts';

/** The divergence of one group of latent variables in nats, with how many numbers the group has. */
export interface KlTerm {
  readonly value: Expr;
  readonly size: number;
}

/** A transformation of the divergences of the groups. */
export interface Weighing {
  readonly spec: Spec;
  /** Whether the weighed sum is never below the divergence itself: −loss then stays a bound on log p(x). */
  readonly keepsBound: boolean;
  readonly apply: (terms: readonly KlTerm[]) => readonly KlTerm[];
}

/** min(1, t / steps) as data: KL terms are switched on over the first steps. */
export interface WarmUp {
  readonly warmUp: number;
}

const weightOf = (weight: number | WarmUp): Expr =>
  typeof weight === 'number' ? o.scalar(weight) : rampUp(weight.warmUp);

/**
 * Every divergence times β (β-VAE, Higgins et al. 2017), or times a ramp from 0 to 1 over the first steps of training: KL warm-up (Bowman et al. 2016;
 * Sønderby et al. 2016, §2.2). With β ≥ 1 −loss is still a bound. Throws `ArgumentError` where β is negative.
 *
 * @example
 * const warm = sgvb({ kl: [scaleKl({ warmUp: 1000 })] })(vae([2]));
 */
export const scaleKl = (weight: number | WarmUp): Weighing => {
  if (typeof weight === 'number' ? !(weight >= 0) : !(weight.warmUp > 0))
    raise('ArgumentError', 'scaleKl', 'the weight of a divergence is negative, or its warm-up has no steps', {
      got: JSON.stringify(weight),
    });
  return {
    spec: { type: 'scaleKl', weight: typeof weight === 'number' ? weight : { warmUp: weight.warmUp } },
    keepsBound: typeof weight === 'number' && weight >= 1,
    apply: (terms) => terms.map((t) => ({ ...t, value: o.mul(weightOf(weight), t.value) })),
  };
};

/**
 * Free bits: each group's divergence, averaged over the batch, counts as λ nats where it is less, so that it costs nothing to use that much (Kingma et al.
 * 2016, arXiv:1606.04934, appendix C.8). λ is per group. Throws `ArgumentError` where λ is negative.
 *
 * @example
 * const free = sgvb({ kl: [freeBits(0.5)] })(vae([2]));
 */
export const freeBits = (nats: number): Weighing => {
  if (!(nats >= 0)) raise('ArgumentError', 'freeBits', 'free nats are negative', { got: `${nats}` });
  return {
    spec: { type: 'freeBits', nats },
    keepsBound: true,
    apply: (terms) => terms.map((t) => ({ ...t, value: o.max(nats, o.batchMean(t.value)) })),
  };
};

/**
 * KL balancing of hierarchical models (Vahdat & Kautz 2020, arXiv:2007.03898, §3.2; Vahdat et al. 2018): group g is weighed by
 * γ_g ∝ E|KL_g| / α_g with mean 1, α_g the group's share of the numbers, constants to the gradient. A group that carries little is then cheap, so that
 * all stay in use. With `warmUp` all weights are 1 after that many steps, as in NVAE.
 *
 * @example
 * const balanced = sgvb({ kl: [balanceKl({ warmUp: 1000 }), scaleKl({ warmUp: 1000 })] })(vae([2]));
 */
export const balanceKl = (options: Partial<WarmUp> = {}): Weighing => ({
  spec: { type: 'balanceKl', ...options },
  keepsBound: false,
  apply: (terms) => {
    if (terms.length < 2) return terms;
    const smallest = Math.min(...terms.map((t) => t.size));
    // 0.01 nats more, as NVAE's code has it: a group at 0 keeps some weight.
    const raw = terms.map((t) => o.div(o.add(o.batchMean(o.abs(t.value)), 0.01), t.size / smallest));
    const mean = o.div(o.addAll(raw), terms.length);
    const { warmUp } = options;
    return terms.map((t, i) => {
      const weight = o.stopGradient(o.div(raw[i], mean));
      const settled = warmUp === undefined ? weight : o.where(o.less(rampUp(warmUp), 1), weight, 1);
      return { ...t, value: o.mul(settled, t.value) };
    });
  },
});
