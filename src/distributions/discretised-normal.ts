import { pipe } from 'fp-ts/lib/function.js';
import { having } from '../algebra/capability.ts';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Discrete, type Facts, withFacts } from '../algebra/facts.ts';
import { counting } from '../algebra/levels.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { normal } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import { finite, onIntegers } from './counts.ts';
import { familyOf } from './family-of.ts';

/** Parameters of {@link discretisedNormal}, in units of levels. */
export interface DiscretisedNormalOptions {
  readonly loc?: Argument;
  /** Standard deviations, positive. */
  readonly scale?: Argument;
  /** Number of levels: events hold integers 0 … levels−1. */
  readonly levels: number;
}

/** Bins narrower than this, in standard deviations and in steepness of log φ, are integrated by their middle. */
const NARROW = 0.2;

/**
 * log of the chance that a normal number falls into (k − ½, k + ½): of two ends the tail's is used, Φ(b) − Φ(a) = Φ(b) (1 − e^{log Φ(a) − log Φ(b)})
 * with a < b reflected to where Φ is small; a narrow bin, where these logarithms nearly agree, is φ(m) w (1 + He₂(m) w²/24 + He₄(m) w⁴/1920).
 */
const innerBin = (distance: Expr, scale: Expr): Expr => {
  const width = o.reciprocal(scale);
  const m = o.div(o.abs(distance), scale);
  const narrow = o.less(o.mul(width, o.max(1, m)), NARROW);
  const [nearM, nearW] = [o.where(narrow, m, 0), o.where(narrow, width, NARROW)];
  const [m2, w2] = [o.square(nearM), o.square(nearW)];
  const second = o.mul(o.sub(m2, 1), o.mul(1 / 24, w2));
  const fourth = o.mul(o.add(o.mul(m2, o.sub(m2, 6)), 3), o.mul(1 / 1920, o.square(w2)));
  const middle = o.add(o.add(o.standardNormalLogDensity(nearM), o.log(nearW)), o.log1p(o.add(second, fourth)));
  const [farM, farW] = [o.where(narrow, 0, m), o.where(narrow, 1, width)];
  const upper = o.normalLogCdf(o.sub(o.mul(0.5, farW), farM));
  const lower = o.normalLogCdf(o.neg(o.add(farM, o.mul(0.5, farW))));
  return o.where(narrow, middle, o.add(upper, o.log1mExp(o.sub(lower, upper))));
};

const binLog = (k: Expr, loc: Expr, scale: Expr, levels: number): Expr => {
  const distance = o.sub(k, loc);
  const first = o.normalLogCdf(o.div(o.add(distance, 0.5), scale));
  const last = o.normalLogCdf(o.div(o.sub(0.5, distance), scale));
  return o.where(o.equal(k, 0), first, o.where(o.equal(k, levels - 1), last, innerBin(distance, scale)));
};

const round = (x: Expr, levels: number): Expr => o.min(levels - 1, o.max(0, o.floor(o.add(x, 0.5))));

/**
 * A normal distribution rounded to levels 0 … L−1, the tails going to the ends: log P(k) = log [Φ((k+½−loc)/scale) − Φ((k−½−loc)/scale)] nats, the first
 * term 1 at k = L−1, the second 0 at k = 0; −∞ off the levels. It is the last decoder of DDPM (Ho, Jain & Abbeel 2020, arXiv:2006.11239, eq. 13),
 * there over [−1, 1] with half-width 1/255; `loc` and `scale` here are in units of levels, so that bits/dim need no offset. Cost: two Φ a level.
 * Throws `ArgumentError` for fewer than two levels or a constant scale that is not positive.
 *
 * @example
 * const pixels = discretisedNormal([28, 28], { loc: 100, scale: 4, levels: 256 });
 */
export const discretisedNormal = <const S extends Shape>(
  shape: S,
  { loc = 0, scale = 1, levels }: DiscretisedNormalOptions,
): Dist<S, Exact & Samples> & Facts<'support' | 'cdf'> & Discrete => {
  const owner = 'discretisedNormal';
  if (!Number.isInteger(levels) || levels < 2)
    raise('ArgumentError', owner, 'levels is not a number of levels', {
      expected: 'an integer from 2',
      got: `${levels}`,
    });
  positive(owner, 'scale', scale);
  finite(owner, 'loc', loc);
  const m = fits(owner, 'loc', toExpr(loc), shape);
  const s = fits(owner, 'scale', toExpr(scale), shape);
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('discretisedNormal', shape, { loc, scale, levels }),
    evidence: 'exact',
    logDensity: (x) => D.of(o.sum(onIntegers(x, 0, levels - 1, (k) => binLog(k, m, s, levels)))),
    sample: pipe(
      D.fromRandom(normal(shape)),
      D.map((e) => round(o.add(m, o.mul(s, e)), levels)),
    ),
  });
  return withFacts(having(counting, levels)(dist), {
    support: { kind: 'integers', low: 0, high: levels - 1 },
    cdf: (x: Expr) => {
      const inside = o.normalCdf(o.div(o.sub(o.add(o.floor(x), 0.5), m), s));
      return o.where(o.less(x, 0), 0, o.where(o.greaterEqual(x, levels - 1), 1, inside));
    },
  });
};
