/**
 * The gate of estimators: one place decides whether a distribution's number can be used as an estimator wants to. Types decide by the same table (`grants`), so
 * what compiles, what JSON may say and what the command line takes are one thing.
 */
import { raise } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import type { AnyDist } from './dist.ts';
import { type Evidence, evidences, grants, type Use } from './evidence.ts';

/** What a distribution lacks, and what it has instead. */
const lacks: { readonly [U in Use | 'samples']: string } = {
  exactLogDensity: 'the distribution has no exact log-density; elbo takes one that is bounded',
  lowerBound: 'the distribution has no bound whose samples average',
  meanBound: 'the distribution has no bound',
  unbiasedLogDensity: 'the distribution has no unbiased estimate of its log-density',
  unnormalisedLogDensity: 'the distribution is not known up to a constant',
  estimatedLogDensity: 'the distribution has no estimate of its constant',
  samples: 'a distribution known up to a constant has no sampler: run a Markov kernel on it (sampledBy)',
};

/** Whether the number of a distribution of that evidence can be used so. */
export const granted = (evidence: Evidence, use: Use): boolean => (grants[evidence] as readonly Use[]).includes(use);

/**
 * Whether a distribution gives what is wanted of it: a use of its number, or samples.
 *
 * @example
 * gives(standardNormal([2]), 'exactLogDensity');   // true
 */
export const gives = (dist: AnyDist, use: Use | 'samples'): boolean =>
  use === 'samples' ? dist.unsampled !== true : granted(dist.evidence, use);

/**
 * The distribution, where it gives what an estimator wants of it. Throws `ArgumentError` with a sentence otherwise: what the compiler says of a program, said of
 * declarations whose types were lost (JSON, the command line).
 *
 * @example
 * demand('maximumLikelihood', standardNormal([2]), 'exactLogDensity');
 */
export const demand = <S extends Shape>(
  estimator: string,
  dist: AnyDist & { readonly shape: Shape },
  ...uses: readonly (Use | 'samples')[]
): AnyDist & { readonly shape: S } => {
  const missing = uses.find((use) => !gives(dist, use));
  return missing === undefined
    ? (dist as AnyDist & { readonly shape: S })
    : raise('ArgumentError', estimator, lacks[missing], {
        expected:
          missing === 'samples'
            ? 'a distribution that can be sampled'
            : `a log-density that is ${evidences.filter((e) => granted(e, missing)).join(' or ')}`,
        got: missing === 'samples' ? dist.spec.type : `${dist.spec.type}, whose log-density is ${dist.evidence}`,
      });
};
