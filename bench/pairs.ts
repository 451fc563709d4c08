/**
 * Timings in pairs: two sides taken in turn within one run, because the machine is shared and its speed drifts. A virtual machine is at times not run at
 * all: rounds during which the host took more than a twentieth of it are taken again.
 */
import { readFileSync } from 'node:fs';
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
  /** Pairs taken again, and the share of processor time that the host took during those that count. */
  readonly again: number;
  readonly stolen: number;
}

/** The middle of some numbers. */
export const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];

/** A side with the units of work in one timing. */
export interface Timing {
  readonly side: Peer;
  readonly steps: number;
}

/** Processor time since the machine started, in ticks: all, and what the host took (Linux only). */
const ticks = (): { readonly all: number; readonly stolen: number } => {
  try {
    const spent = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1, 9).map(Number); // biome-ignore format: one idea
    return { all: spent.reduce((a, b) => a + b, 0), stolen: spent[7] };
  } catch {
    return { all: 0, stolen: 0 };
  }
};

const STOLEN = 0.05;

/** What rounds of timings gave. */
interface Rounds {
  /** Milliseconds per unit, for each side. */
  readonly times: readonly (readonly number[])[];
  readonly again: number;
  readonly stolen: number;
}

/** Several sides taken in turn; each has worked for a while before. After four times as many rounds as wanted, the least disturbed ones count. */
const alternate = async (sides: readonly Timing[], rounds: number): Promise<Rounds> => {
  for (const { side, steps } of sides) await side.run(Math.max(1, Math.floor(steps / 2)));
  const taken: { readonly ms: number[]; readonly stolen: number }[] = [];
  const calm = (): number => taken.filter((r) => r.stolen <= STOLEN).length;
  while (calm() < rounds && taken.length < 4 * rounds) {
    const before = ticks();
    const ms: number[] = [];
    for (const { side, steps } of sides) ms.push((await side.run(steps)) * 1000);
    const after = ticks();
    taken.push({ ms, stolen: (after.stolen - before.stolen) / Math.max(1, after.all - before.all) });
  }
  const kept = calm() >= rounds ? taken.filter((r) => r.stolen <= STOLEN) : [...taken].sort((a, b) => a.stolen - b.stolen).slice(0, rounds); // biome-ignore format: one choice
  return {
    times: sides.map((_, i) => kept.map((r) => r.ms[i])),
    again: taken.length - rounds,
    stolen: kept.reduce((sum, r) => sum + r.stolen, 0) / kept.length,
  };
};

/** The faster of several settings of one side, by a short trial in turn; the others are closed. */
export const best = async (candidates: readonly Peer[], steps: number): Promise<Peer> => {
  const { times } = await alternate(
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
  const {
    times: [a, b],
    again,
    stolen,
  } = await alternate([mine, theirs], pairs);
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
    again,
    stolen,
  };
};
