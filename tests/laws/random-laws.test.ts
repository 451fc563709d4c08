/** Random distributions, and random distributions behind random compositions, keep the laws of distributions. */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { arbitraryDist, arbitraryDistribution, assertLaws, distLaws } from '../../src/laws/index.ts';

const seed = Number(process.env.LAW_SEED ?? 20261121);
const numRuns = Number(process.env.LAW_RUNS ?? 12);

describe('random distributions', () => {
  test.each(['reals', 'unit'] as const)('distributions on the %s', (region) => {
    fc.assert(
      fc.property(arbitraryDistribution(fc, [2], region), (t) =>
        assertLaws(`${t}`, distLaws(t.dist, { region: t.region, count: 2048, quadrature: 1e-3 })),
      ),
      { seed, numRuns },
    );
  });

  test('distributions behind compositions', () => {
    fc.assert(
      fc.property(arbitraryDist(fc), (t) =>
        assertLaws(
          `${t}`,
          distLaws(t.dist, { region: t.region, count: 1024, quadrature: Number.POSITIVE_INFINITY, spread: 0.2 }),
        ),
      ),
      { seed, numRuns },
    );
  });
});
