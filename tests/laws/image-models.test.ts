/** Image models as laws: sampler, density, gradients and the log-determinant of tiny ones agree. */
import { expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import {
  batchLaws,
  distLaws,
  distParameters,
  gradientLaws,
  pointsIn,
  samplerLaws,
  showVerdicts,
  transportLaws,
  type Verdict,
  violations,
} from '../../src/laws/index.ts';
import { glow, realNVPMultiScale } from '../../src/models/index.ts';

const holds = (verdicts: readonly Verdict[]): void => expect(showVerdicts(violations(verdicts))).toBe('');

test.each<readonly [string, AnyDist]>([
  ['Glow, one scale', glow({ shape: [2, 2] }, { steps: 2, scales: 1, channels: 6 })],
  ['Glow, vectors', glow({ shape: [3] }, { steps: 2, hidden: [8], parametrisation: 'plain' })],
])('%s: all laws', (_name, dist) => holds(distLaws(dist)));

// Integrals over balls are for few dimensions; here the log-determinant is held to the Jacobian instead.
test.each<readonly [string, AnyDist]>([
  ['Glow', glow({ shape: [4, 4, 1] }, { steps: 1, scales: 2, channels: 6, parametrisation: 'exponential' })],
  ['RealNVP', realNVPMultiScale({ shape: [2, 4] }, { scales: 2, channels: 4 })],
])('%s, two scales: sampler, density, gradients, Jacobian', (_name, dist) => {
  const parameters = distParameters(dist);
  holds([
    ...samplerLaws(dist, parameters, 0, 1e-7),
    ...gradientLaws(dist, pointsIn('reals', dist.shape, 16), parameters),
    ...batchLaws(dist, pointsIn('reals', dist.shape, 3), parameters),
  ]);
  for (let l: AnyDist | undefined = dist; l?.pushed !== undefined; l = l.pushed.base)
    holds(transportLaws(l.pushed.transport, { shape: l.shape, count: 2, tolerance: 1e-7 }));
});
