/** The VAE as a model: trained where the best possible bound is known, and swapped estimators. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { generator, keyOf } from '../../src/core/prng.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  adam,
  binarise,
  dynamicallyBinarised,
  elbo,
  evaluate,
  fit,
  importanceWeighted,
  run,
} from '../../src/inference/index.ts';
import { vae } from '../../src/models/index.ts';

// x = (z, −z) + 0.3 ε: entropy ½ log det 2πe (wwᵀ + 0.09 I), and one latent dimension is enough.
const entropy = Math.log(2 * Math.PI * Math.E) + 0.5 * Math.log(0.09 * 2.09);
const sample = (n: number, seed: number): Float32Array => {
  const g = generator(keyOf(seed));
  const rows = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const z = g.normal();
    rows[2 * i] = z + 0.3 * g.normal();
    rows[2 * i + 1] = -z + 0.3 * g.normal();
  }
  return rows;
};

describe('a VAE on linear-Gaussian data', () => {
  const model = vae([2], { latent: 1, hidden: [16] });
  const data = fromRows('line', sample(8000, 1), [2]);
  const held = { ...fromRows('held', sample(8000, 2), [2]), entropy };

  test.each([
    ['elbo', elbo(model)],
    ['importance-weighted', importanceWeighted(5)(model)],
  ] as const)('trained by the %s bound comes within 0.15 nats of the entropy, from above', async (_, objective) => {
    const fitted = await fit({
      objective,
      data,
      optimizer: adam({ learningRate: 5e-3 }),
      steps: 600,
      batchSize: 200,
      seed: 0,
    })();
    if (isLeft(fitted)) throw new Error(fitted.left.message);
    const e = await evaluate(run(model, fitted.right.parameters, onnx('cpu')), held);
    expect(e.evidence).toBe('bound');
    expect(e.gap).toBeLessThan(0.15);
    expect(e.gap).toBeGreaterThan(-3 * e.standardError);
  });
});

test('dynamic binarisation draws a one with the grey level as its chance, anew for every example', () => {
  const grey = o.constant([0, 64, 191, 255]);
  const [all] = vmapAll(() => [D.runDraw(binarise(256)(grey))], { size: 20_000, fresh: () => true })();
  const p = program([o.mean(all, 0)], 'float64');
  const [share] = evaluateProgram(p, noiseFeeds(p, { seed: 0 }));
  [0, 64 / 255, 191 / 255, 1].forEach((chance, i) => expect(Math.abs(share.data[i] - chance)).toBeLessThan(0.015));
  expect(dynamicallyBinarised(256)(elbo(vae([4]))).spec.type).toBe('dynamicallyBinarised');
});
