/** Discrete noise schedules: the variances β₁ … β_T that a denoising diffusion adds, as plain numbers. */
import { raise } from '../core/errors.ts';

/** How β grows. */
export type BetaSchedule = 'linear' | 'quadratic' | 'cosine';

/** Options of {@link betas}. */
export interface BetaScheduleOptions {
  readonly schedule?: BetaSchedule;
  /** T; default 1000. */
  readonly steps?: number;
  /** β₁; default 0.1/T, not of the cosine schedule. */
  readonly first?: number;
  /** β_T; default 20/T, at most 0.999, not of the cosine schedule. */
  readonly last?: number;
}

/** No step removes everything: betas are cut here (Nichol & Dhariwal 2021). */
const LARGEST = 0.999;

/** ᾱ of the cosine schedule, cos²((u + s)/(1 + s) · π/2) with s = 0.008, at u = t/T. */
const cosineSignal = (u: number): number => Math.cos(((u + 0.008) / 1.008) * 0.5 * Math.PI) ** 2;

/**
 * The noise variances β₁ … β_T: `linear` from `first` to `last` (Ho, Jain & Abbeel 2020, arXiv:2006.11239: 1e-4 to 0.02 at T = 1000; other T keep β T, so that
 * the total noise is the same), `quadratic` likewise in √β, `cosine` by ᾱ(t) = cos²((t/T + s)/(1 + s) · π/2)/ᾱ(0) (Nichol & Dhariwal 2021, arXiv:2102.09672,
 * eq. 17). Throws `ArgumentError` where T is not a positive integer or a β is not in (0, 1).
 *
 * @example
 * betas({ schedule: 'cosine', steps: 4 }).length;   // 4
 */
export const betas = ({
  schedule = 'linear',
  steps = 1000,
  first,
  last,
}: BetaScheduleOptions = {}): readonly number[] => {
  if (!Number.isInteger(steps) || steps < 1)
    return raise('ArgumentError', 'betas', 'the number of steps must be a positive integer', {
      expected: '1, 2, …',
      got: `${steps}`,
    });
  const at = Array.from({ length: steps }, (_, i) => i);
  if (schedule === 'cosine')
    return at.map((i) => Math.min(LARGEST, 1 - cosineSignal((i + 1) / steps) / cosineSignal(i / steps)));
  const [from, to] = [first ?? Math.min(LARGEST, 0.1 / steps), last ?? Math.min(LARGEST, 20 / steps)];
  const power = schedule === 'quadratic' ? 0.5 : 1;
  const all = at.map(
    (i) => (from ** power + ((to ** power - from ** power) * i) / Math.max(1, steps - 1)) ** (1 / power),
  );
  const bad = all.find((b) => !(b > 0 && b < 1));
  return bad === undefined
    ? all
    : raise('ArgumentError', 'betas', 'a variance is outside (0, 1)', { expected: '0 < β < 1', got: `${bad}` });
};
