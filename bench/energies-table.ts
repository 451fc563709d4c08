/** The table of energies on toys. */

/** What one fit of an energy came to; nats per event. */
export interface ToyScore {
  readonly toy: string;
  readonly estimator: string;
  readonly entropy: number;
  /** −log p with log Z estimated, its standard error, and the interval of log Z around its estimate. */
  readonly nats: number;
  readonly error: number;
  readonly logZ: number;
  readonly interval: readonly [number, number];
  readonly lower: number;
  readonly upper: number;
  /** log Z by the midpoint rule. */
  readonly quadrature: number;
  /** Modes that have at least a quarter of their share of samples, of all. */
  readonly modes: number;
  readonly ofModes: number;
  readonly smallestShare: number;
  readonly steps: number;
  readonly seconds: number;
}

const d = (v: number, n = 3): string => v.toFixed(n).replace('-', '−');

/** Scores as Markdown. */
export const showEnergyTable = (scores: readonly ToyScore[]): string =>
  [
    '| toy | estimator | −log p (≈) | entropy | gap | log Z by AIS, 95 % | bounds on log Z | log Z by quadrature | modes | smallest share | steps | seconds |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...scores.map(
      (s) =>
        `| ${s.toy} | \`${s.estimator}\` | ${d(s.nats)} ± ${d(s.error)} | ${d(s.entropy)} | ${s.nats < s.entropy ? '' : '+'}${d(s.nats - s.entropy)} | ${d(s.logZ)} [${d(s.interval[0])}, ${d(s.interval[1])}] | ${d(s.lower)} … ${d(s.upper)} | ${d(s.quadrature)} | ${s.modes}/${s.ofModes} | ${d(s.smallestShare, 2)} | ${s.steps} | ${s.seconds.toFixed(0)} |`,
    ),
  ].join('\n');
