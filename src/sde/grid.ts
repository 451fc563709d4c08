/**
 * Grids: the times at which a sampler stops, from noise to data. A grid is a rule that gives the times of any process, so the same grid is used with different
 * between processes. Times fall strictly from at most `span.end` to at least `span.start`; what is left at the last time is removed by the sampler's
 * last denoising (see `sampleWith`), so no grid needs a time where σ = 0.
 */

import type { Spec } from '../algebra/spec.ts';
import { finite, list, oneOf, positiveInteger, positiveNumber } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import { gridKind } from './kinds.ts';
import { type Process, valuesAt } from './process.ts';

declare const Checked: unique symbol;

/** Times from noise to data, strictly decreasing, inside the span of their process: made by {@link timesOf} alone. */
export type Times = readonly number[] & { readonly [Checked]: true };

/** A rule for times. */
export interface Grid {
  readonly spec: Spec;
  /** The times of a process: one more than there are steps. */
  readonly times: (process: Process) => readonly number[];
}

/**
 * The checked times of a grid for a process, strictly decreasing from noise to data: one more than there are steps. Throws `ArgumentError` where there is no
 * step, where a time leaves the span, or where a step does not go from noise to data; the message names it.
 *
 * @example
 * timesOf(uniformGrid(10), vp()).length;   // 11
 */
export const timesOf = (grid: Grid, process: Process): Times => {
  const times = grid.times(process);
  const { start, end } = process.span;
  const path = `grid/${grid.spec.type}`;
  if (times.length < 2)
    return raise('ArgumentError', path, 'a grid has no step', { expected: '2 times or more', got: `${times.length}` });
  const slack = 1e-9 * end;
  times.forEach((t, i) => {
    if (!(t >= start - slack && t <= end + slack))
      raise('ArgumentError', path, `time ${i} is outside the span of ${process.spec.type}`, {
        expected: `${start} … ${end}`,
        got: `${t}`,
      });
    if (i > 0 && !(t < times[i - 1]))
      raise('ArgumentError', path, `step ${i} does not go from noise to data`, {
        expected: `a time below ${times[i - 1]}`,
        got: `${t}`,
      });
  });
  return times as Times;
};

const steps = (owner: string, n: number): number =>
  Number.isInteger(n) && n >= 1
    ? n
    : raise('ArgumentError', owner, 'needs a positive number of steps', { expected: '1, 2, …', got: `${n}` });

/** n + 1 numbers from a to b, both exactly. */
const spaced = (n: number, a: number, b: number): number[] =>
  Array.from({ length: n + 1 }, (_, i) => (i === n ? b : a + ((b - a) * i) / n));

/** The times of log-SNRs given from noise to data; the ends are those of the span, whatever rounds. */
const atLogSnr = (process: Process, logSnr: readonly number[]): number[] => {
  const times = valuesAt(process.timeAt, logSnr);
  times[0] = process.span.end;
  times[times.length - 1] = process.span.start;
  return times;
};

/** Log-SNR at the ends of a span, from noise to data; where no signal is left at the end, e^{−12} counts as none. */
const logSnrEnds = (process: Process): readonly [number, number] => {
  const [low, high] = valuesAt(process.logSnr, [process.span.end, process.span.start]);
  return [Math.max(low, -12), high];
};

/**
 * `n` steps uniform in t: t_i = end + (i/n)(start − end), i = 0 … n. Throws `ArgumentError` where n is not a positive integer.
 *
 * @example
 * uniformGrid(4).times(edm());
 */
export const uniformGrid = define(
  gridKind,
  {
    type: 'uniformGrid',
    about: 'Equal steps of time.',
    takes: ['steps'],
    required: { steps: positiveInteger },
    examples: [{ steps: 5 }],
  },
  (n: number): Grid => ({
    spec: { type: 'uniformGrid', steps: steps('uniformGrid', n) },
    times: ({ span }) => spaced(n, span.end, span.start),
  }),
);

/**
 * `n` steps uniform in √t: t_i = (√end + (i/n)(√start − √end))², i = 0 … n, so that steps shorten towards the data. Throws `ArgumentError` where n is not a
 * positive integer.
 *
 * @example
 * quadraticGrid(2).times(vp());   // [1, 0.266, 0.001]
 */
export const quadraticGrid = define(
  gridKind,
  {
    type: 'quadraticGrid',
    about: 'Equal steps of the root of time.',
    takes: ['steps'],
    required: { steps: positiveInteger },
    examples: [{ steps: 5 }],
  },
  (n: number): Grid => ({
    spec: { type: 'quadraticGrid', steps: steps('quadraticGrid', n) },
    times: ({ span }) =>
      spaced(n, Math.sqrt(span.end), Math.sqrt(span.start)).map((r, i) =>
        i === 0 ? span.end : i === n ? span.start : r * r,
      ),
  }),
);

/**
 * `n` steps uniform in log-SNR λ = log(α²/σ²): the grid of DPM-Solver (Lu et al. 2022, arXiv:2206.00927). Where no signal is left at the end, λ = −12 stands
 * for it. Throws `ArgumentError` where n is not a positive integer.
 *
 * @example
 * logSnrGrid(2).times(vp());   // [1, 0.305, 0.001]
 */
export const logSnrGrid = define(
  gridKind,
  {
    type: 'logSnrGrid',
    about: 'Equal steps of the log signal-to-noise ratio.',
    takes: ['steps'],
    required: { steps: positiveInteger },
    examples: [{ steps: 5 }],
  },
  (n: number): Grid => ({
    spec: { type: 'logSnrGrid', steps: steps('logSnrGrid', n) },
    times: (process) => atLogSnr(process, spaced(n, ...logSnrEnds(process))),
  }),
);

/**
 * `n` steps uniform in (σ/α)^{1/ρ}, ρ = 7 by default (Karras et al. 2022, arXiv:2206.00364, eq. 5). With `n` = 17 and the last denoising, `edmHeun` costs 35
 * evaluations. Throws `ArgumentError` where n is not a positive integer.
 *
 * @example
 * karrasGrid(17).times(edm());
 */
export const karrasGrid = define(
  gridKind,
  {
    type: 'karrasGrid',
    about: 'Equal steps of σ^{1/ρ}.',
    takes: ['steps'],
    required: { steps: positiveInteger },
    optional: { rho: positiveNumber },
    examples: [{ steps: 5, rho: 5 }],
  },
  (n: number, { rho = 7 }: { readonly rho?: number } = {}): Grid => ({
    spec: { type: 'karrasGrid', steps: steps('karrasGrid', n), rho },
    times: (process) => {
      const [low, high] = logSnrEnds(process);
      const roots = spaced(n, Math.exp(-low / (2 * rho)), Math.exp(-high / (2 * rho)));
      return atLogSnr(
        process,
        roots.map((r) => -2 * rho * Math.log(r)),
      );
    },
  }),
);

/** How a sub-sequence is spaced: τᵢ = ⌊c i⌋ or ⌊c i²⌋. */
export type Spacing = 'linear' | 'quadratic';

/**
 * DDIM's sub-sequence τ of `n` of the T times of a discrete process: τᵢ = 1 + ⌊iT/n⌋ (`linear`) or 1 + ⌊0.8 T (i/(n−1))²⌋ (`quadratic`), i = 0 … n−1 (Song et
 * al. 2021, arXiv:2010.02502, appendix D.2). Where the quadratic rule names a time more than once (near the data, once n² > 0.8 T), the later ones move to the
 * next free time: τᵢ ≥ τᵢ₋₁ + 1. The grid ends at the process's first time; the last denoising goes from there to the data. Throws `ArgumentError` where n is
 * not a positive integer, for processes in continuous time, and where the process has fewer than `n` times.
 *
 * @example
 * subSequence(4).times(ddpmProcess({ steps: 1000 }));   // [751, 501, 251, 1]
 */
export const subSequence = define(
  gridKind,
  {
    type: 'subSequence',
    about: 'Some of the times of a discrete process.',
    takes: ['times', 'spacing'],
    required: { times: positiveInteger },
    optional: { spacing: oneOf(['linear', 'quadratic']) },
    examples: [{ times: 5, spacing: 'quadratic' }],
  },
  (n: number, spacing: Spacing = 'linear'): Grid => ({
    spec: { type: 'subSequence', times: steps('subSequence', n), spacing },
    times: ({ span: { start, end }, spec, steps: all }) => {
      if (all === undefined || n > all)
        return raise('ArgumentError', 'subSequence', 'needs a process in as many steps or more', {
          expected: `times 1, 2, … T with T ≥ ${n}`,
          got:
            all === undefined
              ? `${spec.type} over ${start} … ${end}, in continuous time`
              : `${spec.type} over ${start} … ${end}`,
        });
      const times: number[] = [];
      for (let i = 0; i < n; i++) {
        const rule = spacing === 'linear' ? (i * all) / n : 0.8 * all * (i / Math.max(n - 1, 1)) ** 2;
        times.push(Math.max(1 + Math.floor(rule), (times[i - 1] ?? 0) + 1));
      }
      return times.reverse();
    },
  }),
);

/**
 * A grid of times of your own, strictly decreasing from noise to data. They are checked against the process when they are used: {@link timesOf} throws
 * `ArgumentError` where a time leaves the span or does not decrease.
 *
 * @example
 * sampleWith(ddim(), givenGrid([1, 0.5, 0.1]));
 */
export const givenGrid = define(
  gridKind,
  {
    type: 'givenGrid',
    about: 'Times of your own.',
    takes: ['times'],
    required: { times: list(finite, 'a list of numbers') },
    examples: [{ times: [1, 0.5, 0.1] }],
  },
  (times: readonly number[]): Grid => ({
    spec: { type: 'givenGrid', times },
    times: () => times,
  }),
);
