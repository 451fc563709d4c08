/**
 * Weightings of denoising losses over time. Noise, data and velocity losses differ by a known factor, so a weighting is ONE choice whatever the network
 * predicts: ‖ε̂ − ε‖² = SNR ‖x̂₀ − x₀‖², SNR = α²/σ².
 */

import type { Spec } from '../algebra/spec.ts';
import { positiveNumber } from '../core/codec.ts';
import { type Defined, define, defineValue } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { weightingKind } from './kinds.ts';
import type { OfTime, Process } from './process.ts';

/** A weight of the loss at each time, for both forms of that loss. */
export interface Weighting {
  readonly spec: Spec;
  /** The factor of ‖ε̂ − ε‖². */
  readonly noise: (process: Process) => OfTime;
  /** The factor of ‖x̂₀ − x₀‖²: SNR times that of the noise, finite where no signal is left. */
  readonly data: (process: Process) => OfTime;
}

const snr = (process: Process, t: Expr): Expr => o.square(o.div(process.alpha(t), process.sigma(t)));
const every =
  (f: (snr: Expr) => Expr): Weighting['noise'] =>
  (process) =>
  (t) =>
    f(snr(process, t));

/**
 * Weight 1 for the noise loss ‖ε̂ − ε‖², which is SNR for the data loss and σ² for the score loss: L_simple of Ho et al. 2020 (arXiv:2006.11239). The weights
 * are elementwise functions of time.
 *
 * @example
 * value(simpleWeighting.noise(vp())(ops.constant([0.1, 0.9])));   // [1, 1]
 */
export const simpleWeighting: Weighting & Defined = defineValue(
  weightingKind,
  { type: 'simpleWeighting', about: 'Every noise level counts alike.', examples: [{}] },
  {
    spec: { type: 'simpleWeighting' },
    noise: every((r) => o.broadcastTo(1, r.shape)),
    data: every((r) => r),
  },
);

/**
 * Weight g²/σ² for the noise loss ‖ε̂ − ε‖², which is g² for the score loss: half the loss is the bound on the negative log-likelihood, in nats up to a
 * constant, of Song, Durkan, Murray & Ermon 2021 (arXiv:2101.09258). The weights are elementwise functions of time.
 *
 * @example
 * likelihoodWeighting.noise(vp())(ops.constant([0.1, 0.9]));
 */
export const likelihoodWeighting: Weighting & Defined = defineValue(
  weightingKind,
  { type: 'likelihoodWeighting', about: 'Noise levels count as they do in the likelihood.', examples: [{}] },
  {
    spec: { type: 'likelihoodWeighting' },
    noise: (process) => (t) => o.div(process.diffusion2(t), o.square(process.sigma(t))),
    data: (process) => (t) =>
      o.div(o.mul(process.diffusion2(t), o.square(process.alpha(t))), o.square(o.square(process.sigma(t)))),
  },
);

/**
 * Weight SNR + 1/σ_d² for the data loss ‖x̂₀ − x₀‖², which is (σ² + σ_d²)/(σ σ_d)² in EDM's σ and unit weight for the loss of the network itself (Karras et al.
 * 2022, arXiv:2206.00364, table 1). The weights are elementwise functions of time.
 *
 * @example
 * value(edmWeighting({ sigmaData: 0.5 }).data(edm())(ops.scalar(1)));   // 5
 */
export const edmWeighting = define(
  weightingKind,
  {
    type: 'edmWeighting',
    about: 'The weights of EDM.',
    optional: { sigmaData: positiveNumber },
    examples: [{ sigmaData: 0.5 }],
  },
  ({ sigmaData = 1 }: { readonly sigmaData?: number } = {}): Weighting => ({
    spec: { type: 'edmWeighting', sigmaData },
    noise: every((r) => o.add(1, o.div(1 / (sigmaData * sigmaData), r))),
    data: every((r) => o.add(r, 1 / (sigmaData * sigmaData))),
  }),
);

/**
 * Weight min(SNR, γ) for the data loss ‖x̂₀ − x₀‖², γ = 5 by default (Hang et al. 2023, arXiv:2303.09556). The weights are elementwise functions of time.
 *
 * @example
 * minSnrWeighting({ gamma: 5 }).data(vp())(ops.constant([0.1, 0.9]));
 */
export const minSnrWeighting = define(
  weightingKind,
  {
    type: 'minSnrWeighting',
    about: 'Weights cut off where there is little noise.',
    optional: { gamma: positiveNumber },
    examples: [{ gamma: 3 }],
  },
  ({ gamma = 5 }: { readonly gamma?: number } = {}): Weighting => ({
    spec: { type: 'minSnrWeighting', gamma },
    noise: every((r) => o.min(o.div(gamma, r), 1)),
    data: every((r) => o.min(r, gamma)),
  }),
);
