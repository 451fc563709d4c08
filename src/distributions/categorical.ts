import { pipe } from 'fp-ts/lib/function.js';
import { type AnyDist, type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Discrete, type Facts, withFacts } from '../algebra/facts.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { gumbel } from '../core/random.ts';
import { type Shape, scalarShape, showShape } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { argument } from './argument-codec.ts';
import { classChances } from './chances.ts';
import { finite, onIntegers } from './counts.ts';
import { familyOf } from './family-of.ts';
import { onSupport } from './on-support.ts';

/** Parameters of distributions of classes. */
export interface CategoricalOptions<S extends Shape> {
  /** Unnormalised log-probabilities, `[K]` or anything that broadcasts to `[…shape, K]`; an expression may hold −∞. */
  readonly logits: Argument;
  /** How many independent choices, as a shape; default one, `[]`. */
  readonly shape?: S;
}

/** Parameters of {@link categorical} and {@link oneHotCategorical}: logits, or probabilities that sum to one (which may be 0). */
export type ClassOptions<S extends Shape> =
  | (CategoricalOptions<S> & { readonly probs?: undefined })
  | (Omit<CategoricalOptions<S>, 'logits'> & { readonly probs: Argument; readonly logits?: undefined });

/** Logits broadcast to `[…shape, K]`; throws where there is no class. */
export const classLogits = (owner: string, logits: Argument, shape: Shape): Expr => {
  finite(owner, 'logits', logits);
  const l = toExpr(logits);
  const k = l.shape[l.shape.length - 1] ?? 0;
  return k < 1
    ? raise('ShapeError', owner, 'logits have no classes', { expected: '[…, K], K ≥ 1', got: showShape(l.shape) })
    : fits(owner, 'logits', l, [...shape, k]);
};

/** log softmax over the last axis. */
export const logSoftmax = (l: Expr): Expr => o.sub(l, o.restoreAxes(o.logSumExp(l, -1), l, -1));

/** Σ over the last axis of p log p, with 0 log 0 = 0. */
export const plogp = (logp: Expr): Expr => {
  const some = o.greater(logp, Number.NEGATIVE_INFINITY);
  return o.sum(o.mul(o.exp(logp), o.where(some, logp, 0)), -1);
};

/** A class by the Gumbel-max trick: argmax (lₖ + gₖ), int32 of shape `[…]`. */
export const drawClass = (l: Expr): D.Draw<Expr> =>
  pipe(
    D.fromRandom(gumbel(l.shape)),
    D.map((g) => o.argMax(o.add(l, g))),
  );

/**
 * A choice among K classes: an event holds the integer 0 … K−1 (`shape` of them, independent). log P(k) = lₖ − logΣⱼ exp lⱼ nats; −∞ where
 * an element is no class. Sampled by Gumbel-max. Throws `ArgumentError` for logits that are not finite or probabilities that do not sum to one,
 * `ShapeError` without a class.
 *
 * @example
 * const die = categorical({ logits: [0, 0, 0, 0, 0, 0] });
 * const loaded = categorical({ probs: [0.5, 0.5, 0] });
 */
export const categorical = define(
  distributionKind,
  {
    type: 'categorical',
    about: 'One of several classes, by its number.',
    optional: { logits: argument, probs: argument, shape: shapeCodec },
    takes: [],
    build: (options): AnyDist => categorical(options as CategoricalOptions<Shape>),
    examples: [{ logits: [0.5, -1, 0] }, { probs: [0.2, 0.3, 0.5], shape: [2] }],
  },
  <const S extends Shape = readonly []>({
    shape = scalarShape<S>(),
    ...chances
  }: ClassOptions<S>): Dist<S, Exact & Samples> &
    Facts<'support' | 'mode' | 'entropy' | 'mean' | 'variance'> &
    Discrete => {
    const { logits, spec } = classChances('categorical', shape, chances);
    const l = classLogits('categorical', logits, shape);
    const k = l.shape[l.shape.length - 1];
    const logp = logSoftmax(l);
    const values = o.cast(o.iota(k), 'real');
    const mean = o.sum(o.mul(o.exp(logp), values), -1);
    const spread = o.sub(values, o.expandDims(mean, shape.length));
    const pick = (i: Expr): Expr =>
      o.squeezeDims(o.takeAlong(logp, o.expandDims(o.cast(i, 'int32'), shape.length)), shape.length);
    const dist = distribution<S, Exact & Samples>({
      shape,
      ...familyOf('categorical', shape, { logits }, l.shape),
      ...spec,
      evidence: 'exact',
      logDensity: (x) => D.of(o.sum(onIntegers(x, 0, k - 1, pick))),
      sample: D.map((i: Expr) => o.cast(i, 'real'))(drawClass(l)),
    });
    return withFacts(dist, {
      support: { kind: 'integers', low: 0, high: k - 1 },
      mean,
      variance: o.sum(o.mul(o.exp(logp), o.square(spread)), -1),
      mode: o.cast(o.argMax(l), 'real'),
      entropy: o.neg(o.sum(plogp(logp))),
    });
  },
);

/**
 * A choice among K classes as a vector with one 1: events `[…shape, K]`. log P(x) = Σ xₖ log pₖ nats, −∞ for anything but such a vector.
 *
 * @example
 * oneHotCategorical({ probs: [0.2, 0.3, 0.5] });   // events [3]
 */
export const oneHotCategorical = define(
  distributionKind,
  {
    type: 'oneHotCategorical',
    about: 'One of several classes, as a vector of zeros and a one.',
    optional: { logits: argument, probs: argument, shape: shapeCodec },
    takes: [],
    build: (options): AnyDist => oneHotCategorical(options as CategoricalOptions<Shape>),
    examples: [{ logits: [0.5, -1, 0] }, { probs: [0.2, 0.3, 0.5], shape: [2] }],
  },
  <const S extends Shape = readonly []>({
    shape = scalarShape<S>(),
    ...chances
  }: ClassOptions<S>): Dist<readonly [...S, number], Exact & Samples> &
    Facts<'support' | 'mode' | 'entropy' | 'mean' | 'variance'> &
    Discrete => {
    const { logits, spec } = classChances('oneHotCategorical', shape, chances);
    const l = classLogits('oneHotCategorical', logits, shape);
    const k = l.shape[l.shape.length - 1];
    const logp = logSoftmax(l);
    const p = o.exp(logp);
    const chosen = (x: Expr): Expr => o.equal(x, 1);
    const legal = (x: Expr): Expr => {
      const ones = o.sum(o.cast(chosen(x), 'real'), -1);
      const zeros = o.sum(o.cast(o.equal(x, 0), 'real'), -1);
      return o.and(o.equal(ones, 1), o.equal(zeros, k - 1));
    };
    const dist = distribution<readonly [...S, number], Exact & Samples>({
      shape: [...shape, k] as readonly [...S, number],
      ...familyOf('oneHotCategorical', shape, { logits }, l.shape),
      ...spec,
      evidence: 'exact',
      logDensity: (x) => {
        const each = o.sum(o.where(chosen(x), logp, 0), -1);
        return D.of(o.sum(onSupport(each, legal(x), 0, (v) => v)));
      },
      sample: D.map((i: Expr) => o.oneHot(i, k))(drawClass(l)),
    });
    return withFacts(dist, {
      support: { kind: 'oneHot' },
      mean: p,
      variance: o.mul(p, o.sub(1, p)),
      mode: o.oneHot(o.argMax(l), k),
      entropy: o.neg(o.sum(plogp(logp))),
    });
  },
);
