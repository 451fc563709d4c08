/** The probability flow: the ordinary differential equation whose marginals are those of the process, as a transport between data and prior. */
import type { Transport } from '../algebra/transport.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Scope } from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import { heun, type OdeSolver, rk4, type SolveGradient, type TraceBy } from '../dynamics/index.ts';
import { type ContinuousGrade, continuous } from '../transports/continuous.ts';
import type { Denoiser } from './denoiser.ts';
import { type Grid, givenGrid, logSnrGrid, timesOf } from './grid.ts';
import { type DiffusionSampler, memoryless, withSignal } from './sampler.ts';

/** The velocity of the flow, dx/dt = a x − ½ g² ∇ log p_t(x), at one place. */
export const flowField =
  (denoiser: Denoiser<Shape, 'signal'>, scope: Scope) =>
  (x: Expr, t: Expr): Expr => {
    const { drift, diffusion2 } = denoiser.process;
    const score = o.label(scope.path === '' ? 'score' : `${scope.path}/score`, denoiser.score(x, t)(scope));
    return o.sub(o.mul(drift(t), x), o.mul(o.mul(0.5, diffusion2(t)), score));
  };

/**
 * The probability flow as a sampler: one step of a solver in t from each time to the next (Song et al. 2021, equation 13). A solver that chooses its steps makes them
 * between the times of the grid. Not from pure noise, where the velocity has no value: that does not compile.
 *
 * @example
 * sampleWith(flowSampler({ solver: rk4() }), uniformGrid(20));
 */
export const flowSampler = ({ solver = heun() }: { readonly solver?: OdeSolver } = {}): DiffusionSampler<'signal'> =>
  memoryless<'signal'>(
    { type: 'flowSampler', solver: solver.spec },
    solver.evaluations,
    (d) => (x, from, to) => (scope) => (cursor) => {
      const field = flowField(withSignal('flowSampler', d), scope);
      return [solver.advance(([v], t) => [field(v, t)])([x], from, to)[0], cursor];
    },
    { reversible: true, ...(solver.adaptive === undefined ? {} : { adaptive: true }) },
  );

/** Options of {@link probabilityFlow}. */
export interface ProbabilityFlowOptions<V extends TraceBy = TraceBy> {
  /** Default `rk4()`. */
  readonly solver?: OdeSolver;
  /** Default `logSnrGrid(40)`. */
  readonly grid?: Grid;
  readonly divergence?: V;
  /** How a solve is differentiated; default `throughSteps`. */
  readonly gradient?: SolveGradient;
}

/** The grade of a flow: exact traces are bijections, a stochastic trace is unbiased; both up to the solver's error. */
export type FlowGrade<V extends TraceBy> = ContinuousGrade<V>;

/**
 * The probability flow as a layer: encode solves dx/dt = a x − ½ g² s from data to prior with ∫ div, decode solves it back; log p(x) = log prior(z) + ∫ div dt
 * (Song et al. 2021, equation 39). One probe is drawn for a whole solve, so the answer does not depend on the steps but for their error. Parameters of the
 * denoiser stand where the layer stands. Cost: the solver's evaluations in each direction, times the event's size where the divergence is exact.
 *
 * `start` of the process is where the data stand; what the distribution says is the density of the flow from there.
 *
 * @example
 * const score = exactDenoiser(vp(), normal([2], { scale: 0.5 }));
 * pipe(vp().prior([2]), pushforward(probabilityFlow(score, { divergence: 'exact' }))).logDensity(ops.input('x', [2]));
 */
export const probabilityFlow = <S extends Shape, const V extends TraceBy = 'exact'>(
  denoiser: Denoiser<S, 'signal'>,
  { solver = rk4(), grid = logSnrGrid(40), divergence = 'exact' as V, gradient }: ProbabilityFlowOptions<V> = {},
): Transport<S, S, FlowGrade<V>> => {
  const { shape, process } = withSignal('probabilityFlow', denoiser);
  const times = [...timesOf(grid, process)].reverse();
  return continuous((x, t) => (scope) => flowField(denoiser, scope)(x, t), {
    shape,
    solver,
    times,
    divergence,
    ...(gradient === undefined ? {} : { gradient }),
    spec: (solve) => ({
      type: 'probabilityFlow',
      denoiser: denoiser.spec,
      solver: solve.solver.spec,
      grid: (solve.times === times ? grid : givenGrid([...solve.times].reverse())).spec,
      divergence,
      ...(gradient === undefined ? {} : { gradient }),
    }),
  });
};
