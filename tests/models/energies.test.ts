/** Models known up to a constant: their JSON, their classifiers, their training from the registry. */

import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import * as D from '../../src/core/draw.ts';
import { sentence } from '../../src/core/errors.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { fromRows } from '../../src/data/index.ts';
import { bernoulli, energy, enumerated, normal, productOfExperts, rbm, restrict, standardNormal, tempered } from '../../src/distributions/index.ts'; // biome-ignore format: one line
import {
  adam,
  blockGibbs,
  contrastiveDivergence,
  fit,
  noiseContrastive,
  normalised,
  persistentContrastiveDivergence,
  run,
  sampledBy,
} from '../../src/inference/index.ts';
import { hmc, mala, randomWalk, ula, underdamped } from '../../src/mcmc/index.ts';
import { energyModel, energyOverEvents, jem, jemObjective, labelled, models, readDist, readObjective, studentExperts, throughFeatures } from '../../src/models/index.ts'; // biome-ignore format: one line
import { convNet, mlp } from '../../src/nn/index.ts';
import { done, logDensities, parametersFor, values } from '../inference/energies-helpers.ts';
import { smallOptions } from './small.ts';

const backend = onnx('cpu', { threads: 1 });
const throughText = (spec: unknown): unknown => JSON.parse(JSON.stringify(spec));
const reread = (dist: AnyDist): AnyDist => {
  const r = readDist(throughText(dist.spec));
  if (isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};

describe('JSON', () => {
  const net = mlp([4], { activation: 'tanh', zeroLast: false });
  const spins = restrict({ kind: 'integers', low: 0, high: 1 })(energy([3], net));
  const dists: Readonly<Record<string, AnyDist>> = {
    energy: energy([2], net),
    productOfExperts: productOfExperts([normal([2], { scale: 2 }), energy([2], studentExperts(3))]),
    tempered: tempered(0.5)(energy([2], net)),
    restrict: restrict({ kind: 'interval', low: -1, high: 2 })(energy([2], net)),
    lattice: enumerated(spins),
    rbm: rbm([3], { hidden: 2 }),
    'a machine of normal units': rbm([3], { hidden: 2, visible: 'normal', scale: 'learned' }),
    'a normalised machine': normalised({ logZ: 1.5, evidence: 'estimated' })(rbm([3], { hidden: 2 })),
    'a sampled machine': sampledBy({ kernel: blockGibbs(), steps: 3 })(rbm([3], { hidden: 2 })),
    'an energy of images': energyOverEvents({ shape: [5, 5, 1], levels: 8 }, { hidden: [6] }),
    'an energy of features': energy([5, 5, 1], throughFeatures({ features: convNet({ channels: 3 }), channels: 2, head: net })), // biome-ignore format: one distribution
    jem: jem({ shape: [2] }, 3, { hidden: [4] }),
    'the marginal of jem': jem({ shape: [2], levels: 4 }, 3, { hidden: [4] }).marginal,
  };

  test.each(Object.entries(dists))('%s survives it', (_, dist) => {
    const again = reread(dist);
    expect(again.spec).toEqual(dist.spec);
    expect([again.shape, again.evidence]).toEqual([dist.shape, dist.evidence]);
    const at = parametersFor(dist, 0.7);
    const row = Array.from({ length: dist.shape.reduce((a, b) => a * b, 1) }, (_, i) => (i === 2 ? 1 : 0));
    expect(logDensities(again, [row], at)).toEqual(logDensities(dist, [row], at));
  });

  test('estimators survive it, with any kernel', () => {
    const dist = energy([2], net);
    const kernels = [
      hmc({ stepSize: 0.1, steps: 2 }),
      mala({ stepSize: 0.1, inverseMass: o.constant([1, 2]) }),
      ula({ stepSize: 0.01, temperature: 0.1 }),
      underdamped({ stepSize: 0.1, friction: 1 }),
      randomWalk({ stepSize: 0.5 }),
    ];
    const objectives = [
      ...kernels.slice(0, 1).map((kernel) => contrastiveDivergence({ kernel, steps: 3 })(dist)),
      ...kernels.slice(2).map((kernel) => contrastiveDivergence({ kernel, steps: 3 })(dist)),
      persistentContrastiveDivergence({ kernel: kernels[0], buffer: 10, reinitialise: 0.1, energyPenalty: 0.1, chains: 5 })(dist), // biome-ignore format: one objective
      persistentContrastiveDivergence({ kernel: blockGibbs(), buffer: 10 })(rbm([3], { hidden: 2 })),
      noiseContrastive({ noise: standardNormal([2]), ratio: 3 })(dist),
      jemObjective({ buffer: 500, steps: 2 })(jem({ shape: [2] }, 2)),
    ];
    for (const objective of objectives) {
      const r = readObjective(throughText(objective.spec));
      expect(isLeft(r) ? sentence(r.left) : r.right.spec).toEqual(objective.spec);
    }
  });

  test('what does not fit is a sentence with its path', () => {
    const said = (
      spec: unknown,
      read: (u: unknown) => ReturnType<typeof readDist> | ReturnType<typeof readObjective>,
    ): string => {
      const r = read(throughText(spec));
      return isLeft(r) ? sentence(r.left) : 'it was read';
    };
    const dequantised = {
      type: 'pushforward',
      transport: { type: 'dequantise' },
      base: { type: 'uniform', shape: [2] },
    };
    expect(said({ type: 'maximumLikelihood', dist: energy([2]).spec }, readObjective)).toContain(
      'no exact log-density',
    );
    expect(said({ type: 'contrastiveDivergence', kernel: { type: 'blockGibbs' }, dist: dequantised }, readObjective)).toContain('not known up to a constant'); // biome-ignore format: one misuse
    expect(said({ type: 'contrastiveDivergence', kernel: { type: 'blokGibbs' }, dist: rbm([2], { hidden: 1 }).spec }, readObjective)).toContain("kernel: unknown kernel 'blokGibbs'; did you mean 'blockGibbs'?"); // biome-ignore format: one misuse
    expect(said({ type: 'enumerated', dist: energy([2]).spec }, readDist)).toContain('no states to sum over');
    expect(said({ type: 'rbm', shape: [2], hidden: 0 }, readDist)).toContain('hidden: expected a positive integer');
  });
});

describe('a classifier as an energy', () => {
  const model = jem({ shape: [2] }, 3, { hidden: [8] });
  const at = parametersFor(model as unknown as AnyDist, 0.8);
  const x = [0.4, -1.1];
  const classes = [0, 1, 2].map((k) => [...x, ...[0, 1, 2].map((j) => (j === k ? 1 : 0))]);

  test('f(x) = Σ_c f(x, c), and p(c | x) = f(x, c)/f(x)', () => {
    const joint = logDensities(model as unknown as AnyDist, classes, at);
    const [marginal] = logDensities(model.marginal as unknown as AnyDist, [x], at);
    expect(marginal).toBeCloseTo(Math.log(joint.reduce((s, l) => s + Math.exp(l), 0)), 10);
    const [chances] = values([model.classify(o.constant(x))({ path: '' })], at);
    joint.forEach((l, k) => expect(l - marginal).toBeCloseTo(chances[k], 10));
    expect(logDensities(model as unknown as AnyDist, [[...x, 1, 1, 0]], at)).toEqual([Number.NEGATIVE_INFINITY]);
  });

  test('learns classes and the distribution of events at once', async () => {
    const n = 4000;
    const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
    const noise = (await run(standardNormal([2]), {}, backend).sample(n, 3)).data;
    const rows = Float32Array.from(noise, (v, i) => 0.5 * v + (i % 2 === 0 ? (labels[i >> 1] === 0 ? -2 : 2) : 0));
    const data = labelled(fromRows('sides', rows, [2], { labels }), 2);
    const two = jem({ shape: [2] }, 2, { hidden: [32], steps: 300, stepSize: 0.2 });
    const fitted = await done(
      fit({ objective: jemObjective({ buffer: 256, chains: 64, steps: 2 })(two), data, steps: 600, optimizer: adam({ learningRate: 5e-3 }), batchSize: 64, seed: 0, backend, stepsPerRun: 50 }), // biome-ignore format: one fit
    );
    const [right] = await run(two as unknown as AnyDist, fitted.parameters, backend).each(
      (row) => (scope) => D.of([two.classify(o.sliceAxis(row, 0, 0, 2))(scope)])(scope),
    )({ shape: [2, 4], type: 'float32', data: Float32Array.of(-2, 0, 0, 0, 2, 0, 0, 0) });
    expect(Math.exp(right.data[0])).toBeGreaterThan(0.9);
    expect(Math.exp(right.data[3])).toBeGreaterThan(0.9);
    // Chains of the marginal end on both sides, about equally often, and each brings the class of its side.
    const drawn = (await run(two as unknown as AnyDist, fitted.parameters, backend).sample(400, 5)).data;
    const sides = Array.from({ length: 400 }, (_, i) => drawn[4 * i]);
    const share = sides.filter((s) => s > 0).length / 400;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.3);
    const agreeing = sides.filter((s, i) => s > 0 === (drawn[4 * i + 3] === 1)).length;
    expect(agreeing).toBeGreaterThan(360);
    expect(sides.filter((s) => Math.abs(Math.abs(s) - 2) < 1.5).length).toBeGreaterThan(340);
  }, 60_000);
});

describe('the registry', () => {
  test.each(['rbm', 'energy', 'productOfExperts', 'jem'])('%s trains from its entry', async (name) => {
    const entry = models[name];
    const n = 512;
    const classes = name === 'jem' ? 2 : 1;
    const x = (await run(name === 'rbm' ? bernoulli([4]) : normal([4]), {}, backend).sample(n, 0)).data;
    const plain = fromRows('rows', Float32Array.from(x), [4], {
      labels: Int32Array.from({ length: n }, (_, i) => i % 2),
    });
    const data = classes === 1 ? plain : labelled(plain, classes);
    const dist = entry.build(
      { shape: [4], classes, ...(name === 'rbm' ? { levels: 2 } : {}) },
      smallOptions(name, { width: 6 }),
    );
    const { parameters, step } = await done(
      fit({ objective: entry.objective!(dist), data, steps: 3, batchSize: 100, backend }),
    );
    expect(step).toBe(3);
    const drawn = await run(dist, parameters, backend).sample(5, 1);
    expect(drawn.data.every(Number.isFinite)).toBe(true);
    expect(dist.evidence).toBe('unnormalised');
  });

  test.each(['rbm', 'energy', 'productOfExperts', 'jem'])('%s survives JSON for any events', (name) => {
    for (const event of [{ shape: [2] }, { shape: [3, 4], levels: 16 }, { shape: [3], levels: 2, classes: 3 }]) {
      const dist = models[name].build(event);
      const again = reread(dist);
      expect(again.spec).toEqual(dist.spec);
      const row = Array.from({ length: dist.shape.reduce((a, b) => a * b, 1) }, (_, i) => (i === 4 ? 1 : 0));
      const at = parametersFor(dist, 0.1);
      expect(logDensities(again, [row], at)).toEqual(logDensities(dist, [row], at));
      const { objective } = models[name];
      const spec = objective!(dist).spec;
      const r = readObjective(throughText(spec));
      expect(isLeft(r) ? sentence(r.left) : r.right.spec).toEqual(spec);
    }
  });

  test('images get convolutions, levels a chain in their units', () => {
    const dist = energyOverEvents({ shape: [6, 6, 1], levels: 256 });
    expect(JSON.stringify(dist.spec)).toContain('throughFeatures');
    expect(JSON.stringify(energyModel([6]).spec)).not.toContain('throughFeatures');
    expect(dist.chain.kernel.spec.stepSize).toBeCloseTo(12.75, 10);
  });
});
