/** Bounds for counts at fixed seeds: a right source exceeds one with probability 10⁻⁶ at most (per statement). */
const X = Math.log(1e6);

/** Pearson's statistic of counts against expected counts. */
export const chiSquare = (counts: ArrayLike<number>, expected: readonly number[]): number =>
  expected.reduce((sum, e, k) => sum + (counts[k] - e) ** 2 / e, 0);

/** P(χ²_k ≥ k + 2√(k x) + 2x) ≤ e^{−x} (Laurent and Massart 2000, lemma 1). */
export const chiSquareBound = (degrees: number): number => degrees + 2 * Math.sqrt(degrees * X) + 2 * X;

/** P(|z| > 4.892) = 10⁻⁶ for a standard normal z. */
export const Z = 4.892;

export const countsOf = (values: Iterable<number>, cells: number): Float64Array => {
  const counts = new Float64Array(cells);
  for (const v of values) counts[v]++;
  return counts;
};
