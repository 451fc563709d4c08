/** Distributions of the time at which a loss is evaluated, by their inverse distribution functions. */

import type { Spec } from '../algebra/spec.ts';
import { finite, positiveNumber } from '../core/codec.ts';
import { type Defined, define, defineValue } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { timeKind } from './kinds.ts';
import { type OfTime, type Process, valuesAt } from './process.ts';

/** A distribution of time for one process. */
export interface OfProcess {
  /** The time at a uniform number: elementwise. */
  readonly at: (u: Expr) => Expr;
  /** The density of that time with respect to dt (the probability of one time, for {@link discreteTime}). */
  readonly density: OfTime;
}

/** A distribution of time, for any process. */
export interface TimeDist {
  readonly spec: Spec;
  readonly of: (process: Process) => OfProcess;
}

/**
 * The uniform distribution on the span of the process, p(t) = 1/(end − start): the time of the loss in continuous time (Song et al. 2021, arXiv:2011.13456).
 *
 * @example
 * value(uniformTime.of(vp({ start: 0.5 })).at(ops.constant([0, 0.5])));   // [0.5, 0.75]
 */
export const uniformTime: TimeDist & Defined = defineValue(
  timeKind,
  { type: 'uniformTime', about: 'Any time with the same chance.', examples: [{}] },
  {
    spec: { type: 'uniformTime' },
    of: ({ span: { start, end } }) => ({
      at: (u) => o.add(start, o.mul(end - start, u)),
      density: (t) => o.broadcastTo(1 / (end - start), t.shape),
    }),
  },
);

/**
 * The uniform distribution on start, start + 1, … end, the steps of a discrete process. Its `density` is the probability of one step, 1/(end − start + 1) (Ho
 * et al. 2020, arXiv:2006.11239).
 *
 * @example
 * value(discreteTime.of(ddpmProcess({ steps: 10 })).at(ops.constant([0, 0.99])));   // [1, 10]
 */
export const discreteTime: TimeDist & Defined = defineValue(
  timeKind,
  { type: 'discreteTime', about: 'Any step of a discrete process with the same chance.', examples: [{}] },
  {
    spec: { type: 'discreteTime' },
    of: ({ span: { start, end } }) => ({
      at: (u) => o.add(start, o.floor(o.mul(end - start + 1, u))),
      density: (t) => o.broadcastTo(1 / (end - start + 1), t.shape),
    }),
  },
);

/** λ = log-SNR at start and at end; where no signal is left at the end, −12 stands for it. */
const logSnrs = (process: Process): readonly [number, number] => {
  const [first, last] = valuesAt(process.logSnr, [process.span.start, process.span.end]);
  return [first, Math.max(last, -12)];
};

/** −dλ/dt = g²/σ². */
const fall =
  (process: Process): OfTime =>
  (t) =>
    o.div(process.diffusion2(t), o.square(process.sigma(t)));

/**
 * ∫ g²/σ² dt over the span, which is λ(start) − λ(end) as dλ/dt = −g²/σ²: the normalising constant of {@link importanceTime}. Where no signal is left at the
 * end, λ = −12 stands for it.
 *
 * @example
 * likelihoodMass(vp());   // 19.2
 */
export const likelihoodMass = (process: Process): number => {
  const [first, last] = logSnrs(process);
  return first - last;
};

/**
 * p(t) ∝ g²/σ², the importance distribution of the likelihood weighting (Song, Durkan, Murray & Ermon 2021, arXiv:2101.09258, §5). As g²/σ² = −dλ/dt for every
 * process, log-SNR is uniform under it, and its inverse distribution function is the inverse of log-SNR, in closed form for vp, subVp, ve and edm.
 *
 * @example
 * importanceTime.of(vp()).at(ops.constant([0.1, 0.9]));
 */
export const importanceTime: TimeDist & Defined = defineValue(
  timeKind,
  { type: 'importanceTime', about: 'Times as likely as they count in the likelihood.', examples: [{}] },
  {
    spec: { type: 'importanceTime' },
    of: (process) => {
      const [first, last] = logSnrs(process);
      return {
        at: (u) => process.timeAt(o.add(first, o.mul(last - first, u))),
        density: (t) => o.div(fall(process)(t), first - last),
      };
    },
  },
);

/** Options of {@link logNormalTime}. */
export interface LogNormalTimeOptions {
  /** Mean of log σ/α; default −1.2. */
  readonly mean?: number;
  /** Standard deviation of log σ/α; default 1.2. */
  readonly deviation?: number;
}

/**
 * log(σ/α) ~ N(mean, deviation²), truncated to the span of the process: EDM's distribution (Karras et al. 2022, arXiv:2206.00364, table 1).
 *
 * @example
 * logNormalTime({ mean: 0 }).of(edm()).at(ops.scalar(0.5));   // about 1
 */
export const logNormalTime = define(
  timeKind,
  {
    type: 'logNormalTime',
    about: 'log σ is normal.',
    optional: { mean: finite, deviation: positiveNumber },
    examples: [{ mean: -1, deviation: 0.8 }],
  },
  ({ mean = -1.2, deviation = 1.2 }: LogNormalTimeOptions = {}): TimeDist => ({
    spec: { type: 'logNormalTime', mean, deviation },
    of: (process) => {
      const [first, last] = logSnrs(process);
      const [low, high] = valuesAt(
        o.normalCdf,
        [-first / 2, -last / 2].map((l) => (l - mean) / deviation),
      );
      const standard: OfTime = (t) => o.div(o.sub(o.mul(-0.5, process.logSnr(t)), mean), deviation);
      return {
        at: (u) => {
          const z = o.normalQuantile(o.add(low, o.mul(high - low, u)));
          return process.timeAt(o.mul(-2, o.add(mean, o.mul(deviation, z))));
        },
        density: (t) =>
          o.mul(
            o.div(o.exp(o.standardNormalLogDensity(standard(t))), deviation * (high - low)),
            o.mul(0.5, fall(process)(t)),
          ),
      };
    },
  }),
);
