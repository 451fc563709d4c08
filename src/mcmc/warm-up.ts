/**
 * Warm-up: a kernel that tunes itself for its first steps and is fixed afterwards. What is learned is part of the state, so that tuning is a kernel like any
 * other: it runs in the same loop, separately in parallel chains, and composes.
 */

import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { knownOptions } from '../core/known-options.ts';
import * as o from '../core/ops/index.ts';
import { map } from '../core/random.ts';
import { range } from '../core/shape.ts';
import { type StructRecord, selectStruct } from '../core/struct.ts';
import { type Kernel, type KernelOf, movedTo, type Position, type Transition } from './kernel.ts';
import type { Tuning } from './langevin.ts';

/** Dual averaging's constants (Hoffman & Gelman 2014 §3.2.1). */
const [GAMMA, T0, KAPPA] = [0.05, 10, 0.75];

/** The state of dual averaging; scalars. */
export type Averaging = {
  /** log ε to try next. */
  readonly logStep: Expr;
  /** The average that is kept at the end. */
  readonly logStepMean: Expr;
  /** H̄, the discounted mean of target − acceptance. */
  readonly excess: Expr;
  /** μ = log(10 ε₀), what log ε is shrunk towards. */
  readonly anchor: Expr;
  /** Updates so far. */
  readonly updates: Expr;
};

/** The initial state of dual averaging from a step size. */
export const averagingFrom = (logStep: Expr): Averaging => ({
  logStep,
  logStepMean: logStep,
  excess: o.scalar(0),
  anchor: o.add(logStep, Math.LN10),
  updates: o.scalar(0),
});

/**
 * One update of dual averaging (Nesterov 2009; Hoffman & Gelman 2014, eq. 6): H̄ ← (1 − η) H̄ + η (δ − α), η = 1/(t + 10); log ε = μ − 20 √t H̄;
 * log ε̄ ← t^(−¾) log ε + (1 − t^(−¾)) log ε̄. As t grows the mean of α tends to δ.
 */
export const averagingStep = (a: Averaging, acceptance: Expr, target: number): Averaging => {
  const updates = o.add(a.updates, 1);
  const eta = o.div(1, o.add(updates, T0));
  const excess = o.add(o.mul(o.sub(1, eta), a.excess), o.mul(eta, o.sub(target, acceptance)));
  const logStep = o.sub(a.anchor, o.mul(o.div(o.sqrt(updates), GAMMA), excess));
  const weight = o.exp(o.mul(-KAPPA, o.log(updates)));
  const logStepMean = o.add(o.mul(weight, logStep), o.mul(o.sub(1, weight), a.logStepMean));
  return { ...a, updates, excess, logStep, logStepMean };
};

/** Welford's running moments of each coordinate. */
export type Moments = {
  readonly count: Expr;
  readonly mean: Expr;
  /** Σ (x − mean)². */
  readonly squares: Expr;
};

const noMoments = (position: Expr): Moments => {
  const zeros = o.broadcastTo(0, position.shape);
  return { count: o.scalar(0), mean: zeros, squares: zeros };
};

const withPoint = (m: Moments, x: Expr): Moments => {
  const count = o.add(m.count, 1);
  const off = o.sub(x, m.mean);
  const mean = o.add(m.mean, o.div(off, count));
  return { count, mean, squares: o.add(m.squares, o.mul(off, o.sub(x, mean))) };
};

/** The variance shrunk towards 10⁻³ by five observations' worth, as Stan does. */
const shrunkVariance = ({ count, squares }: Moments): Expr => {
  const variance = o.div(squares, o.max(1, o.sub(count, 1)));
  const weight = o.div(count, o.add(count, 5));
  return o.add(o.mul(weight, variance), o.mul(1e-3, o.sub(1, weight)));
};

/** What a warm-up does at each step. */
interface Schedule {
  /** Are the position's moments gathered? */
  readonly gathers: readonly boolean[];
  /** Do they become the mass after this step? */
  readonly closes: readonly boolean[];
}

/**
 * Stan's schedule: a fast stretch, slow windows whose lengths double (at the end of each the variances found in it become the inverse mass), a fast stretch.
 * 75, 25 + 50 + …, 50 steps; 15, 75 and 10 % of a warm-up of less than 150; under 20 the mass stays.
 */
export const windows = (steps: number): Schedule => {
  const short = steps < 150;
  const first = short ? Math.floor(0.15 * steps) : 75;
  const last = short ? Math.floor(0.1 * steps) : 50;
  const slowEnd = steps < 20 ? 0 : steps - last;
  const ends: number[] = [];
  let size = short ? slowEnd - first : 25;
  for (let at = first; at < slowEnd; size *= 2) {
    // A window whose successor would not fit takes the rest.
    at = at + 3 * size > slowEnd ? slowEnd : at + size;
    ends.push(at);
  }
  return {
    gathers: range(steps).map((i) => i >= first && i < slowEnd),
    closes: range(steps).map((i) => ends.includes(i + 1)),
  };
};

/** Options of {@link adapted}. */
export interface AdaptedOptions {
  /** Steps that adapt; they are not samples. Default 1000. */
  readonly steps?: number;
  /** The mean acceptance to tune for. Default 0.8; 0.574 suits `mala`, 0.65 long `hmc`; nearer to 1 resolves finer curvature. */
  readonly target?: number;
  /** The first step size. Default 1. */
  readonly stepSize?: number;
  /** What is learned besides the step size: the variance of each coordinate as inverse mass, or nothing. Default diagonal. */
  readonly mass?: 'diagonal' | 'unit';
}

/** What {@link adapted} has learned so far, and how. */
export type Learned = {
  readonly averaging: Averaging;
  readonly moments: Moments;
  /** The inverse of the diagonal mass, of the position's shape. */
  readonly inverseMass: Expr;
  /** Steps so far. */
  readonly step: Expr;
};

/** The state of {@link adapted}. */
export type Adapting<S extends Position> = {
  readonly position: Expr;
  /** What the kernel itself keeps. */
  readonly kernel: S;
  readonly learned: Learned;
};

/** The info of a tuned kernel besides its own. */
export type Tuned = {
  /** ε of the step, a scalar. */
  readonly stepSize: Expr;
};

/**
 * A kernel that tunes its step size (dual averaging towards a target acceptance: Nesterov 2009; Hoffman & Gelman 2014, arXiv:1111.4246, §3.2.1) and its
 * diagonal mass (variances in Stan's windows) during its first `steps` steps, and keeps them afterwards, wherever it is used: alone, in `alternate`, `iterate`,
 * `kernelMixture` or `parallelTempering`. `family` makes a kernel from a tuning: `nuts` and `mala` are such families themselves, others are a function away.
 * Only the steps after the warm-up leave the target invariant; `runChains` keeps only those. Each chain tunes by itself. Cost: that of the kernel. Throws
 * `ArgumentError` where `steps` is not a natural number or the target is not in (0, 1).
 *
 * @example
 * adapted(nuts, { steps: 500 });
 * adapted((tuning) => hmc({ ...tuning, steps: 10 }), { target: 0.65 });
 */
export const adapted = <S extends Position, I extends StructRecord & { readonly acceptance: Expr }>(
  family: (tuning: Tuning) => KernelOf<S, I>,
  options: AdaptedOptions = {},
): KernelOf<Adapting<S>, I & Tuned> => {
  const known = { steps: true, target: true, stepSize: true, mass: true } as const;
  const { steps = 1000, target = 0.8, stepSize = 1, mass = 'diagonal' } = knownOptions('adapted', options, known);
  if (!Number.isInteger(steps) || steps < 0)
    raise('ArgumentError', 'adapted', 'the number of steps must be a natural number', { got: `${steps}` });
  if (!(target > 0 && target < 1))
    raise('ArgumentError', 'adapted', 'the acceptance to tune for must be between 0 and 1', { got: `${target}` });
  return (density): Kernel<Adapting<S>, I & Tuned> => {
    const schedule = windows(steps);
    const table = (f: (i: number) => boolean): Expr =>
      o.constant(range(steps + 1).map((i) => (i < steps && f(i) ? 1 : 0)));
    const [adapts, gathers, closes] = [table(() => true), table((i) => schedule.gathers[i]), table((i) => mass === 'diagonal' && schedule.closes[i])]; // biome-ignore format: one table
    const plain = family({ stepSize })(density);
    return {
      spec: { type: 'adapted', kernel: plain.spec, steps, target, stepSize, mass },
      warmUp: Math.max(steps, plain.warmUp ?? 0),
      init: (position) => ({
        position,
        kernel: plain.init(position),
        learned: {
          averaging: averagingFrom(o.scalar(Math.log(stepSize))),
          moments: noMoments(position),
          inverseMass: o.broadcastTo(1, position.shape),
          step: o.scalar(0),
        },
      }),
      moved: (state, position) => ({ ...state, position, kernel: movedTo(plain, state.kernel, position) }),
      step: ({ kernel: from, learned }) => {
        const now = o.cast(o.min(learned.step, steps), 'int32');
        const at = (flags: Expr): Expr => o.less(0, o.gather(flags, now));
        const [adapting, gathering, closing] = [at(adapts), at(gathers), at(closes)];
        const size = o.exp(o.where(adapting, learned.averaging.logStep, learned.averaging.logStepMean));
        const kernel = family({ stepSize: size, inverseMass: learned.inverseMass })(density);
        return map(({ state: next, info }: Transition<S, I>): Transition<Adapting<S>, I & Tuned> => {
          const tried = averagingStep(learned.averaging, info.acceptance, target);
          const moments = withPoint(learned.moments, next.position);
          const ended = { averaging: averagingFrom(tried.logStepMean), moments: noMoments(next.position) };
          return {
            state: {
              position: next.position,
              kernel: next,
              learned: {
                averaging: selectStruct(adapting, selectStruct(closing, ended.averaging, tried), learned.averaging),
                moments: selectStruct(closing, ended.moments, selectStruct(gathering, moments, learned.moments)),
                inverseMass: o.where(closing, shrunkVariance(moments), learned.inverseMass),
                step: o.add(learned.step, 1),
              },
            },
            info: { ...info, stepSize: size },
          };
        })(kernel.step(from));
      },
    };
  };
};
