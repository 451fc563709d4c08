/** Class-conditional flows: the same distributions as any distribution, for each class; and training on pairs of event and class. */
import { describe, expect, test } from 'vitest';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { generator, keyOf } from '../../src/core/prng.ts';
import { tensor } from '../../src/core/tensor.ts';
import { readRows } from '../../src/data/dataset.ts';
import { fromRows } from '../../src/data/index.ts';
import { adam, cosine, evaluate, fit, maximumLikelihood, run } from '../../src/inference/index.ts';
import { distLaws, distParameters, logDensities, samples, showVerdicts, violations } from '../../src/laws/index.ts';
import { classConditional, labelled, ofClass, readDist, withClass } from '../../src/models/index.ts';

const small = classConditional({ shape: [2] }, 3, { layers: 2, hidden: [6] });
const K = 8;
const SIGMA = 0.5;

/** The eight Gaussians with the number of the Gaussian as class: H(x | c) = 1 + log 2π + 2 log σ. */
const eight = (size: number, seed: number) => {
  const g = generator(keyOf(seed));
  const labels = Int32Array.from({ length: size }, () => g.integer(K));
  const values = Float32Array.from(Array.from(labels, (k) => [4 * Math.cos((k * Math.PI) / 4) + SIGMA * g.normal(), 4 * Math.sin((k * Math.PI) / 4) + SIGMA * g.normal()]).flat()); // biome-ignore format: one idea
  return fromRows('eight', values, [2], { labels });
};

describe('distributions', () => {
  test.each([0, 1, 2])('of class %i', (k) => {
    const verdicts = distLaws(ofClass(small, k), { count: 4096, quadrature: 2e-4, spread: 0.2 });
    expect(showVerdicts(violations(verdicts))).toBe('');
  });

  test('p(x, c) = p(x | c) / K on one-hot classes, 0 elsewhere', () => {
    const joint = withClass(small);
    const parameters = distParameters(ofClass(small, 0), 'reals', 1, 0.3);
    const x = [0.3, -1.2];
    const at = (c: readonly number[]): number =>
      logDensities(joint, tensor(Float64Array.from([...x, ...c]), [1, 5]), parameters)[0];
    const each = [0, 1, 2].map((k) => logDensities(ofClass(small, k), tensor(Float64Array.from(x), [1, 2]), parameters)[0]); // biome-ignore format: one idea
    for (const k of [0, 1, 2])
      expect(at([0, 1, 2].map((j) => (j === k ? 1 : 0)))).toBeCloseTo(each[k] - Math.log(3), 12);
    expect(new Set(each.map((l) => l.toFixed(6))).size).toBe(3);
    for (const c of [[0, 0, 0], [1, 1, 0], [0.5, 0.5, 0], [2, -1, 0]]) expect(at(c)).toBe(Number.NEGATIVE_INFINITY); // biome-ignore format: one idea
  });

  test('its samples have classes with equal chances', () => {
    const drawn = samples(withClass(small), 3000, distParameters(withClass(small), 'reals', 1, 0.3), 5);
    const counts = [0, 0, 0];
    for (let i = 0; i < 3000; i++) {
      const row = Array.from(drawn.data.subarray(5 * i + 2, 5 * i + 5));
      expect([...row].sort()).toEqual([0, 0, 1]);
      counts[row.indexOf(1)]++;
    }
    for (const n of counts) expect(Math.abs(n - 1000)).toBeLessThan(4 * Math.sqrt(3000 * (2 / 9)));
  });

  test('reads back from JSON', () => {
    for (const dist of [withClass(small), ofClass(small, 2)]) {
      const read = readDist(JSON.parse(JSON.stringify(dist.spec)));
      expect(read._tag === 'Right' && read.right.spec).toEqual(dist.spec);
    }
  });
});

describe('data with classes', () => {
  test('are rows of event and one-hot class', () => {
    const data = labelled(fromRows('two', Float32Array.of(1, 2, 3, 4), [2], { labels: Int32Array.of(2, 0) }), 3);
    expect([data.shape, Array.from(readRows(data, [1, 0]))]).toEqual([[5], [3, 4, 1, 0, 0, 1, 2, 0, 0, 1]]);
  });

  test('need labels, and labels that are classes', () => {
    expect(() => labelled(fromRows('two', Float32Array.of(1, 2), [2]), 3)).toThrow(/there are no labels/);
    const wrong = fromRows('two', Float32Array.of(1, 2), [2], { labels: Int32Array.of(3) });
    expect(() => labelled(wrong, 3)).toThrow(/row 0: not a class.*0 … 2.*3/);
    expect(() => ofClass(small, 3)).toThrow(/no such class/);
  });
});

test('RealNVP on labelled eight Gaussians reaches the conditional entropy', async () => {
  const model = classConditional({ shape: [2] }, K, { layers: 4, hidden: [32, 32] });
  const dist = withClass(model);
  const fitted = await fit({ objective: maximumLikelihood(dist), data: labelled(eight(20_000, 0), K), steps: 2000, batchSize: 256, optimizer: adam({ learningRate: cosine(5e-3, 2000) }) })(); // biome-ignore format: one call
  if (fitted._tag === 'Left') throw fitted.left;
  const backend = onnx('cpu');
  const { parameters } = fitted.right;
  const entropy = 1 + Math.log(2 * Math.PI) + 2 * Math.log(SIGMA);
  const { nats, standardError } = await evaluate(run(dist, parameters, backend), labelled(eight(10_000, 1), K));
  const gap = nats - Math.log(K) - entropy;
  expect(gap).toBeGreaterThan(-4 * standardError);
  expect(gap).toBeLessThan(0.1);
  // Samples of one class are around its centre.
  const { data } = await run(ofClass(model, 2), parameters, backend).sample(500, 0);
  const drawn = Array.from(data);
  const mean = [0, 1].map((j) => drawn.reduce((s, v, i) => (i % 2 === j ? s + v : s), 0) / 500);
  expect(Math.abs(mean[0])).toBeLessThan(0.15);
  expect(Math.abs(mean[1] - 4)).toBeLessThan(0.15);
});
