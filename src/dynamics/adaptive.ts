/** Adaptive solves: steps as long as a tolerance allows, in one loop that ends when the last time is reached. */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { evaluateProgram } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { program } from '../core/program.ts';
import { toNumbers } from '../core/tensor.ts';
import { type AdaptiveOptions, errorNorm, stepFactor } from './controller.ts';
import { type SolveGradient, untilDone } from './loops.ts';
import { type Arrays, lastIsNext, moved, stagesOf, type Tableau, termsOf, type VectorField } from './tableau.ts';
import { tableaux } from './tableaux.ts';

/** Options of {@link solveAdaptive}. */
export interface SolveAdaptiveOptions extends AdaptiveOptions {
  /** A method with an embedded one; default Dormand–Prince 5(4). */
  readonly tableau?: Tableau;
  /** How the loop is differentiated; default `throughSteps`. */
  readonly gradient?: Exclude<SolveGradient, 'backsolve'> | undefined;
  /** The number of last arrays that do not influence the length of a step: integrals along the path that nothing else reads. Default 0. */
  readonly quadratures?: number | undefined;
}

/** The result of an adaptive solve, with its diagnostics. */
export interface AdaptiveSolution {
  readonly state: Arrays;
  /** Where it stopped: the last time, unless it failed. */
  readonly time: Expr;
  /** The step it would have tried next. */
  readonly step: Expr;
  /** Steps tried, accepted or not. */
  readonly tried: Expr;
  /** Evaluations of the field, those of rejected steps included. */
  readonly evaluations: Expr;
  /** The sum of the embedded estimates of the error of each accepted step, array by array: local errors only, without their growth along the solution. It has no gradient. */
  readonly error: Arrays;
  /** Whether it stopped because its steps became too short (bool). */
  readonly failed: Expr;
}

/** A step below this part of the interval counts as underflow: single precision does not tell its ends apart. */
const SHORTEST = 1e-7;

const embeddedOf = (t: Tableau): NonNullable<Tableau['embedded']> =>
  t.embedded ??
  raise('ArgumentError', t.name, 'this method has no error estimate, so it cannot choose its steps', {
    expected: 'a tableau with an embedded method, as bogackiShampine, dormandPrince, tsit5',
  });

/**
 * The evaluations of the field that one step of an embedded method costs beyond the slope it starts from: its stages, less one where the last stage is the
 * first of the next step (first same as last). An adaptive solve of n tried steps costs 1 + n times as many.
 *
 * @example
 * evaluationsPerStep(tableaux.dormandPrince);   // 6
 */
export const evaluationsPerStep = (t: Tableau): number => t.weights.length - (lastIsNext(t) ? 1 : 0);

/**
 * Solves dx/dt = f(x, t) from one time to another (scalars; backwards too) by an embedded method with proportional–integral step control, and reports the
 * evaluations spent, the estimated error and whether the solve failed. Arrays keep their shapes. Where steps underflow or `maxSteps` were not enough, `failed`
 * is true and `time` is where it stopped. Cost: {@link evaluationsPerStep} evaluations of the field for each step tried, accepted or not, plus one. Throws
 * `ArgumentError` where the method has no embedded one.
 *
 * @example
 * const { state, error, evaluations } = solveAdaptive(([x]) => [ops.neg(x)], { rtol: 1e-6 })([ops.scalar(1)], ops.scalar(0), ops.scalar(1));
 */
export const solveAdaptive =
  (
    field: VectorField,
    {
      rtol = 1e-5,
      atol = 1e-5,
      maxSteps = 1000,
      tableau = tableaux.dormandPrince,
      gradient,
      quadratures = 0,
    }: SolveAdaptiveOptions = {},
  ) =>
  (state: Arrays, from: Expr, to: Expr): AdaptiveSolution => {
    const n = state.length;
    const embedded = embeddedOf(tableau);
    const stages = tableau.weights.length;
    const isNext = lastIsNext(tableau);
    const counted = (all: Arrays): Arrays => all.slice(0, n - quadratures);
    const norm = (e: Arrays, x: Arrays, y: Arrays): Expr => errorNorm(counted(e), counted(x), counted(y), rtol, atol);
    const span = o.sub(to, from);
    const length = o.abs(span);
    const slope0 = field(state, from);
    const [d0, d1] = [norm(state, state, state), norm(slope0, state, state)];
    const first = o.min(o.max(o.div(o.mul(0.01, d0), o.max(d1, 1e-30)), o.mul(1e-4, length)), length);
    const zeros = state.map((v) => o.broadcastTo(0, v.shape));
    const carry = untilDone(
      [from, first, o.scalar(1), o.scalar(0), o.scalar(0), ...state, ...slope0, ...zeros],
      maxSteps,
      ([t, wanted, before, tried, bad, ...rest]) => {
        const [x, k1, gathered] = [rest.slice(0, n), rest.slice(n, 2 * n), rest.slice(2 * n)];
        const left = o.abs(o.sub(to, t));
        const last = o.lessEqual(left, o.mul(wanted, 1 + 1e-6));
        const size = o.where(last, left, wanted);
        const h = o.mul(o.sign(span), size);
        const { slopes, states } = stagesOf(tableau, field, x, t, h, stages, k1);
        const y = isNext ? states[stages - 1] : moved(x, termsOf(tableau.weights, h, slopes));
        const slope = isNext ? slopes[stages - 1] : field(y, o.add(t, h));
        const e = moved(zeros, termsOf(embedded.error, h, slopes));
        const error = norm(e, x, y);
        const finite = o.less(error, Number.POSITIVE_INFINITY);
        const safe = o.where(finite, o.max(error, 1e-8), 1);
        const accepted = o.and(finite, o.lessEqual(error, 1));
        const next = o.mul(size, stepFactor(safe, before, accepted, finite, embedded.order + 1));
        const keep = (a: Expr, b: Expr): Expr => o.where(accepted, a, b);
        const reached = o.and(accepted, last);
        const failed = o.and(o.not(reached), o.less(next, o.mul(SHORTEST, length)));
        return {
          carry: [
            o.where(reached, to, keep(o.add(t, h), t)),
            o.where(reached, size, next),
            keep(safe, before),
            o.add(tried, 1),
            o.where(failed, 1, bad),
            ...x.map((v, i) => keep(y[i], v)),
            ...k1.map((v, i) => keep(slope[i], v)),
            ...gathered.map((v, i) => keep(o.add(v, o.stopGradient(e[i])), v)),
          ],
          done: o.or(reached, failed),
        };
      },
      { gradient },
    );
    const [time, step, , tried, , ...rest] = carry;
    const failed = o.not(o.equal(time, to));
    const evaluations = o.add(1, o.mul(evaluationsPerStep(tableau), tried));
    return { state: rest.slice(0, n), time, step, tried, evaluations, error: rest.slice(2 * n), failed };
  };

/** The result of {@link integrate}: one array of numbers for each array of the state. */
export interface Integrated {
  readonly state: readonly (readonly number[])[];
  readonly tried: number;
  /** Evaluations of the field. */
  readonly evaluations: number;
  /** See {@link AdaptiveSolution}. */
  readonly error: readonly (readonly number[])[];
}

/**
 * Solves a differential equation adaptively on the host, in double precision: {@link solveAdaptive} run at once, with numbers for a result (each array
 * flattened). Throws `NonFiniteError` where the step underflows or the steps run out, naming the step and the time it reached; `ArgumentError` where the method
 * has no embedded one.
 *
 * @example
 * integrate(([x]) => [ops.neg(x)], { from: 0, to: 1 })([ops.constant([1, 2])]).state;   // [[0.368, 0.736]]
 */
export const integrate =
  (
    field: VectorField,
    { from, to, ...options }: SolveAdaptiveOptions & { readonly from: number; readonly to: number },
  ) =>
  (state: Arrays): Integrated => {
    const out = solveAdaptive(field, options)(state, o.scalar(from), o.scalar(to));
    const [failed, time, step, tried, evaluations, ...rest] = evaluateProgram(
      program(
        [o.cast(out.failed, 'real'), out.time, out.step, out.tried, out.evaluations, ...out.state, ...out.error],
        'float64',
      ),
      {},
    ).map((v) => toNumbers(v));
    const { maxSteps = 1000, tableau = tableaux.dormandPrince } = options;
    if (failed[0] !== 0)
      return raise(
        'NonFiniteError',
        tableau.name,
        tried[0] < maxSteps
          ? `the step underflowed at step ${tried[0]}, t = ${time[0]}`
          : `${maxSteps} steps were not enough: t = ${time[0]} was reached`,
        { expected: `t = ${to}`, got: `a step of ${step[0]}` },
      );
    const n = state.length;
    return { state: rest.slice(0, n), tried: tried[0], evaluations: evaluations[0], error: rest.slice(n) };
  };
