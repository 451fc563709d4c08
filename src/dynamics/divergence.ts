/** How the divergence of a field is computed. */
import { divergence as exactDivergence, hutchinson } from '../core/differentiate/index.ts';
import type { Expr } from '../core/expr.ts';
import { normal, of, type Random, rademacher } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';

/**
 * How the trace of a Jacobian is computed: `exact` (as many derivatives as the event has elements), or estimated by one of Hutchinson's probes v, vᵀ J v, drawn once
 * for a whole solve: `rademacher` (variance 2(‖sym J‖² − Σ Jᵢᵢ²): none where the Jacobian is diagonal), or `gaussian` (variance 2‖sym J‖²).
 */
export type TraceBy = 'exact' | 'rademacher' | 'gaussian';

/** The same, or `declared`: the field brings its own. */
export type DivergenceBy = TraceBy | 'declared';

/**
 * Draws the probe v of Hutchinson's estimator tr J ≈ vᵀ J v, of shape `shape`, once for a whole solve: signs ±1 for `rademacher`, standard normal numbers for
 * `gaussian`. For `exact` and `declared` it gives `undefined` and draws nothing. Source: Hutchinson 1990; Grathwohl et al. 2019 (FFJORD), arXiv:1810.01367.
 *
 * @example
 * const x = ops.constant([1, 2]);
 * value(draw.fromRandom(random.map((probe) => traceOf(ops.neg(x), x, probe))(drawProbe('rademacher', [2]))), { seed: 0 });   // −2: exact for a diagonal Jacobian
 */
export const drawProbe = (by: DivergenceBy, shape: Shape): Random<Expr | undefined> =>
  by === 'rademacher' || by === 'gaussian' ? (by === 'rademacher' ? rademacher : normal)(shape) : of(undefined);

/**
 * The divergence tr ∂f/∂x of a velocity that is a graph over `x`, a scalar: exact without a probe, else Hutchinson's estimate vᵀ (∂f/∂x) v. Velocity and probe
 * have the shape of x. Cost: as many forward derivatives as the event has elements, or one reverse derivative. Source: Hutchinson 1990; Grathwohl et al. 2019,
 * arXiv:1810.01367.
 *
 * @example
 * const x = ops.constant([1, 2]);
 * traceOf(ops.neg(x), x);   // −2
 */
export const traceOf = (velocity: Expr, x: Expr, probe?: Expr): Expr =>
  probe === undefined ? exactDivergence(velocity, x) : hutchinson(velocity, x, probe);
