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

/** The probe of a solve; none where the divergence is no estimate, and then nothing is drawn. */
export const drawProbe = (by: DivergenceBy, shape: Shape): Random<Expr | undefined> =>
  by === 'rademacher' || by === 'gaussian' ? (by === 'rademacher' ? rademacher : normal)(shape) : of(undefined);

/**
 * The divergence of a velocity that is a graph over `x`: exact where there is no probe, else the estimate vᵀ (∂f/∂x) v. Cost: as many forward derivatives as the event
 * has elements, or one reverse derivative.
 *
 * @example
 * const x = ops.constant([1, 2]);
 * traceOf(ops.neg(x), x);   // −2
 */
export const traceOf = (velocity: Expr, x: Expr, probe?: Expr): Expr =>
  probe === undefined ? exactDivergence(velocity, x) : hutchinson(velocity, x, probe);
