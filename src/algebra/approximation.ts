/** Numbers computed up to the error of a solver, a truncated series or a tail: why, and how to compute them more finely. */

/** Why a number is approximate, and the same thing on a finer computation, from which its error is estimated. */
export interface Approximation<A> {
  /** What the number is computed by: `40 steps of rk4`. */
  readonly because: string;
  /** The power of the step by which the error falls; absent where the computation chooses its steps. */
  readonly order?: number;
  /** The same with half the steps, or a tighter tolerance. */
  readonly refined: () => A;
}

/** Something that may be approximate. */
export interface Approximated<A> {
  readonly approximation?: Approximation<A> | undefined;
}

/** The finer one, where there is one. */
export const refinedOf = <A extends Approximated<A>>(a: A): A => a.approximation?.refined() ?? a;

/** The approximation of what is made of parts: approximate where one of them is. */
export const approximationOf = <A>(
  parts: readonly Approximated<unknown>[],
  refined: () => A,
): Approximation<A> | undefined => {
  const marks = parts.flatMap((p) => p.approximation ?? []);
  if (marks.length === 0) return undefined;
  const orders = marks.flatMap((m) => m.order ?? []);
  return {
    because: [...new Set(marks.map((m) => m.because))].join(', '),
    ...(orders.length === marks.length ? { order: Math.min(...orders) } : {}),
    refined,
  };
};

/**
 * The error of a number from a finer one: |coarse − fine| 2ᵖ/(2ᵖ − 1) for a method of order p whose steps were halved (Richardson), the difference itself
 * where the method chooses its steps.
 */
export const errorFrom = (coarse: number, fine: number, order?: number): number =>
  Math.abs(coarse - fine) * (order === undefined ? 1 : 2 ** order / (2 ** order - 1));
