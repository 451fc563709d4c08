/** Registered models as conditional distributions: one path, any context; training finds each class. */

import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import { classes } from '../../src/algebra/context.ts';
import { conditionalKind } from '../../src/algebra/kinds.ts';
import * as D from '../../src/core/draw.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { generator, keyOf } from '../../src/core/prng.ts';
import { parametersOf } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { fromRows, labelsOf, pairs } from '../../src/data/index.ts';
import { adam, conditionally, cosine, denoisingScoreMatching, fit, guided, run, scoreMatching } from '../../src/inference/index.ts'; // biome-ignore format: one line
import { codecOf, conditionalModel, conditionalObjective, models } from '../../src/models/index.ts';
import { smallOptions } from './small.ts';

const backend = onnx('cpu');
const named = ['realNVP', 'nice', 'maf', 'iaf', 'nsf', 'glow', 'realNVPMultiScale', 'vae', 'iafVae', 'flowPriorVae', 'hvae', 'recurrentVae', 'scoreSdeVp', 'edm', 'ddpm', 'cld', 'energy'] as const; // biome-ignore format: one list

describe.each(named)('%s', (name) => {
  test.each([
    ['of a class', classes(3), { shape: [2] }],
    ['of a vector and a class', { label: classes(3), at: [2] }, { shape: [2] }],
    ['of an image', [4, 4], { shape: [8, 8], levels: 4 }],
  ])('%s: it reads the context, trains on pairs and reads back', (_, context, event) => {
    const p = conditionalModel(models[name], context, event, smallOptions(name));
    expect(p.event).toEqual(event.shape);
    const plain = models[name].build(event, smallOptions(name));
    expect(p.evidence).toBe(plain.evidence);
    const read = codecOf(conditionalKind).decode(JSON.parse(JSON.stringify(p.spec)));
    expect(isRight(read) ? read.right.spec : read).toEqual(p.spec);
    if (name === 'energy') {
      expect(() => conditionalObjective(models[name], p)).toThrow(/whole batches/);
      return;
    }
    const f = conditionalObjective(models[name], p);
    const names = (l: ReturnType<typeof o.scalar>): string[] => [...new Set(parametersOf([l]).map((e) => e.attributes.name))].sort(); // biome-ignore format: one line
    expect(names(D.runDraw(f.loss(o.broadcastTo(0.5, f.shape)))).length).toBeGreaterThan(0);
  });
});

test('a model without networks is told off', () => {
  expect(() => conditionalModel(models.gaussianisation, classes(2), { shape: [2] })).toThrow(/no network that reads/);
});

/** Two classes of points on a line, N(∓1, ¼). */
const sides = (size: number, seed: number) => {
  const g = generator(keyOf(seed));
  const labels = Int32Array.from({ length: size }, () => g.integer(2));
  return fromRows(
    'sides',
    Float32Array.from(labels, (k) => 2 * k - 1 + 0.5 * g.normal()),
    [1],
    { labels },
  );
};

test('diffusion of a class, with and without guidance: one network, each class’s distribution', async () => {
  const data = sides(8192, 0);
  const p = conditionalModel(models.scoreSdeVp, classes(2), { shape: [1] }, { hidden: [32, 32], steps: 30 });
  const objective = conditionalObjective(models.scoreSdeVp, p, { drop: 0.1 });
  const fitted = await fit({ objective, data: pairs(labelsOf(data, 2), data), steps: 1500, optimizer: adam({ learningRate: cosine(5e-3, 1500) }) })(); // biome-ignore format: one call
  if (fitted._tag === 'Left') throw fitted.left;
  const { parameters } = fitted.right;
  const running = run(p, parameters, backend);
  const moments = (all: readonly number[]): readonly [number, number] => {
    const mean = all.reduce((a, b) => a + b, 0) / all.length;
    return [mean, Math.sqrt(all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length)];
  };
  for (const k of [0, 1]) {
    const [mean, deviation] = moments(toNumbers(await running.given(k).sample(1000, 0)));
    expect(Math.abs(mean - (2 * k - 1))).toBeLessThan(0.15);
    expect(Math.abs(deviation - 0.5)).toBeLessThan(0.12);
  }
  const sharp = guided(p as never, o.constant([0, 1]), { scale: 3 });
  const [beyond] = moments(toNumbers(await run(sharp, parameters, backend).sample(1000, 0)));
  expect(beyond).toBeGreaterThan(1.1);
});

test('a conditional energy: score matching finds each class', async () => {
  const data = sides(8192, 1);
  const p = conditionalModel(models.energy, classes(2), { shape: [1] }, { hidden: [16] });
  const objective = conditionally(scoreMatching)(p as never);
  const fitted = await fit({ objective, data: pairs(labelsOf(data, 2), data), steps: 1000, optimizer: adam({ learningRate: cosine(1e-2, 1000) }) })(); // biome-ignore format: one call
  if (fitted._tag === 'Left') throw fitted.left;
  // The score of N(m, ¼) is 4 (m − x).
  for (const k of [0, 1]) {
    const x = Float32Array.of(-0.5, 0, 0.5).map((v) => v + 2 * k - 1);
    const score = toNumbers(await run(p, fitted.right.parameters, backend).given(k).score({ shape: [3, 1], type: 'float32', data: x })); // biome-ignore format: one line
    score.forEach((s, i) => void expect(Math.abs(s - 4 * (2 * k - 1 - x[i]))).toBeLessThan(0.6));
  }
  expect(() => conditionally(denoisingScoreMatching)(p as never)).toThrow(/no denoiser/);
});
