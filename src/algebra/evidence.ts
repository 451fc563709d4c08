/**
 * Evidence: what kind of number a law's `logDensity` is. It is part of the type, composition propagates it, and estimators demand it.
 *
 * Each evidence is a record of capabilities, so having more is being a subtype: an exact density is also a bound, an unbiased estimate and an
 * unnormalised density, and an estimator that wants a bound takes it.
 */

/** Can be sampled. */
export interface Samples {
  readonly samples: true;
}

/** log p(x) + constant. */
export interface Unnormalised {
  readonly unnormalisedLogDensity: true;
}

/** A lower bound on log p(x), in expectation. */
export interface Bound {
  readonly lowerBound: true;
}

/** An unbiased estimate of log p(x). */
export interface Unbiased {
  readonly unbiasedLogDensity: true;
}

/** log p(x) itself, up to rounding. */
export interface Exact extends Unnormalised, Bound, Unbiased {
  readonly exactLogDensity: true;
}

/** log p(x) but for the error of one estimated constant, the same for every x: an unnormalised law with an estimate of log Z. */
export interface Estimated extends Unnormalised {
  readonly estimatedLogDensity: true;
}

/** Is the law of a denoiser, which score matching trains: `denoiserOf` finds it under whatever it was pushed through. */
export interface Denoises {
  readonly denoises: true;
}

/** The evidence of a law as a value, for printing. */
export type Evidence = 'exact' | 'unbiased' | 'bound' | 'estimated' | 'unnormalised' | 'none';

/** The sign in front of a number of that evidence: log p(x) = …, ≈ …, ≥ …. */
export const evidenceSign: { readonly [E in Evidence]: string } = {
  exact: '=',
  unbiased: '≈',
  bound: '≥',
  estimated: '≈',
  unnormalised: '∝',
  none: '?',
};

/**
 * What a transport does to a density: `bijective` (exact and invertible), `exact` (an inference surjection: exact, not invertible),
 * `unbiased` (a stochastic trace), `bound` (something was inferred by a distribution).
 */
export type Grade = 'bijective' | 'exact' | 'unbiased' | 'bound';

const order: readonly Grade[] = ['bijective', 'exact', 'unbiased', 'bound'];

/** The grade of a composition: the weaker of the two (an unbiased estimate inside a bound is a bound). */
export const weaker = (a: Grade, b: Grade): Grade => order[Math.max(order.indexOf(a), order.indexOf(b))];

/** {@link weaker} for types. */
export type Weaker<A extends Grade, B extends Grade> = A extends 'bijective'
  ? B
  : B extends 'bijective'
    ? A
    : 'bound' extends A | B
      ? 'bound'
      : 'unbiased' extends A | B
        ? 'unbiased'
        : 'exact';

/** The evidence of a base law seen through a transport; an unbiased estimate through a bound is a bound, in expectation. */
export type Through<G extends Grade, E> = G extends 'bijective' | 'exact'
  ? E
  : (G extends 'unbiased' ? (E extends Unbiased ? Unbiased : unknown) : E extends Bound | Unbiased ? Bound : unknown) &
      (E extends Samples ? Samples : unknown) &
      (E extends Denoises ? Denoises : unknown);

/** {@link Through} for values. */
export const through = (grade: Grade, evidence: Evidence): Evidence => {
  if (grade === 'bijective' || grade === 'exact') return evidence;
  if (grade === 'unbiased') return evidence === 'exact' || evidence === 'unbiased' ? 'unbiased' : 'none';
  return evidence === 'exact' || evidence === 'unbiased' || evidence === 'bound' ? 'bound' : 'none';
};
