import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, dist } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { showShape } from '../core/shape.ts';
import { type Argument, toExpr, toSpec } from './argument.ts';
import { logGamma, positiveFinite } from './gamma-draws.ts';

/** Parameters of {@link dirichlet}. */
export interface DirichletOptions {
  /** α, positive, `[K]` with K ≥ 2. */
  readonly concentration: readonly number[] | Expr;
}

/** How far Σ xᵢ may be from 1: what float32 loses. */
const SLACK = 1e-5;

/**
 * The Dirichlet law on the simplex of vectors `[K]`: log p(x) = Σ (αᵢ−1) log xᵢ + log Γ(Σα) − Σ log Γ(αᵢ) nats with respect to (x₁ … x_{K−1}), −∞ where
 * an element is not positive or the sum differs from 1 by more than 1e-5.
 *
 * Samples are normalised gamma variables, by a softmax of their logarithms: right for concentrations of 0.01 too, where elements round to 0 but
 * `sampleAndLogDensity` keeps their logarithms. First derivatives by the concentration are pathwise, as `gamma`'s.
 * Facts: the mode is (α−1)/(Σα−K), and NaN where some αᵢ ≤ 1, since the density has then no maximum inside.
 * Throws `ArgumentError` where a constant concentration is not positive, `ShapeError` where it is not a vector of two or more.
 *
 * @example
 * const weights = dirichlet({ concentration: [1, 1, 1] });   // uniform on the simplex
 */
export const dirichlet = ({
  concentration,
}: DirichletOptions): Dist<readonly [number], Exact & Samples> &
  Facts<'support' | 'mean' | 'variance' | 'covariance' | 'mode' | 'entropy'> => {
  positiveFinite('dirichlet', 'concentration', concentration as Argument);
  const a = toExpr(concentration as Argument);
  if (a.shape.length !== 1 || a.shape[0] < 2)
    return raise('ShapeError', 'dirichlet', 'the concentration is not a vector of two or more', {
      expected: '[K], K ≥ 2',
      got: showShape(a.shape),
    });
  const k = a.shape[0];
  const total = o.sum(a);
  const logNormaliser = o.sub(o.sum(o.lgamma(a)), o.lgamma(total));
  const half = o.mul(0.5, o.log(o.mul(1 / (2 * Math.PI), total)));
  const logs = pipe(
    D.fromRandom(logGamma(a)),
    D.map((l) => o.sub(l, o.logSumExp(l))),
  );
  const law = dist<readonly [number], Exact & Samples>({
    shape: [k],
    spec: { type: 'dirichlet', concentration: toSpec(concentration as Argument) },
    evidence: 'exact',
    logDensity: (x) => {
      const inside = o.and(o.less(0, o.neg(o.reduceMax(o.neg(x)))), o.less(o.abs(o.sub(o.sum(x), 1)), SLACK));
      const z = o.where(inside, x, 1 / k);
      // Σ log (αᵢ-kernel at A xᵢ) over the kernel of the sum at A: no large log-gammas meet
      const each = o.sum(o.sub(o.gammaKernel(a, o.mul(total, z)), o.log(z)));
      const whole = o.sub(half, o.stirlingRemainder(total));
      return D.of(o.where(inside, o.sub(each, whole), Number.NEGATIVE_INFINITY));
    },
    sample: D.map((l: Expr) => o.exp(l))(logs),
    sampleAndLogDensity: pipe(
      logs,
      D.map((l) => ({
        value: o.exp(l),
        logDensity: o.sub(o.sum(o.mul(o.sub(a, 1), l)), logNormaliser),
      })),
    ),
  });
  const m = o.div(a, total);
  const spread = o.div(1, o.add(total, 1));
  const outer = o.matmul(o.reshape(m, [k, 1]), o.reshape(m, [1, k]));
  const inner = o.less(1, o.neg(o.reduceMax(o.neg(a))));
  return withFacts(law, {
    support: { kind: 'simplex' },
    mean: m,
    variance: o.mul(spread, o.mul(m, o.sub(1, m))),
    covariance: o.mul(spread, o.sub(o.mul(o.eye(k), o.reshape(m, [k, 1])), outer)),
    mode: o.where(inner, o.div(o.sub(a, 1), o.where(inner, o.sub(total, k), 1)), Number.NaN),
    entropy: o.add(
      o.add(logNormaliser, o.mul(o.sub(total, k), o.digamma(total))),
      o.neg(o.sum(o.mul(o.sub(a, 1), o.digamma(a)))),
    ),
  });
};
