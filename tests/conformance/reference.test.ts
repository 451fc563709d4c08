import { describe, expect, test } from 'vitest';
import { conformanceCases } from '../../src/laws/conformance-cases.ts';
import { checkAgainstDifferences } from '../../src/laws/differences.ts';

describe.each(Object.entries(conformanceCases))('%s', (op, cases) => {
  test.each(cases.map((c) => [c.name, c] as const))('%s', (name, c) => {
    const failed = checkAgainstDifferences(`${op}/${name}`, c).filter((d) => !d.pass);
    expect(failed).toEqual([]);
  });
});

test('every case has its own name, so that its inputs are its own', () => {
  for (const [op, cases] of Object.entries(conformanceCases))
    expect(new Set(cases.map((c) => c.name)).size, op).toBe(cases.length);
});
