/** From a declaration to a trained distribution: denoising score matching through fixed transports, a likelihood and samples. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { expect, test } from 'vitest';
import { shiftScale } from '../../src/bijectors/index.ts';
import { sentence } from '../../src/core/errors.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { generator, keyOf } from '../../src/core/prng.ts';
import { fromRows } from '../../src/data/index.ts';
import { pushforward } from '../../src/distributions/index.ts';
import { adam, cosine, denoisingScoreMatching, evaluate, fit, run } from '../../src/inference/index.ts';
import { resMlp } from '../../src/nn/index.ts';
import {
  diffusion,
  edmWeighting,
  flowSampler,
  importanceTime,
  logSnrGrid,
  predict,
  subVp,
} from '../../src/sde/index.ts';

test('a diffusion distribution under a scaling learns normal data: its flow’s likelihood comes near the entropy, its samples have the moments', async () => {
  const [loc, scale] = [
    [3, -1],
    [2, 0.5],
  ];
  const g = generator(keyOf(4));
  const rows = (n: number) =>
    fromRows('normal', Float32Array.from({ length: 2 * n }, (_, i) => loc[i % 2] + scale[i % 2] * g.normal()), [2]); // biome-ignore format: one line
  const denoiser = predict('velocity', subVp(), resMlp([24, 24]), { shape: [2] });
  const dist = pipe(
    diffusion(denoiser, {
      sampler: flowSampler(),
      grid: logSnrGrid(20),
      likelihood: { divergence: 'exact', grid: logSnrGrid(15) },
    }),
    pushforward(shiftScale({ shift: loc, scale })),
  );
  const steps = 1500;
  const backend = onnx('cpu', { threads: 1 });
  const fitted = await fit({
    objective: denoisingScoreMatching(dist, { weighting: edmWeighting(), time: importanceTime }),
    data: rows(8192),
    steps,
    batchSize: 256,
    seed: 1,
    backend,
    ema: 0.98,
    optimizer: adam({ learningRate: cosine(5e-3, steps) }),
  })();
  if (E.isLeft(fitted)) throw new Error(sentence(fitted.left));
  const running = run(dist, fitted.right.parameters, backend);
  const entropy = Math.log(2 * Math.PI * Math.E) + Math.log(scale[0]) + Math.log(scale[1]);
  const { nats, standardError } = await evaluate(running, rows(1024));
  expect(Math.abs(nats - entropy)).toBeLessThan(0.06 + 3 * standardError);
  const { data } = await running.sample(1024, 0);
  for (const k of [0, 1]) {
    const column = Array.from(data).filter((_, i) => i % 2 === k);
    const mean = column.reduce((a, b) => a + b, 0) / 1024;
    const deviation = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / 1024);
    expect(Math.abs(mean - loc[k])).toBeLessThan(0.15 * scale[k]);
    expect(Math.abs(deviation / scale[k] - 1)).toBeLessThan(0.12);
  }
}, 60_000);
