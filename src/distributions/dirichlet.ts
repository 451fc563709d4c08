import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
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
 * The Dirichlet distribution on the simplex of vectors `[K]`: log p(x) = Σ (αᵢ−1) log xᵢ + log Γ(Σα) − Σ log Γ(αᵢ) nats with respect to (x₁ … x_{K−1}), −∞ where
 * an element is not positive or the sum differs from 1 by more than 1e-5; within that the density is that of x / Σ x.
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
  const half = o.mul(0.5, o.log(o.mul(1 / (2 * Math.PI), total)));
  const logs = pipe(
    D.fromRandom(logGamma(a)),
    D.map((l) => o.sub(l, o.logSumExp(l))),
  );
  /** Σ (αᵢ−1) log xᵢ less its normaliser: Σ log (αᵢ-kernel at A xᵢ) over the kernel of the sum at A, so that no large log-gammas meet. */
  const density = (kernels: Expr, logs: Expr): Expr =>
    o.sub(o.sum(o.sub(kernels, logs)), o.sub(half, o.stirlingRemainder(total)));
  const dist = distribution<readonly [number], Exact & Samples>({
    shape: [k],
    spec: { type: 'dirichlet', concentration: toSpec(concentration as Argument) },
    family: { name: 'dirichlet', parameters: { concentration: a } },
    evidence: 'exact',
    logDensity: (x) => {
      const inside = o.and(o.less(0, o.neg(o.reduceMax(o.neg(x)))), o.less(o.abs(o.sub(o.sum(x), 1)), SLACK));
      // Rounded events lie beside the simplex by 1e-7, which large concentrations would multiply: the density is that of x / Σ x.
      const z = o.where(inside, o.div(x, o.where(inside, o.sum(x), 1)), 1 / k);
      const log = density(o.gammaKernel(a, o.mul(total, z)), o.log(z));
      return D.of(o.where(inside, log, Number.NEGATIVE_INFINITY));
    },
    sample: D.map((l: Expr) => o.exp(l))(logs),
    sampleAndLogDensity: pipe(
      logs,
      D.map((l) => ({
        value: o.exp(l),
        logDensity: density(o.gammaKernelOfLog(a, o.add(o.log(total), l)), l),
      })),
    ),
  });
  const m = o.div(a, total);
  // 1 − mᵢ as the sum of the others, which keeps its digits where mᵢ is nearly 1.
  const others = o.div(o.matvec(o.sub(1, o.eye(k)), a), total);
  const spread = o.div(1, o.add(total, 1));
  const outer = o.matmul(o.reshape(m, [k, 1]), o.reshape(m, [1, k]));
  const marginal = o.mul(spread, o.mul(m, others));
  const inner = o.less(1, o.neg(o.reduceMax(o.neg(a))));
  return withFacts(dist, {
    support: { kind: 'simplex' },
    mean: m,
    variance: marginal,
    covariance: o.sub(o.mul(o.eye(k), o.reshape(marginal, [k, 1])), o.mul(spread, o.mul(outer, o.sub(1, o.eye(k))))),
    mode: o.where(inner, o.div(o.sub(a, 1), o.where(inner, o.sub(total, k), 1)), Number.NaN),
    // Σ log Γ(αᵢ) − log Γ(A) + (A−K) ψ(A) − Σ (αᵢ−1) ψ(αᵢ), the large terms cancelled on paper.
    entropy: o.add(
      o.sum(o.add(o.mul(0.5, o.log(m)), o.sub(o.stirlingRemainder(a), o.mul(o.sub(a, 1), o.digammaRemainder(a))))),
      o.sub(
        o.sub(o.mul(o.sub(total, k), o.digammaRemainder(total)), o.stirlingRemainder(total)),
        o.mul((k - 1) / 2, o.sub(o.log(total), Math.log(2 * Math.PI))),
      ),
    ),
  });
};
