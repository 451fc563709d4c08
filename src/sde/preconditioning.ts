/** Preconditioning: how a network is scaled, so that its inputs and targets have about unit variance at every time. */

import type { Spec } from '../algebra/spec.ts';
import { positiveNumber } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Prediction } from './denoiser.ts';
import { preconditioningKind } from './kinds.ts';
import type { Process } from './process.ts';

/** The scalars of one time: prediction = skip · x + out · net(in · x, noise). */
export interface Scalings {
  /** Absent where nothing is skipped. */
  readonly skip?: Expr;
  readonly out: Expr;
  readonly in: Expr;
  /** The coordinate of noise that the network sees. */
  readonly noise: Expr;
}

/** A way to scale networks. */
export interface Preconditioning {
  readonly spec: Spec;
  readonly scalings: (prediction: Prediction, process: Process) => (t: Expr) => Scalings;
}

/** α below this counts as this in the coordinate of noise, so that it stays finite where no signal is left. */
const LEAST_SIGNAL = 1e-4;

/**
 * The noise coordinate that networks read, c = ¼ log(σ/α), elementwise: between about −2 and 2 (Karras et al. 2022, arXiv:2206.00364, table 1). α is at least
 * 1e-4 in it, so that it is finite where no signal is left.
 *
 * @example
 * value(noiseCoordinate(ops.scalar(1), ops.scalar(1)));   // 0
 */
export const noiseCoordinate = (alpha: Expr, sigma: Expr): Expr =>
  o.mul(0.25, o.log(o.div(sigma, o.max(alpha, LEAST_SIGNAL))));

/**
 * The scalings that give inputs and targets of a network unit variance for every kind of prediction and every process, for data of standard deviation σ_d. With
 * S = σ² + α²σ_d²: c_in = 1/√S and c_noise = ¼ log(σ/α). Data: c_skip = ασ_d²/S and c_out = σσ_d/√S (EDM's, Karras et al. 2022, arXiv:2206.00364, table 1, here
 * in x rather than x/α); noise: c_out = 1; score: c_out = 1/σ; velocity: c_out = √(α² + σ²σ_d²). All are scalars.
 *
 * @example
 * standard({ sigmaData: 0.5 }).scalings('data', edm())(ops.scalar(1));
 */
export const standard = define(
  preconditioningKind,
  {
    type: 'standard',
    about: 'Inputs and outputs of unit variance.',
    optional: { sigmaData: positiveNumber },
    examples: [{ sigmaData: 0.5 }],
  },
  ({ sigmaData = 1 }: { readonly sigmaData?: number } = {}): Preconditioning => ({
    spec: { type: 'standard', sigmaData },
    scalings: (prediction, process) => (t) => {
      const [a, s] = [process.alpha(t), process.sigma(t)];
      const variance = o.add(o.square(s), o.mul(sigmaData * sigmaData, o.square(a)));
      const shared = { in: o.div(1, o.sqrt(variance)), noise: noiseCoordinate(a, s) };
      switch (prediction) {
        case 'noise':
          return { ...shared, out: o.scalar(1) };
        case 'score':
          return { ...shared, out: o.div(1, s) };
        case 'velocity':
          return { ...shared, out: o.sqrt(o.add(o.square(a), o.mul(sigmaData * sigmaData, o.square(s)))) };
        case 'data':
          return {
            ...shared,
            skip: o.div(o.mul(sigmaData * sigmaData, a), variance),
            out: o.div(o.mul(sigmaData, s), o.sqrt(variance)),
          };
      }
    },
  }),
);

/**
 * No scaling: the network reads x and the time as a fraction of the span multiplied by `times` (999 for DDPM and score-SDE), and its output is the prediction;
 * a score is divided by σ, as NCSNv2 and score-SDE do (Song & Ermon 2020, arXiv:2006.09011; Song et al. 2021, arXiv:2011.13456).
 *
 * @example
 * unscaled({ times: 999 }).scalings('noise', vp())(ops.scalar(0.5)).noise;
 */
export const unscaled = define(
  preconditioningKind,
  {
    type: 'unscaled',
    about: 'The network sees events as they are.',
    optional: { times: positiveNumber },
    examples: [{ times: 10 }],
  },
  ({ times = 999 }: { readonly times?: number } = {}): Preconditioning => ({
    spec: { type: 'unscaled', times },
    scalings: (prediction, process) => (t) => ({
      in: o.scalar(1),
      out: prediction === 'score' ? o.div(1, process.sigma(t)) : o.scalar(1),
      noise: o.mul(times / process.span.end, t),
    }),
  }),
);
