/** The records as files: one line a case, so that a change of one is a change of one line. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOfLines, type Machine } from './bits.ts';
import type { Value } from './rule.ts';

/** Where records are: commands and tests run in the repository's root. */
export const folder = join(process.cwd(), 'tests', 'golden');

/** Records by case; where they depend on a processor, with the machine that they were made on. */
export interface Records {
  readonly machine?: Machine;
  readonly cases: Readonly<Record<string, Value>>;
}

/** The kinds of record, a file each. */
export type Kind = 'declarations' | 'listings' | 'steps' | 'readings' | 'reference' | 'files' | 'resumed';

const pathOf = (kind: Kind): string => join(folder, 'records', `${kind}.json`);

/** The records of a kind; none where there are none. */
export const readRecords = (kind: Kind): Records =>
  existsSync(pathOf(kind)) ? (JSON.parse(readFileSync(pathOf(kind), 'utf8')) as Records) : { cases: {} };

/** Writes the records of a kind. */
export const writeRecords = (kind: Kind, { machine, cases }: Records): void => {
  const lines = Object.entries(cases).map(([name, v]) => `${JSON.stringify(name)}: ${JSON.stringify(v)}`);
  const head = machine === undefined ? '' : `"machine": ${JSON.stringify(machine)},\n`;
  writeFileSync(pathOf(kind), `{${head}"cases": {\n${lines.join(',\n')}\n}}\n`);
};

/** Lists of lines by their hash: most objectives on one model read the same parameters. */
export type Listings = Map<string, readonly string[]>;

/** The hash of a list, which the table keeps. */
export const listed = (table: Listings, lines: readonly string[]): string => {
  const key = hashOfLines(lines);
  table.set(key, lines);
  return key;
};

/** What differs between two lists, in a few lines. */
export const listingDifference = (expected: readonly string[], got: readonly string[]): readonly [string, string] => {
  const i = expected.findIndex((line, k) => line !== got[k]);
  const at = i < 0 ? expected.length : i;
  const line = (all: readonly string[]): string => `${all.length} lines, line ${at + 1}: ${all[at] ?? 'none'}`;
  return [line(expected), line(got)];
};
