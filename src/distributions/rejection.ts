/** Counts by transformed rejection with a fixed number of proposals, all drawn at once: no loop whose length depends on data. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { poissonLog } from './counts.ts';

/** Proposals an event gets. One is accepted with probability ≥ 0.75, so all are refused with probability below 1e-9. */
const PROPOSALS = 16;
/** Values that the inverse CDF looks at: P(X ≥ 48) < 1e-16 for a Poisson (hence a binomial) distribution of mean below 10. */
const TABLE = 48;

/** Which way counts are drawn: by the table (means below 10), by rejection (means from 10), or by whichever fits each element. */
export type Regime = 'table' | 'rejection' | 'either';

/** The regime of constant means; `either` where they are not known yet. */
export const regimeOf = (means: readonly number[] | undefined): Regime =>
  means === undefined
    ? 'either'
    : means.every((m) => m < 10)
      ? 'table'
      : means.every((m) => m >= 10)
        ? 'rejection'
        : 'either';

/** The value of the first row that is accepted; `otherwise` where none is. */
const firstAccepted = (values: Expr, accepted: Expr, otherwise: Expr): Expr => {
  const hits = o.cast(accepted, 'real');
  const first = o.mul(hits, o.cast(o.equal(o.cumsum(hits, 0), 1), 'real'));
  const chosen = o.sum(o.where(o.equal(first, 1), values, 0), 0);
  return o.where(o.equal(o.sum(first, 0), 1), chosen, otherwise);
};

/** Rows 0 … TABLE−1 of constants, to be broadcast over events. */
const rows = (f: (k: number) => number, shape: Shape): Expr =>
  o.broadcastTo(
    o.constant(
      Array.from({ length: TABLE }, (_, k) => f(k)),
      [TABLE, ...shape.map(() => 1)],
    ),
    [TABLE, ...shape],
  );

const logFactorial = (k: number): number => (k < 2 ? 0 : Math.log(k) + logFactorial(k - 1));

/** Number of table entries that u has passed: the inverse CDF of a distribution on 0, 1, … given by its log-probabilities `[TABLE, …]`. */
const byTable = (u: Expr, logp: Expr): Expr => {
  const cdf = o.cumsum(o.exp(logp), 0);
  // Against the table's own total: a sum that rounding left below u must not send u past the end.
  const passed = o.less(cdf, o.mul(u, o.reduceMax(cdf, 0)));
  return o.sum(o.cast(passed, 'real'), 0);
};

/**
 * −D(k, m) − ½ log 2πk − 1/12k + 1/360k³: log of the Poisson probability to the digits that a decision about acceptance needs, also in float32
 * at m = 10⁶; −m at k = 0.
 */
const roughPoisson = (k: Expr, m: Expr): Expr => {
  const none = o.less(k, 1);
  const j = o.where(none, 1, k);
  const u = o.div(o.sub(j, m), m);
  const d = o.mul(m, o.sub(o.mul(o.add(1, u), o.log1p(u)), u));
  const r = o.div(1, j);
  const error = o.mul(r, o.sub(1 / 12, o.mul(1 / 360, o.mul(r, r))));
  return o.where(none, o.neg(m), o.neg(o.add(o.add(d, o.mul(0.5, o.log(o.mul(2 * Math.PI, j)))), error)));
};

interface Hat {
  readonly a: Expr;
  readonly b: Expr;
  readonly centre: Expr;
  readonly quick: Expr;
  readonly logHeight: Expr;
}

/** Hörmann's transformed rejection with squeeze (W. Hörmann 1993, algorithms PTRS and BTRS). */
const transformed = (hat: Hat, logp: (k: Expr) => Expr, legal: (k: Expr) => Expr, shape: Shape): R.Random<Expr> =>
  pipe(
    R.both(R.uniform([PROPOSALS, ...shape]), R.uniform([PROPOSALS, ...shape])),
    R.map(([raw, v]) => {
      const u = o.sub(raw, 0.5);
      const us = o.sub(0.5, o.abs(u));
      const safe = o.max(us, 1e-9);
      const k = o.floor(o.add(o.mul(o.add(o.div(o.mul(2, hat.a), safe), hat.b), u), hat.centre));
      const ok = o.and(legal(k), o.less(1e-9, us));
      const at = o.where(ok, k, o.floor(hat.centre));
      const height = o.sub(o.add(o.log(v), hat.logHeight), o.log(o.add(o.div(hat.a, o.mul(safe, safe)), hat.b)));
      const squeezed = o.and(o.lessEqual(0.07, us), o.lessEqual(v, hat.quick));
      return firstAccepted(k, o.and(ok, o.or(squeezed, o.lessEqual(height, logp(at)))), o.floor(hat.centre));
    }),
  );

/** Draws what the regime needs and no more. */
const inRegime = (
  regime: Regime,
  big: Expr,
  table: (u: Expr) => Expr,
  rejection: () => R.Random<Expr>,
): R.Random<Expr> => {
  const low = R.map(table)(R.uniform(big.shape));
  if (regime === 'table') return low;
  if (regime === 'rejection') return rejection();
  return R.map(([small, large]: readonly [Expr, Expr]) => o.where(big, large, small))(R.both(low, rejection()));
};

/**
 * Poisson counts of rates `rate` (of the wanted shape): below 10 by inverse CDF, from 10 by PTRS. Rates 0 … 1e6 (a float32 uniform has no
 * digits for wider distributions).
 */
export const drawPoisson = (rate: Expr, regime: Regime = 'either'): R.Random<Expr> => {
  const big = o.greaterEqual(rate, 10);
  const small = o.where(big, 1, rate);
  const m = o.where(big, rate, 10);
  const b = o.add(0.931, o.mul(2.53, o.sqrt(m)));
  const hat: Hat = {
    b,
    a: o.add(-0.059, o.mul(0.02483, b)),
    centre: o.add(m, 0.43),
    quick: o.sub(0.9277, o.div(3.6224, o.sub(b, 2))),
    logHeight: o.log(o.add(1.1239, o.div(1.1328, o.sub(b, 3.4)))),
  };
  const k = rows((i) => i, rate.shape);
  const kLog = o.where(o.equal(k, 0), 0, o.mul(k, o.log(o.max(small, 1e-300))));
  return inRegime(
    regime,
    big,
    (u) => byTable(u, o.sub(o.sub(kLog, small), rows(logFactorial, rate.shape))),
    () =>
      transformed(
        hat,
        (i) => roughPoisson(i, o.broadcastTo(m, i.shape)),
        (i) => o.lessEqual(0, i),
        rate.shape,
      ),
  );
};

/** log of the binomial probability of 0 ≤ x ≤ n at log-probabilities of success and failure; n may be zero. */
export const binomialLog = (x: Expr, n: Expr, logP: Expr, logQ: Expr): Expr => {
  const y = o.sub(n, x);
  const whole = o.max(n, 1);
  const logN = o.log(whole);
  const one = (c: Expr, l: Expr): Expr => poissonLog(c, o.mul(n, o.exp(l)), o.add(logN, l));
  const middle = o.sub(o.add(one(x, logP), one(y, logQ)), poissonLog(whole, whole, logN));
  const none = o.equal(x, 0);
  const all = o.equal(y, 0);
  return o.where(none, o.where(all, 0, o.mul(n, logQ)), o.where(all, o.mul(n, logP), middle));
};

/**
 * Binomial counts out of n (an array of the wanted shape, integers 0 … 2²⁴): where n min(p, q) < 10 by inverse CDF, beyond by BTRS; drawn for
 * the rarer of success and failure.
 */
export const drawBinomial = (n: Expr, logits: Expr, regime: Regime = 'either'): R.Random<Expr> => {
  const l = o.neg(o.abs(logits));
  const p = o.sigmoid(l);
  const big = o.greaterEqual(o.mul(n, p), 10);
  const m = o.where(big, n, 40);
  const r = o.where(big, p, 0.5);
  const spread = o.sqrt(o.mul(m, o.mul(r, o.sub(1, r))));
  const b = o.add(1.15, o.mul(2.53, spread));
  const mode = o.floor(o.mul(o.add(m, 1), r));
  const over = (e: Expr, like: Expr): Expr => o.broadcastTo(e, like.shape);
  // A binomial distribution is two Poisson distributions given their sum, which cancels in the ratio to the mode.
  const logAt = (k: Expr): Expr =>
    o.add(roughPoisson(k, over(o.mul(m, r), k)), roughPoisson(o.sub(over(m, k), k), over(o.mul(m, o.sub(1, r)), k)));
  const hat: Hat = {
    b,
    a: o.add(o.add(-0.0873, o.mul(0.0248, b)), o.mul(0.01, r)),
    centre: o.add(o.mul(m, r), 0.5),
    quick: o.sub(0.92, o.div(4.2, b)),
    logHeight: o.add(o.log(o.mul(o.add(2.83, o.div(5.1, b)), spread)), logAt(mode)),
  };
  // log C(n, k) as the sum of log (n−j)/(j+1), j < k; −∞ from k = n+1.
  const few = o.where(big, 1, n);
  const left = o.sub(
    few,
    rows((k) => Math.max(k - 1, 0), n.shape),
  );
  const ratio = o.div(
    o.max(left, 0),
    rows((k) => Math.max(k, 1), n.shape),
  );
  const first = o.equal(
    rows((k) => k, n.shape),
    0,
  );
  const coefficients = o.cumsum(o.where(first, 0, o.log(ratio)), 0);
  const table = o.add(
    coefficients,
    o.add(
      o.mul(few, o.logSigmoid(o.neg(l))),
      o.mul(
        rows((k) => k, n.shape),
        l,
      ),
    ),
  );
  return pipe(
    inRegime(
      regime,
      big,
      (u) => o.min(byTable(u, table), n),
      () => transformed(hat, logAt, (k) => o.and(o.lessEqual(0, k), o.lessEqual(k, over(m, k))), n.shape),
    ),
    R.map((rare) => o.where(o.greater(logits, 0), o.sub(n, rare), rare)),
  );
};

/** Gamma variables of shape `a` > 0 and scale 1 (Marsaglia & Tsang 2000): no gradient flows through them. */
export const drawGamma = (a: Expr): R.Random<Expr> => {
  const boost = o.less(a, 1);
  const d = o.sub(o.where(boost, o.add(a, 1), a), 1 / 3);
  const c = o.div(1, o.sqrt(o.mul(9, d)));
  const lead = [10, ...a.shape];
  return pipe(
    R.both(R.uniform(a.shape), R.both(R.normal(lead), R.uniform(lead))),
    R.map(([w, [x, u]]) => {
      const root = o.add(1, o.mul(c, x));
      const ok = o.greater(root, 0);
      const v = o.where(ok, o.mul(root, o.mul(root, root)), 1);
      const bound = o.add(o.mul(0.5, o.square(x)), o.mul(d, o.add(o.sub(1, v), o.log(v))));
      const g = firstAccepted(o.mul(d, v), o.and(ok, o.less(o.log(u), bound)), d);
      return o.where(boost, o.mul(g, o.exp(o.div(o.log(w), a))), g);
    }),
  );
};
