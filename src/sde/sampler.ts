/**
 * Samplers: steppers with memory that take a noisy event from one time to an earlier one by a denoiser. They combine (`predictorCorrector`), and a whole run is one
 * loop (`sampleWith`), so that its program does not grow with the number of steps.
 */

import { capability } from '../algebra/capability.ts';
import { type AnyDist, type Dist, named } from '../algebra/dist.ts';
import type { Spec } from '../algebra/spec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import type { Struct } from '../core/struct.ts';
import { scanStruct } from '../core/struct-loops.ts';
import type { Denoiser, Field } from './denoiser.ts';
import { type Grid, timesOf } from './grid.ts';
import { samplerKind } from './kinds.ts';
import type { Terminal } from './process.ts';

/** What a sampler carries from step to step. */
export type SamplerState<M extends Struct = Struct> = {
  readonly x: Expr;
  /** Whatever else the method keeps (DPM-Solver++: its last prediction). */
  readonly memory: M;
};

/** A sampler for denoisers of processes with terminal T: one for `signal` only has no step from pure noise. M is its memory. */
// biome-ignore lint/suspicious/noExplicitAny: samplers are invariant in their memory; a sampler of any memory has no other name
export interface DiffusionSampler<in T extends Terminal = Terminal, M extends Struct = any> {
  readonly spec: Spec;
  /** The memory before the first step. */
  readonly memory: (x: Expr) => M;
  /** One step between two times (scalars), `from` the noisier. */
  readonly step: (
    denoiser: Denoiser<Shape, T>,
  ) => (state: SamplerState<M>, from: Expr, to: Expr) => D.Draw<SamplerState<M>>;
  /** Evaluations of the denoiser in one step. */
  readonly evaluations: number;
  /** Whether a step is a function of x alone (no noise, no memory), so that it can be followed from data to noise as well. */
  readonly reversible: boolean;
  /** Whether a step is made of steps of the solver's own choice, which may fail to reach the next time. */
  readonly adaptive?: true;
}

/** The memory of a method without. */
export type NoMemory = Readonly<Record<never, Expr>>;

/**
 * A sampler without memory from one step function, x at `from` to x at `to` (scalars, `from` the noisier). `evaluations` is the number of evaluations of the
 * denoiser a step; `reversible` states that a step draws no noise, so that {@link encodeWith} may follow it backwards.
 *
 * @example
 * const halfway = memoryless(opaque('halfway', 'an example'), 1, (d) => (x, from, to) =>
 *   draw.map((x0) => ops.mul(0.5, ops.add(x, x0)))(draw.fromScoped(d.data(x, from))));
 */
export const memoryless = <T extends Terminal = Terminal>(
  spec: Spec,
  evaluations: number,
  step: (denoiser: Denoiser<Shape, T>) => (x: Expr, from: Expr, to: Expr) => D.Draw<Expr>,
  { reversible = false, adaptive }: { readonly reversible?: boolean; readonly adaptive?: true } = {},
): DiffusionSampler<T, NoMemory> => ({
  spec,
  evaluations,
  reversible,
  ...(adaptive === undefined ? {} : { adaptive }),
  memory: () => ({}),
  step: (d) => {
    const go = step(d);
    return (state, from, to) => D.map((x: Expr) => ({ x, memory: {} }))(go(state.x, from, to));
  },
});

/**
 * The denoiser itself where its process keeps some signal to the end. Throws `ArgumentError`, in the name of `owner`, where the process ends in pure noise: the
 * compiler says so first, except for declarations from JSON.
 *
 * @example
 * withSignal('mySampler', exactDenoiser(vp(), standardNormal([2])));
 */
export const withSignal = <S extends Shape>(owner: string, denoiser: Denoiser<S>): Denoiser<S, 'signal'> =>
  denoiser.process.terminal === 'signal'
    ? (denoiser as Denoiser<S, 'signal'>)
    : raise('ArgumentError', owner, 'no step can start from pure noise: the velocity is undefined there', {
        expected: 'a process that keeps some signal, or ddim(), ancestral(), dpmSolver()',
        got: denoiser.process.spec.type,
      });

/**
 * A field evaluated at x and a scalar time, as a draw whose value is labelled with `name`, so that an error about a number that is not finite names it.
 *
 * @example
 * asked(exactDenoiser(vp(), standardNormal([2])).score, 'score', ops.constant([1, 2]), ops.scalar(0.5));
 */
export const asked = (field: Field, name: string, x: Expr, t: Expr): D.Draw<Expr> =>
  D.chain(
    (value: Expr) => (scope: { readonly path: string }) => (cursor) =>
      [o.label(scope.path === '' ? name : `${scope.path}/${name}`, value), cursor] as [Expr, typeof cursor],
  )(D.fromScoped(field(x, t)));

/**
 * Predictor–corrector sampling (Song et al. 2021, arXiv:2011.13456, algorithm 1, in the order of its code): in every step first a corrector, which stays at its
 * time, then a predictor, which moves on; each has a memory of its own. Cost: the evaluations of both.
 *
 * @example
 * predictorCorrector({ corrector: langevinCorrector({ snr: 0.16 }), predictor: reverseDiffusion() });
 */
export const predictorCorrector = define(
  samplerKind,
  {
    type: 'predictorCorrector',
    about: 'A corrector at each level, then a predictor to the next.',
    required: { corrector: nested(samplerKind), predictor: nested(samplerKind) },
    takes: [],
    build: (parts): DiffusionSampler<'signal'> => predictorCorrector<'signal'>(parts),
    examples: [{ corrector: { type: 'langevinCorrector' }, predictor: { type: 'reverseDiffusion' } }],
  },
  // biome-ignore lint/suspicious/noExplicitAny: memories are inferred; where T is given, they are not said
  <T extends Terminal, C extends Struct = any, P extends Struct = any>({
    corrector,
    predictor,
  }: {
    readonly corrector: DiffusionSampler<T, C>;
    readonly predictor: DiffusionSampler<T, P>;
  }): DiffusionSampler<T, { readonly corrector: C; readonly predictor: P }> => ({
    spec: { type: 'predictorCorrector', corrector: corrector.spec, predictor: predictor.spec },
    evaluations: corrector.evaluations + predictor.evaluations,
    reversible: false,
    ...(corrector.adaptive === true || predictor.adaptive === true ? { adaptive: true } : {}),
    memory: (x) => ({ corrector: corrector.memory(x), predictor: predictor.memory(x) }),
    step: (d) => {
      const [correct, move] = [corrector.step(d), predictor.step(d)];
      return ({ x, memory }, from, to) =>
        D.chain((a: SamplerState<C>) =>
          D.map((b: SamplerState<P>) => ({ x: b.x, memory: { corrector: a.memory, predictor: b.memory } }))(
            move({ x: a.x, memory: memory.predictor }, from, to),
          ),
        )(correct({ x, memory: memory.corrector }, from, to));
    },
  }),
);

/** How events are drawn: a sampler, and the times it goes through. */
export interface Sampling {
  readonly sampler: DiffusionSampler<'signal'>;
  readonly grid: Grid;
}

/**
 * The capability of a distribution to be sampled with another sampler and grid: the same parameters at the same places, and the same density.
 *
 * @example
 * const d = diffusion(exactDenoiser(vp(), standardNormal([2])));
 * capabilityOf(resampling, d)?.({ sampler: dpmSolver(), grid: logSnrGrid(10) });
 */
export const resampling = capability<(sampling: Sampling) => AnyDist>()('sampledWith', {
  named: (make, place) => (sampling) => named(place)(make(sampling) as Dist<Shape, unknown>),
});

/** What is done at the last time: its noise is left, or removed by one more evaluation, E[x₀ | x] (Tweedie). */
export type Finish = 'noisy' | 'denoised';

/** Options of {@link sampleWith}. */
export interface SampleOptions {
  /** Default `denoised`. */
  readonly finish?: Finish;
}

/**
 * The evaluations of the denoiser in a run of `steps` steps: those of the steps, and one more where the run ends with a denoising (the default).
 *
 * @example
 * evaluationsOf(edmHeun(), 17);   // 35
 */
export const evaluationsOf = (
  sampler: DiffusionSampler<never>,
  steps: number,
  { finish = 'denoised' }: SampleOptions = {},
): number => sampler.evaluations * steps + (finish === 'denoised' ? 1 : 0);

/**
 * The loop of a sampler over times (`[from, to]`, arrays `[n]`), from a state at the first. It gives the last state, and `keep` of the event after every step,
 * stacked on a leading axis of n. Noise is keyed by the number of the step. Cost: n steps of the sampler.
 *
 * @example
 * const d = exactDenoiser(vp(), normal([2], { scale: 0.5 }));
 * const times = [ops.constant([1, 0.5]), ops.constant([0.5, 0.1])];
 * walkFrom(ddim(), d, (x) => x)({ x: ops.constant([1, -1]), memory: {} }, times);
 */
export const walkFrom =
  <T extends Terminal, M extends Struct, K extends Struct>(
    sampler: DiffusionSampler<T, M>,
    denoiser: Denoiser<Shape, T>,
    keep: (x: Expr) => K,
  ) =>
  (
    state: SamplerState<M>,
    [from, to]: readonly Expr[],
  ): D.Draw<{ readonly state: SamplerState<M>; readonly kept: K }> =>
  (scope) => {
    const step = sampler.step(denoiser);
    return map(({ carry, ys }: { readonly carry: SamplerState<M>; readonly ys: K }) => ({ state: carry, kept: ys }))(
      scanStruct({
        length: from.shape[0],
        init: state,
        xs: { from, to },
        early: true,
        body: (before: SamplerState<M>, times) =>
          map((after: SamplerState<M>) => ({ carry: after, ys: keep(after.x) }))(
            step(before, times.from, times.to)(scope),
          ),
      }),
    );
  };

/**
 * {@link walkFrom} that keeps nothing on the way: the last state of a sampler after the steps `[from, to]`. Noise is keyed by the number of the step.
 *
 * @example
 * const d = exactDenoiser(vp(), normal([2], { scale: 0.5 }));
 * stepsFrom(ddim(), d)({ x: ops.constant([1, -1]), memory: {} }, [ops.constant([1, 0.5]), ops.constant([0.5, 0.1])]);
 */
export const stepsFrom =
  <T extends Terminal, M extends Struct>(sampler: DiffusionSampler<T, M>, denoiser: Denoiser<Shape, T>) =>
  (state: SamplerState<M>, times: readonly Expr[]): D.Draw<SamplerState<M>> =>
    D.map((end: { readonly state: SamplerState<M> }) => end.state)(
      walkFrom(sampler, denoiser, () => ({}))(state, times),
    );

/**
 * A sampler over a grid: given a denoiser, a draw from its prior taken to the data in ONE loop, an array of the event's shape. Noise of step i is keyed by i,
 * and sample j does not depend on the rest of the batch. Cost: {@link evaluationsOf}. For long runs of large events use `runSampler`, which reports progress
 * and holds the noise of a few steps only. Throws `ArgumentError` where the grid does not fit the process.
 *
 * @example
 * sampleWith(ddim(), logSnrGrid(20))(exactDenoiser(vp(), normal([2], { scale: 0.5 })));
 */
export const sampleWith =
  <T extends Terminal>(sampler: DiffusionSampler<T>, grid: Grid, { finish = 'denoised' }: SampleOptions = {}) =>
  (denoiser: Denoiser<Shape, T>): D.Draw<Expr> => {
    const times = timesOf(grid, denoiser.process);
    const n = times.length - 1;
    return D.chain((x: Expr) =>
      D.chain((state: SamplerState) =>
        finish === 'noisy' ? D.of(state.x) : asked(denoiser.data, 'denoised', state.x, o.scalar(times[n])),
      )(
        stepsFrom(sampler, denoiser)({ x, memory: sampler.memory(x) }, [
          o.constant(times.slice(0, n)),
          o.constant(times.slice(1)),
        ]),
      ),
    )(D.forked(denoiser.process.prior(denoiser.shape).sample));
  };
