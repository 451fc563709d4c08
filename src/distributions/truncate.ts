import { pipe } from 'fp-ts/lib/function.js';
import { type AnyDist, type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type AllFacts, type Facts, type TailFact, withFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { evaluateProgram } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { program } from '../core/program.ts';
import { uniform as uniformNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr, toSpec } from './argument.ts';
import { isFixed } from './gamma-draws.ts';
import { onSupport } from './on-support.ts';
import { log1mExpOrNone } from './scalar-dist.ts';
import { pointOf, tailsOf, type Window, windowOf } from './tails.ts';
import { type Bounds, supportWithin } from './window-support.ts';

/** Bounds of {@link truncate}; one that is left out does not cut. */
export interface TruncateOptions {
  readonly low?: Argument;
  readonly high?: Argument;
}

/** What is known of a truncated distribution. */
export type TruncatedFacts = Facts<'support' | 'cdf' | 'quantile' | TailFact>;

/**
 * A distribution with independent coordinates given that each lies in [low, high]: log p(x) = log f(x) − Σ log P(lowᵢ < X ≤ highᵢ) nats inside, −∞ outside.
 * Everything happens in logarithms of the tail that the window lies nearer to, so a window far out on either side keeps its digits in float32
 * too (of a distribution that has no `logSurvival` of its own, as far as its cdf does). Sampled by the inverse of that tail at uniform noise. The support is the
 * window where the distribution's own lets it. Throws `ArgumentError` where constant bounds are out of order, nothing is cut, the distribution has no cdf and
 * quantile, or a constant window holds nothing of the distribution.
 *
 * @example
 * const positivePart = truncate({ low: 0 })(normal([1], { loc: -3 }));
 */
export const truncate =
  ({ low, high }: TruncateOptions) =>
  <S extends Shape>(
    dist: Dist<S, Exact & Samples> & Facts<'cdf' | 'quantile'>,
  ): Dist<S, Exact & Samples> & TruncatedFacts => {
    check(dist, low, high);
    const shape = dist.shape as S;
    const a = low === undefined ? undefined : fits('truncate', 'low', toExpr(low), shape);
    const b = high === undefined ? undefined : fits('truncate', 'high', toExpr(high), shape);
    const tails = tailsOf(dist);
    const w = windowOf(tails, a, b);
    const bounds: Bounds = { low, high };
    holdsSome(dist, bounds, w);
    const clip = (x: Expr): Expr => {
      const y = a === undefined ? x : o.max(a, x);
      return b === undefined ? y : o.min(b, y);
    };
    const inside = (x: Expr): Expr => {
      const above = a === undefined ? o.equal(x, x) : o.greaterEqual(x, a);
      return b === undefined ? above : o.and(above, o.lessEqual(x, b));
    };
    /** Where log P(X ≤ x) is `below` and log P(X > x) is `above`. */
    const at = (below: Expr, above: Expr): Expr =>
      clip(pointOf(tails, w, o.where(w.upper, below, above), o.where(w.upper, above, below)));
    const quantile = (u: Expr): Expr => at(o.log(u), o.log1p(o.neg(u)));
    /** Chances between two ends, of the whole window's. */
    const part = (from: Expr | undefined, to: Expr | undefined): Expr =>
      o.min(0, o.sub(between(tails, w, from, to), w.mass));
    const logCdf = (x: Expr): Expr => part(a, clip(x));
    const safe = quantile(o.broadcastTo(o.scalar(0.5), shape));
    const made = distribution<S, Exact & Samples>({
      shape,
      spec: {
        type: 'truncate',
        ...(low === undefined ? {} : { low: toSpec(low) }),
        ...(high === undefined ? {} : { high: toSpec(high) }),
        dist: dist.spec,
      },
      evidence: 'exact',
      logDensity: (x) => {
        const ok = inside(x);
        const off = o.sum(o.where(ok, 0, Number.NEGATIVE_INFINITY));
        return pipe(
          dist.logDensity(o.where(ok, x, o.stopGradient(safe))),
          D.map((l) => onSupport(off, o.equal(off, 0), 0, () => o.sub(l, o.sum(o.broadcastTo(w.mass, shape))))),
        );
      },
      sample: D.map(quantile)(D.fromRandom(uniformNoise(shape))),
    });
    return withFacts(made, {
      support: supportWithin(dist, bounds),
      quantile,
      cdf: (x: Expr) => o.exp(logCdf(x)),
      logCdf,
      logSurvival: (x: Expr) => part(clip(x), b),
      lowerQuantile: (l: Expr) => at(l, log1mExpOrNone(l)),
      upperQuantile: (l: Expr) => at(log1mExpOrNone(l), l),
    });
  };

/** log P(from < X ≤ to), in the tail of a window that holds both. */
const between = (tails: Facts<TailFact>, w: Window, from: Expr | undefined, to: Expr | undefined): Expr => {
  const none = o.scalar(Number.NEGATIVE_INFINITY);
  const inner = o.where(w.upper, from ? tails.logSurvival(from) : 0, to ? tails.logCdf(to) : 0);
  const outer = o.where(w.upper, to ? tails.logSurvival(to) : none, from ? tails.logCdf(from) : none);
  const some = o.less(outer, inner);
  const gap = o.where(some, o.sub(outer, o.where(some, inner, 0)), 0);
  return o.add(o.where(some, inner, 0), log1mExpOrNone(gap));
};

/** Refuses a window in which a distribution whose parameters are known has nothing. */
const holdsSome = (dist: AnyDist, { low, high }: Bounds, w: Window): void => {
  if (!isFixed(w.mass)) return;
  const [{ data }] = evaluateProgram(program([w.mass], 'float64'), {});
  if (!Array.from(data).every((l) => l > Number.NEGATIVE_INFINITY))
    raise('ArgumentError', 'truncate', 'the distribution has no mass in the window', {
      expected: 'a window that holds some of the distribution',
      got: `${dist.spec.type} between ${low ?? '−∞'} and ${high ?? '∞'}`,
    });
};

const check = (dist: AnyDist, low: Argument | undefined, high: Argument | undefined): void => {
  const { cdf, quantile } = dist as AnyDist & Partial<AllFacts>;
  if (cdf === undefined || quantile === undefined)
    raise('ArgumentError', 'truncate', 'the distribution cannot be truncated in closed form', {
      expected: 'a distribution with cdf and quantile',
      got: dist.spec.type,
    });
  if (low === undefined && high === undefined)
    raise('ArgumentError', 'truncate', 'nothing is cut', { expected: 'low, high or both', got: 'neither' });
  const [a, b] = [low, high].map((v) => (typeof v === 'number' ? [v] : Array.isArray(v) ? (v as number[]) : undefined));
  const ordered = (a ?? []).every((v, i) => b === undefined || b.every((t, j) => (a?.length !== 1 && b.length !== 1 && i !== j) || v < t)); // biome-ignore format: one idea
  if (!ordered || [...(a ?? []), ...(b ?? [])].some(Number.isNaN))
    raise('ArgumentError', 'truncate', 'the bounds are out of order', {
      expected: 'low < high',
      got: `${low}, ${high}`,
    });
};
