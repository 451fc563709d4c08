/** Golden records: what the models of the first half were, bit for bit. `npm run golden` checks all of them; here is what a minute allows. */
import { describe, expect, test } from 'vitest';
import { releaseSessions } from '../../src/core/interpreters/onnx/index.ts';
import { thisMachine } from './bits.ts';
import { allKinds, check, readGolden, withoutJob } from './golden-run.ts';
import { type Job, jobs } from './jobs.ts';
import type { Broken } from './rule.ts';

const golden = readGolden();
const here = thisMachine();

/** Models whose compilation alone takes a second. */
const slow = /^(realNVPMultiScale|nvae|unet)/;

/** What a minute allows: all that is declared; of each model its own loss, twenty steps in one run, samples; checkpoints resumed in one run, three step by step. */
const quick = ({ kind, name, model }: Job): boolean => {
  if (kind === 'declarations' || kind === 'files') return true;
  if (kind === 'resumed') return name.endsWith('K = 20') || /^(momentum|replay-buffer|wake-sleep),/.test(name);
  return !name.includes(' on ') && !name.endsWith('K = 1') && !(kind !== 'reference' && slow.test(model));
};

describe('golden records', () => {
  test('every record has its case', () => {
    expect(allKinds.map((k) => Object.keys(golden.records.get(k)?.cases ?? {}).length > 0)).toEqual(allKinds.map(() => true)); // biome-ignore format: one idea
    expect(allKinds.flatMap((k) => withoutJob(k, golden))).toEqual([]);
  });

  const some = jobs.filter((j) => quick(j) && golden.records.get(j.kind)?.cases[j.name] !== undefined);

  test.each([...new Set(some.map((j) => j.model))])('%s is what it was', async (model) => {
    const all: Broken[] = [];
    for (const job of some) if (job.model === model) all.push(...(await check(job, golden, here)));
    expect(all).toEqual([]);
    await releaseSessions();
  });
});
