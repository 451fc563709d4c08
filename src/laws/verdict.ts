/** Verdicts: what a law says about a part, as data. No test framework is needed to read them. */
import { raise } from '../core/errors.ts';

/** Whether a law holds, and by how much it is missed. */
export interface Verdict {
  /** The law in a few words, `contribution(encode) = log |det ∂z/∂x|`. */
  readonly law: string;
  readonly holds: boolean;
  /** The largest deviation seen: absolute and relative, |a − b| / max(1, |a|, |b|), unless the law says otherwise. */
  readonly worst: number;
  /** The largest deviation allowed. */
  readonly tolerance: number;
  /** Where the worst was seen. */
  readonly detail: string;
}

/**
 * A verdict from the worst deviation: it holds where worst ≤ tolerance, so never for NaN.
 *
 * @example
 * verdict('1 + 1 = 2', 0, 1e-9).holds;   // true
 */
export const verdict = (law: string, worst: number, tolerance: number, detail = ''): Verdict => ({
  law,
  holds: worst <= tolerance,
  worst,
  tolerance,
  detail,
});

/**
 * |a − b| / max(1, min(|a|, |b|)): absolute for small numbers, relative for large ones; 0 for equal infinities, NaN where either is NaN.
 *
 * @example
 * deviation(1, 1.5);   // 0.5
 */
export const deviation = (a: number, b: number): number =>
  a === b ? 0 : Math.abs(a - b) / Math.max(1, Math.min(Math.abs(a), Math.abs(b)));

/**
 * The verdict that two lists of numbers agree, by {@link deviation}; it names the element that agrees least. Absolute differences up to `slack` count as none.
 *
 * @example
 * agree('values', [1, 2], [1, 2], 1e-9).holds;   // true
 */
export const agree = (
  law: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: number,
  where: (index: number) => string = (i) => `element ${i}`,
  slack: (index: number) => number = () => 0,
): Verdict => {
  if (got.length !== want.length)
    return verdict(law, Number.POSITIVE_INFINITY, tolerance, `${got.length} numbers against ${want.length}`);
  let [worst, at] = [0, -1];
  for (let i = 0; i < got.length; i++) {
    const d = Math.abs(got[i] - want[i]) <= slack(i) ? 0 : deviation(got[i], want[i]);
    if (!(d <= worst)) [worst, at] = [d, i];
    if (Number.isNaN(d)) break;
  }
  return verdict(law, worst, tolerance, at < 0 ? '' : `${where(at)}: ${got[at]} against ${want[at]}`);
};

/**
 * The verdicts of laws that do not hold.
 *
 * @example
 * violations([verdict('false', 1, 0), verdict('true', 0, 0)]).length;   // 1
 */
export const violations = (verdicts: readonly Verdict[]): Verdict[] => verdicts.filter((v) => !v.holds);

/**
 * Verdicts as text, one line for each law: `✗ law: 3.00e-2 > 1e-9 (where)`.
 *
 * @example
 * showVerdicts([verdict('1 + 1 = 2', 0, 1e-9)]);   // '✓ 1 + 1 = 2: 0.00e+0 ≤ 1e-9'
 */
export const showVerdicts = (verdicts: readonly Verdict[]): string =>
  verdicts
    .map((v) => {
      const measured = `${v.worst.toExponential(2)} ${v.holds ? '≤' : '>'} ${v.tolerance.toExponential(0)}`;
      return `${v.holds ? '✓' : '✗'} ${v.law}: ${measured}${v.detail === '' ? '' : ` (${v.detail})`}`;
    })
    .join('\n');

/**
 * Does nothing where every law holds; throws an `ArgumentError` that lists every violation otherwise. One line in any test framework.
 *
 * @example
 * assertLaws('normal', samplerLaws(normal([2]), {}));
 */
export const assertLaws = (subject: string, verdicts: readonly Verdict[]): void => {
  const bad = violations(verdicts);
  if (bad.length > 0) raise('ArgumentError', subject, `laws are broken\n${showVerdicts(bad)}`);
};
