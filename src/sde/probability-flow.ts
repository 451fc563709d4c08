/** The probability flow: the ordinary differential equation whose marginals are those of the process, as a transport between data and prior. */

import { layerKind } from '../algebra/kinds.ts';
import type { Layer, Transport } from '../algebra/transport.ts';
import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Scope } from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { heun, type OdeSolver, rk4, type SolveGradient, type TraceBy } from '../dynamics/index.ts';
import { solverKind } from '../dynamics/kinds.ts';
import { smallResMlp } from '../nn/small.ts';
import { type ContinuousGrade, continuous, flowFields } from '../transports/continuous.ts';
import type { Denoiser } from './denoiser.ts';
import { type Grid, givenGrid, logSnrGrid, timesOf } from './grid.ts';
import { denoiserKind, gridKind, samplerKind } from './kinds.ts';
import { type DiffusionSampler, memoryless, withSignal } from './sampler.ts';

/**
 * The velocity of the probability flow, dx/dt = a(t) x − ½ g(t)² ∇log p_t(x), of the event's shape (Song et al. 2021, arXiv:2011.13456, eq. 13), with the
 * denoiser's parameters read in a scope. Cost: one evaluation of the denoiser.
 *
 * @example
 * const d = exactDenoiser(vp(), standardNormal([2]));
 * value((inScope) => flowField(d, inScope)(ops.constant([1, 2]), ops.scalar(0.5)));   // [0, 0]: vp() keeps N(0, I)
 */
export const flowField =
  (denoiser: Denoiser<Shape, 'signal'>, scope: Scope) =>
  (x: Expr, t: Expr): Expr => {
    const { drift, diffusion2 } = denoiser.process;
    const score = o.label(scope.path === '' ? 'score' : `${scope.path}/score`, denoiser.score(x, t)(scope));
    return o.sub(o.mul(drift(t), x), o.mul(o.mul(0.5, diffusion2(t)), score));
  };

/**
 * The probability flow as a sampler (Song et al. 2021, arXiv:2011.13456, eq. 13): one step of a solver in t from each time of the grid to the next; an adaptive
 * solver chooses its own steps in between. Cost: the solver's evaluations a step. It cannot start from pure noise, where the velocity is undefined: that does
 * not compile, and throws `ArgumentError` for declarations from JSON.
 *
 * @example
 * sampleWith(flowSampler({ solver: rk4() }), uniformGrid(20));
 */
export const flowSampler = define(
  samplerKind,
  {
    type: 'flowSampler',
    about: 'The probability flow by any solver.',
    optional: { solver: nested(solverKind) },
    examples: [{ solver: { type: 'rk4' } }],
  },
  ({ solver = heun() }: { readonly solver?: OdeSolver } = {}): DiffusionSampler<'signal'> =>
    memoryless<'signal'>(
      { type: 'flowSampler', solver: solver.spec },
      solver.evaluations,
      (d) => (x, from, to) => (scope) => (cursor) => {
        const field = flowField(withSignal('flowSampler', d), scope);
        return [solver.advance(([v], t) => [field(v, t)])([x], from, to)[0], cursor];
      },
      { reversible: true, ...(solver.adaptive === undefined ? {} : { adaptive: true }) },
    ),
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
 * The probability flow as a layer: encode solves dx/dt = a x − ½ g² s from data to prior, with the integral of its divergence, and decode solves it back; log
 * p(x) = log prior(z) + ∫ div dt, in nats (Song et al. 2021, arXiv:2011.13456, eq. 39). One probe is drawn for a whole solve, so that the result depends on the
 * steps only through their error. The denoiser's parameters stand at the layer's place. Data stand at `span.start` of the process, and the density is that of
 * the flow from there. Cost: the solver's evaluations in each direction, times the event's size where the divergence is exact. Throws `ArgumentError` where the
 * process ends in pure noise or the grid does not fit it.
 *
 * @example
 * const score = exactDenoiser(vp(), normal([2], { scale: 0.5 }));
 * pipe(vp().prior([2]), pushforward(probabilityFlow(score, { divergence: 'exact' }))).logDensity(ops.input('x', [2]));
 */
export const probabilityFlow = define(
  layerKind,
  {
    type: 'probabilityFlow',
    about: 'The flow of a denoiser as a layer.',
    takes: ['denoiser'],
    required: { denoiser: nested(denoiserKind) },
    optional: { ...flowFields, grid: nested(gridKind) },
    build: ({ denoiser, ...options }): Layer => probabilityFlow(denoiser as Denoiser<Shape, 'signal'>, options),
    examples: [
      {
        denoiser: { type: 'predict', prediction: 'noise', shape: [2], process: { type: 'vp' }, network: smallResMlp },
        solver: { type: 'rk4' },
        grid: { type: 'logSnrGrid', steps: 3 },
        divergence: 'exact',
        gradient: 'backsolve',
      },
    ],
  },
  <S extends Shape, const V extends TraceBy = 'exact'>(
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
  },
);
