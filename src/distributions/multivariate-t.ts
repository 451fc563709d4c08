import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import { type Json, opaque } from '../algebra/spec.ts';
import { reals } from '../algebra/support.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { showShape } from '../core/shape.ts';
import { type Argument, fits, toExpr, toSpec } from './argument.ts';
import { positiveFinite } from './gamma-draws.ts';
import { logStretch, logTailOf } from './student-t.ts';

/** Parameters of {@link multivariateT}. */
export interface MultivariateTOptions {
  /** Degrees of freedom ν, positive, a scalar. */
  readonly degrees: number | Expr;
  /** Centre, `[D]` or a number; default 0. */
  readonly loc?: Argument;
  /** L, lower triangular with a positive diagonal, `[D, D]`: the scale matrix is L Lᵀ. Its upper triangle must be zero. */
  readonly scaleTril: readonly (readonly number[])[] | Expr;
}

const toMatrix = (l: MultivariateTOptions['scaleTril']): Expr => {
  if ('op' in l) return l.shape.length === 2 && l.shape[0] === l.shape[1] ? l : refuse('another shape', '[D, D]', showShape(l.shape)); // biome-ignore format: one idea
  const n = l.length;
  l.forEach((row, i) => {
    if (row.length !== n) refuse('not square', `rows of ${n}`, `row ${i} of ${row.length}`);
    row.forEach((v, j) => {
      if (j > i ? v !== 0 : !Number.isFinite(v)) refuse('not lower triangular', `0 at [${i}, ${j}]`, `${v}`);
    });
    if (!(row[i] > 0)) refuse('not positive on the diagonal', `a positive number at [${i}, ${i}]`, `${row[i]}`);
  });
  return o.constant(l.flat(), [n, n]);
};

const refuse = (what: string, expected: string, got: string): never =>
  raise('ArgumentError', 'multivariateT', `scaleTril is ${what}`, { expected, got });

/**
 * The multivariate t distribution over vectors `[D]`: with m = ‖L⁻¹(x − loc)‖², log p(x) = log Γ(½D) − log B(½D, ½ν) − ½D log νπ − Σ log Lᵢᵢ − ½(ν+D) log(1 + m/ν) nats.
 * Samples loc + L ε/√(χ²_ν/ν), one χ² for the whole vector, have right first derivatives by all parameters. Facts: the mean is NaN where
 * ν ≤ 1; variance and covariance L Lᵀ ν/(ν−2) are NaN where ν ≤ 2 (off the diagonal there is none).
 * Throws `ArgumentError` where degrees are not positive or L is not lower triangular with a positive diagonal, `ShapeError` where shapes differ.
 *
 * @example
 * const dist = multivariateT({ degrees: 5, scaleTril: [[1, 0], [0.5, 2]] });
 */
export const multivariateT = ({
  degrees,
  loc = 0,
  scaleTril,
}: MultivariateTOptions): Dist<readonly [number], Exact & Samples> &
  Facts<'support' | 'mean' | 'variance' | 'covariance' | 'mode' | 'entropy'> => {
  positiveFinite('multivariateT', 'degrees', degrees);
  const l = toMatrix(scaleTril);
  const n = l.shape[0];
  const nu = fits('multivariateT', 'degrees', toExpr(degrees), []);
  const m = fits('multivariateT', 'loc', toExpr(loc), [n]);
  const matrix = 'op' in scaleTril ? opaque('expression', 'the parameter is an expression') : scaleTril;
  const half = o.mul(0.5, nu);
  const diagonal = o.sum(o.mul(l, o.eye(n)), 1);
  const level = o.add(
    o.add(o.sub(o.logBeta(n / 2, half), o.lgamma(n / 2)), o.mul(n / 2, o.log(o.mul(Math.PI, nu)))),
    o.sum(o.log(diagonal)),
  );
  const parts = D.fromRandom(R.both(R.normal([n]), R.fork(logStretch(nu))));
  const value = ([e, w]: readonly [Expr, Expr]): Expr => o.add(m, o.mul(o.exp(w), o.matvec(l, e)));
  const dist = distribution<readonly [number], Exact & Samples>({
    shape: [n],
    spec: { type: 'multivariateT', degrees: toSpec(degrees), loc: toSpec(loc), scaleTril: matrix as Json },
    family: { name: 'multivariateT', parameters: { degrees: nu, loc: m, scaleTril: l } },
    evidence: 'exact',
    logDensity: (x) => {
      const t = o.triangularSolve(l, o.reshape(o.sub(x, m), [n, 1]), { lower: true });
      const tail = o.log1p(o.div(o.sum(o.square(t)), nu));
      return D.of(o.sub(o.mul(-0.5, o.mul(o.add(nu, n), tail)), level));
    },
    sample: D.map(value)(parts),
    sampleAndLogDensity: D.map((both: readonly [Expr, Expr]) => {
      const tail = logTailOf(o.sum(o.square(both[0])), both[1], nu);
      return { value: value(both), logDensity: o.sub(o.mul(-0.5, o.mul(o.add(nu, n), tail)), level) };
    })(parts),
  });
  const finite = o.less(2, nu);
  const ratio = o.where(finite, o.div(nu, o.where(finite, o.sub(nu, 2), 1)), Number.NaN);
  const more = o.add(half, n / 2);
  return withFacts(dist, {
    support: reals,
    mean: o.where(o.less(1, nu), m, Number.NaN),
    variance: o.mul(ratio, o.sum(o.square(l), 1)),
    covariance: o.mul(ratio, o.matmul(l, o.transpose(l))),
    mode: m,
    entropy: o.add(level, o.mul(more, o.digammaRise(half, n / 2))),
  });
};
