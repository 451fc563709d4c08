/**
 * Continuous flows: dx/dt = f(x, t) from the data at t₀ to the latent at t₁, and with it d log p/dt = −div f, so that
 *
 *     log p(x) = log p(z) + ∫ div f dt
 *
 * (Chen et al. 2018, arXiv:1806.07366; with a probe for the divergence Grathwohl et al. 2019, arXiv:1810.01367).
 */

import type { Cost, Passes } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { opaque, type Spec } from '../algebra/spec.ts';
import { type Endo, endo, type Layer, type LayerOptions, type Step, type Transport, transport } from '../algebra/transport.ts'; // biome-ignore format: one import
import { finite, list, oneOf, shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import type * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import { type Expr, substitute, variable } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Declaration, declare } from '../core/reading.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import {
  type DivergenceBy,
  drawProbe,
  type OdeSolver,
  rk4,
  type SolveGradient,
  solveOde,
  traceOf,
  type VectorField,
} from '../dynamics/index.ts';
import { solverKind } from '../dynamics/kinds.ts';
import { noiseNetworkKind } from '../nn/kinds.ts';
import type { NoiseConditioned } from '../nn/noise-conditioned.ts';
import { smallResMlp } from '../nn/small.ts';

/** dx/dt of an event at a time (a scalar); parameters it names stand where the layer stands. */
export type Velocity = (x: Expr, t: Expr) => Sc.Scoped<Expr>;

/** A field that says more than its velocity. */
export interface VelocityField {
  readonly spec?: Spec;
  readonly velocity: Velocity;
  /** Its divergence, a scalar, where there is a form cheaper than a trace of derivatives. Parameters are those of the velocity. */
  readonly divergence?: Velocity;
}

/** What moves the events: a function, a network that reads the time beside the event (its parameters stand at `net`), or a field with its divergence. */
export type ContinuousField = Velocity | NoiseConditioned | VelocityField;

/** How a flow is solved: what its finer version changes. */
export interface FlowSolve {
  readonly solver: OdeSolver;
  /** From the data's side to the latent side. */
  readonly times: readonly number[];
}

/** Options of {@link continuous}. */
export interface ContinuousOptions<V extends DivergenceBy = DivergenceBy> {
  /** Default `rk4()`. */
  readonly solver?: OdeSolver;
  /** Times from data to latent, rising or falling; or a number of equal steps from 0 to 1. Default 20 of them; 1 for solvers that choose their steps. */
  readonly times?: readonly number[] | number;
  /** Default `declared` where the field brings its divergence, else `exact`. */
  readonly divergence?: V;
  /** Default `throughSteps`. */
  readonly gradient?: SolveGradient;
  /** What it is in JSON, for layers with a name of their own. */
  readonly spec?: (solve: FlowSolve) => Spec;
}

/** The grade of a flow: a trace that is no estimate makes a bijection, a probe an unbiased estimate; both up to the error of the solver. */
export type ContinuousGrade<V extends DivergenceBy> = V extends 'exact' | 'declared' ? '≈bijective' : '≈unbiased';

const fieldOf = (field: ContinuousField): VelocityField => {
  if (typeof field === 'function') return { velocity: field, spec: opaque('field', 'the velocity is a function') };
  if ('velocity' in field) return { spec: opaque('field', 'the velocity is a function'), ...field };
  const velocity: Velocity = (x, t) => Sc.owned(field.declaration, Sc.at('net', field.apply(x, t, x.shape)));
  return { velocity, spec: field.spec };
};

/** n + 1 times from 0 to 1. */
const equalTimes = (n: number): readonly number[] =>
  Number.isInteger(n) && n > 0
    ? Array.from({ length: n + 1 }, (_, i) => i / n)
    : raise('ArgumentError', 'continuous', 'needs a positive number of steps', { got: `${n}` });

const checkedTimes = (times: readonly number[]): readonly number[] => {
  const sign = Math.sign(times[1] - times[0]);
  const bad = times.findIndex((t, i) => i > 0 && !(Math.sign(t - times[i - 1]) === sign && sign !== 0));
  return times.length >= 2 && bad < 0
    ? times
    : raise('ArgumentError', 'continuous', 'times rise or fall strictly, and are two or more', { got: `${times}` });
};

/** The same times with one more in the middle of each step. */
export const halved = (times: readonly number[]): readonly number[] =>
  times.flatMap((t, i) => (i === 0 ? [t] : [(times[i - 1] + t) / 2, t]));

const costOf = ({ evaluations, adaptive }: OdeSolver, steps: number): Cost => {
  const passes = steps * (adaptive?.atMost ?? evaluations);
  const direction: Passes = {
    how: 'iterative',
    passes,
    ...(adaptive === undefined ? {} : { atMost: true }),
  };
  return { encode: direction, decode: direction };
};

/** What a flow is computed by, in words. */
export const solvedBy = ({ spec, adaptive }: OdeSolver, steps: number): string => {
  const name = spec.type === 'rungeKutta' ? (spec.tableau as { readonly name: string }).name : spec.type;
  if (adaptive !== undefined) return `${name} to rtol ${adaptive.rtol}, atol ${adaptive.atol}`;
  return `${steps} ${steps === 1 ? 'step' : 'steps'} of ${name}`;
};

function continuousFlow<const S extends Shape, const V extends DivergenceBy = 'exact'>(
  field: ContinuousField,
  options: ContinuousOptions<V> & { readonly shape: S },
): Transport<S, S, ContinuousGrade<V>>;
function continuousFlow<const V extends DivergenceBy = 'exact'>(
  field: ContinuousField,
  options?: ContinuousOptions<V> & { readonly shape?: undefined },
): Endo<ContinuousGrade<V>>;
function continuousFlow(
  given: ContinuousField,
  options: ContinuousOptions & { readonly shape?: Shape | undefined } = {},
): Layer {
  const field = fieldOf(given);
  const { solver = rk4(), divergence: by = field.divergence === undefined ? 'exact' : 'declared' } = options;
  if (by === 'declared' && field.divergence === undefined)
    return raise('ArgumentError', 'continuous', 'the divergence is said to be declared, and the field has none', {
      expected: '{ velocity, divergence }',
    });
  const { times = solver.adaptive === undefined ? 20 : 1, gradient = 'throughSteps', shape } = options;
  const spec =
    options.spec ??
    ((solve): Spec => ({
      type: 'continuous',
      field: field.spec ?? null,
      solver: solve.solver.spec,
      times: solve.times,
      divergence: by,
      gradient,
      ...(shape === undefined ? {} : { shape }),
    }));
  const solve = { solver, times: checkedTimes(typeof times === 'number' ? equalTimes(times) : times) };
  return flowLayer({ field, by, gradient, shape, spec }, solve, declare('layer', spec(solve).type));
}

interface FlowParts {
  readonly field: VelocityField;
  readonly by: DivergenceBy;
  readonly gradient: SolveGradient;
  readonly shape: Shape | undefined;
  readonly spec: (solve: FlowSolve) => Spec;
}

/** A flow and its finer versions are one declaration: they read the same parameters. */
const flowLayer = (parts: FlowParts, how: FlowSolve, declaration: Declaration): Layer => {
  const { solver, times } = how;
  const steps = times.length - 1;
  const spec = parts.spec(how);
  const finer = (): FlowSolve =>
    solver.adaptive === undefined ? { solver, times: halved(times) } : { solver: solver.adaptive.refined(), times };
  const options: LayerOptions = {
    spec,
    declaration,
    cost: costOf(solver, steps),
    approximation: {
      because: solvedBy(solver, steps),
      ...(solver.adaptive === undefined ? { order: solver.order } : {}),
      refined: () => flowLayer(parts, finer(), declaration),
    },
    encode: solveFlow(parts, solver, times, 1),
    decode: solveFlow(parts, solver, [...times].reverse(), -1),
  };
  const grade = parts.by === 'exact' || parts.by === 'declared' ? '≈bijective' : '≈unbiased';
  return parts.shape === undefined
    ? endo(grade, options)
    : transport(grade, { data: parts.shape, latent: parts.shape }, options);
};

/** One direction; the divergence is integrated from data to latent in both. */
const solveFlow =
  ({ field, by, gradient, spec }: FlowParts, solver: OdeSolver, times: readonly number[], sign: 1 | -1) =>
  (x: Expr): D.Draw<Step> =>
  (scope) =>
  (cursor) => {
    const [probe, next] = drawProbe(by, x.shape)(cursor);
    const augmented: VectorField = ([y], t) => {
      const v = variable(y.shape);
      // Every stage reads the same field again.
      const velocity = Sc.again(field.velocity(v, t))(scope);
      if (!sameShape(velocity.shape, x.shape))
        return raise('ShapeError', spec({ solver, times }).type, 'the velocity has another shape than the event', {
          expected: showShape(x.shape),
          got: showShape(velocity.shape),
        });
      const trace = by === 'declared' ? Sc.again(field.divergence!(v, t))(scope) : traceOf(velocity, v, probe);
      return substitute([velocity, trace], new Map([[v, y]]));
    };
    const [value, total] = solveOde(solver, augmented, { gradient })([x, o.scalar(0)], times);
    return [{ value, contribution: sign === 1 ? total : o.neg(total) }, next];
  };

/** How a divergence is computed, and how a solve is differentiated, as JSON. */
export const flowFields = {
  solver: nested(solverKind),
  divergence: oneOf(['exact', 'rademacher', 'gaussian']),
  gradient: oneOf(['throughSteps', 'checkpointed', 'backsolve']),
};

/**
 * A continuous flow as a layer: encode solves dx/dt = f(x, t) from data to latent, decode solves it back, and both give ∫ div f dt from data to latent. Without a
 * `shape` it fits any. A probe is drawn once for a whole solve, so that its answer depends on the steps by their error alone. The numbers are those of the flow up to
 * the error of the solver, which the layer says and whose finer version (`approximation.refined`: half the steps, or a tolerance 32 times as fine) measures.
 *
 * Cost: the solver's evaluations in each direction; with `exact`, times 1 + the event's size. Throws `ArgumentError` where times do not rise or fall strictly, or
 * a divergence is said to be declared and is not; `ShapeError` where the velocity has another shape than the event.
 *
 * @example
 * const flow = pipe(
 *   standardNormal([2]),
 *   pushforward(continuous(resMlp([16], { embedding: sinusoidal({ size: 8, scale: 100 }) }), { times: 10, divergence: 'rademacher' })),
 * );   // Dist<readonly [2], Unbiased & Samples & Approximate>
 */
export const continuous = define(
  layerKind,
  {
    type: 'continuous',
    about: 'The flow of a differential equation.',
    takes: ['field'],
    required: { field: nested(noiseNetworkKind) },
    optional: { ...flowFields, times: list(finite, 'a list of numbers'), shape: shapeCodec },
    unreadable: { spec: 'what a layer made of this one says of itself' },
    build: ({ field, shape, ...options }): Layer =>
      shape === undefined ? continuousFlow(field, options) : continuousFlow(field, { ...options, shape }),
    examples: [
      {
        field: smallResMlp,
        solver: { type: 'rk4' },
        times: [0, 0.5, 1],
        divergence: 'exact',
        gradient: 'checkpointed',
      },
      {
        field: smallResMlp,
        solver: { type: 'rk4' },
        times: [0, 1],
        divergence: 'exact',
        shape: [2],
      },
    ],
  },
  continuousFlow,
);
