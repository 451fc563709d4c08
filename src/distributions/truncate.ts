import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, dist, type Law } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type AllFacts, type Facts, withFacts } from '../algebra/facts.ts';
import type { Support } from '../algebra/support.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { uniform as uniformNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr, toSpec } from './argument.ts';
import { onSupport } from './on-support.ts';

/** Bounds of {@link truncate}; one that is left out does not cut. */
export interface TruncateOptions {
  readonly low?: Argument;
  readonly high?: Argument;
}

/** Families whose density is the same on both sides of the median: the upper tail is read off the lower one, which keeps its digits. */
const symmetric: ReadonlySet<string> = new Set(['standardNormal', 'normal', 'laplace', 'logistic', 'cauchy', 'studentT', 'uniform']); // biome-ignore format: one list

/**
 * A law with independent coordinates given that each lies in [low, high]: log p(x) = log f(x) − Σ log (F(highᵢ) − F(lowᵢ)) nats inside, −∞
 * outside. Sampled by F⁻¹(F(low) + u (F(high) − F(low))). Of a symmetric family the tail beyond the median is reflected, so a window far out on
 * either side keeps its digits; of another one, an upper window keeps about 1e-16 / P(X > low) of relative accuracy. Throws `ArgumentError` where
 * constant bounds are out of order, nothing is cut, or the law has no cdf and quantile.
 *
 * @example
 * const positivePart = truncate({ low: 0 })(normal([1], { loc: -3 }));
 */
export const truncate =
  ({ low, high }: TruncateOptions) =>
  <S extends Shape>(
    law: Dist<S, Exact & Samples> & Facts<'cdf' | 'quantile'>,
  ): Dist<S, Exact & Samples> & Facts<'support' | 'cdf' | 'quantile'> => {
    check(law, low, high);
    const shape = law.shape as S;
    const a = low === undefined ? undefined : fits('truncate', 'low', toExpr(low), shape);
    const b = high === undefined ? undefined : fits('truncate', 'high', toExpr(high), shape);
    const middle = symmetric.has(law.spec.type) ? law.quantile(o.broadcastTo(o.scalar(0.5), shape)) : undefined;
    // Where the window lies above the median everything happens in mirrored coordinates, 2m − x.
    const flip = middle === undefined || a === undefined ? undefined : o.greater(a, middle);
    const mirror = (x: Expr): Expr =>
      flip === undefined || middle === undefined ? x : o.where(flip, o.sub(o.mul(2, middle), x), x);
    const start = bound(law, mirror, flip, a, b, 0);
    const end = bound(law, mirror, flip, b, a, 1);
    const mass = o.sub(end, start);
    const clip = (x: Expr): Expr => {
      const y = a === undefined ? x : o.max(a, x);
      return b === undefined ? y : o.min(b, y);
    };
    const inside = (x: Expr): Expr => {
      const above = a === undefined ? o.equal(x, x) : o.greaterEqual(x, a);
      return b === undefined ? above : o.and(above, o.lessEqual(x, b));
    };
    const quantile = (u: Expr): Expr => {
      const v = flip === undefined ? u : o.where(flip, o.sub(1, u), u);
      return clip(mirror(law.quantile(o.add(start, o.mul(v, mass)))));
    };
    const safe = quantile(o.broadcastTo(o.scalar(0.5), shape));
    const made = dist<S, Exact & Samples>({
      shape,
      spec: {
        type: 'truncate',
        ...(low === undefined ? {} : { low: toSpec(low) }),
        ...(high === undefined ? {} : { high: toSpec(high) }),
        law: law.spec,
      },
      evidence: 'exact',
      logDensity: (x) => {
        const ok = inside(x);
        const off = o.sum(o.where(ok, 0, Number.NEGATIVE_INFINITY));
        return pipe(
          law.logDensity(o.where(ok, x, o.stopGradient(safe))),
          D.map((l) => onSupport(off, o.equal(off, 0), 0, () => o.sub(l, o.sum(o.log(mass))))),
        );
      },
      sample: D.map(quantile)(D.fromRandom(uniformNoise(shape))),
    });
    return withFacts(made, {
      support: supportOf(low, high),
      quantile,
      cdf: (x: Expr) => {
        const up = o.div(o.sub(law.cdf(mirror(clip(x))), start), mass);
        return flip === undefined ? up : o.where(flip, o.sub(1, up), up);
      },
    });
  };

/** F at one end of the mirrored window: `near` of the plain one, `far` where it is flipped; 0 or 1 where nothing is cut there. */
const bound = (
  law: Facts<'cdf'>,
  mirror: (x: Expr) => Expr,
  flip: Expr | undefined,
  near: Expr | undefined,
  far: Expr | undefined,
  none: number,
): Expr => {
  const at = (e: Expr | undefined): Expr => (e === undefined ? o.scalar(none) : law.cdf(mirror(e)));
  return flip === undefined ? at(near) : o.where(flip, at(far), at(near));
};

const check = (law: Law, low: Argument | undefined, high: Argument | undefined): void => {
  const { cdf, quantile } = law as Law & Partial<AllFacts>;
  if (cdf === undefined || quantile === undefined)
    raise('ArgumentError', 'truncate', 'the law cannot be truncated in closed form', {
      expected: 'a law with cdf and quantile',
      got: law.spec.type,
    });
  if (low === undefined && high === undefined)
    raise('ArgumentError', 'truncate', 'nothing is cut', { expected: 'low, high or both', got: 'neither' });
  const [a, b] = [low, high].map((v) => (typeof v === 'number' ? [v] : Array.isArray(v) ? (v as number[]) : undefined));
  const ordered = (a ?? []).every((v, i) => b === undefined || v < b[b.length === 1 ? 0 : i]);
  if (!ordered || [...(a ?? []), ...(b ?? [])].some(Number.isNaN))
    raise('ArgumentError', 'truncate', 'the bounds are out of order', {
      expected: 'low < high',
      got: `${low}, ${high}`,
    });
};

const supportOf = (low: Argument | undefined, high: Argument | undefined): Support =>
  typeof low === 'number' && typeof high === 'number'
    ? { kind: 'interval', low, high }
    : typeof low === 'number' && high === undefined
      ? { kind: 'above', low }
      : { kind: 'real' };
