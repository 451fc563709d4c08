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
import * as R from '../core/random.ts';
import { broadcastShapes, type Shape, sameShape, showShape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import { finite, onIntegers } from './counts.ts';
import { familyOf } from './family-of.ts';

/** Parameters of {@link discretisedLogistic}, in units of levels. */
export interface DiscretisedLogisticOptions {
  readonly loc?: Argument;
  /** Scales, positive. */
  readonly scale?: Argument;
  /** Number of levels: events hold integers 0 … levels−1. */
  readonly levels: number;
}

const checkLevels = (owner: string, levels: number): void => {
  if (!Number.isInteger(levels) || levels < 2)
    raise('ArgumentError', owner, 'levels is not a number of levels', {
      expected: 'an integer from 2',
      got: `${levels}`,
    });
};

/**
 * log of the chance that a logistic number rounds to level k; the first and last level take the tails:
 * σ(b) − σ(a) = σ(b) σ(−a) (1 − e^{a−b}), so nothing cancels however far out k is.
 */
const binLog = (k: Expr, loc: Expr, scale: Expr, levels: number): Expr => {
  const width = o.div(-1, scale);
  const above = o.div(o.sub(o.add(k, 0.5), loc), scale);
  const below = o.div(o.sub(o.sub(k, 0.5), loc), scale);
  const upTo = o.logSigmoid(above);
  const beyond = o.logSigmoid(o.neg(below));
  const inner = o.add(o.add(upTo, beyond), o.log1mExp(width));
  return o.where(o.equal(k, 0), upTo, o.where(o.equal(k, levels - 1), beyond, inner));
};

const round = (x: Expr, levels: number): Expr => o.min(levels - 1, o.max(0, o.floor(o.add(x, 0.5))));

/** A standard logistic number, log u/(1−u). */
const logistic = (shape: Shape): R.Random<Expr> =>
  R.map((u: Expr) => o.sub(o.log(u), o.log1p(o.neg(u))))(R.uniform(shape));

/**
 * A logistic distribution rounded to levels 0 … L−1, the tails going to the ends (PixelCNN++, Salimans et al. 2017): log P(k) =
 * log [σ((k+½−loc)/scale) − σ((k−½−loc)/scale)] nats, the first term 1 at k = L−1, the second 0 at k = 0; −∞ off the levels.
 * `loc` and `scale` are in units of levels. Throws `ArgumentError` for fewer than two levels or a constant scale that is not positive.
 *
 * @example
 * const pixels = (h: Expr) => discretisedLogistic([28, 28], { loc: f(h), scale: 4, levels: 256 });
 */
export const discretisedLogistic = <const S extends Shape>(
  shape: S,
  { loc = 0, scale = 1, levels }: DiscretisedLogisticOptions,
): Dist<S, Exact & Samples> & Facts<'support' | 'mode' | 'cdf'> & Discrete => {
  checkLevels('discretisedLogistic', levels);
  positive('discretisedLogistic', 'scale', scale);
  finite('discretisedLogistic', 'loc', loc);
  const m = fits('discretisedLogistic', 'loc', toExpr(loc), shape);
  const s = fits('discretisedLogistic', 'scale', toExpr(scale), shape);
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf('discretisedLogistic', shape, { loc, scale, levels }),
    evidence: 'exact',
    logDensity: (x) => D.of(o.sum(onIntegers(x, 0, levels - 1, (k) => binLog(k, m, s, levels)))),
    sample: pipe(
      D.fromRandom(logistic(shape)),
      D.map((e) => round(o.add(m, o.mul(s, e)), levels)),
    ),
  });
  const [first, last] = [o.scalar(0), o.scalar(levels - 1)];
  const middle = o.min(Math.max(levels - 2, 0), o.max(Math.min(1, levels - 1), round(m, levels)));
  const at = (k: Expr): Expr => binLog(o.broadcastTo(k, shape), m, s, levels);
  const better = (a: Expr, b: Expr): Expr => o.where(o.greaterEqual(at(a), at(b)), a, b);
  return withFacts(having(counting, levels)(dist), {
    support: { kind: 'integers', low: 0, high: levels - 1 },
    mode: better(better(o.broadcastTo(first, shape), o.broadcastTo(last, shape)), o.broadcastTo(middle, shape)),
    cdf: (x: Expr) => {
      const k = o.floor(x);
      const inside = o.sigmoid(o.div(o.sub(o.add(k, 0.5), m), s));
      return o.where(o.less(x, 0), 0, o.where(o.greaterEqual(x, levels - 1), 1, inside));
    },
  });
};

/** Parameters of {@link discretisedLogisticMixture}: arrays `[M]`, or anything that broadcasts to `[…shape, M]`. */
export interface DiscretisedLogisticMixtureOptions {
  readonly logits: Argument;
  readonly loc: Argument;
  readonly scale: Argument;
  readonly levels: number;
}

/**
 * Every coordinate a mixture of M {@link discretisedLogistic} distributions of its own: log P(x) = Σᵢ log Σⱼ wᵢⱼ Pⱼ(xᵢ) nats with w = softmax(logits)
 * (PixelCNN++'s likelihood of one channel). Throws `ShapeError` where the parameters do not have one number M ≥ 1 of components.
 *
 * @example
 * const pixel = discretisedLogisticMixture([1], { logits: [0, 1], loc: [60, 200], scale: [5, 9], levels: 256 });
 */
export const discretisedLogisticMixture = <const S extends Shape>(
  shape: S,
  { logits, loc, scale, levels }: DiscretisedLogisticMixtureOptions,
): Dist<S, Exact & Samples> & Facts<'support'> & Discrete => {
  const owner = 'discretisedLogisticMixture';
  checkLevels(owner, levels);
  positive(owner, 'scale', scale);
  finite(owner, 'logits', logits);
  finite(owner, 'loc', loc);
  const parts = [toExpr(logits), toExpr(loc), toExpr(scale)];
  const sizes = parts.map((e) => e.shape[e.shape.length - 1] ?? 1);
  const full: Shape = [...shape, Math.max(...sizes)];
  const joint = parts.reduce<Shape | undefined>((s, e) => s && broadcastShapes(s, e.shape), full);
  if (sizes.includes(0) || joint === undefined || !sameShape(joint, full))
    return raise('ShapeError', owner, 'the parameters have no common number of components', {
      expected: `${showShape(full)}, one component or more`,
      got: parts.map((e) => showShape(e.shape)).join(', '),
    });
  const [w, m, s] = parts.map((e) => o.broadcastTo(e, full));
  const rank = shape.length;
  const logW = o.sub(w, o.restoreAxes(o.logSumExp(w, rank), w, rank));
  const dist = distribution<S, Exact & Samples>({
    shape,
    ...familyOf(owner, shape, { logits, loc, scale, levels }, full),
    evidence: 'exact',
    logDensity: (x) =>
      D.of(
        o.sum(
          onIntegers(x, 0, levels - 1, (k) => {
            const each = o.broadcastTo(o.expandDims(k, rank), full);
            return o.logSumExp(o.add(logW, binLog(each, m, s, levels)), rank);
          }),
        ),
      ),
    sample: D.fromRandom(
      pipe(
        R.both(R.gumbel(full), logistic(shape)),
        R.map(([g, e]) => {
          const hot = o.oneHot(o.argMax(o.add(w, g)), full[rank]);
          const pick = (v: Expr): Expr => o.sum(o.mul(hot, v), rank);
          return round(o.add(pick(m), o.mul(pick(s), e)), levels);
        }),
      ),
    ),
  });
  return withFacts(having(counting, levels)(dist), { support: { kind: 'integers', low: 0, high: levels - 1 } });
};
