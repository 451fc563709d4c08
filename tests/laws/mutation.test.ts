/** The mutation check (see `mutants.ts`; `npm run mutate-laws` runs the same list as a command). */
import { describe, expect, test } from 'vitest';
import { killedBy, mutants, originals } from './mutants.ts';

describe('mutants are noticed', () => {
  test.each(mutants.map((m) => [`${m.group}: ${m.name}`, m] as const))('%s', (_name, { verdicts, by }) => {
    const laws = killedBy(verdicts());
    expect(laws).not.toEqual([]);
    if (by !== undefined) expect(laws).toContain(by);
  });
});

describe('and what they were made from is not', () => {
  test.each(originals.map((m) => [m.name, m] as const))('%s', (_name, { verdicts }) => {
    expect(killedBy(verdicts())).toEqual([]);
  });
});
