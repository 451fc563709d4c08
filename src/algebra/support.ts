/** Supports: where a distribution lives, as data. `bijectTo` maps the reals onto each; constraints of parameters use the same registry. */
import * as C from '../core/constraints.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { constant } from '../core/ops/leaves.ts';

/** An end of a window, for each element. */
export type End = number | readonly number[] | Expr;

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
  /** x < high */
  | { readonly kind: 'below'; readonly high: number }
  /** low < x < high where an end is an array of the event's shape, or an expression that broadcasts to it; one that is left out does not cut */
  | { readonly kind: 'within'; readonly low?: End; readonly high?: End }
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

/** Supports of integers and of one-hot vectors: no gradient leads from one event to the next. */
export type DiscreteSupport = Extract<Support, { readonly kind: 'integers' | 'oneHot' }>;

/** All real numbers. */
export const reals: Support = { kind: 'real' };
/** x > 0. */
export const positives: Support = { kind: 'positive' };
/** 0 < x < 1. */
export const unitInterval: Support = { kind: 'interval', low: 0, high: 1 };

const isNumbers = (e: End | undefined): e is readonly number[] => Array.isArray(e);

const showEnd = (e: End | undefined, none: string): string =>
  e === undefined ? none : typeof e === 'number' ? `${e}` : isNumbers(e) ? `[${e.join(', ')}]` : 'an expression';

const endOf = (e: End | undefined): number | Expr | undefined => (isNumbers(e) ? constant(e) : e);

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
    case 'below':
      return `(−∞, ${s.high})`;
    case 'within':
      return `(${showEnd(s.low, '−∞')}, ${showEnd(s.high, '∞')})`;
    case 'integers':
      return `{${s.low}, …${s.high === undefined ? '' : `, ${s.high}`}}`;
    default:
      return s.kind;
  }
};

/** How positive numbers are made from real ones. */
export type PositiveBy = 'softplus' | 'exp';

/**
 * The map from the reals onto a support, as parameters use it: `bijectTo` is the same map as a layer. Positive numbers are by softplus unless `by`
 * says exp. Throws `ArgumentError` for integers and one-hot vectors, which no such map reaches.
 *
 * @example
 * constraintOf({ kind: 'interval', low: -1, high: 1 })
 */
export const constraintOf = (support: Support, by: PositiveBy = 'softplus'): C.Constraint => {
  const positive = by === 'exp' ? C.positiveExp : C.positive;
  switch (support.kind) {
    case 'real':
      return C.real;
    case 'positive':
    case 'nonNegative':
      return positive;
    case 'interval':
      return support.low === 0 && support.high === 1 ? C.unitInterval : C.between(support.low, support.high);
    case 'above':
      return C.above(support.low, positive);
    case 'below':
      return C.below(support.high, positive);
    case 'within':
      return C.within(endOf(support.low), endOf(support.high), positive);
    case 'simplex':
      return C.simplex;
    case 'lowerCholesky':
      return C.lowerCholesky;
    case 'correlationCholesky':
      return C.correlationCholesky;
    default:
      return raise('ArgumentError', '', 'the reals cannot be mapped onto this support', {
        expected: 'a continuous support',
        got: showSupport(support),
      });
  }
};
