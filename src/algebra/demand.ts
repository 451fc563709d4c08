/**
 * The gate of estimators: one place decides whether a law's number can be used as an estimator wants to. Types decide by the same table (`grants`), so
 * what compiles, what JSON may say and what the command line takes are one thing.
 */
import { raise } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import type { Law } from './dist.ts';
import { type Evidence, evidences, grants, type Use } from './evidence.ts';

/** What a law lacks, and what it has instead. */
const lacks: { readonly [U in Use | 'samples']: string } = {
  exactLogDensity: 'the law has no exact log-density; elbo takes one that is bounded',
  lowerBound: 'the law has no bound whose samples average',
  meanBound: 'the law has no bound',
  unbiasedLogDensity: 'the law has no unbiased estimate of its log-density',
  unnormalisedLogDensity: 'the law is not known up to a constant',
  estimatedLogDensity: 'the law has no estimate of its constant',
  samples: 'a law known up to a constant has no sampler: run a Markov kernel on it (sampledBy)',
};

/** Whether the number of a law of that evidence can be used so. */
export const granted = (evidence: Evidence, use: Use): boolean => (grants[evidence] as readonly Use[]).includes(use);

/** Whether a law gives what is wanted of it: a use of its number, or samples. */
export const gives = (law: Law, use: Use | 'samples'): boolean =>
  use === 'samples' ? law.unsampled !== true : granted(law.evidence, use);

/**
 * The law, where it gives what an estimator wants of it. Throws `ArgumentError` with a sentence otherwise: what the compiler says of a program, said of
 * declarations whose types were lost (JSON, the command line).
 *
 * @example
 * demand('maximumLikelihood', standardNormal([2]), 'exactLogDensity');
 */
export const demand = <S extends Shape>(
  estimator: string,
  law: Law & { readonly shape: Shape },
  ...uses: readonly (Use | 'samples')[]
): Law & { readonly shape: S } => {
  const missing = uses.find((use) => !gives(law, use));
  return missing === undefined
    ? (law as Law & { readonly shape: S })
    : raise('ArgumentError', estimator, lacks[missing], {
        expected:
          missing === 'samples'
            ? 'a law that can be sampled'
            : `a log-density that is ${evidences.filter((e) => granted(e, missing)).join(' or ')}`,
        got: missing === 'samples' ? law.spec.type : `${law.spec.type}, whose log-density is ${law.evidence}`,
      });
};
