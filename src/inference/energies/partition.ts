/** Estimates of a normaliser Z = ∫ f(x) dx, as plain numbers. */
import { foldIn, generator, keyOf } from '../../core/prng.ts';

/** log Z in nats, and how it is known: summed up to rounding, or estimated. */
export interface Partition {
  readonly logZ: number;
  readonly evidence: 'exact' | 'estimated';
}

/** The estimate of Z by annealed importance sampling. */
export interface PartitionEstimate extends Partition {
  readonly evidence: 'estimated';
  /** log of the mean weight is `logZ`; this is its 95 % interval, from the spread of the chains' weights ({@link weightInterval}). */
  readonly interval: readonly [number, number];
  /** Mean of log w over forward chains: below log Z in expectation, whatever the schedule. With its standard error. */
  readonly lower: { readonly mean: number; readonly error: number };
  /** The mean of −log w over reverse chains, above log Z in expectation where they start at exact samples; absent where none was run. */
  readonly upper?: {
    readonly mean: number;
    readonly error: number;
    readonly startedAt: 'exact samples' | 'long chains';
  };
  /** (Σw)²/Σw²: about how many chains the estimate rests on. */
  readonly effectiveChains: number;
  /** Mean acceptance of the kernel along the way; 1 for a kernel that never rejects. */
  readonly acceptance: number;
}

/** log (1/n) Σ exp(lᵢ). */
export const logMeanExp = (logs: ArrayLike<number>): number => {
  let peak = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logs.length; i++) peak = Math.max(peak, logs[i]);
  if (!Number.isFinite(peak)) return peak;
  let sum = 0;
  for (let i = 0; i < logs.length; i++) sum += Math.exp(logs[i] - peak);
  return peak + Math.log(sum / logs.length);
};

/** Mean with its standard error. */
export const meanOf = (values: ArrayLike<number>): { readonly mean: number; readonly error: number } => {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i] - mean) ** 2;
  return { mean, error: Math.sqrt(squares / Math.max(1, n - 1) / n) };
};

const RESAMPLES = 1000;
/** With more chains than this the mean of the weights is normal enough, and resampling is slow. */
const MANY = 1000;

/**
 * A 95 % interval for log of the mean weight: the middle of log-mean-exp over resampled chains (percentile bootstrap, from a fixed seed); for more than
 * 1000 chains log(w̄ ± 1.96 s/√M), cut at a small positive number.
 */
export const weightInterval = (logWeights: ArrayLike<number>): readonly [number, number] => {
  const n = logWeights.length;
  const centre = logMeanExp(logWeights);
  const weights = Float64Array.from(logWeights, (l) => Math.exp(l - centre));
  if (n > MANY) {
    const half = 1.96 * meanOf(weights).error;
    return [centre + Math.log(Math.max(1e-3, 1 - half)), centre + Math.log1p(half)];
  }
  const g = generator(foldIn(keyOf(0), 'bootstrap'));
  const again = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += weights[g.integer(n)];
    return centre + Math.log(sum / n);
  }).sort();
  return [again[Math.floor(0.025 * RESAMPLES)], again[Math.ceil(0.975 * RESAMPLES) - 1]];
};

/** (Σw)²/Σw². */
export const effectiveSize = (logWeights: ArrayLike<number>): number => {
  const twice = Float64Array.from(logWeights, (l) => 2 * l);
  return Math.exp(2 * logMeanExp(logWeights) - logMeanExp(twice)) * logWeights.length;
};

/**
 * An estimate of log Z in one line: `log Z = 12.310 nats` where it was summed exactly; else `≈`, with its 95 % interval and the stochastic bounds on it. All
 * numbers are in nats.
 *
 * @example
 * showPartition({ logZ: 12.31, evidence: 'exact' });   // 'log Z = 12.310 nats'
 */
export const showPartition = (p: Partition | PartitionEstimate): string => {
  const d = (v: number): string => v.toFixed(3);
  if (!('interval' in p)) return `log Z ${p.evidence === 'exact' ? '=' : '≈'} ${d(p.logZ)} nats`;
  const [low, high] = p.interval;
  const upper =
    p.upper === undefined ? '' : `, upper bound ${d(p.upper.mean)} ± ${d(p.upper.error)} from ${p.upper.startedAt}`;
  return `log Z ≈ ${d(p.logZ)} nats, 95 % interval [${d(low)}, ${d(high)}], lower bound ${d(p.lower.mean)} ± ${d(p.lower.error)}${upper}`;
};
