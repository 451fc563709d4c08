/** Timings in pairs: two sides taken in turn within one run, because the machine is shared and its speed drifts. */
import type { Peer } from './sides.ts';

/** One side against another. */
export interface Row {
  readonly workload: string;
  /** What a time is of. */
  readonly unit: string;
  readonly ours: string;
  readonly peer: string;
  readonly target?: number;
  readonly oursMs: number;
  readonly peerMs: number;
  /** The median of peer / ours over pairs, and the extremes. */
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
  readonly pairs: number;
}

/** The middle of some numbers. */
export const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];

/** A side with the units of work in one timing. */
export interface Timing {
  readonly side: Peer;
  readonly steps: number;
}

/** Milliseconds per unit of several sides, taken in turn; each has worked for a while before. */
const alternate = async (sides: readonly Timing[], rounds: number): Promise<number[][]> => {
  for (const { side, steps } of sides) await side.run(Math.max(1, Math.floor(steps / 2)));
  const times: number[][] = sides.map(() => []);
  for (let r = 0; r < rounds; r++)
    for (const [i, { side, steps }] of sides.entries()) times[i].push((await side.run(steps)) * 1000);
  return times;
};

/** The faster of several settings of one side, by a short trial in turn; the others are closed. */
export const best = async (candidates: readonly Peer[], steps: number): Promise<Peer> => {
  const times = await alternate(
    candidates.map((side) => ({ side, steps })),
    5,
  );
  const order = candidates.map((side, i) => ({ side, ms: median(times[i]) })).sort((a, b) => a.ms - b.ms);
  for (const { side } of order.slice(1)) await side.close();
  return order[0].side;
};

/** Two sides in `pairs` pairs. */
export const compared = async (
  named: Pick<Row, 'workload' | 'unit' | 'target'>,
  mine: Timing,
  theirs: Timing,
  pairs: number,
): Promise<Row> => {
  const [a, b] = await alternate([mine, theirs], pairs);
  const ratios = a.map((t, i) => b[i] / t);
  return {
    ...named,
    ours: mine.side.name,
    peer: theirs.side.name,
    oursMs: median(a),
    peerMs: median(b),
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    pairs,
  };
};
