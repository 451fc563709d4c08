/** Solvers of ordinary differential equations, a tableau and a controller, over several arrays at once, forwards or backwards in time. */

import type { Json, Spec } from '../algebra/spec.ts';
import { finite, list, oneOf, positiveInteger, positiveNumber, strict, text } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { evaluationsPerStep, solveAdaptive } from './adaptive.ts';
import { backsolved } from './backsolve.ts';
import { type AdaptiveOptions, adaptive, type Controller, fixed } from './controller.ts';
import { solverKind } from './kinds.ts';
import { overGrid, type SolveGradient } from './loops.ts';
import { type Arrays, tableau as checked, fixedStep, stagesNeeded, type Tableau, type VectorField } from './tableau.ts';
import { tableaux } from './tableaux.ts';

/** Options of an advance over one interval. */
export interface AdvanceOptions {
  /** How a loop inside it is differentiated; default `throughSteps`. */
  readonly gradient?: Exclude<SolveGradient, 'backsolve'> | undefined;
  /** The number of last arrays that do not influence the length of a step; default 0. */
  readonly quadratures?: number | undefined;
}

/** A solver: from the state at one time to the state at another. An adaptive solver chooses its steps in between. */
export interface OdeSolver {
  readonly spec: Spec;
  /** The power of the step by which the error at the end falls. */
  readonly order: number;
  /** Evaluations of the field from one time to the next; NaN where the solver chooses. */
  readonly evaluations: number;
  readonly advance: (field: VectorField, options?: AdvanceOptions) => (state: Arrays, from: Expr, to: Expr) => Arrays;
  /** Present where the solver chooses its steps. */
  readonly adaptive?: AdaptiveSolver;
}

/** The properties of an adaptive solver. */
export interface AdaptiveSolver extends Required<AdaptiveOptions> {
  /** Evaluations of the field from one time to the next at most. */
  readonly atMost: number;
  /** The same solver with a tolerance 32 times tighter. */
  readonly refined: () => OdeSolver;
}

const REFINEMENT = 32;

/** A solver with a given specification. */
const solverOf = (spec: Spec, t: Tableau, controller: Controller): OdeSolver => {
  if (controller.kind === 'fixed')
    return {
      spec,
      order: t.order,
      evaluations: stagesNeeded(t),
      advance: (field) => {
        const step = fixedStep(t, field);
        return (state, from, to) => step(state, from, o.sub(to, from));
      },
    };
  const { rtol, atol, maxSteps } = controller;
  if (t.embedded === undefined)
    return raise('ArgumentError', t.name, 'this method has no error estimate, so it cannot choose its steps', {
      expected: 'fixed(), or a tableau with an embedded method',
    });
  return {
    spec,
    order: t.order,
    evaluations: Number.NaN,
    adaptive: {
      rtol,
      atol,
      maxSteps,
      atMost: 1 + evaluationsPerStep(t) * maxSteps,
      refined: () => {
        const finer = { rtol: rtol / REFINEMENT, atol: atol / REFINEMENT, maxSteps };
        return solverOf(specWith(spec, finer), t, adaptive(finer));
      },
    },
    advance: (field, options) => (state, from, to) => {
      const out = solveAdaptive(field, { rtol, atol, maxSteps, tableau: t, ...options })(state, from, to);
      return out.state.map((x) => o.label(`${t.name}: the step underflowed`, o.where(out.failed, Number.NaN, x)));
    },
  };
};

/** The specification with other tolerances. */
const specWith = (spec: Spec, options: Required<AdaptiveOptions>): Spec =>
  spec.type === 'rungeKutta'
    ? { ...spec, controller: { kind: 'adaptive', ...options } }
    : { ...spec, ...(options as { readonly [key: string]: Json }) };

const tolerances = { rtol: positiveNumber, atol: positiveNumber, maxSteps: positiveInteger };
const numbers = list(finite, 'a list of numbers');
const tableauCodec = strict(
  { name: text, nodes: numbers, rows: list(numbers), weights: numbers, order: positiveInteger },
  { embedded: strict({ error: numbers, order: positiveInteger }) },
  { name: 'a tableau' },
);
const controllerCodec = strict({ kind: oneOf(['fixed', 'adaptive']) }, tolerances, { name: 'a controller' });

/**
 * The solver of an explicit Runge–Kutta {@link Tableau} and a {@link Controller}, fixed steps by default. Cost: the stages of the tableau for each step. Throws
 * `ArgumentError` where the tableau fails an order condition that it claims, or where the controller is adaptive and the tableau has no embedded method.
 *
 * @example
 * solveOde(rungeKutta(tableaux.tsit5, adaptive({ rtol: 1e-6 })), ([x]) => [ops.neg(x)])([ops.scalar(1)], [0, 1]);
 */
export const rungeKutta = define(solverKind, { type: 'rungeKutta', about: 'Any tableau with any controller.', takes: ['tableau', 'controller'], required: { tableau: tableauCodec, controller: controllerCodec }, build: ({ tableau, controller }): OdeSolver => rungeKutta(tableau as Tableau, controller.kind === 'fixed' ? fixed() : adaptive(controller)), examples: [{ tableau: { name: 'euler', nodes: [0], rows: [[]], weights: [1], order: 1 }, controller: { kind: 'fixed' } }] },
(t: Tableau, controller: Controller = fixed()): OdeSolver =>
  solverOf({ type: 'rungeKutta', tableau: { ...t }, controller: { ...controller } }, checked(t), controller)); // biome-ignore format: one idea

/**
 * Euler's method, x′ = x + h f(x, t), for arrays of any shapes. Order 1: the error at the end falls with h. Cost: one evaluation of the field a step.
 *
 * @example
 * euler().advance(([x]) => [ops.neg(x)])([ops.scalar(1)], ops.scalar(0), ops.scalar(0.1));
 */
export const euler = define(
  solverKind,
  { type: 'euler', about: 'Euler’s method, of order 1.', examples: [{}] },
  (): OdeSolver => solverOf({ type: 'euler' }, tableaux.euler, fixed()),
);

/**
 * The midpoint rule (Runge 1895), x′ = x + h f(x + ½ h f(x, t), t + ½ h), for arrays of any shapes. Order 2: the error at the end falls with h². Cost: two
 * evaluations of the field a step.
 *
 * @example
 * solveOde(midpoint(), ([x]) => [ops.neg(x)])([ops.scalar(1)], [0, 0.5, 1]);
 */
export const midpoint = define(
  solverKind,
  { type: 'midpoint', about: 'The midpoint method, of order 2.', examples: [{}] },
  (): OdeSolver => solverOf({ type: 'midpoint' }, tableaux.midpoint, fixed()),
);

/**
 * Heun's method, the explicit trapezoid (Heun 1900), x′ = x + ½ h (f(x, t) + f(x + h f(x, t), t + h)), for arrays of any shapes. Order 2: the error at the end
 * falls with h². Cost: two evaluations of the field a step.
 *
 * @example
 * solveOde(heun(), ([x]) => [ops.neg(x)])([ops.scalar(1)], [0, 0.5, 1]);
 */
export const heun = define(
  solverKind,
  { type: 'heun', about: 'Heun’s method, of order 2.', examples: [{}] },
  (): OdeSolver => solverOf({ type: 'heun' }, tableaux.heun, fixed()),
);

/**
 * The classical Runge–Kutta method (Kutta 1901), x′ = x + h (k₁ + 2k₂ + 2k₃ + k₄)/6, for arrays of any shapes. Order 4: the error at the end falls with h⁴.
 * Cost: four evaluations of the field a step.
 *
 * @example
 * value(solveOde(rk4(), ([x]) => [ops.neg(x)])([ops.scalar(1)], [0, 0.5, 1]));   // [0.368]: e⁻¹
 */
export const rk4 = define(
  solverKind,
  { type: 'rk4', about: 'The classical method, of order 4.', examples: [{}] },
  (): OdeSolver => solverOf({ type: 'rk4' }, tableaux.rk4, fixed()),
);

const named = (t: Tableau, options: AdaptiveOptions): OdeSolver => {
  const controller = adaptive(options);
  const { kind: _, ...rest } = controller as Controller & { readonly kind: 'adaptive' };
  return solverOf({ type: t.name, ...rest }, t, controller);
};

/** Options of {@link dormandPrince}. */
export type DormandPrinceOptions = AdaptiveOptions;

/**
 * Dormand–Prince 5(4) (Dormand & Prince 1980) with proportional–integral step control; see {@link adaptive} for the tolerances. Under `vmap` every example has
 * its own steps, so no result depends on the rest of the batch. Where a step underflows or `maxSteps` were not enough the arrays are NaN ({@link integrate}
 * raises an error that says where). Cost: 6 evaluations of the field for each step tried, plus one. Throws `ArgumentError` where a tolerance or `maxSteps` is
 * not positive.
 *
 * @example
 * solveOde(dormandPrince({ rtol: 1e-8, atol: 1e-8 }), ([x]) => [ops.neg(x)])([ops.scalar(1)], [0, 1]);
 */
export const dormandPrince = define(
  solverKind,
  {
    type: 'dormandPrince',
    about: 'Dormand & Prince, of order 5, with steps of its own choice.',
    optional: tolerances,
    examples: [{ rtol: 1e-3, atol: 1e-4, maxSteps: 50 }],
  },
  (options: AdaptiveOptions = {}): OdeSolver => named(tableaux.dormandPrince, options),
);

/**
 * Bogacki–Shampine 3(2) (Bogacki & Shampine 1989) with proportional–integral step control: for coarse tolerances. Everything else is as for {@link
 * dormandPrince}. Cost: 3 evaluations of the field for each step tried, plus one. Throws `ArgumentError` where a tolerance or `maxSteps` is not positive.
 *
 * @example
 * solveOde(bogackiShampine({ rtol: 1e-3, atol: 1e-3 }), ([x]) => [ops.neg(x)])([ops.scalar(1)], [0, 1]);
 */
export const bogackiShampine = define(
  solverKind,
  {
    type: 'bogackiShampine',
    about: 'Bogacki & Shampine, of order 3, with steps of its own choice.',
    optional: tolerances,
    examples: [{ rtol: 1e-3, atol: 1e-4, maxSteps: 50 }],
  },
  (options: AdaptiveOptions = {}): OdeSolver => named(tableaux.bogackiShampine, options),
);

/**
 * Tsitouras 5(4) (Tsitouras 2011) with proportional–integral step control: the error constants of its order are smaller than those of {@link dormandPrince},
 * and everything else is the same. Cost: 6 evaluations of the field for each step tried, plus one. Throws `ArgumentError` where a tolerance or `maxSteps` is
 * not positive.
 *
 * @example
 * solveOde(tsit5({ rtol: 1e-8, atol: 1e-8 }), ([x]) => [ops.neg(x)])([ops.scalar(1)], [0, 1]);
 */
export const tsit5 = define(
  solverKind,
  {
    type: 'tsit5',
    about: 'Tsitouras, of order 5, with steps of its own choice.',
    optional: tolerances,
    examples: [{ rtol: 1e-3, atol: 1e-4, maxSteps: 50 }],
  },
  (options: AdaptiveOptions = {}): OdeSolver => named(tableaux.tsit5, options),
);

/** Options of {@link solveOde}. */
export interface SolveOptions {
  /** How the solve is differentiated in reverse mode; default `throughSteps`. See {@link SolveGradient}. */
  readonly gradient?: SolveGradient;
}

/**
 * The state at the last of some times, given the state at the first: one loop over the steps between them. Times are numbers or an array `[n + 1]`, rising or
 * falling, and may be differentiated by. The state is a list of arrays of any shapes, and the field gives one array for each. Cost: the solver's evaluations
 * for each step; a gradient costs about as much again for each evaluation, and one more solve with `checkpointed`. Throws `ShapeError` where there are fewer
 * than two times.
 *
 * @example
 * value(solveOde(rk4(), ([x]) => [ops.neg(x)])([ops.scalar(1)], [0, 0.25, 0.5, 1]));   // [0.368]: e⁻¹
 */
export const solveOde =
  (solver: OdeSolver, field: VectorField, { gradient = 'throughSteps' }: SolveOptions = {}) =>
  (state: Arrays, times: readonly number[] | Expr): Arrays => {
    const grid = 'op' in times ? times : o.constant(times);
    const n = grid.shape[0] - 1;
    if (grid.shape.length !== 1 || n < 1)
      return raise('ShapeError', 'solveOde', 'needs an array of two times or more', { got: `${grid.shape}` });
    if (gradient === 'backsolve') return backsolved(solver, field, state, grid);
    const step = solver.advance(field, { gradient });
    const at = (i: number): Expr => ('op' in times ? o.reshape(o.sliceAxis(times, 0, i, i + 1), []) : o.scalar(times[i])); // biome-ignore format: one idea
    if (n === 1) return step(state, at(0), at(1));
    const [from, to] = 'op' in times ? [o.sliceAxis(times, 0, 0, n), o.sliceAxis(times, 0, 1, n + 1)] : [o.constant(times.slice(0, -1)), o.constant(times.slice(1))]; // biome-ignore format: one idea
    return overGrid(state, [from, to], (now, [a, b]) => step(now, a, b), { gradient });
  };
