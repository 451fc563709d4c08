/** What estimators share: several draws of one event's trace, weights of importance sampling, and losses whose value and gradient are defined separately. */

import { demand } from '../../algebra/demand.ts';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Evidence } from '../../algebra/evidence.ts';
import type { Spec } from '../../algebra/spec.ts';
import { type Reading, type Trace, trace } from '../../algebra/trace.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import type { Shape } from '../../core/shape.ts';
import type { Objective } from '../objective.ts';

/** Throws `ArgumentError` where a number of samples is not one from `least`. */
export const sampleCount = (estimator: string, k: number, least = 1): number =>
  Number.isInteger(k) && k >= least
    ? k
    : raise('ArgumentError', estimator, 'the number of samples is too small or no integer', {
        expected: `an integer from ${least}`,
        got: `${k}`,
      });

/** k independent draws of some scalars, each `[k]`: parameters shared, noise of their own. */
export const draws = (k: number, part: D.Draw<readonly Expr[]>): D.Draw<readonly Expr[]> =>
  D.vmapDraw(() => part, { size: k, axis: 'samples' })();

/** k draws of what is read off a trace, each `[k]`. Two readings with `sameNoise` see the same draws. */
export const traced =
  (
    dist: AnyDist,
    k: number,
    reading: Reading,
    read: (t: Trace) => readonly Expr[],
  ): ((x: Expr) => D.Draw<readonly Expr[]>) =>
  (x) =>
    draws(k, D.map(read)(trace(dist, reading)(x)));

/** Both parts, from one cursor: they draw the same noise where they draw alike. */
export const sameNoise =
  <A, B>(a: D.Draw<A>, b: D.Draw<B>): D.Draw<readonly [A, B]> =>
  (scope) =>
  (cursor) => {
    const [first, next] = a(scope)(cursor);
    return [[first, b(scope)(cursor)[0]], next];
  };

/** log (1/k) Σ wᵢ of log-weights `[k]`. */
export const logMean = (logWeights: Expr): Expr => o.sub(o.logSumExp(logWeights), Math.log(logWeights.shape[0]));

/** wᵢ / Σ w of log-weights `[k]`, constants to every derivative. */
export const normalised = (logWeights: Expr): Expr => o.stopGradient(o.softmax(logWeights, 0));

/** The value of one expression with the gradient of another. */
export const valueWithGradientOf = (value: Expr, surrogate: Expr): Expr =>
  o.add(o.stopGradient(value), o.sub(surrogate, o.stopGradient(surrogate)));

/** log p(x, u) of a trace: log w with log q taken back. */
export const logJointOf = (t: Trace): Expr => o.add(t.logDensity, logPosteriorOf(t));

/** log q(u | x) of a trace: all that was inferred. */
export const logPosteriorOf = (t: Trace): Expr =>
  t.sites.length === 0 ? o.scalar(0) : o.addAll(t.sites.map((s) => s.logPosterior));

/**
 * An objective of a distribution: minus a bound. `use` is what the estimator wants of the distribution's number: a bound in the mean where single samples are averaged, one whose
 * exponential is a weight where samples are averaged inside the logarithm.
 */
export const ofBound = <S extends Shape>(
  dist: Dist<S, unknown>,
  use: 'lowerBound' | 'meanBound',
  { type, ...settings }: Spec,
  bound: (dist: AnyDist, x: Expr) => D.Draw<Expr>,
  evidence?: Evidence,
): Objective<S> => {
  const plain = demand<S>(type, dist, use);
  return {
    shape: plain.shape,
    spec: { type, ...settings, dist: plain.spec },
    evidence: evidence ?? plain.evidence,
    loss: (x) => D.map(o.neg)(bound(plain, x)),
  };
};
