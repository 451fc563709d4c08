/** Divergences, cross-entropies and entropies: exact where a closed form is registered, else by Monte Carlo, and the result says which. */
import { pipe } from 'fp-ts/lib/function.js';
import { demand } from '../algebra/demand.ts';
import type { AnyDist, Dist, Scored } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import type { AllFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { klPairs } from './kl-pairs.ts';
import type { KlPair, KlTable } from './kl-table.ts';

export { klPairs } from './kl-pairs.ts';
export { type KlPair, type KlTable, parameter } from './kl-table.ts';

/** A scalar in nats with what it is: a closed form, or an unbiased estimate whose noise is drawn anew in every run. */
export type Estimate =
  | { readonly value: D.Draw<Expr>; readonly evidence: 'exact' }
  | { readonly value: D.Draw<Expr>; readonly evidence: 'unbiased' };

/** Options of {@link kl}, {@link crossEntropy} and {@link entropy}. */
export interface EstimateOptions {
  /** Samples of an estimate; default 1. */
  readonly samples?: number;
  /** Closed forms by `p/q` (names of families); yours beside the library's: `{ ...klPairs, 'mine/mine': … }`. */
  readonly pairs?: KlTable;
}

/** E over samples of p of f, as the mean of n draws. */
const average = (p: AnyDist, n: number, f: (s: Scored) => D.Draw<Expr>): Estimate => {
  if (!Number.isInteger(n) || n < 1)
    return raise('ArgumentError', 'kl', 'samples is not a number of samples', {
      expected: 'an integer from 1',
      got: `${n}`,
    });
  const one = pipe(p.sampleAndLogDensity, D.chain(f));
  const value: D.Draw<Expr> = (scope) =>
    pipe(
      R.vmapRandom(() => R.map((v: Expr): readonly Expr[] => [v])(one(scope)), { size: n, axis: 'samples' })(),
      R.map(([all]) => o.mean(all)),
    );
  return { value, evidence: 'unbiased' };
};

const closed = (p: AnyDist, q: AnyDist, pairs: KlTable): D.Draw<Expr> | undefined => {
  // Distributions at one place are compared there.
  if (p.named !== undefined && q.named !== undefined && p.named.place === q.named.place) {
    const there = closed(p.named.dist, q.named.dist, pairs);
    return there && D.at(p.named.place, there);
  }
  const pair: KlPair | undefined = pairs[`${p.family?.name}/${q.family?.name}`];
  return pair?.(p, q, (a, b) => (sameShape(a.shape, b.shape) ? closed(a, b, pairs) : undefined));
};

const sameEvents = (owner: string, p: AnyDist, q: AnyDist): void => {
  if (!sameShape(p.shape, q.shape))
    raise('ShapeError', owner, 'the distributions have different events', {
      expected: showShape(p.shape),
      got: showShape(q.shape),
    });
};

/**
 * KL(p ‖ q) = E_p [log p(x) − log q(x)] in nats: by the closed form that `pairs` has for the two families (sums over independent parts; a bijection
 * that both were pushed through cancels, where both encode alike), else the mean of `samples` draws from p, which is `unbiased` and says so. Gradients of an estimate
 * flow through the sampler: they are right where p is reparameterised. Throws `ShapeError` where events differ.
 *
 * @example
 * const { value, evidence } = kl(normal([2], { loc: 1, scale: 2 }), standardNormal([2]));   // evidence: 'exact'
 */
export const kl = <S extends Shape>(
  p: Dist<S, Exact & Samples>,
  q: Dist<S, Exact>,
  { samples = 1, pairs = klPairs }: EstimateOptions = {},
): Estimate => {
  demand('kl', p, 'exactLogDensity', 'samples');
  demand('kl', q, 'exactLogDensity');
  sameEvents('kl', p, q);
  const value = closed(p, q, pairs);
  return value === undefined
    ? average(p, samples, (s) => D.map((lq: Expr) => o.sub(s.logDensity, lq))(q.logDensity(s.value)))
    : { value, evidence: 'exact' };
};

/**
 * Differential (or Shannon) entropy −E_p log p(x) in nats: the distribution's fact where it has one, else the mean of `samples` draws.
 *
 * @example
 * value(entropy(normal([1])));   // ½ log 2πe = 1.419
 */
export const entropy = <S extends Shape>(
  p: Dist<S, Exact & Samples>,
  { samples = 1 }: Pick<EstimateOptions, 'samples'> = {},
): Estimate => {
  const fact = (p as AnyDist & Partial<AllFacts>).entropy;
  return fact === undefined
    ? average(p, samples, (s) => D.of(o.neg(s.logDensity)))
    : { value: D.of(fact), evidence: 'exact' };
};

/**
 * Cross-entropy −E_p log q(x) = H(p) + KL(p ‖ q) in nats: exact where both are, else the mean of `samples` draws from p.
 *
 * @example
 * value(crossEntropy(normal([1]), normal([1], { loc: 1 })));   // H(p) + KL(p ‖ q) = 1.919
 */
export const crossEntropy = <S extends Shape>(
  p: Dist<S, Exact & Samples>,
  q: Dist<S, Exact>,
  { samples = 1, pairs = klPairs }: EstimateOptions = {},
): Estimate => {
  demand('crossEntropy', p, 'exactLogDensity', 'samples');
  demand('crossEntropy', q, 'exactLogDensity');
  sameEvents('crossEntropy', p, q);
  const divergence = closed(p, q, pairs);
  const h = (p as AnyDist & Partial<AllFacts>).entropy;
  return divergence === undefined || h === undefined
    ? average(p, samples, (s) => D.map(o.neg)(q.logDensity(s.value)))
    : { value: D.map((d: Expr) => o.add(d, h))(divergence), evidence: 'exact' };
};
