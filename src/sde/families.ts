/** The processes of the literature in closed form. */

import type { Spec } from '../algebra/spec.ts';
import { nonNegative, positiveNumber } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { processKind } from './kinds.ts';
import { type OfTime, type Process, process } from './process.ts';

/** A rate of noise β(t) with its integral B(t) = ∫₀ᵗ β and the inverse of that. */
export interface Rate {
  readonly rate: OfTime;
  readonly integral: OfTime;
  readonly timeOf: (integral: Expr) => Expr;
}

const needs = (owner: string, rule: string, holds: boolean, got: string): void => {
  if (!holds) raise('ArgumentError', owner, 'the constants do not fit each other', { expected: rule, got });
};

/**
 * The variance-preserving process of any noise rate β(t) with integral B(t): α = e^{−B/2}, σ² = 1 − e^{−B} (by expm1, which loses no digits near 0), drift a =
 * −β/2, g² = β, log-SNR λ = −log(e^B − 1). `timeOf` is the inverse of B. The prior is N(0, I). Throws `ArgumentError` where the span is empty. Source: Song et
 * al. 2021, arXiv:2011.13456.
 *
 * @example
 * variancePreserving(opaque('constantRate', 'an example'), { start: 1e-3, end: 1 }, {
 *   rate: (t) => ops.broadcastTo(5, t.shape),
 *   integral: (t) => ops.mul(5, t),
 *   timeOf: (b) => ops.mul(0.2, b),
 * });
 */
export const variancePreserving = (
  spec: Spec,
  span: Process['span'],
  { rate, integral, timeOf }: Rate,
): Process<'signal'> =>
  process({
    spec,
    span,
    terminal: 'signal',
    alpha: (t) => o.exp(o.mul(-0.5, integral(t))),
    sigma: (t) => o.sqrt(o.neg(o.expm1(o.neg(integral(t))))),
    drift: (t) => o.mul(-0.5, rate(t)),
    diffusion2: rate,
    logSnr: (t) => {
      const b = integral(t);
      return o.neg(o.add(b, o.log(o.neg(o.expm1(o.neg(b))))));
    },
    timeAt: (logSnr) => timeOf(o.softplus(o.neg(logSnr))),
    priorScale: 1,
  });

/** β(t) = β₀ + t (β₁ − β₀) on [0, 1]; t of B = 2B / (β₀ + √(β₀² + 2 (β₁ − β₀) B)). */
const linearRate = (betaMin: number, betaMax: number): Rate => ({
  rate: (t) => o.add(betaMin, o.mul(betaMax - betaMin, t)),
  integral: (t) => o.mul(t, o.add(betaMin, o.mul(0.5 * (betaMax - betaMin), t))),
  timeOf: (b) =>
    o.div(o.mul(2, b), o.add(betaMin, o.sqrt(o.max(o.add(betaMin * betaMin, o.mul(2 * (betaMax - betaMin), b)), 0)))),
});

/** Constants of {@link vp} and {@link subVp}. */
export interface VpOptions {
  /** β(0); default 0.1. */
  readonly betaMin?: number;
  /** β(1); default 20. */
  readonly betaMax?: number;
  /** The smallest time used; default 1e-3. */
  readonly start?: number;
}

const vpOptions = (owner: string, { betaMin = 0.1, betaMax = 20, start = 1e-3 }: VpOptions): Required<VpOptions> => {
  needs(owner, '0 < betaMin ≤ betaMax', betaMin > 0 && betaMin <= betaMax, `${betaMin}, ${betaMax}`);
  return { betaMin, betaMax, start };
};

/**
 * The variance-preserving SDE dx = −½ β(t) x dt + √β(t) dw on [0, 1] with β(t) = β₀ + t (β₁ − β₀): α = e^{−B/2}, σ² = 1 − e^{−B}, B = ∫₀ᵗ β. The prior is N(0,
 * I); it suits data of about unit variance (images on [−1, 1]). Throws `ArgumentError` unless 0 < betaMin ≤ betaMax. Source: Song et al. 2021,
 * arXiv:2011.13456, appendices B and C.
 *
 * @example
 * value(vp().alpha(ops.scalar(0.5)));   // 0.281
 */
export const vp = define(
  processKind,
  {
    type: 'vp',
    about: 'The variance-preserving process.',
    optional: { betaMin: positiveNumber, betaMax: positiveNumber, start: nonNegative },
    examples: [{}, { betaMin: 0.2, betaMax: 10, start: 1e-3 }],
  },
  (options: VpOptions = {}): Process<'signal'> => {
    const c = vpOptions('vp', options);
    return variancePreserving({ type: 'vp', ...c }, { start: c.start, end: 1 }, linearRate(c.betaMin, c.betaMax));
  },
);

/**
 * The sub-VP SDE dx = −½ β x dt + √(β (1 − e^{−2B})) dw on [0, 1]: α = e^{−B/2}, σ = 1 − e^{−B} (a standard deviation), with β and B as in {@link vp}. Its
 * variance is never above that of VP. The prior is N(0, I). Throws `ArgumentError` unless 0 < betaMin ≤ betaMax. Source: Song et al. 2021, arXiv:2011.13456,
 * appendices B and C.
 *
 * @example
 * value(subVp().sigma(ops.scalar(0.5)));   // 0.921
 */
export const subVp = define(
  processKind,
  {
    type: 'subVp',
    about: 'The process whose variance stays below that of VP.',
    optional: { betaMin: positiveNumber, betaMax: positiveNumber, start: nonNegative },
    examples: [{}, { betaMin: 0.2, betaMax: 10, start: 1e-3 }],
  },
  (options: VpOptions = {}): Process<'signal'> => {
    const { betaMin, betaMax, start } = vpOptions('subVp', options);
    const { rate, integral, timeOf } = linearRate(betaMin, betaMax);
    const sigma: OfTime = (t) => o.neg(o.expm1(o.neg(integral(t))));
    return process({
      spec: { type: 'subVp', betaMin, betaMax, start },
      span: { start, end: 1 },
      terminal: 'signal',
      alpha: (t) => o.exp(o.mul(-0.5, integral(t))),
      sigma,
      drift: (t) => o.mul(-0.5, rate(t)),
      diffusion2: (t) => o.neg(o.mul(rate(t), o.expm1(o.mul(-2, integral(t))))),
      logSnr: (t) => o.neg(o.add(integral(t), o.mul(2, o.log(sigma(t))))),
      // λ = −2 log(2 sinh(B/2))
      timeAt: (logSnr) => timeOf(o.mul(2, o.asinh(o.mul(0.5, o.exp(o.mul(-0.5, logSnr)))))),
      priorScale: 1,
    });
  },
);

/** Constants of {@link ve}. */
export interface VeOptions {
  /** σ(0); default 0.01. */
  readonly sigmaMin?: number;
  /** σ(1): about the largest distance between two examples; default 50. */
  readonly sigmaMax?: number;
  /** The smallest time used; default 1e-5. */
  readonly start?: number;
}

/**
 * The variance-exploding SDE on [0, 1]: α = 1, σ(t) = σ_min (σ_max/σ_min)^t, g² = 2 ln(σ_max/σ_min) σ². Its path already has σ(0)² = σ_min² at time 0
 * (`initial`). The prior is N(0, σ_max² I). Throws `ArgumentError` unless 0 < sigmaMin < sigmaMax. Source: Song et al. 2021, arXiv:2011.13456, appendices B and
 * C.
 *
 * @example
 * ve({ sigmaMax: 20 }).logSnr(ops.scalar(0.5));
 */
export const ve = define(
  processKind,
  {
    type: 've',
    about: 'The variance-exploding process.',
    optional: { sigmaMin: positiveNumber, sigmaMax: positiveNumber, start: nonNegative },
    examples: [{ sigmaMin: 0.1, sigmaMax: 9, start: 1e-4 }],
  },
  ({ sigmaMin = 0.01, sigmaMax = 50, start = 1e-5 }: VeOptions = {}): Process<'signal'> => {
    needs('ve', '0 < sigmaMin < sigmaMax', sigmaMin > 0 && sigmaMin < sigmaMax, `${sigmaMin}, ${sigmaMax}`);
    const ratio = Math.log(sigmaMax / sigmaMin);
    const logSigma: OfTime = (t) => o.add(Math.log(sigmaMin), o.mul(ratio, t));
    return process({
      spec: { type: 've', sigmaMin, sigmaMax, start },
      span: { start, end: 1 },
      terminal: 'signal',
      alpha: (t) => o.broadcastTo(1, t.shape),
      sigma: (t) => o.exp(logSigma(t)),
      drift: (t) => o.broadcastTo(0, t.shape),
      diffusion2: (t) => o.mul(2 * ratio, o.exp(o.mul(2, logSigma(t)))),
      logSnr: (t) => o.mul(-2, logSigma(t)),
      timeAt: (logSnr) => o.div(o.sub(o.mul(-0.5, logSnr), Math.log(sigmaMin)), ratio),
      initial: sigmaMin * sigmaMin,
      priorScale: sigmaMax,
    });
  },
);

/** Constants of {@link edm}. */
export interface EdmOptions {
  /** The smallest noise used; default 0.002. */
  readonly sigmaMin?: number;
  /** The largest; default 80. */
  readonly sigmaMax?: number;
}

/**
 * The process in EDM's coordinates, where time is the standard deviation of the noise: α = 1, σ(t) = t, so g² = 2t. The prior is N(0, σ_max² I). Throws
 * `ArgumentError` unless 0 < sigmaMin < sigmaMax. Source: Karras et al. 2022, arXiv:2206.00364, §3.
 *
 * @example
 * edm({ sigmaMax: 20 }).span;   // { start: 0.002, end: 20 }
 */
export const edm = define(
  processKind,
  {
    type: 'edm',
    about: 'σ(t) = t: the process of EDM.',
    optional: { sigmaMin: positiveNumber, sigmaMax: positiveNumber },
    examples: [{ sigmaMin: 0.01, sigmaMax: 20 }],
  },
  ({ sigmaMin = 0.002, sigmaMax = 80 }: EdmOptions = {}): Process<'signal'> => {
    needs('edm', '0 < sigmaMin < sigmaMax', sigmaMin > 0 && sigmaMin < sigmaMax, `${sigmaMin}, ${sigmaMax}`);
    return process({
      spec: { type: 'edm', sigmaMin, sigmaMax },
      span: { start: sigmaMin, end: sigmaMax },
      terminal: 'signal',
      alpha: (t) => o.broadcastTo(1, t.shape),
      sigma: (t) => t,
      drift: (t) => o.broadcastTo(0, t.shape),
      diffusion2: (t) => o.mul(2, t),
      logSnr: (t) => o.mul(-2, o.log(t)),
      timeAt: (logSnr) => o.exp(o.mul(-0.5, logSnr)),
      priorScale: sigmaMax,
    });
  },
);
