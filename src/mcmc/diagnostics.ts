/**
 * Diagnostics of chains: rank-normalised split R̂, bulk and tail effective sample sizes, Monte-Carlo errors (Vehtari, Gelman, Simpson, Carpenter &
 * Bürkner 2021, doi:10.1214/20-BA1221), energy mixing (Betancourt 2016, arXiv:1604.00695). Functions of plain arrays: the draws of ONE
 * number, a list for each chain, all equally long.
 */
import { raise } from '../core/errors.ts';
import { normalQuantile } from './normal-quantile.ts';

/** The draws of one number: a row for each chain. */
export type Draws = readonly ArrayLike<number>[];

const check = (draws: Draws): void => {
  const lengths = [...new Set(draws.map((d) => d.length))];
  if (lengths.length !== 1 || lengths[0] < 4)
    raise('ArgumentError', 'diagnostics', 'the chains have fewer than four draws, or different numbers of them', {
      got: draws.length === 0 ? 'no chain' : lengths.join(', '),
    });
};

const mean = (xs: ArrayLike<number>): number => {
  let s = 0;
  for (let i = 0; i < xs.length; i++) s += xs[i];
  return s / xs.length;
};

/** The unbiased variance. */
const variance = (xs: ArrayLike<number>): number => {
  const m = mean(xs);
  let s = 0;
  for (let i = 0; i < xs.length; i++) s += (xs[i] - m) ** 2;
  return s / (xs.length - 1);
};

const pooled = (draws: Draws): Float64Array => {
  const n = draws[0].length;
  const all = new Float64Array(draws.length * n);
  draws.forEach((d, i) => all.set(d, i * n));
  return all;
};

/** The p-quantile of all draws, by linear interpolation between order statistics. */
export const quantileOf = (draws: Draws, p: number): number => {
  const sorted = pooled(draws).sort();
  const at = p * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
};

/** Whether some draw is NaN or infinite: then the mixing of the chains cannot be assessed, and every statistic of it is NaN. */
const spoilt = (draws: Draws): boolean => draws.some((d) => !Array.from(d).every(Number.isFinite));

/** Whether no draw differs from the first, independently of how their mean rounds. */
const constant = (draws: Draws): boolean => draws.every((d) => Array.from(d).every((x) => x === draws[0][0]));

/** Whether diagnostics are undefined. */
const mute = (draws: Draws): boolean => spoilt(draws) || constant(draws);

/** Each chain as its two halves; the middle draw of an odd number is left out. */
const halves = (draws: Draws): Float64Array[] => {
  const half = Math.floor(draws[0].length / 2);
  return draws.flatMap((d) => {
    const all = Float64Array.from(d);
    return [all.slice(0, half), all.slice(all.length - half)];
  });
};

const mapped = (draws: Draws, f: (x: number) => number): Float64Array[] => draws.map((d) => Float64Array.from(d, f));

/**
 * The ranks of all draws together, 1 … S for S draws in all, in the shape of the draws; ties share the mean of their ranks. Rank plots show these (Vehtari et
 * al. 2021, doi:10.1214/20-BA1221). Cost: one sort.
 *
 * @example
 * ranksOf([[0.1, 0.4], [0.2, 0.3]]);   // [[1, 4], [2, 3]]
 */
export const ranksOf = (draws: Draws): Float64Array[] => {
  const all = pooled(draws);
  const order = Array.from(all.keys()).sort((a, b) => all[a] - all[b]);
  const ranks = new Float64Array(all.length);
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j + 1 < order.length && all[order[j + 1]] === all[order[i]]) j++;
    for (let k = i; k <= j; k++) ranks[order[k]] = (i + j) / 2 + 1;
    i = j + 1;
  }
  const n = draws[0].length;
  return draws.map((_, c) => ranks.slice(c * n, (c + 1) * n));
};

/** Draws as the normal scores of their ranks (Blom): z = Φ⁻¹((r − 3/8) / (S + 1/4)). */
const rankNormal = (draws: Draws): Float64Array[] => {
  const s = draws.length * draws[0].length;
  return mapped(ranksOf(draws), (r) => normalQuantile((r - 0.375) / (s + 0.25)));
};

/** √(between and within over within), of chains without splitting or ranking. */
const plainRHat = (draws: Draws): number => {
  const n = draws[0].length;
  const within = mean(draws.map(variance));
  const between = n * variance(draws.map(mean));
  return Math.sqrt((between / within + n - 1) / n);
};

/**
 * Rank-normalised split R̂ (Vehtari et al. 2021, doi:10.1214/20-BA1221): √((B/W + n − 1)/n), with B and W the variances between and within the halves of the
 * chains, for location (on normal scores of ranks) and for scale (on those of the distance from the median); the larger of the two. Close to 1 where the chains
 * agree; 1.01 is the usual limit. NaN where no draw differs from the others or one is not finite. Throws `ArgumentError` where the chains have fewer than four
 * draws or differ in length.
 *
 * @example
 * rHat([[0.1, 0.9, 0.4, 0.6], [0.2, 0.7, 0.5, 0.3]]);
 */
export const rHat = (draws: Draws): number => {
  check(draws);
  if (mute(draws)) return Number.NaN;
  const split = halves(draws);
  const median = quantileOf(split, 0.5);
  const folded = mapped(split, (x) => Math.abs(x - median));
  const location = plainRHat(rankNormal(split));
  // Draws of two values at equal distance from their median carry no information about scale.
  return constant(folded) ? location : Math.max(location, plainRHat(rankNormal(folded)));
};

/** Effective size of chains without splitting or ranking, by Geyer's initial monotone sequence over all chains (Vehtari et al. §3.2). */
const plainSize = (draws: Draws): number => {
  const m = draws.length;
  const n = draws[0].length;
  const means = draws.map(mean);
  const covariance = (t: number): number =>
    mean(
      draws.map((d, c) => {
        let s = 0;
        for (let i = 0; i + t < n; i++) s += (d[i] - means[c]) * (d[i + t] - means[c]);
        return s / n;
      }),
    );
  const within = (covariance(0) * n) / (n - 1);
  const total = (within * (n - 1)) / n + (m > 1 ? variance(means) : 0);
  if (!(total > 0)) return Number.NaN;
  const rho = (t: number): number => 1 - (within - covariance(t)) / total;
  // Pairs ρ(2k) + ρ(2k + 1), as long as they are positive, never rising.
  let sum = 0;
  let last = Number.POSITIVE_INFINITY;
  let even = 0;
  for (let t = 0; t + 1 < n - 2; t += 2) {
    even = t === 0 ? 1 : rho(t);
    const pair = even + rho(t + 1);
    if (!(pair > 0)) break;
    last = Math.min(last, pair);
    sum += last;
    even = 0;
  }
  const tau = Math.max(-1 + 2 * sum + Math.max(0, even), 1 / Math.log10(m * n));
  return (m * n) / tau;
};

/**
 * The effective number of draws for estimating the mean, S/τ with τ = 1 + 2 Σₜ ρₜ by Geyer's initial monotone sequence over all chains, each split in two
 * (Vehtari et al. 2021, §3.2). {@link standardError} is computed from it. NaN where no draw differs from the others or one is not finite. Cost: quadratic in
 * the length of the chains at worst. Throws `ArgumentError` where the chains have fewer than four draws or differ in length.
 *
 * @example
 * effectiveSize([[0.1, 0.9, 0.4, 0.6], [0.2, 0.7, 0.5, 0.3]]);
 */
export const effectiveSize = (draws: Draws): number => {
  check(draws);
  return mute(draws) ? Number.NaN : plainSize(halves(draws));
};

/**
 * The effective number of draws in the bulk of the distribution: {@link effectiveSize} of the normal scores of the ranks (Vehtari et al. 2021). NaN and errors
 * as there.
 *
 * @example
 * bulkSize([[0.1, 0.9, 0.4, 0.6], [0.2, 0.7, 0.5, 0.3]]);
 */
export const bulkSize = (draws: Draws): number => {
  check(draws);
  return mute(draws) ? Number.NaN : plainSize(rankNormal(halves(draws)));
};

/**
 * The effective number of draws in the tails: the smaller of those for estimating P(x ≤ q₅) and P(x ≤ q₉₅), with q the 5 % and 95 % quantiles (Vehtari et al.
 * 2021). Where no draw is above a quantile, as happens with discrete values, P(x < q) is used instead. NaN and errors as for {@link effectiveSize}.
 *
 * @example
 * tailSize([[0.1, 0.9, 0.4, 0.6], [0.2, 0.7, 0.5, 0.3]]);
 */
export const tailSize = (draws: Draws): number => {
  check(draws);
  if (mute(draws)) return Number.NaN;
  const split = halves(draws);
  const size = (p: number): number => {
    const q = quantileOf(draws, p);
    const upTo = mapped(split, (x) => (x <= q ? 1 : 0));
    return plainSize(constant(upTo) ? mapped(split, (x) => (x < q ? 1 : 0)) : upTo);
  };
  return Math.min(size(0.05), size(0.95));
};

/**
 * The Monte Carlo standard error of the mean, sd/√ESS with ESS from {@link effectiveSize}, in the units of the draws. NaN and errors as there.
 *
 * @example
 * standardError([[0.1, 0.9, 0.4, 0.6], [0.2, 0.7, 0.5, 0.3]]);
 */
export const standardError = (draws: Draws): number => Math.sqrt(variance(pooled(draws)) / effectiveSize(draws));

/**
 * The energy Bayesian fraction of missing information of one chain, Σ(Eₜ − Eₜ₋₁)² / Σ(Eₜ − Ē)², from the energies that `hmc` and `nuts` report in their info
 * (Betancourt 2016, arXiv:1604.00695). Below 0.3 the momenta change the energy too little to explore the tails.
 *
 * @example
 * energyMixing([1.2, 0.7, 1.9, 1.1]);
 */
export const energyMixing = (energies: ArrayLike<number>): number => {
  const m = mean(energies);
  let [moves, spread] = [0, 0];
  for (let i = 0; i < energies.length; i++) {
    if (i > 0) moves += (energies[i] - energies[i - 1]) ** 2;
    spread += (energies[i] - m) ** 2;
  }
  return moves / spread;
};

/** The summary of one number. */
export interface Summary {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  /** Monte-Carlo standard error of the mean. */
  readonly error: number;
  readonly q5: number;
  readonly median: number;
  readonly q95: number;
  readonly bulk: number;
  readonly tail: number;
  readonly rHat: number;
  /** Draws that are not finite numbers: where there are any, the mixing statistics are NaN. */
  readonly notFinite: number;
}

/**
 * The {@link Summary} of the draws of one number: mean, standard deviation, Monte Carlo error, quantiles, effective sizes and R̂, in the units of the draws.
 * Throws `ArgumentError` where the chains have fewer than four draws or differ in length.
 *
 * @example
 * summarise('x', [[0.1, 0.9, 0.4, 0.6], [0.2, 0.7, 0.5, 0.3]]).mean;   // 0.4625
 */
export const summarise = (name: string, draws: Draws): Summary => {
  check(draws);
  const all = pooled(draws);
  return {
    name,
    mean: mean(all),
    sd: Math.sqrt(variance(all)),
    error: standardError(draws),
    q5: quantileOf(draws, 0.05),
    median: quantileOf(draws, 0.5),
    q95: quantileOf(draws, 0.95),
    bulk: bulkSize(draws),
    tail: tailSize(draws),
    rHat: rHat(draws),
    notFinite: all.reduce((n, x) => (Number.isFinite(x) ? n : n + 1), 0),
  };
};

/**
 * Summaries as a table of text, one line for each, with a note for every number that has draws which are not finite.
 *
 * @example
 * showSummaries([summarise('x', [[0.1, 0.9, 0.4, 0.6], [0.2, 0.7, 0.5, 0.3]])]);
 */
export const showSummaries = (rows: readonly Summary[]): string => {
  const number = (x: number): string => (Math.abs(x) >= 1000 ? x.toFixed(0) : x.toPrecision(3).replace(/e\+?/, 'e'));
  const head = ['', 'mean', 'sd', 'error', '5 %', 'median', '95 %', 'ESS bulk', 'ESS tail', 'R-hat'];
  const lines = rows.map((r) => [
    r.name,
    ...[r.mean, r.sd, r.error, r.q5, r.median, r.q95].map(number),
    r.bulk.toFixed(0),
    r.tail.toFixed(0),
    r.rHat.toFixed(3),
  ]);
  const widths = head.map((h, j) => Math.max(h.length, ...lines.map((l) => l[j].length)));
  const spoiled = rows.filter((r) => r.notFinite > 0);
  return [
    ...[head, ...lines].map((l) => l.map((s, j) => (j === 0 ? s.padEnd(widths[j]) : s.padStart(widths[j]))).join('  ')),
    ...spoiled.map(
      (r) =>
        `${r.name}: ${r.notFinite} of the draws ${r.notFinite === 1 ? 'is' : 'are'} not finite, so its mixing statistics are NaN`,
    ),
  ].join('\n');
};
