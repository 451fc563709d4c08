/** Golden records: what the models of the first half were, bit for bit. `npm run golden` checks all of them; here is what a minute allows. */
import { describe, expect, test } from 'vitest';
import { thisMachine } from './bits.ts';
import { check, readGolden } from './golden-run.ts';
import { type Job, jobs } from './jobs.ts';
import type { Broken } from './rule.ts';

const golden = readGolden();
const here = thisMachine();

/** What is broken among jobs, one after the other. */
const broken = async (some: readonly Job[]): Promise<readonly Broken[]> => {
  const all: Broken[] = [];
  for (const job of some) all.push(...(await check(job, golden, here)));
  return all;
};

const recorded = (kind: Job['kind']): readonly Job[] =>
  jobs.filter((j) => j.kind === kind && golden.records.get(kind)?.cases[j.name] !== undefined);

describe('golden records', () => {
  test('every record has its case', () => {
    for (const [kind, { cases }] of golden.records)
      expect(recorded(kind as Job['kind']).map((j) => j.name)).toEqual(Object.keys(cases));
  });

  test.each([
    ...new Set(recorded('declarations').map((j) => j.model)),
  ])('%s: parameters, initial values and noise, by every objective', async (model) => {
    expect(await broken(recorded('declarations').filter((j) => j.model === model))).toEqual([]);
  });
});
