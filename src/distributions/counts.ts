/**
 * Arithmetic of counts: log-probabilities that keep their digits. Binomial coefficients and factorials of large numbers nearly cancel against
 * powers; Loader's saddle-point form (C. Loader, "Fast and accurate computation of binomial probabilities", 2000) never forms them.
 */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import type { Argument } from './argument.ts';
import { onSupport } from './on-support.ts';

/** The numbers of a constant argument; `undefined` for an expression. */
export const constants = (a: Argument): readonly number[] | undefined =>
  typeof a === 'number' ? [a] : Array.isArray(a) ? (a as readonly number[]) : undefined;

/** Throws `ArgumentError` where a constant argument has an element that does not satisfy `ok`; `expected` says what does. */
export const every = (owner: string, name: string, a: Argument, ok: (v: number) => boolean, expected: string): void => {
  const values = constants(a);
  const bad = values?.find((v) => !ok(v));
  if (bad !== undefined || values?.length === 0)
    raise('ArgumentError', owner, `${name} has a value outside its range`, { expected, got: `${bad ?? 'no value'}` });
};

/** {@link every} value finite. */
export const finite = (owner: string, name: string, a: Argument): void =>
  every(owner, name, a, Number.isFinite, 'finite numbers');

/** Whether x is an integer from `low` to `high` (no upper end where it is left out). */
export const isInteger = (x: Expr, low: Operand, high?: Operand): Expr => {
  const above = o.and(o.equal(x, o.floor(x)), o.greaterEqual(x, low));
  return high === undefined ? above : o.and(above, o.lessEqual(x, high));
};

/** f on the integers `low … high`, −∞ elsewhere. */
export const onIntegers = (x: Expr, low: number, high: Operand | undefined, f: (x: Expr) => Expr): Expr =>
  onSupport(x, isInteger(x, low, high), low, f);

/**
 * f, a number, of an event of zeros and ones; −∞ of an event with another element. The event is looked at as a whole, x (x − 1) = 0 for all its
 * elements: fewer passes over it than {@link onIntegers} takes, which matters where the network is small and the event is not.
 */
export const onCoins = (x: Expr, f: (x: Expr) => Expr): Expr => {
  const on = o.equal(o.sum(o.abs(o.mul(x, o.sub(x, 1)))), 0);
  return onSupport(x, on, 0, f);
};

const SERIES = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360];

/** δ(z) = log Γ(z+1) − (z+½) log z + z − ½ log 2π for z > 0: Stirling's error, 1/(12z) − … (DLMF 5.11.1 from z = 10). */
export const stirlingError = (z: Expr): Expr => {
  const small = o.less(z, 10);
  const s = o.where(small, z, 1);
  const r = o.div(1, o.where(small, 10, z));
  const r2 = o.mul(r, r);
  const series = SERIES.reduceRight<Expr>((sum, c) => o.add(o.mul(sum, r2), c), o.scalar(0));
  const direct = o.add(
    o.sub(o.lgamma(o.add(s, 1)), o.mul(o.add(s, 0.5), o.log(s))),
    o.sub(s, 0.5 * Math.log(2 * Math.PI)),
  );
  return o.where(small, direct, o.mul(r, series));
};

/** D(x, m) = x log(x/m) + m − x for x > 0, with the digits it has near x = m (Loader's `bd0`); `logM` is log m, kept apart for tiny m. */
export const deviance = (x: Expr, m: Expr, logM: Expr): Expr => {
  const v = o.div(o.sub(x, m), o.add(x, m));
  const near = o.less(o.abs(v), 0.1);
  const t = o.where(near, v, 0);
  const t2 = o.mul(t, t);
  let series: Expr = o.scalar(1 / 19);
  for (let j = 8; j >= 1; j--) series = o.add(o.mul(series, t2), 1 / (2 * j + 1));
  const close = o.add(o.mul(o.sub(x, m), t), o.mul(2, o.mul(o.mul(x, o.mul(t, t2)), series)));
  const plain = o.greater(m, 1e-30);
  const logRatio = o.where(plain, o.log(o.div(x, o.where(plain, m, 1))), o.sub(o.log(x), logM));
  return o.where(near, close, o.sub(o.mul(x, logRatio), o.sub(x, m)));
};

/**
 * log of the Poisson probability of x ≥ 0 at mean m = exp(logM): x log m − m − log x!, elementwise, in nats; from x = 10 as
 * −½ log 2πx − δ(x) − D(x, m). Binomial and multinomial distributions are Poisson distributions given their sum, so they are sums of these.
 */
export const poissonLog = (x: Expr, m: Expr, logM: Expr): Expr => {
  const large = o.greaterEqual(x, 10);
  const s = o.where(large, 1, x);
  const none = o.equal(x, 0);
  const direct = o.sub(o.sub(o.mul(s, o.where(none, 0, logM)), m), o.lgamma(o.add(s, 1)));
  const b = o.where(large, x, 10);
  const saddle = o.neg(o.add(o.add(o.mul(0.5, o.log(o.mul(2 * Math.PI, b))), stirlingError(b)), deviance(b, m, logM)));
  return o.where(large, saddle, direct);
};

/** What is known of the chances of counts. */
export type CountChance = 'cdf' | 'logCdf' | 'logSurvival';

/** Chances of P(X ≤ x) as functions of the count ⌊x⌋ from 0 to `high` (none where it is left out). */
export const countChances = (
  chances: { readonly [K in CountChance]: (k: Expr) => Expr },
  high?: number,
): { readonly [K in CountChance]: (x: Expr) => Expr } => {
  const at = (f: (k: Expr) => Expr, below: number, above: number) => (x: Expr) => {
    const low = o.less(x, 0);
    const full = high === undefined ? undefined : o.greaterEqual(x, high);
    const k = o.floor(o.where(low, 0, x));
    const value = o.where(low, below, f(full === undefined ? k : o.where(full, 0, k)));
    return full === undefined ? value : o.where(full, above, value);
  };
  return {
    cdf: at(chances.cdf, 0, 1),
    logCdf: at(chances.logCdf, Number.NEGATIVE_INFINITY, 0),
    logSurvival: at(chances.logSurvival, 0, Number.NEGATIVE_INFINITY),
  };
};
