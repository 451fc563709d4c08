/**
 * The continuous adjoint. For ẏ = f(y, t, θ) and a loss of y(T), with a = ∂L/∂y,
 *
 *     ȧ = −(∂f/∂y)ᵀ a        dL/dθ = ∫ aᵀ ∂f/∂θ dt        dL/dT = a(T)ᵀ f(T)        dL/dt₀ = −a(t₀)ᵀ f(t₀)
 *
 * solved backwards together with y itself (Pontryagin 1962; Chen et al. 2018, arXiv:1806.07366): no intermediate state is kept. The result is not the derivative of
 * the forward program but an estimate of the flow's, accurate up to the solver's error in both directions.
 */
import { vjp } from '../core/differentiate/index.ts';
import { applyLambda, type Expr, substitute, variable } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { overGrid } from './loops.ts';
import type { OdeSolver } from './ode.ts';
import type { Arrays, VectorField } from './tableau.ts';

/** A field whose outer values are arguments too. */
interface ClosedField {
  readonly closure: readonly Expr[];
  readonly at: (closure: readonly Expr[]) => VectorField;
}

const closedField = (field: VectorField, state: Arrays): ClosedField => {
  const [x, t] = [state.map((v) => variable(v.shape)), variable([])];
  const slopes = field(x, t);
  const closure = o.closedOver(slopes, [...x, t]);
  const lambda = { variables: [...x, t, ...closure.values()], results: substitute(slopes, closure) };
  return { closure: [...closure.keys()], at: (values) => (y, s) => applyLambda(lambda, [...y, s, ...values]) };
};

const solve = (solver: OdeSolver, field: VectorField, state: Arrays, times: Expr, quadratures: number): Arrays => {
  const n = times.shape[0] - 1;
  const step = solver.advance(field, { quadratures });
  return overGrid(state, [o.sliceAxis(times, 0, 0, n), o.sliceAxis(times, 0, 1, n + 1)], (now, [a, b]) => step(now, a, b)); // biome-ignore format: one idea
};

const inner = (a: Arrays, b: Arrays): Expr => o.addAll(a.map((v, i) => o.dot(v, b[i])));

/** The solve of `solveOde`, whose reverse derivative is the continuous adjoint. */
export const backsolved = (solver: OdeSolver, field: VectorField, state: Arrays, times: Expr): Arrays => {
  const { closure, at } = closedField(field, state);
  const n = state.length;
  const real = closure.flatMap((c, i) => (c.type === 'real' ? [i] : []));
  return o.customGradient({
    inputs: [times, ...state, ...closure],
    forward: ([ts, ...rest]) => solve(solver, at(rest.slice(n)), rest.slice(0, n), ts, 0),
    backward: ([ts, ...rest], end, given) => {
      const [start, theta] = [rest.slice(0, n), rest.slice(n)];
      const f = at(theta);
      const augmented: VectorField = (all, t) => {
        const [y, a] = [all.slice(0, n), all.slice(n, 2 * n)];
        const [yv, kv] = [y, theta].map((vs) => vs.map((v) => variable(v.shape, v.type)));
        const slopes = at(kv)(yv, t);
        const pulled = vjp(slopes, [...yv, ...real.map((i) => kv[i])], a);
        const all2 = substitute([...slopes, ...pulled], new Map([...yv, ...kv].map((v, i) => [v, [...y, ...theta][i]] as const))); // biome-ignore format: one idea
        return all2.map((v, i) => (i < n ? v : o.neg(v)));
      };
      const zeros = real.map((i) => o.broadcastTo(0, theta[i].shape));
      const solved = solve(solver, augmented, [...end, ...given, ...zeros], o.reverse(ts, 0), real.length);
      const [adjoint, gathered] = [solved.slice(n, 2 * n), solved.slice(2 * n)];
      const last = ts.shape[0] - 1;
      const time = (i: number): Expr => o.reshape(o.sliceAxis(ts, 0, i, i + 1), []);
      const atStart = o.neg(inner(adjoint, f(start, time(0))));
      const atEnd = inner(given, f(end, time(last)));
      const one = (e: Expr): Expr => o.reshape(e, [1]);
      const onTimes = o.concat([one(atStart), ...(last > 1 ? [o.broadcastTo(0, [last - 1])] : []), one(atEnd)], 0);
      return [onTimes, ...adjoint, ...gathered];
    },
  });
};
