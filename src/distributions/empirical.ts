import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';

/** Data: one event a row, all of one length. */
export type Rows = readonly (readonly number[])[];

/** The rows as a constant `[n, D]`; throws where they are no table of finite numbers with `least` rows. */
const tableOf = (owner: string, rows: Rows, least: number): Expr => {
  const bad = rows.findIndex((r) => r.length !== rows[0].length || r.length === 0 || !r.every(Number.isFinite));
  if (rows.length < least || rows.length > 2 ** 20)
    raise('ArgumentError', owner, 'the rows are no data', { expected: `${least} to 2²⁰ rows`, got: `${rows.length}` });
  if (bad >= 0)
    raise('ArgumentError', `${owner}/${bad}`, 'a row is no event', {
      expected: `${rows[0].length} finite numbers, at least one`,
      got: `[${rows[bad].join(', ')}]`,
    });
  return o.constant(rows.flat(), [rows.length, rows[0].length]);
};

/** A row drawn with equal chances: index ⌊n u⌋ of a uniform number with 24 digits, hence at most 2²⁰ rows. */
const drawRow = (table: Expr): R.Random<Expr> => {
  const [n, d] = table.shape;
  const at = (u: Expr): Expr => o.cast(o.min(n - 1, o.floor(o.mul(n, u))), 'int32');
  return R.map((u: Expr) => o.reshape(o.gather(table, at(u)), [d]))(R.uniform([]));
};

const spreadOf = (table: Expr, mean: Expr): Expr => o.mean(o.square(o.sub(table, mean)), 0);

/**
 * The empirical distribution of rows: each with chance 1/n. It can be resampled; it has no density, and its type says so: `Samples` only.
 * Mean and variance (divided by n) are those of the rows. Throws `ArgumentError` where rows differ in length, are empty or not finite.
 *
 * @example
 * const bootstrap = empirical({ rows: [[0, 1], [2, 3]] });
 */
export const empirical = ({
  rows,
}: {
  readonly rows: Rows;
}): Dist<readonly [number], Samples> & Facts<'mean' | 'variance'> => {
  const table = tableOf('empirical', rows, 1);
  const mean = o.mean(table, 0);
  const dist = distribution<readonly [number], Samples>({
    shape: [table.shape[1]],
    spec: { type: 'empirical', rows },
    evidence: 'none',
    logDensity: () =>
      raise('ArgumentError', 'empirical', 'an empirical distribution has no density', {
        expected: 'kernelDensity',
        got: 'empirical',
      }),
    sample: D.fromRandom(drawRow(table)),
  });
  return withFacts(dist, { mean, variance: spreadOf(table, mean) });
};

/** Parameters of {@link kernelDensity}. */
export interface KernelDensityOptions {
  readonly rows: Rows;
  /** Standard deviations of the kernels: one for all, one a coordinate, or a rule from the rows; default Scott's. */
  readonly bandwidth?: number | readonly number[] | 'scott' | 'silverman';
}

const bandwidths = (rows: Rows, rule: NonNullable<KernelDensityOptions['bandwidth']>): readonly number[] => {
  const [n, d] = [rows.length, rows[0].length];
  if (typeof rule === 'number') return rows[0].map(() => rule);
  if (typeof rule !== 'string') return rule;
  const factor = (rule === 'scott' ? 1 / n : 4 / (n * (d + 2))) ** (1 / (d + 4));
  return rows[0].map((_, j) => {
    const m = rows.reduce((a, r) => a + r[j], 0) / n;
    return factor * Math.sqrt(rows.reduce((a, r) => a + (r[j] - m) ** 2, 0) / (n - 1));
  });
};

/**
 * A normal kernel at every row: log p(x) = logΣᵢ Πⱼ N(xⱼ; rᵢⱼ, hⱼ²) − log n nats, by log-sum-exp. Cost of a density: n·D for each event.
 * Bandwidths by Scott's rule hⱼ = σⱼ n^{−1/(D+4)} or Silverman's σⱼ (4/((D+2) n))^{1/(D+4)}, σⱼ of each coordinate alone (n−1); in
 * one dimension that is SciPy's `gaussian_kde`. Throws `ArgumentError` where the rows are no data or a bandwidth is not positive.
 *
 * @example
 * const smooth = kernelDensity({ rows: [[0, 1], [2, 3], [1, 1]], bandwidth: 'silverman' });
 */
export const kernelDensity = ({
  rows,
  bandwidth = 'scott',
}: KernelDensityOptions): Dist<readonly [number], Exact & Samples> & Facts<'mean' | 'variance'> => {
  const table = tableOf('kernelDensity', rows, typeof bandwidth === 'string' ? 2 : 1);
  const widths = bandwidths(rows, bandwidth);
  const d = table.shape[1];
  if (widths.length !== d || !widths.every((h) => h > 0 && Number.isFinite(h)))
    return raise('ArgumentError', 'kernelDensity', 'bandwidths do not fit', {
      expected: `${d} positive numbers`,
      got: `[${widths.join(', ')}]`,
    });
  const h = o.constant(widths);
  const constant = -Math.log(rows.length) - widths.reduce((a, w) => a + Math.log(w), 0);
  const mean = o.mean(table, 0);
  const dist = distribution<readonly [number], Exact & Samples>({
    shape: [d],
    spec: { type: 'kernelDensity', rows, bandwidth },
    evidence: 'exact',
    logDensity: (x) => {
      const z = o.div(o.sub(o.expandDims(x, 0), table), h);
      return D.of(o.add(constant, o.logSumExp(o.sum(o.standardNormalLogDensity(z), 1))));
    },
    sample: D.fromRandom(
      R.map(([row, e]: readonly [Expr, Expr]) => o.add(row, o.mul(h, e)))(R.both(drawRow(table), R.normal([d]))),
    ),
  });
  return withFacts(dist, { mean, variance: o.add(spreadOf(table, mean), o.square(h)) });
};
