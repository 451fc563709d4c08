/**
 * Estimators side by side on binarised MNIST, at equal steps: −ELBO and the 50-sample bound of held-out digits, by epoch.
 *
 *     node dist-bench/bench/latent.js <t10k-images-idx3-ubyte.gz> [--epochs 1,5,10] [--estimators elbo,wakeSleep] [--log rows.jsonl]
 *
 * The VAE of Kingma & Welling 2014, appendix C (784–500–20, tanh, coin flips), Adam 1e-3, batches of 100; the first 8,000 images train, the last 2,000 test, both
 * binarised anew. Estimators are written as `train --objective` has them: `elbo`, `sgvb`, `dreg:10`, `wakeSleep`, `monteCarloEm:1`, …
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isLeft } from 'fp-ts/lib/Either.js';
import * as D from '../src/core/draw.ts';
import type { Expr } from '../src/core/expr.ts';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { readRows, take } from '../src/data/dataset.ts';
import { loadDataset } from '../src/data/load.ts';
import { binarise } from '../src/inference/binarise.ts';
import { adam, dynamicallyBinarised, type Fitted, fit, run, tightened } from '../src/inference/index.ts';
import type { AnyObjective } from '../src/inference/objective.ts';
import { objectiveNamed, vae } from '../src/models/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    epochs: { type: 'string', default: '1,5,10' },
    estimators: { type: 'string', default: 'elbo,wakeSleep' },
    log: { type: 'string' },
    seed: { type: 'string', default: '0' },
  },
});
const loaded = await loadDataset(positionals[0])();
if (isLeft(loaded)) throw new Error(loaded.left.message);
const [train, test] = [take(loaded.right, 0, 8000), take(loaded.right, 8000, 10_000)];

const image = [28, 28] as const;
const dist = vae(image, { latent: 20, hidden: [500], decoder: 'bernoulli' });
const backend = onnx('cpu', { threads: 1 });
const rows = { shape: [test.size, ...image], type: 'float32', data: readRows(test, Int32Array.from({ length: test.size }, (_, i) => i)) } as const; // biome-ignore format: one idea
const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / v.length;
const boundOf = async (k: number, { parameters }: Fitted): Promise<number> => {
  const tight = tightened(k)(dist);
  const [bounds] = await run(dist, parameters, backend).each((grey) =>
    D.chain((x: Expr) => D.map((l: Expr): readonly Expr[] => [l])(tight.logDensity(x)))(binarise(256)(grey)),
  )(rows, 1);
  return -mean(bounds.data);
};

const perEpoch = 80;
console.log(`${'estimator'.padEnd(28)}${'epochs'.padStart(8)}${'−ELBO'.padStart(10)}${'−IWAE-50'.padStart(10)}${'seconds'.padStart(10)}`); // biome-ignore format: a row
for (const name of values.estimators.split(',')) {
  const objective = objectiveNamed(name)(dist);
  if (isLeft(objective)) throw new Error(objective.left.message);
  let state: Fitted | undefined;
  let seconds = 0;
  for (const epochs of values.epochs.split(',').map(Number)) {
    const fitted = await fit({
      objective: dynamicallyBinarised(256)(objective.right as unknown as AnyObjective<typeof image>),
      data: train,
      steps: epochs * perEpoch,
      batchSize: 100,
      seed: Number(values.seed),
      backend,
      optimizer: adam({ learningRate: 1e-3 }),
      ...(state === undefined ? {} : { resume: state.last }),
    })();
    if (isLeft(fitted)) throw new Error(fitted.left.message);
    state = fitted.right;
    seconds += state.seconds;
    const row = { estimator: name, epochs, elbo: await boundOf(1, state), iwae: await boundOf(50, state), seconds };
    console.log(name.padEnd(28) + `${epochs}`.padStart(8) + row.elbo.toFixed(2).padStart(10) + row.iwae.toFixed(2).padStart(10) + seconds.toFixed(1).padStart(10)); // biome-ignore format: a row
    if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(row)}\n`);
  }
}
