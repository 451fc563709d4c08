/**
 * Objectives: what training minimises, as a function of one event, in nats. Estimators derive them from declarations and demand the
 * evidence they need: `maximumLikelihood` of a law that only has a bound is a compile error that says so.
 */
import type { Dist, Law } from '../algebra/dist.ts';
import type { Bound, Evidence } from '../algebra/evidence.ts';
import type { Spec } from '../algebra/spec.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { mul, neg } from '../core/ops/elementwise.ts';
import type { Shape } from '../core/shape.ts';

/** A loss for one event: a scalar over parameters and noise, whose mean over data (and noise) is minimised. */
export interface Objective<in out S extends Shape> {
  readonly shape: S;
  readonly spec: Spec;
  readonly loss: (x: Expr) => D.Draw<Expr>;
  /** What −loss says about log p(x): `exact` where it is log p(x) itself. */
  readonly evidence: Evidence;
}

const negativeLog = <S extends Shape>(estimator: string, law: Law & { readonly shape: S }): Objective<S> => ({
  shape: law.shape,
  spec: { type: estimator, law: law.spec },
  evidence: law.evidence,
  loss: (x) => D.map(neg)(law.logDensity(x)),
});

/**
 * Maximum likelihood: the mean of −log p(x). Needs an exact density; a law that is only bounded has `elbo` instead.
 *
 * @example
 * fit({ objective: maximumLikelihood(realNVP), data, optimizer: adam() })
 */
export const maximumLikelihood = <S extends Shape>(law: Dist<S, { readonly exactLogDensity: true }>): Objective<S> =>
  negativeLog('maximumLikelihood', law as unknown as Law & { readonly shape: S });

/**
 * The evidence lower bound: the mean of a one-sample bound on log p(x) (all Monte Carlo, SGVB-A of Kingma & Welling 2014), maximised.
 * Of an exact law it is maximum likelihood.
 */
export const elbo = <S extends Shape>(law: Dist<S, Bound>): Objective<S> =>
  negativeLog('elbo', law as unknown as Law & { readonly shape: S });

/** An objective times a number. */
export const weighted = <S extends Shape>(weight: number, objective: Objective<S>): Objective<S> => ({
  ...objective,
  spec: { type: 'weighted', weight, objective: objective.spec },
  evidence: 'none',
  loss: (x) => D.map((l: Expr) => mul(weight, l))(objective.loss(x)),
});
