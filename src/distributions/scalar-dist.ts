/**
 * Distributions of one number, elementwise over an event's shape: the part of a family that is mathematics. `scalarFamily` makes a distribution of one;
 * `locationScale`, `inverseCdf` and `byHazard` make one from less.
 */
import { type Dist, distribution, type Scored } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, type TailFact, withFacts } from '../algebra/facts.ts';
import type { Support } from '../algebra/support.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import { map, type Random, uniform as uniformNoise } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, fits, positive, toExpr } from './argument.ts';
import type { Declared } from './family-of.ts';
import { onSupport } from './on-support.ts';

/** What may be known of each coordinate. */
export interface ScalarFacts {
  readonly mean: Operand;
  readonly variance: Operand;
  readonly mode: Operand;
  /** In nats, of one coordinate. */
  readonly entropy: Operand;
  readonly cdf: (x: Expr) => Expr;
  readonly quantile: (u: Expr) => Expr;
  /** log P(X ≤ x) and log P(X > x) in nats, each with its digits in both tails and gradients that are finite. */
  readonly logCdf: (x: Expr) => Expr;
  readonly logSurvival: (x: Expr) => Expr;
  /** The x with log P(X ≤ x) = l, and the one with log P(X > x) = l, for l ≤ 0. */
  readonly lowerQuantile: (l: Expr) => Expr;
  readonly upperQuantile: (l: Expr) => Expr;
}

/** The name of a fact of a {@link ScalarDist}. */
export type ScalarFact = keyof ScalarFacts;

/** A distribution of one number with the facts K; expressions in it broadcast to the event's shape. */
export interface ScalarDist<K extends ScalarFact = never> {
  readonly support: Support;
  /** log p(x) of each element in nats, −∞ off the support. */
  readonly logDensity: (x: Expr) => Expr;
  readonly draw: (shape: Shape) => Random<Expr>;
  /**
   * A draw with log p of each element, for a distribution whose draws may round onto an edge of its support: log p is then computed of what was drawn before the
   * rounding. The draw is that of `draw`, from the same noise.
   */
  readonly scored?: (shape: Shape) => Random<Scored>;
  readonly facts: Pick<ScalarFacts, K>;
}

/** Every fact: what most families have. */
export type EveryFact = ScalarFact;

/** What {@link scalarFamily} returns: a distribution that samples, has an exact density, and carries its support and the facts K. */
export type Family<S extends Shape, K extends ScalarFact = EveryFact> = Dist<S, Exact & Samples> & Facts<K | 'support'>;

type Rules<A> = { readonly [F in ScalarFact]: (fact: ScalarFacts[F]) => A extends 'same' ? ScalarFacts[F] : unknown };

const mapped = (facts: Partial<ScalarFacts>, rules: Rules<unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, (rules[name as ScalarFact] as (f: unknown) => unknown)(fact)]),
  );

/**
 * Independent coordinates with a scalar distribution: log p(x) = Σᵢ log p(xᵢ) nats; facts are broadcast to the event's shape and entropies summed.
 *
 * @example
 * const dist = scalarFamily([3], familyOf('standardLogistic', [3], {}), standardLogistic);
 */
export const scalarFamily = <const S extends Shape, K extends ScalarFact>(
  shape: S,
  declared: Declared,
  dist: ScalarDist<K>,
): Family<S, K> => {
  const full = (x: Operand): Expr => o.broadcastTo(x, shape);
  // Off the support nothing moves the parameters, whatever was added to −∞.
  const held = (l: Expr): Expr =>
    dist.support.kind === 'real' ? l : o.where(o.less(Number.NEGATIVE_INFINITY, l), l, Number.NEGATIVE_INFINITY);
  const keep = <F>(f: F): F => f;
  const facts = mapped(dist.facts, {
    mean: full,
    variance: full,
    mode: full,
    entropy: (h) => o.sum(full(h)),
    cdf: keep,
    quantile: keep,
    logCdf: keep,
    logSurvival: keep,
    lowerQuantile: keep,
    upperQuantile: keep,
  });
  const base = distribution<S, Exact & Samples>({
    shape,
    ...declared,
    evidence: 'exact',
    logDensity: (x) => D.of(o.sum(held(full(dist.logDensity(x))))),
    sample: D.fromRandom(dist.draw(shape)),
    ...(dist.scored === undefined
      ? {}
      : {
          sampleAndLogDensity: D.fromRandom(
            map((s: Scored): Scored => ({ value: s.value, logDensity: o.sum(full(s.logDensity)) }))(dist.scored(shape)),
          ),
        }),
  });
  return withFacts(base, { ...facts, support: dist.support } as Facts<K | 'support'>) as Family<S, K>;
};

/** Parameters of a location–scale family; each is a number, an array of the event's shape, or an expression that broadcasts to it. */
export interface LocationScale {
  /** Default 0. */
  readonly loc?: Argument;
  /** Positive; default 1. */
  readonly scale?: Argument;
}

/**
 * The distribution of loc + scale · z for z from a standard distribution: log p(x) = log p_z((x − loc)/scale) − log scale; facts follow. `owner` names the family
 * in errors: `ArgumentError` where a constant scale is not positive, `ShapeError` where a parameter does not fit the shape.
 */
export const locationScale = <K extends ScalarFact>(
  owner: string,
  shape: Shape,
  { loc = 0, scale = 1 }: LocationScale,
  standard: ScalarDist<K>,
): ScalarDist<K> => {
  positive(owner, 'scale', scale);
  const m = fits(owner, 'loc', toExpr(loc), shape);
  const s = fits(owner, 'scale', toExpr(scale), shape);
  const inner = (x: Expr): Expr => o.div(o.sub(x, m), s);
  const outer = (z: Operand): Expr => o.add(m, o.mul(s, z));
  return {
    support: standard.support,
    logDensity: (x) => o.sub(standard.logDensity(inner(x)), o.log(s)),
    draw: (full) => map(outer)(standard.draw(full)),
    facts: mapped(standard.facts, {
      mean: outer,
      variance: (v) => o.mul(o.square(s), v),
      mode: outer,
      entropy: (h) => o.add(h, o.log(s)),
      cdf: (f) => (x: Expr) => f(inner(x)),
      quantile: (q) => (u: Expr) => outer(q(u)),
      logCdf: (f) => (x: Expr) => f(inner(x)),
      logSurvival: (f) => (x: Expr) => f(inner(x)),
      lowerQuantile: (q) => (l: Expr) => outer(q(l)),
      upperQuantile: (q) => (l: Expr) => outer(q(l)),
    }) as Pick<ScalarFacts, K>,
  };
};

/** A distribution that is sampled by its quantile function at uniform noise (the inverse CDF). */
export const inverseCdf = <K extends ScalarFact>(
  dist: Omit<ScalarDist<K | 'quantile'>, 'draw'>,
): ScalarDist<K | 'quantile'> => ({ ...dist, draw: (shape) => map(dist.facts.quantile)(uniformNoise(shape)) });

/** What is known of the chances of a distribution that has a quantile function. */
export type Chances = 'cdf' | 'quantile' | TailFact;

/** log(1 − eˡ) for l ≤ 0, −∞ where l = 0, with gradient 0 there. */
export const log1mExpOrNone = (l: Expr): Expr => {
  const some = o.less(l, 0);
  return o.where(some, o.log1mExp(o.where(some, l, -1)), Number.NEGATIVE_INFINITY);
};

/** log x for x ≥ 0, −∞ where x = 0 (or below), with gradient 0 there. */
export const logOrNone = (x: Expr): Expr => {
  const some = o.less(0, x);
  return o.where(some, o.log(o.where(some, x, 1)), Number.NEGATIVE_INFINITY);
};

/** What {@link byHazard} is given, elementwise. */
export interface Hazard<K extends ScalarFact> {
  readonly support: Support;
  /** Whether x is on the support. */
  readonly on: (x: Expr) => Expr;
  /** An event inside the support, put in place of those off it. */
  readonly safe: Operand;
  /** H(x) = −log P(X > x), increasing from 0. */
  readonly cumulative: (x: Expr) => Expr;
  /** log H′(x). */
  readonly logHazard: (x: Expr) => Expr;
  /** The same where H(x) = e, of e itself: finite where x rounds to an end of the support. */
  readonly logHazardAt: (e: Expr) => Expr;
  /** H⁻¹(e) for e > 0. */
  readonly inverse: (e: Expr) => Expr;
  readonly facts: Pick<ScalarFacts, K>;
}

/**
 * The distribution of H⁻¹(e) for a standard exponential e: log p(x) = log H′(x) − H(x), cdf −expm1(−H), quantile H⁻¹(−log1p(−u)), log-survival −H: stable at
 * both ends, where 1 − e^{−H} and log(1 − F) are not.
 */
export const byHazard = <K extends Exclude<ScalarFact, Chances>>({
  support,
  on,
  safe,
  cumulative,
  logHazard,
  logHazardAt,
  inverse,
  facts,
}: Hazard<K>): ScalarDist<K | Chances> => ({
  scored: (shape) =>
    map((u: Expr): Scored => {
      const e = o.neg(o.log1p(o.neg(u)));
      return { value: inverse(e), logDensity: o.sub(logHazardAt(e), e) };
    })(uniformNoise(shape)),
  ...inverseCdf<K | Exclude<Chances, 'quantile'>>({
    support,
    logDensity: (x) => onSupport(x, on(x), safe, (y) => o.sub(logHazard(y), cumulative(y))),
    facts: {
      ...facts,
      cdf: (x: Expr) => o.where(on(x), o.neg(o.expm1(o.neg(cumulative(o.where(on(x), x, safe))))), 0),
      quantile: (u: Expr) => inverse(o.neg(o.log1p(o.neg(u)))),
      logCdf: (x: Expr) => log1mExpOrNone(o.neg(o.where(on(x), cumulative(o.where(on(x), x, safe)), 0))),
      logSurvival: (x: Expr) => o.where(on(x), o.neg(cumulative(o.where(on(x), x, safe))), 0),
      lowerQuantile: (l: Expr) => inverse(o.neg(o.log1mExp(l))),
      upperQuantile: (l: Expr) => inverse(o.neg(l)),
    } as Pick<ScalarFacts, K | Chances>,
  }),
});

/**
 * c log x for x ≥ 0 at the edge x = 0 of a support: 0 where c = 0, and −∞ where not, whatever the sign of c: an edge where the density has a pole
 * is left out of the support. Gradients are 0 there.
 */
export const edgePower = (c: Operand, x: Expr): Expr => {
  const inside = o.greater(x, 0);
  const edge = o.where(o.equal(o.broadcastTo(c, x.shape), 0), 0, Number.NEGATIVE_INFINITY);
  return o.where(inside, o.mul(c, o.log(o.where(inside, x, 1))), edge);
};
