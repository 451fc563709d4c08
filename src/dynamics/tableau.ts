/**
 * Butcher tableaux: explicit Runge–Kutta methods as data. From (x, t) over h,
 *
 *     kᵢ = f(x + h Σⱼ aᵢⱼ kⱼ, t + cᵢ h)        x′ = x + h Σ bᵢ kᵢ        e = h Σ eᵢ kᵢ
 *
 * where e, the difference to an embedded method of lower order, estimates the error of the step.
 */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { orderConditions } from './order-conditions.ts';

/** Arrays that a differential equation moves together. */
export type Arrays = readonly Expr[];

/** d state/dt: one array for each. */
export type VectorField = (state: Arrays, t: Expr) => Arrays;

/** An explicit Runge–Kutta method. See the equations at the top of this file. */
export interface Tableau {
  readonly name: string;
  /** c: when each stage is evaluated, in parts of the step; the first is 0. */
  readonly nodes: readonly number[];
  /** a: row i has the weights of the i stages before it; the first row is empty. */
  readonly rows: readonly (readonly number[])[];
  /** b: the weights of the solution. */
  readonly weights: readonly number[];
  readonly order: number;
  /** e: weights of the solution minus those of the embedded one; only methods that have them can choose their steps. */
  readonly embedded?: { readonly error: readonly number[]; readonly order: number };
}

/** A condition counts as kept where it is off by less: constants are given to 15 digits. */
const ROUNDING = 1e-11;

/**
 * A checked Butcher tableau of an explicit Runge–Kutta method: kᵢ = f(x + h Σⱼ aᵢⱼ kⱼ, t + cᵢ h), x′ = x + h Σ bᵢ kᵢ. Throws `ArgumentError` where its parts
 * differ in length, a node is not the sum of its row, or an order condition fails, of its own order or that of the embedded method; the message gives the
 * number that the condition requires.
 *
 * @example
 * const ralston = tableau({ name: 'ralston', nodes: [0, 2 / 3], rows: [[], [2 / 3]], weights: [1 / 4, 3 / 4], order: 2 });
 */
export const tableau = (t: Tableau): Tableau => {
  const { nodes, rows, weights, embedded } = t;
  const lengths = [nodes.length, rows.length, weights.length, embedded?.error.length ?? nodes.length];
  if (lengths.some((n) => n !== nodes.length) || rows.some((row, i) => row.length !== i))
    return raise('ArgumentError', t.name, 'the parts of a tableau differ in length', {
      expected: `${nodes.length} stages, row i of i numbers`,
      got: `nodes, rows, weights, error: ${lengths}; rows of ${rows.map((r) => r.length)}`,
    });
  rows.forEach((row, i) => {
    const sum = row.reduce((a, b) => a + b, 0);
    if (Math.abs(sum - nodes[i]) > ROUNDING)
      raise('ArgumentError', t.name, `node ${i} is not the sum of its row`, {
        expected: `${sum}`,
        got: `${nodes[i]}`,
      });
  });
  const check = (what: string, b: readonly number[], order: number): void => {
    const bad = orderConditions(rows, b, order).find((c) => !(Math.abs(c.found - c.expected) < ROUNDING));
    if (bad !== undefined)
      raise('ArgumentError', t.name, `${what} is not of order ${order}: a condition of order ${bad.order} fails`, {
        expected: `${bad.expected}`,
        got: `${bad.found}`,
      });
  };
  check('the method', weights, t.order);
  if (embedded !== undefined) check('the embedded method', weights.map((b, i) => b - embedded.error[i]), embedded.order); // biome-ignore format: one idea
  return t;
};

/**
 * The state plus weighted changes, array by array: state + Σⱼ wⱼ · changeⱼ. Each change has as many arrays as the state, of the same shapes; weights are scalar
 * expressions or numbers.
 *
 * @example
 * value(moved([ops.scalar(1)], [[0.5, [ops.scalar(4)]]]));   // [3]
 */
export const moved = (state: Arrays, terms: readonly (readonly [Expr | number, Arrays])[]): Arrays =>
  state.map((x, i) => terms.reduce((sum, [w, change]) => o.add(sum, o.mul(w, change[i])), x));

/** h Σ wⱼ kⱼ as terms of {@link moved}; stages of weight 0 are left out. */
export const termsOf = (weights: readonly number[], h: Expr, slopes: readonly Arrays[]) =>
  weights.flatMap((w, j) => (w === 0 ? [] : [[w === 1 ? h : o.mul(w, h), slopes[j]] as const]));

/** Slopes and states of the first `count` stages of a step; the slope of the first may be known. */
export const stagesOf = (
  { nodes, rows }: Tableau,
  field: VectorField,
  x: Arrays,
  t: Expr,
  h: Expr,
  count: number,
  first: Arrays = field(x, t),
): { readonly slopes: readonly Arrays[]; readonly states: readonly Arrays[] } => {
  const [slopes, states] = [[first], [x]];
  for (let i = 1; i < count; i++) {
    const c = nodes[i];
    const y = moved(x, termsOf(rows[i], h, slopes));
    states.push(y);
    slopes.push(field(y, c === 0 ? t : c === 1 ? o.add(t, h) : o.add(t, o.mul(c, h))));
  }
  return { slopes, states };
};

/** How many stages the solution needs: those after have weight 0. */
export const stagesNeeded = ({ weights }: Tableau): number => weights.reduce((n, w, i) => (w === 0 ? n : i + 1), 0);

/** Whether the last stage is evaluated at the solution, so that its slope is the first of the next step (first same as last). */
export const lastIsNext = ({ nodes, rows, weights }: Tableau): boolean => {
  const last = weights.length - 1;
  return last > 0 && nodes[last] === 1 && weights[last] === 0 && rows[last].every((a, j) => a === weights[j]);
};

/** One step of a fixed length. */
export const fixedStep =
  (tab: Tableau, field: VectorField) =>
  (x: Arrays, t: Expr, h: Expr): Arrays =>
    moved(x, termsOf(tab.weights, h, stagesOf(tab, field, x, t, h, stagesNeeded(tab)).slopes));
