/** How the divergence of a field is computed. */
import { divergence as exactDivergence, hutchinson } from '../core/differentiate/index.ts';
import { type Expr, substitute, variable } from '../core/expr.ts';
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

/** A velocity and its divergence at one place. */
export interface Flow {
  readonly velocity: Expr;
  /** A scalar. */
  readonly divergence: Expr;
}

/**
 * A velocity as a function of the event with its divergence beside it, in one graph: exact where there is no probe, else vᵀ (∂f/∂x) v. Cost beside the velocity: as
 * many forward derivatives as the event has elements, or one reverse derivative.
 *
 * @example
 * withDivergence((x) => ops.neg(x))(ops.constant([1, 2])).divergence;   // −2
 */
export const withDivergence =
  (velocity: (x: Expr) => Expr, probe?: Expr) =>
  (x: Expr): Flow => {
    const v = variable(x.shape);
    const f = velocity(v);
    const trace = probe === undefined ? exactDivergence(f, v) : hutchinson(f, v, probe);
    const [at, divergence] = substitute([f, trace], new Map([[v, x]]));
    return { velocity: at, divergence };
  };
