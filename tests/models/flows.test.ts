/** Registered flows learn, and are made of parts that take each other's place by one word. */

import { describe, expect, test } from 'vitest';
import type { Dist } from '../../src/algebra/dist.ts';
import type { Exact } from '../../src/algebra/evidence.ts';
import { type Endo, repeat } from '../../src/algebra/transport.ts';
import { additiveCoupling, affineCoupling, compose, iaf, maf, reverse, splineCoupling } from '../../src/bijectors/index.ts'; // biome-ignore format: one list
import type { Shape } from '../../src/core/shape.ts';
import { toyDatasetOf, twoMoons } from '../../src/data/index.ts';
import { adam, fit, maximumLikelihood } from '../../src/inference/index.ts';
import { describe as described, models, overEvents, readDist } from '../../src/models/index.ts';
import { smallOptions } from './small.ts';

const flows = ['realNVP', 'nice', 'maf', 'iaf', 'nsf', 'nsfAutoregressive', 'planarFlow', 'gaussianisation', 'classConditional'].map((name) => models[name]); // biome-ignore format: one list
const data = toyDatasetOf(twoMoons(), { size: 2000, seed: 0 });

describe('every registered flow on vectors', () => {
  test.each(flows.map((m) => [m.name, m] as const))('%s learns two moons', async (_name, model) => {
    const dist = model.build({ shape: [2] }, smallOptions(model.name, { layers: 3, width: 16 })) as Dist<Shape, Exact>;
    const steps = 160;
    const fitted = await fit({ objective: maximumLikelihood(dist), data, steps, batchSize: 128, stepsPerRun: 20, optimizer: adam({ learningRate: 1e-2 }) })(); // biome-ignore format: one call
    if (fitted._tag === 'Left') throw fitted.left;
    const losses = fitted.right.history.map((h) => h.loss);
    expect(losses[losses.length - 1]).toBeLessThan(losses[0] - 0.2);
    expect(losses[losses.length - 1]).toBeGreaterThan(1.0);
  });

  test.each(
    flows.map((m) => [m.name, m] as const),
  )('%s reads back from JSON, for events of any shape', (_name, model) => {
    for (const event of [{ shape: [3] }, { shape: [2, 2] }, { shape: [2, 2], levels: 4 }]) {
      const dist = model.build(event, smallOptions(model.name, { width: 4 }));
      const read = readDist(JSON.parse(JSON.stringify(dist.spec)));
      expect(read._tag === 'Right' && described(read.right)).toEqual(described(dist));
    }
  });
});

test('one word swaps a part', () => {
  const couplings: readonly (() => Endo<'bijective'>)[] = [affineCoupling, splineCoupling, additiveCoupling];
  const autoregressive: readonly (() => Endo<'bijective'>)[] = [maf, iaf];
  for (const layer of [...couplings, ...autoregressive]) {
    const dist = overEvents({ shape: [3] }, repeat(2, compose(layer(), reverse())));
    expect(described(dist).evidence).toBe('exact');
  }
});
