/** Discrete noise schedules as processes: time is the number of the step, 1 … T, and the process between steps is the one they are steps of. */

import type { Spec } from '../algebra/spec.ts';
import { finite, list, oneOf, positiveInteger, positiveNumber } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { nested } from '../core/specification.ts';
import { type BetaScheduleOptions, betas } from './ddpm-schedule.ts';
import { variancePreserving } from './families.ts';
import { processKind } from './kinds.ts';
import { type OfTime, type Process, process, valueAt, valuesAt } from './process.ts';

/**
 * The variance-preserving process of the steps β₁ … β_T: ᾱ(k) = ∏_{i ≤ k} (1 − βᵢ) at k = 1 … T; in between the rate −log(1 − β_k) is constant, so that it is
 * an SDE for every time in (0, T]. Throws `ArgumentError` where a β is not in (0, 1) or there are fewer than two. Source: Ho et al. 2020, arXiv:2006.11239.
 *
 * @example
 * value(fromBetas([0.1, 0.2]).alpha(ops.scalar(2)));   // 0.849: √(0.9 · 0.8)
 */
export const fromBetas = define(
  processKind,
  {
    type: 'fromBetas',
    about: 'Discrete steps with noise of your own.',
    takes: ['betas', 'spec'],
    required: { betas: list(finite, 'a list of numbers') },
    build: ({ betas }): Process => fromBetas(betas),
    examples: [{ betas: [0.1, 0.2, 0.3] }],
  },
  (beta: readonly number[], spec?: Spec): Process<'signal'> => {
    const bad = beta.findIndex((b) => !(b > 0 && b < 1));
    if (bad >= 0 || beta.length < 2)
      return raise(
        'ArgumentError',
        'fromBetas',
        bad < 0 ? 'two steps or more' : `β of step ${bad + 1} is not in (0, 1)`,
        {
          got: bad < 0 ? `${beta.length}` : `${beta[bad]}`,
        },
      );
    const n = beta.length;
    const rates = beta.map((b) => -Math.log1p(-b));
    const totals = [0];
    for (const r of rates) totals.push(totals[totals.length - 1] + r);
    const [rate, total] = [o.constant(rates), o.constant(totals)];
    /** The step that a time is in: times of steps themselves belong to the step that ends there. */
    const stepOf = (t: Expr): Expr => o.cast(o.max(o.min(o.sub(o.neg(o.floor(o.neg(t))), 1), n - 1), 0), 'int32');
    const from = (table: Expr, k: Expr): Expr => o.gather(table, k);
    const made = variancePreserving(
      spec ?? { type: 'fromBetas', betas: beta },
      { start: 1, end: n },
      {
        rate: (t) => from(rate, stepOf(t)),
        integral: (t) => {
          const k = stepOf(t);
          return o.add(from(total, k), o.mul(o.sub(t, o.cast(k, 'real')), from(rate, k)));
        },
        timeOf: (b) => {
          const passed = o.lessEqual(o.constant(totals.slice(1, -1)), o.expandDims(b, b.shape.length));
          const k = o.sum(o.cast(passed, 'int32'), -1);
          return o.add(o.cast(k, 'real'), o.div(o.sub(b, from(total, k)), from(rate, k)));
        },
      },
    );
    return { ...made, steps: n };
  },
);

/**
 * The variance-preserving process of DDPM's schedules, over t = 1 … T: `linear` (Ho et al. 2020, arXiv:2006.11239), `quadratic` in √β, `cosine` (Nichol &
 * Dhariwal 2021, arXiv:2102.09672). The variances are those of {@link betas}. Throws `ArgumentError` where T is too small or a β is not in (0, 1).
 *
 * @example
 * ddpmProcess({ schedule: 'cosine', steps: 200 }).span;   // { start: 1, end: 200 }
 */
export const ddpmProcess = define(
  processKind,
  {
    type: 'ddpmProcess',
    about: 'The discrete steps of DDPM.',
    optional: {
      schedule: oneOf(['linear', 'quadratic', 'cosine']),
      steps: positiveInteger,
      first: positiveNumber,
      last: positiveNumber,
    },
    examples: [
      { schedule: 'cosine', steps: 30 },
      { schedule: 'linear', steps: 10, first: 1e-3, last: 0.2 },
    ],
  },
  (options: BetaScheduleOptions = {}): Process<'signal'> => {
    const { schedule = 'linear', steps = 1000, ...rest } = options;
    return fromBetas(betas(options), { type: 'ddpmProcess', schedule, steps, ...rest });
  },
);

/**
 * A variance-preserving process shifted so that no signal is left at its end: α' = (α − α(T))/(1 − α(T)), σ'² = 1 − α'² (Lin et al. 2024, arXiv:2305.08891,
 * algorithm 1). The result is `pure`: noise and score cannot be predicted on it, data and velocity can. Throws `ArgumentError` where α² + σ² is not 1.
 *
 * @example
 * zeroTerminalSnr(vp()).alpha(ops.scalar(1));   // 0
 */
export const zeroTerminalSnr = define(
  processKind,
  {
    type: 'zeroTerminalSnr',
    about: 'A process rescaled so that nothing of the signal is left at its end.',
    takes: ['process'],
    required: { process: nested(processKind) },
    build: ({ process: of }): Process => zeroTerminalSnr(of as Process<'signal'>),
    examples: [{ process: { type: 'vp' } }],
  },
  (of: Process<'signal'>): Process<'pure'> => {
    const { start, end } = of.span;
    const times = [start, 0.5 * (start + end), end];
    const [a, s] = [valuesAt(of.alpha, times), valuesAt(of.sigma, times)];
    if (a.some((v, i) => Math.abs(v * v + s[i] * s[i] - 1) > 1e-9))
      return raise('ArgumentError', 'zeroTerminalSnr', 'needs a variance-preserving process', {
        expected: 'α² + σ² = 1',
        got: of.spec.type,
      });
    const left = valueAt(of.alpha, end);
    const alpha: OfTime = (t) => o.max(o.div(o.sub(of.alpha(t), left), 1 - left), 0);
    // 1 − α' = (1 − α)/(1 − α(T)) with 1 − α = σ²/(1 + α): no cancellation near the data.
    const rest: OfTime = (t) => o.min(o.div(o.square(of.sigma(t)), o.mul(1 - left, o.add(1, of.alpha(t)))), 1);
    return process({
      spec: { type: 'zeroTerminalSnr', process: of.spec },
      span: of.span,
      ...(of.steps === undefined ? {} : { steps: of.steps }),
      terminal: 'pure',
      alpha,
      sigma: (t) => {
        const r = rest(t);
        return o.sqrt(o.mul(r, o.sub(2, r)));
      },
      timeAt: (logSnr) => {
        const signal = o.add(left, o.mul(1 - left, o.sqrt(o.sigmoid(logSnr))));
        const before = o.square(signal);
        return of.timeAt(o.log(o.div(before, o.sub(1, before))));
      },
      priorScale: 1,
    });
  },
);
