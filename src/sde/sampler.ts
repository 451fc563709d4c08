/**
 * Samplers: steppers with memory that take a noisy event from one time to an earlier one by a denoiser. They combine (`predictorCorrector`), and a whole run is one
 * loop (`sampleWith`), so that its program does not grow with the number of steps.
 */

import { capability } from '../algebra/capability.ts';
import { type AnyDist, type Dist, named } from '../algebra/dist.ts';
import type { Spec } from '../algebra/spec.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import type { Struct } from '../core/struct.ts';
import { scanStruct } from '../core/struct-loops.ts';
import type { Denoiser, Field } from './denoiser.ts';
import { type Grid, timesOf } from './grid.ts';
import type { Terminal } from './process.ts';

/** What a sampler carries from step to step. */
export type SamplerState<M extends Struct = Struct> = {
  readonly x: Expr;
  /** Whatever else the method keeps (DPM-Solver++: its last prediction). */
  readonly memory: M;
};

/** A sampler for denoisers of processes with terminal T: one for `signal` alone has no step from pure noise. M is what it remembers. */
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

/** A method without memory. */
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

/** The denoiser itself, where its process keeps some signal to the end. Throws `ArgumentError` otherwise: for declarations whose types were lost (JSON). */
export const withSignal = <S extends Shape>(owner: string, denoiser: Denoiser<S>): Denoiser<S, 'signal'> =>
  denoiser.process.terminal === 'signal'
    ? (denoiser as Denoiser<S, 'signal'>)
    : raise('ArgumentError', owner, 'there is no step from pure noise: its velocity has no value there', {
        expected: 'a process that keeps some signal, or ddim(), ancestral(), dpmSolver()',
        got: denoiser.process.spec.type,
      });

/** A denoiser's field at its place, its value marked so that a number that is not finite is found by it. */
export const asked = (field: Field, name: string, x: Expr, t: Expr): D.Draw<Expr> =>
  D.chain(
    (value: Expr) => (scope: { readonly path: string }) => (cursor) =>
      [o.label(scope.path === '' ? name : `${scope.path}/${name}`, value), cursor] as [Expr, typeof cursor],
  )(D.fromScoped(field(x, t)));

/**
 * In every step first a corrector, which stays at its time, then a predictor, which moves on (Song et al. 2021, algorithm 1, in the order of its code):
 * the two alternate, each with a memory of its own.
 *
 * @example
 * predictorCorrector({ corrector: langevinCorrector({ snr: 0.16 }), predictor: reverseDiffusion() });
 */
// biome-ignore lint/suspicious/noExplicitAny: memories are inferred; where T is given, they are not said
export const predictorCorrector = <T extends Terminal, C extends Struct = any, P extends Struct = any>({
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
});

/** How events are drawn: a sampler, and the times it goes through. */
export interface Sampling {
  readonly sampler: DiffusionSampler<'signal'>;
  readonly grid: Grid;
}

/** The sampler of a distribution is a choice: the same parameters at the same places, the same density, other steps. */
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

/** Evaluations of the denoiser in a whole run. */
export const evaluationsOf = (
  sampler: DiffusionSampler<never>,
  steps: number,
  { finish = 'denoised' }: SampleOptions = {},
): number => sampler.evaluations * steps + (finish === 'denoised' ? 1 : 0);

/** The loop of a sampler over some times, from an event at the first; `keep` says what is kept of the event after every step, stacked. */
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

/** {@link walkFrom} that keeps nothing on its way. Noise is keyed by the number of the step. */
export const stepsFrom =
  <T extends Terminal, M extends Struct>(sampler: DiffusionSampler<T, M>, denoiser: Denoiser<Shape, T>) =>
  (state: SamplerState<M>, times: readonly Expr[]): D.Draw<SamplerState<M>> =>
    D.map((end: { readonly state: SamplerState<M> }) => end.state)(
      walkFrom(sampler, denoiser, () => ({}))(state, times),
    );

/**
 * A sampler over a grid: given a denoiser, a draw from the prior taken to the data in ONE loop. Noise of step i is keyed by i, and sample j does not depend
 * on its batch mates. Long runs of large events: `runSampler`, which shows progress and holds the noise of a few steps only.
 * Throws `ArgumentError` where the grid does not fit the process.
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
