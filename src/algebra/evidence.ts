/**
 * Evidence: what kind of number a distribution's `logDensity` is. It is part of the type, composition propagates it, and estimators demand it.
 *
 * Each evidence is a record of capabilities, so having more is being a subtype: an exact density is also a bound, an unbiased estimate and an
 * unnormalised density, and an estimator that wants a bound takes it. One table, {@link grants}, decides at run time what the types decide when a program is compiled.
 */

/** What each kind of number can be used as: the gate of estimators (`demand`) reads this table, and the types below say the same (a test holds them together). */
export const grants = {
  exact: [
    'exactLogDensity',
    'lowerBound',
    'unbiasedLogDensity',
    'meanBound',
    'estimatedLogDensity',
    'unnormalisedLogDensity',
  ],
  unbiased: ['unbiasedLogDensity', 'meanBound'],
  bound: ['lowerBound', 'meanBound'],
  'mean bound': ['meanBound'],
  summed: ['estimatedLogDensity', 'unnormalisedLogDensity'],
  estimated: ['estimatedLogDensity', 'unnormalisedLogDensity'],
  unnormalised: ['unnormalisedLogDensity'],
  none: [],
} as const;

/** The evidence of a distribution as a value, for printing and for the gate. */
export type Evidence = keyof typeof grants;

/** What a number can be used as. */
export type Use = (typeof grants)[Evidence][number];

/**
 * Every kind of evidence, from the most to the least.
 *
 * @example
 * evidences.includes('exact');   // true
 */
export const evidences = Object.keys(grants) as readonly Evidence[];

type IsUnion<T, All = T> = [T] extends [never] ? false : T extends unknown ? ([All] extends [T] ? false : true) : never;

/** {@link together} for types, of a union of evidences: what all of them have, approximate where one is. */
export type InCommon<E> = (true extends IsUnion<E> ? { readonly [K in keyof E]: true } : E) &
  ([Extract<E, Approximate>] extends [never] ? unknown : Approximate);

/** The evidence of numbers that are added (independent distributions side by side): what all of them can be used as. */
export const together = (all: readonly Evidence[]): Evidence => {
  const rest = all.filter((e) => e !== 'exact');
  if (rest.every((e) => e === rest[0])) return rest[0] ?? 'exact';
  const uses = (e: Evidence): readonly Use[] => grants[e];
  const common = uses(rest[0]).filter((u) => rest.every((e) => uses(e).includes(u)));
  const granting = evidences.filter((e) => e !== 'summed' && uses(e).every((u) => common.includes(u)));
  return granting.reduce((a, b) => (uses(b).length > uses(a).length ? b : a));
};

/** log p(x) + constant. */
export interface Unnormalised {
  readonly unnormalisedLogDensity: true;
}

/**
 * log p(x) but for the error of one constant, the same for every x: an unnormalised distribution with a number for log Z, `summed` or `estimated` at the
 * parameters it has now. Training does not move that number, so it is no exact density.
 */
export interface Estimated extends Unnormalised {
  readonly estimatedLogDensity: true;
}

/** A number whose mean is at most log p(x): a bound seen through a stochastic trace. Its exponential is no weight, so samples of it do not average. */
export interface MeanBound {
  readonly meanBound: true;
}

/** log w with E w = p(x), so that its mean is a lower bound on log p(x), and weights of several samples average. */
export interface Bound extends MeanBound {
  readonly lowerBound: true;
}

/** An unbiased estimate of log p(x) (not of p(x)): its mean is log p(x). */
export interface Unbiased extends MeanBound {
  readonly unbiasedLogDensity: true;
}

/** log p(x) itself, up to rounding. */
export interface Exact extends Estimated, Bound, Unbiased {
  readonly exactLogDensity: true;
}

/** Can be sampled. */
export interface Samples {
  readonly samples: true;
}

/** Is the distribution of a denoiser, which score matching trains: `denoiserOf` finds it under whatever it was pushed through. */
export interface Denoises {
  readonly denoises: true;
}

/** A mark beside the evidence: the number is computed up to the error of a solver, a truncated series or a tail, which a finer computation estimates. */
export interface Approximate {
  readonly approximate: true;
}

/** The capabilities of an evidence. */
export type OfEvidence<V extends Evidence> = {
  readonly exact: Exact;
  readonly unbiased: Unbiased;
  readonly bound: Bound;
  readonly 'mean bound': MeanBound;
  readonly summed: Estimated;
  readonly estimated: Estimated;
  readonly unnormalised: Unnormalised;
  readonly none: unknown;
}[V];

/** The kinds of evidence that grant what E says. */
export type Granting<E> = {
  readonly [V in Evidence]: [Extract<keyof E, Use>] extends [(typeof grants)[V][number]] ? V : never;
}[Evidence];

const signs: { readonly [V in Evidence]: string } = {
  exact: '=',
  unbiased: '≈',
  bound: '≥',
  'mean bound': '≥',
  summed: '=',
  estimated: '≈',
  unnormalised: '∝',
  none: '?',
};

/**
 * The sign in front of a number of that evidence: log p(x) = …, ≈ …, ≥ …, ∝ …; where it is computed up to an error, ≈ for = and ≳ for ≥. Of −log p
 * (`negative`), bounds are turned round.
 */
export const signOf = (
  evidence: Evidence,
  { approximate = false, negative = false }: { readonly approximate?: boolean; readonly negative?: boolean } = {},
): string => {
  const sign = signs[evidence];
  if (sign === '≥') return negative ? (approximate ? '≲' : '≤') : approximate ? '≳' : '≥';
  return sign === '=' && approximate ? '≈' : sign;
};

/**
 * What a transport does to a density: `bijective` (exact and invertible), `exact` (an inference surjection: exact, not invertible),
 * `unbiased` (a stochastic trace), `bound` (something was inferred by a distribution), `mean bound` (both).
 */
export type PlainGrade = 'bijective' | 'exact' | 'unbiased' | 'bound' | 'mean bound';

/** A grade, with ≈ in front where both directions are computed up to the error of a solver: `≈bijective`. */
export type Grade = PlainGrade | `≈${PlainGrade}`;

/** The grade without its mark. */
export const plainGrade = (grade: Grade): PlainGrade => grade.replace('≈', '') as PlainGrade;

/** Whether a grade is marked as approximate. */
export const isApproximate = (grade: Grade): boolean => grade.startsWith('≈');

const order: readonly PlainGrade[] = ['bijective', 'exact', 'unbiased', 'bound', 'mean bound'];

const weakerPlain = (a: PlainGrade, b: PlainGrade): PlainGrade =>
  a !== b && [a, b].every((g) => g === 'unbiased' || g === 'bound')
    ? 'mean bound'
    : order[Math.max(order.indexOf(a), order.indexOf(b))];

/** The grade of a composition: the weaker of the two (an unbiased estimate inside a bound is a bound in the mean); approximate where one is. */
export const weaker = (a: Grade, b: Grade): Grade => {
  const plain = weakerPlain(plainGrade(a), plainGrade(b));
  return isApproximate(a) || isApproximate(b) ? `≈${plain}` : plain;
};

type Plain<G extends Grade> = G extends `≈${infer P extends PlainGrade}` ? P : G;

/** The weaker of two plain grades, by row and column. */
interface WeakerOf {
  readonly bijective: { readonly [G in PlainGrade]: G };
  readonly exact: { readonly [G in PlainGrade]: G extends 'bijective' ? 'exact' : G };
  readonly unbiased: {
    readonly [G in PlainGrade]: G extends 'bijective' | 'exact' ? 'unbiased' : G extends 'bound' ? 'mean bound' : G;
  };
  readonly bound: {
    readonly [G in PlainGrade]: G extends 'bijective' | 'exact' ? 'bound' : G extends 'unbiased' ? 'mean bound' : G;
  };
  readonly 'mean bound': { readonly [G in PlainGrade]: 'mean bound' };
}

/** {@link weaker} for types. */
export type Weaker<A extends Grade, B extends Grade> = A extends PlainGrade
  ? B extends PlainGrade
    ? WeakerOf[A][B]
    : `≈${WeakerOf[A][Plain<B>]}`
  : `≈${WeakerOf[Plain<A>][Plain<B>]}`;

type Marks<E> = (E extends Samples ? Samples : unknown) &
  (E extends Denoises ? Denoises : unknown) &
  (E extends Approximate ? Approximate : unknown);

type ThroughPlain<G, E> = G extends 'bijective' | 'exact'
  ? E
  : (G extends 'unbiased'
      ? E extends Unbiased
        ? Unbiased
        : E extends MeanBound
          ? MeanBound
          : unknown
      : G extends 'bound'
        ? E extends Bound
          ? Bound
          : E extends MeanBound
            ? MeanBound
            : unknown
        : E extends MeanBound
          ? MeanBound
          : unknown) &
      Marks<E>;

/** The evidence of a base distribution seen through a transport; an unbiased estimate through a bound is a bound in the mean. */
export type Through<G extends Grade, E> = G extends PlainGrade
  ? ThroughPlain<G, E>
  : ThroughPlain<Plain<G>, E> & Approximate;

/** {@link Through} for values. */
export const through = (grade: Grade, evidence: Evidence): Evidence => {
  const plain = plainGrade(grade);
  if (plain === 'bijective' || plain === 'exact') return evidence;
  const uses: readonly Use[] = grants[evidence];
  if (plain === 'unbiased' && uses.includes('unbiasedLogDensity')) return 'unbiased';
  if (plain === 'bound' && uses.includes('lowerBound')) return 'bound';
  return uses.includes('meanBound') ? 'mean bound' : 'none';
};
