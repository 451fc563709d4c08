/** Estimates of log p(x) of one event, for evaluation: by importance sampling, and by posterior samples. */

import { pipe } from 'fp-ts/lib/function.js';
import { demand } from '../../algebra/demand.ts';
import { type AnyDist, type Dist, distribution } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import { positiveInteger } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import type { Expr } from '../../core/expr.ts';
import { knownOptions } from '../../core/known-options.ts';
import * as o from '../../core/ops/index.ts';
import type { Shape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { multivariateNormal } from '../../distributions/multivariate-normal.ts';
import { importanceWeightedDensity } from '../importance-weighted.ts';
import { type ChainOptions, posteriorChain } from './posterior-chain.ts';
import { draws, logMean, sampleCount } from './samples.ts';

/** An estimate of log p(x) with what is known about its error. */
export interface MarginalEstimate {
  /** In nats. Importance sampling is below log p(x) in the mean, the estimate from posterior samples above it. */
  readonly logDensity: Expr;
  /** Standard error of `logDensity` in nats, by the delta method from the spread of the weights; only as good as the weights are many. */
  readonly standardError: Expr;
  /** (Σw)² / Σw², how many of the samples count. */
  readonly effectiveSamples: Expr;
}

const summary = (logWeights: Expr): Pick<MarginalEstimate, 'standardError' | 'effectiveSamples'> => {
  const k = logWeights.shape[0];
  const share = o.softmax(logWeights, 0);
  const squares = o.sum(o.square(share));
  return {
    // Var(w̄)/w̄² = (k Σ w̃² − 1)/(k − 1)
    standardError: o.sqrt(o.max(0, o.div(o.sub(o.mul(k, squares), 1), Math.max(1, k - 1)))),
    effectiveSamples: o.div(1, squares),
  };
};

/**
 * log p(x) by importance sampling from the posterior q (Rezende, Mohamed & Wierstra 2014, appendix E): log (1/k) Σ p(x, zᵢ)/q(zᵢ | x), with its standard
 * error. Below log p(x) in the mean, and consistent as k grows; k draws are one vectorised pass.
 * Throws `ArgumentError` where k is below 2.
 *
 * @example
 * const estimate = (x: Expr) => importanceSampling(100)(vae([2]))(x);
 */
export const importanceSampling = (k: number): ((dist: AnyDist) => (x: Expr) => D.Draw<MarginalEstimate>) => {
  sampleCount('importanceSampling', k, 2);
  return (dist) => (x) =>
    pipe(
      draws(k, D.map((l: Expr): readonly Expr[] => [l])(dist.logDensity(x))),
      D.map(([logWeights]) => ({ logDensity: logMean(logWeights), ...summary(logWeights) })),
    );
};

/**
 * The same distribution with its log-density bounded by k importance-weighted samples: evaluating it gives the IWAE-k number. Parameters keep their names,
 * so a checkpoint of the distribution serves. Its `sampleAndLogDensity` draws independent noise.
 *
 * @example
 * const tighter = tightened(50)(vae([2]));   // evaluate(run(tighter, parameters, backend), data)
 */
export const tightened = define(
  distributionKind,
  {
    type: 'tightened',
    about: 'A bound tightened by k samples.',
    takes: ['samples'],
    required: { samples: positiveInteger, dist: nested(distributionKind) },
    build: ({ samples, dist }): AnyDist => tightened(samples)(dist as never),
    examples: [
      {
        samples: 3,
        dist: {
          type: 'pushforward',
          transport: {
            type: 'stochastic',
            encoder: { type: 'parametrised', family: 'normal', context: [2], event: [1] },
            decoder: { type: 'parametrised', family: 'normal', context: [1], event: [2] },
          },
          base: { type: 'standardNormal', shape: [1] },
        },
      },
    ],
  },
  (
    k: number,
  ): (<S extends Shape>(dist: Dist<S, { readonly lowerBound: true } & Samples>) => Dist<S, Bound & Samples>) => {
    sampleCount('tightened', k);
    return (dist) => {
      const plain: AnyDist = demand('tightened', dist, 'lowerBound');
      return distribution({
        shape: plain.shape,
        spec: { type: 'tightened', samples: k, dist: plain.spec },
        evidence: plain.evidence,
        logDensity: importanceWeightedDensity(k, plain),
        sample: plain.sample,
      }) as never;
    };
  },
);

/** Options of {@link posteriorSampling}. */
export interface PosteriorSamplingOptions extends ChainOptions {
  /** L, posterior samples to fit q to, and as many new ones for the estimate. */
  readonly samples: number;
  /** Transitions before the first sample is kept; default 50. */
  readonly warmUp?: number;
  /** The density q(z) from posterior samples `[L, D]`; default a normal distribution with their mean and covariance. */
  readonly density?: (samples: Expr) => AnyDist;
}

/** N(m, S) with the moments of rows `[L, D]`, its diagonal widened a little so that it is regular. */
const fitted = (rows: Expr): AnyDist => {
  const [n, d] = rows.shape;
  const mean = o.mean(rows, 0);
  const centred = o.sub(rows, o.broadcastTo(mean, rows.shape));
  const covariance = o.div(o.matmul(o.transpose(centred), centred), n);
  return multivariateNormal({
    loc: mean,
    scaleTril: o.cholesky(o.add(covariance, o.mul(1e-9, o.eye(d)))),
  });
};

/**
 * log p(x) from posterior samples (Kingma & Welling 2014, appendix D): L samples of p(z | x) by HMC, a distribution q fitted to them, L new samples, and
 *
 *     p(x) ≈ [ (1/L) Σ q(zᵢ) / p(x, zᵢ) ]⁻¹
 *
 * with no variance where q is the posterior. Reliable below five latent dimensions, as the paper says. `transitions` lie between two samples (thinning).
 * The chain's samples are correlated: the standard error counts them as if they were not. Throws `ArgumentError` where there are fewer than 2.
 *
 * @example
 * const estimate = (x: Expr) => posteriorSampling({ samples: 20, stepSize: 0.2, warmUp: 10 })(vae([2]))(x);
 */
export const posteriorSampling = (
  options: PosteriorSamplingOptions,
): ((dist: AnyDist) => (x: Expr) => D.Draw<MarginalEstimate>) => {
  const {
    samples,
    warmUp = 50,
    transitions = 1,
    density = fitted,
    ...chainOptions
  } = knownOptions('posteriorSampling', options, {
    stepSize: true,
    leapfrogSteps: true,
    transitions: true,
    samples: true,
    warmUp: true,
    density: true,
  });
  sampleCount('posteriorSampling', samples, 2);
  const half = samples * transitions;
  return (dist) => (x) =>
    pipe(
      posteriorChain(dist, chainOptions)(x),
      D.chain((chain) =>
        pipe(
          chain.run(warmUp + 2 * half),
          D.chain(({ positions }) => {
            const kept = (from: number): Expr => {
              const rows = o.sliceAxis(positions, 0, from, from + half);
              const d = rows.shape[1];
              const groups = o.reshape(rows, [samples, transitions, d]);
              return o.reshape(o.sliceAxis(groups, 1, transitions - 1, transitions), [samples, d]);
            };
            const q = density(kept(warmUp));
            return D.vmapDraw(
              (z) => D.map((l: Expr): readonly Expr[] => [o.sub(l, chain.logJoint(z))])(q.logDensity(z)),
              { axis: 'samples' },
            )(kept(warmUp + half));
          }),
          D.map(([ratios]) => ({ logDensity: o.neg(logMean(ratios)), ...summary(ratios) })),
        ),
      ),
    );
};
