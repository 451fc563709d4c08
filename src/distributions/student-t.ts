import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import { reals } from '../algebra/support.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { familyOf } from './family-of.ts';
import { logGamma, positiveFinite } from './gamma-draws.ts';

/** A normal variable, and the logarithm of what it is stretched by. */
type Parts = readonly [Expr, Expr];

/** Parameters of {@link studentT}. */
export interface StudentTOptions {
  /** Degrees of freedom ν, positive. */
  readonly degrees: Argument;
  readonly loc?: Argument;
  /** Scale, positive; not the standard deviation. */
  readonly scale?: Argument;
}

/** log(1 + t²/ν), right where t² overflows. */
const logTail = (t: Expr, nu: Expr): Expr => {
  const r = o.div(o.abs(t), o.sqrt(nu));
  const far = o.less(1, r);
  const f = o.where(far, r, 1);
  const inverse = o.div(1, f);
  return o.where(far, o.add(o.mul(2, o.log(f)), o.log1p(o.square(inverse))), o.log1p(o.div(o.square(o.where(far, 0, t)), nu))); // biome-ignore format: one idea
};

/** log 1/√(χ²_ν/ν): of what a normal variable is stretched by. Shape of ν. */
export const logStretch = (nu: Expr): R.Random<Expr> =>
  pipe(
    logGamma(o.mul(0.5, nu)),
    R.map((l) => o.mul(0.5, o.sub(o.log(o.mul(0.5, nu)), l))),
  );

/** log(1 + s e^{2w}/ν) for s ≥ 0 where e^w may overflow: the tail of a t variable, of its parts. */
export const logTailOf = (square: Expr, w: Expr, nu: Expr): Expr => {
  const some = o.less(0, square);
  const l = o.sub(o.add(o.log(o.where(some, square, 1)), o.mul(2, w)), o.log(nu));
  return o.where(some, o.softplus(l), 0);
};

/**
 * Student's t distribution with independent coordinates: with t = (x − loc)/scale, log p(x) = Σ −½(ν+1) log(1 + t²/ν) − ½ log ν − log B(½, ½ν) − log scale nats;
 * right for any ν up to 1e8 and beyond, and where t² overflows. Samples loc + scale · ε/√(χ²_ν/ν) have right first derivatives by all
 * parameters. Facts: the mean is NaN where ν ≤ 1 (there is none); the variance is +∞ where ν ≤ 2 (E (x − loc)² is).
 * Throws `ArgumentError` where constant degrees or scale are not positive, `ShapeError` where a parameter does not fit the shape.
 *
 * @example
 * const robust = studentT([1], { degrees: 4, loc: 1, scale: 2 });
 */
export const studentT = <const S extends Shape>(
  shape: S,
  { degrees, loc = 0, scale = 1 }: StudentTOptions,
): Dist<S, Exact & Samples> &
  Facts<'support' | 'mean' | 'variance' | 'mode' | 'entropy' | 'cdf' | 'logCdf' | 'logSurvival'> => {
  positiveFinite('studentT', 'degrees', degrees);
  positiveFinite('studentT', 'scale', scale);
  const nu = fits('studentT', 'degrees', toExpr(degrees), shape);
  const m = fits('studentT', 'loc', toExpr(loc), shape);
  const s = fits('studentT', 'scale', toExpr(scale), shape);
  const half = o.mul(0.5, nu);
  const level = o.add(o.add(o.mul(0.5, o.log(nu)), o.logBeta(o.broadcastTo(0.5, shape), half)), o.log(s));
  const parts = D.fromRandom(R.both(R.normal(shape), R.fork(logStretch(nu))));
  const value = ([e, w]: Parts): Expr => o.add(m, o.mul(s, o.mul(e, o.exp(w))));
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('studentT', shape, { degrees, loc, scale }),
    evidence: 'exact',
    logDensity: (x) => {
      const t = o.div(o.sub(x, m), s);
      return D.of(o.sum(o.sub(o.mul(-0.5, o.mul(o.add(nu, 1), logTail(t, nu))), level)));
    },
    sample: D.map(value)(parts),
    sampleAndLogDensity: D.map((both: Parts) => {
      const tail = logTailOf(o.square(both[0]), both[1], nu);
      return {
        value: value(both),
        logDensity: o.sum(o.sub(o.mul(-0.5, o.mul(o.add(nu, 1), tail)), level)),
      };
    })(parts),
  });
  /** Where t² is so large that the first term of a series is all there is of the tail, and t elsewhere. */
  const apart = (t: Expr): { readonly far: Expr; readonly near: Expr } => {
    const far = o.less(o.mul(1e9, o.sqrt(nu)), o.abs(t));
    return { far, near: o.where(far, 1, t) };
  };
  const sharesOf = (t: Expr): { readonly one: Expr; readonly rest: Expr } => {
    const r2 = o.div(o.square(t), nu);
    return { one: o.div(1, o.add(1, r2)), rest: o.div(r2, o.add(1, r2)) };
  };
  /** log ½ (ν/t²)^½ν / (½ν B(½ν, ½)), the tail beyond a far t. */
  const logFar = (t: Expr): Expr => {
    const size = o.max(o.abs(t), 1);
    const power = o.mul(nu, o.sub(o.mul(0.5, o.log(nu)), o.log(size)));
    return o.sub(power, o.add(o.log(nu), o.logBeta(half, 0.5)));
  };
  /** log P(T ≤ t). */
  const logBelow = (t: Expr): Expr => {
    const { far, near } = apart(t);
    const { one, rest } = sharesOf(near);
    const tail = o.where(far, logFar(t), o.sub(o.logRegularisedBeta(half, 0.5, one, rest), Math.LN2));
    return o.where(o.less(t, 0), tail, o.log1p(o.neg(o.exp(tail))));
  };
  const [nu1, nu2] = [o.sub(nu, 1), o.sub(nu, 2)];
  const more = o.mul(0.5, o.add(nu, 1));
  return withFacts(dist, {
    support: reals,
    mean: o.where(o.less(0, nu1), m, Number.NaN),
    variance: o.where(
      o.less(0, nu2),
      o.mul(o.square(s), o.div(nu, o.where(o.less(0, nu2), nu2, 1))),
      Number.POSITIVE_INFINITY,
    ),
    mode: m,
    entropy: o.sum(o.add(o.mul(more, o.digammaRise(half, 0.5)), level)),
    cdf: (x) => {
      const t = o.div(o.sub(x, m), s);
      const { far, near } = apart(t);
      const { one, rest } = sharesOf(near);
      const tail = o.where(far, o.exp(logFar(t)), o.mul(0.5, o.regularisedBeta(half, 0.5, one, rest)));
      return o.where(o.less(t, 0), tail, o.sub(1, tail));
    },
    logCdf: (x) => logBelow(o.div(o.sub(x, m), s)),
    logSurvival: (x) => logBelow(o.div(o.sub(m, x), s)),
  });
};
