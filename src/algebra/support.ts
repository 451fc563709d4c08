/** Supports: where a law lives, as data. `bijectTo` maps the reals onto each; constraints of parameters use the same registry. */

/** A set of events, element by element where nothing else is said. */
export type Support =
  | { readonly kind: 'real' }
  /** x > 0 */
  | { readonly kind: 'positive' }
  /** x ≥ 0 */
  | { readonly kind: 'nonNegative' }
  /** low < x < high */
  | { readonly kind: 'interval'; readonly low: number; readonly high: number }
  /** x > low */
  | { readonly kind: 'above'; readonly low: number }
  /** integers low … high (no upper end where `high` is absent) */
  | { readonly kind: 'integers'; readonly low: number; readonly high?: number }
  /** non-negative vectors `[K]` that sum to one */
  | { readonly kind: 'simplex' }
  /** vectors `[K]` with one 1 and zeros */
  | { readonly kind: 'oneHot' }
  /** lower triangular matrices with a positive diagonal */
  | { readonly kind: 'lowerCholesky' }
  /** Cholesky factors of correlation matrices: rows of unit length */
  | { readonly kind: 'correlationCholesky' };

/** All real numbers. */
export const reals: Support = { kind: 'real' };
/** x > 0. */
export const positives: Support = { kind: 'positive' };
/** 0 < x < 1. */
export const unitInterval: Support = { kind: 'interval', low: 0, high: 1 };

/** A support as text: `(0, ∞)`. */
export const showSupport = (s: Support): string => {
  switch (s.kind) {
    case 'real':
      return '(−∞, ∞)';
    case 'positive':
      return '(0, ∞)';
    case 'nonNegative':
      return '[0, ∞)';
    case 'interval':
      return `(${s.low}, ${s.high})`;
    case 'above':
      return `(${s.low}, ∞)`;
    case 'integers':
      return `{${s.low}, …${s.high === undefined ? '' : `, ${s.high}`}}`;
    default:
      return s.kind;
  }
};
