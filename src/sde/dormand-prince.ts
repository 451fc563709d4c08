/** The adaptive method of Dormand and Prince: steps as long as a tolerance allows, in one loop that ends when the last time is reached. */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { evaluateProgram } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { program } from '../core/program.ts';
import { sizeOf } from '../core/shape.ts';
import { toNumbers } from '../core/tensor.ts';
import { type Arrays, moved, type OdeSolver, type VectorField } from './ode.ts';

/** The tableau of Dormand & Prince 1980: nodes, rows, weights of order 5 (the last row), and those of the error, order 5 minus order 4. */
const NODES = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
const ROWS = [
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
const ERROR = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

/** Options of {@link dormandPrince}. */
export interface DormandPrinceOptions {
  /** The relative error allowed in a step; default 1e-5. */
  readonly rtol?: number;
  /** The absolute error allowed in a step; default 1e-5. */
  readonly atol?: number;
  /** Steps, rejected ones included, between two times; default 1000. */
  readonly maxSteps?: number;
}

/** What an adaptive solve says of itself. */
export interface AdaptiveSolution {
  readonly state: Arrays;
  /** Where it stopped: the last time, unless it failed. */
  readonly time: Expr;
  /** The step it would have tried next. */
  readonly step: Expr;
  /** Steps tried, accepted or not; evaluations of the field are 6 times as many and one. */
  readonly tried: Expr;
  /** Whether it stopped because its steps became too short (bool). */
  readonly failed: Expr;
}

/** A step below this part of the interval counts as underflow: single precision does not tell its ends apart. */
const SHORTEST = 1e-7;

/** √ mean (eᵢ / (atol + rtol max(|x|, |y|)))² over all elements of all arrays. */
const norm = (e: Arrays, x: Arrays, y: Arrays, rtol: number, atol: number): Expr => {
  const total = e.map((v, i) => o.sum(o.square(o.div(v, o.add(atol, o.mul(rtol, o.max(o.abs(x[i]), o.abs(y[i]))))))));
  return o.sqrt(
    o.div(
      o.addAll(total),
      e.reduce((n, v) => n + sizeOf(v.shape), 0),
    ),
  );
};

/** {@link dormandPrince} with what it says of itself. */
export const solveAdaptive =
  (field: VectorField, { rtol = 1e-5, atol = 1e-5, maxSteps = 1000 }: DormandPrinceOptions = {}) =>
  (state: Arrays, from: Expr, to: Expr): AdaptiveSolution => {
    const n = state.length;
    const span = o.sub(to, from);
    const length = o.abs(span);
    const slope0 = field(state, from);
    const [d0, d1] = [norm(state, state, state, rtol, atol), norm(slope0, state, state, rtol, atol)];
    const first = o.min(o.max(o.div(o.mul(0.01, d0), o.max(d1, 1e-30)), o.mul(1e-4, length)), length);
    const { carry } = o.scan({
      length: maxSteps,
      init: [from, first, o.scalar(1), o.scalar(0), o.scalar(0), ...state, ...slope0],
      body: ([t, wanted, before, tried, bad, ...rest]) => {
        const [x, k1] = [rest.slice(0, n), rest.slice(n)];
        const left = o.abs(o.sub(to, t));
        const last = o.lessEqual(left, o.mul(wanted, 1 + 1e-6));
        const size = o.where(last, left, wanted);
        const h = o.mul(o.sign(span), size);
        const slopes: Arrays[] = [k1];
        let y: Arrays = x;
        ROWS.forEach((row, i) => {
          y = moved(
            x,
            row.map((w, j) => [o.mul(w, h), slopes[j]] as const).filter((_, j) => row[j] !== 0),
          );
          slopes.push(field(y, o.add(t, o.mul(NODES[i + 1], h))));
        });
        const zero = x.map((v) => o.broadcastTo(0, v.shape));
        const e = moved(
          zero,
          ERROR.map((w, j) => [o.mul(w, h), slopes[j]] as const).filter((_, j) => ERROR[j] !== 0),
        );
        const error = norm(e, x, y, rtol, atol);
        const finite = o.less(error, Number.POSITIVE_INFINITY);
        const safe = o.where(finite, o.max(error, 1e-8), 1);
        const accepted = o.and(finite, o.lessEqual(error, 1));
        // Gustafsson's proportional–integral control (Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, II.4 and IV.2).
        const power = (v: Expr, p: number): Expr => o.exp(o.mul(p, o.log(v)));
        const grown = o.min(o.max(o.mul(0.9, o.mul(power(safe, -0.14), power(before, 0.08))), 0.2), 5);
        const cut = o.where(finite, o.max(o.mul(0.9, power(safe, -0.2)), 0.2), 0.2);
        const next = o.mul(size, o.where(accepted, grown, cut));
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
            ...k1.map((v, i) => keep(slopes[6][i], v)),
          ],
          done: o.or(reached, failed),
        };
      },
    });
    const [time, step, , tried, , ...rest] = carry;
    const failed = o.not(o.equal(time, to));
    return { state: rest.slice(0, n), time, step, tried, failed };
  };

/**
 * Dormand–Prince 5(4) with proportional–integral step control. Under `vmap` every example has steps of its own, so no result depends on batch mates. Where a step
 * underflows, or `maxSteps` were not enough, the arrays are NaN (`integrate` raises a failure that says where). Cost: 6 evaluations for each step tried, and one.
 * Throws `ArgumentError` where a tolerance is not positive.
 *
 * @example
 * solveOde(dormandPrince({ rtol: 1e-8, atol: 1e-8 }), ([x]) => [ops.neg(x)])([ops.scalar(1)], [0, 1]);
 */
export const dormandPrince = (options: DormandPrinceOptions = {}): OdeSolver => {
  const { rtol = 1e-5, atol = 1e-5, maxSteps = 1000 } = options;
  if (!(rtol > 0 && atol > 0 && maxSteps >= 1))
    return raise('ArgumentError', 'dormandPrince', 'tolerances and maxSteps are positive', {
      got: `rtol ${rtol}, atol ${atol}, maxSteps ${maxSteps}`,
    });
  return {
    spec: { type: 'dormandPrince', rtol, atol, maxSteps },
    order: 5,
    evaluations: Number.NaN,
    advance: (field) => (state, from, to) => {
      const out = solveAdaptive(field, { rtol, atol, maxSteps })(state, from, to);
      return out.state.map((x) => o.label('dormandPrince: the step underflowed', o.where(out.failed, Number.NaN, x)));
    },
  };
};

/** The result of {@link integrate}: one array of numbers for each array of the state. */
export interface Integrated {
  readonly state: readonly (readonly number[])[];
  readonly tried: number;
}

/**
 * Solves a differential equation adaptively on the host, in double precision. Throws `NonFiniteError` where the step underflows or runs out, naming the number of
 * the step and the time that it reached.
 *
 * @example
 * integrate(([x]) => [ops.neg(x)], { from: 0, to: 1 })([ops.constant([1, 2])]).state;
 */
export const integrate =
  (
    field: VectorField,
    { from, to, ...options }: DormandPrinceOptions & { readonly from: number; readonly to: number },
  ) =>
  (state: Arrays): Integrated => {
    const out = solveAdaptive(field, options)(state, o.scalar(from), o.scalar(to));
    const [failed, time, step, tried, ...rest] = evaluateProgram(
      program([o.cast(out.failed, 'real'), out.time, out.step, out.tried, ...out.state], 'float64'),
      {},
    ).map((v) => toNumbers(v));
    const { maxSteps = 1000 } = options;
    if (failed[0] !== 0)
      return raise(
        'NonFiniteError',
        'dormandPrince',
        tried[0] < maxSteps
          ? `the step underflowed at step ${tried[0]}, t = ${time[0]}`
          : `${maxSteps} steps were not enough: t = ${time[0]} was reached`,
        { expected: `t = ${to}`, got: `a step of ${step[0]}` },
      );
    return { state: rest, tried: tried[0] };
  };
