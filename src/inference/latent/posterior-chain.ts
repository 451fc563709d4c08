/** A Markov chain on p(u | x): Hamiltonian Monte Carlo over everything that is inferred about one event, joined into one vector. */
import { pipe } from 'fp-ts/lib/function.js';
import type { AnyDist } from '../../algebra/dist.ts';
import { asConstants, atValues, type Reading, type Trace, trace } from '../../algebra/trace.ts';
import * as D from '../../core/draw.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { map } from '../../core/random.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { hmc } from '../../mcmc/hamiltonian.ts';
import { chainOf } from '../../mcmc/kernel.ts';

/** Options of the chain. */
export interface ChainOptions {
  /** Step size of the leapfrog. */
  readonly stepSize: number;
  /** Leapfrog steps of a transition; default 10 (Kingma & Welling 2014, appendix E). */
  readonly leapfrogSteps?: number;
  /** Transitions from the draw of the posterior to where the chain is read; default 1. */
  readonly transitions?: number;
}

/** Arrays as one vector, and back. */
export const join = (parts: readonly Expr[]): Expr => o.concat(parts.map((p) => o.reshape(p, [sizeOf(p.shape)])));

/** The arrays of these shapes in one vector. */
export const split = (vector: Expr, shapes: readonly Shape[]): readonly Expr[] => {
  let at = 0;
  return shapes.map((shape) => {
    const size = sizeOf(shape);
    at += size;
    return o.reshape(o.sliceAxis(vector, 0, at - size, at), shape);
  });
};

/** A chain for one event. */
export interface PosteriorChain {
  /** The trace that the chain starts from, drawn from q. */
  readonly start: Trace;
  readonly shapes: readonly Shape[];
  /** The trace under another reading and the same noise. */
  readonly under: (reading: Reading) => Trace;
  /** log p(x, u) at a vector u, under the noise of this event. */
  readonly logJoint: (u: Expr) => Expr;
  /** Vectors u after each of n transitions, `[n, D]`, and the share of proposals accepted. */
  readonly run: (n: number) => D.Draw<{ readonly positions: Expr; readonly acceptance: Expr }>;
}

/** The chain of an event; its parameters and values are constants to every derivative. Posteriors must be continuous. */
export const posteriorChain =
  (dist: AnyDist, { stepSize, leapfrogSteps = 10 }: ChainOptions) =>
  (x: Expr): D.Draw<PosteriorChain> =>
  (scope) =>
  (cursor) => {
    // One stream for every look at the event: what is drawn before anything is inferred (a dequantisation) stays what it was.
    const under = (reading: Reading): Trace => D.forked(trace(dist, reading)(x))(scope)(cursor)[0];
    const start = under(asConstants);
    const shapes = start.sites.map((s) => s.value.shape);
    const logJoint = (u: Expr): Expr =>
      D.detached(D.forked(trace(dist, atValues(split(u, shapes)))(x)))(scope)(cursor)[0].logDensity;
    const kernel = hmc({ stepSize, steps: leapfrogSteps })(logJoint);
    const run: PosteriorChain['run'] = (n) =>
      D.fromRandom(
        pipe(
          chainOf(kernel, n, ({ state, info }) => ({ position: state.position, accepted: info.accepted }))(
            kernel.init(join(start.sites.map((s) => s.value))),
          ),
          map(({ recorded }) => ({
            positions: o.stopGradient(recorded.position),
            acceptance: o.stopGradient(o.mean(recorded.accepted)),
          })),
        ),
      );
    return [
      { start, shapes, under, logJoint, run },
      { ...cursor, next: cursor.next + 1 },
    ];
  };
