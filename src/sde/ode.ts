/** Explicit solvers of ordinary differential equations over several arrays at once, forwards or backwards in time. */
import type { Spec } from '../algebra/spec.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { of as nothingDrawn, runRandom, scanRandom } from '../core/random.ts';

/** Arrays that a differential equation moves together. */
export type Arrays = readonly Expr[];

/** d state/dt: one array for each. */
export type VectorField = (state: Arrays, t: Expr) => Arrays;

/** A solver: from the state at a time to that at another. A solver with steps of its own choice makes them in between. */
export interface OdeSolver {
  readonly spec: Spec;
  /** The power of the step by which the error at the end falls. */
  readonly order: number;
  /** Evaluations of the field from one time to the next; NaN where the solver chooses. */
  readonly evaluations: number;
  readonly advance: (field: VectorField) => (state: Arrays, from: Expr, to: Expr) => Arrays;
}

/** state + Σ weight · change, array by array; weights are expressions or numbers. */
export const moved = (state: Arrays, terms: readonly (readonly [Expr | number, Arrays])[]): Arrays =>
  state.map((x, i) => terms.reduce((sum, [w, change]) => o.add(sum, o.mul(w, change[i])), x));

const method = (
  type: string,
  order: number,
  evaluations: number,
  step: (f: VectorField, state: Arrays, t: Expr, dt: Expr) => Arrays,
): OdeSolver => ({
  spec: { type },
  order,
  evaluations,
  advance: (field) => (state, from, to) => step(field, state, from, o.sub(to, from)),
});

/**
 * Euler's method: order 1, one evaluation a step.
 *
 * @example
 * euler().advance(([x]) => [ops.neg(x)])([ops.scalar(1)], ops.scalar(0), ops.scalar(0.1));
 */
export const euler = (): OdeSolver => method('euler', 1, 1, (f, state, t, dt) => moved(state, [[dt, f(state, t)]]));

/** Heun's method, the explicit trapezoid: order 2, two evaluations a step. */
export const heun = (): OdeSolver =>
  method('heun', 2, 2, (f, state, t, dt) => {
    const half = o.mul(0.5, dt);
    const first = f(state, t);
    const second = f(moved(state, [[dt, first]]), o.add(t, dt));
    return moved(state, [
      [half, first],
      [half, second],
    ]);
  });

/** The classical method of Runge and Kutta: order 4, four evaluations a step. */
export const rk4 = (): OdeSolver =>
  method('rk4', 4, 4, (f, state, t, dt) => {
    const half = o.mul(0.5, dt);
    const middle = o.add(t, half);
    const k1 = f(state, t);
    const k2 = f(moved(state, [[half, k1]]), middle);
    const k3 = f(moved(state, [[half, k2]]), middle);
    const k4 = f(moved(state, [[dt, k3]]), o.add(t, dt));
    const [sixth, third] = [o.mul(1 / 6, dt), o.mul(1 / 3, dt)];
    return moved(state, [
      [sixth, k1],
      [third, k2],
      [third, k3],
      [sixth, k4],
    ]);
  });

/**
 * The state at the last of some times (one loop over the steps between them), from that at the first.
 *
 * @example
 * solveOde(rk4(), ([x]) => [ops.neg(x)])([ops.scalar(1)], [0, 0.25, 0.5, 1]);   // e⁻¹
 */
export const solveOde =
  (solver: OdeSolver, field: VectorField) =>
  (state: Arrays, times: readonly number[]): Arrays => {
    const step = solver.advance(field);
    if (times.length === 2) return step(state, o.scalar(times[0]), o.scalar(times[1]));
    const steps = scanRandom({
      length: times.length - 1,
      init: state,
      xs: [o.constant(times.slice(0, -1)), o.constant(times.slice(1))],
      early: true,
      body: (now, [from, to]) => nothingDrawn({ carry: step(now, from, to) }),
    });
    return runRandom(steps, { path: 'ode', next: 0 }).carry;
  };
