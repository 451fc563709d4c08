/**
 * Latent-variable models on binarised MNIST, on onnx-cpu: −ELBO and the importance-weighted bound of held-out digits, which are binarised anew.
 *
 *     node dist-bench/bench/latent-mnist.js <t10k-images-idx3-ubyte.gz> <model> [training steps] [--schedule constant] [--log scores.jsonl] [--samples grid.png]
 *
 * The first 8,000 images are for training, the last 2,000 for testing; batches of 100, Adam at 10⁻³
 * (`--schedule constant`) or at 2·10⁻³ falling by a cosine (default). Models: those of `candidates` below.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Dist } from '../src/algebra/dist.ts';
import type { Bound, Samples } from '../src/algebra/evidence.ts';
import * as D from '../src/core/draw.ts';
import type { Expr } from '../src/core/expr.ts';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { sizeOf } from '../src/core/shape.ts';
import { readRows, take } from '../src/data/dataset.ts';
import { loadDataset } from '../src/data/load.ts';
import { binarise } from '../src/inference/binarise.ts';
import {
  adam,
  clipByGlobalNorm,
  cosine,
  dynamicallyBinarised,
  elbo,
  fit,
  importanceWeightedDensity,
  type Objective,
  run,
  warmUp,
} from '../src/inference/index.ts';
import { flowPriorVae, hvae, iafVae, nvae, nvaeObjective, recurrentVae, vae } from '../src/models/index.ts';
import { imageGrid } from '../src/report/image-grid.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    log: { type: 'string' },
    samples: { type: 'string' },
    rate: { type: 'string', default: '1e-3' },
    seed: { type: 'string', default: '0' },
    schedule: { type: 'string', default: 'cosine' },
  },
});
const [file, name, stepsText = '2400'] = positionals;
const [steps, seed] = [Number(stepsText), Number(values.seed)];

type Digits = Dist<readonly [28, 28], Bound & Samples>;
interface Candidate {
  readonly dist: () => Digits;
  readonly objective?: (dist: Digits, steps: number) => Objective<readonly [28, 28]>;
}
const image = [28, 28] as const;
const decoder = 'bernoulli';
const candidates: { readonly [name: string]: Candidate } = {
  vae: { dist: () => vae(image, { latent: 20, hidden: [500], decoder }) },
  hvae: { dist: () => hvae(image, { latents: [40, 20], hidden: [440], between: [150], decoder }) },
  iafVae: { dist: () => iafVae(image, { latent: 20, hidden: [400], flowHidden: [64], decoder }) },
  flowPriorVae: { dist: () => flowPriorVae(image, { latent: 20, hidden: [480], flowHidden: [32], decoder }) },
  recurrentVae: { dist: () => recurrentVae(image, { latent: 20, state: 128, decoder }) },
  nvae: {
    dist: () => nvae(image, { groups: 5, latent: 2, channels: 32, expansion: 2, kernel: 3, decoder }),
    objective: (dist, n) => nvaeObjective({ warmUp: Math.round(0.3 * n) })(dist),
  },
};

const loaded = await loadDataset(file)();
if (loaded._tag === 'Left') throw new Error(loaded.left.message);
const [train, test] = [take(loaded.right, 0, 8000), take(loaded.right, 8000, 10_000)];
const { dist: build, objective = elbo } = candidates[name];
const dist = build();
const backend = onnx('cpu', { threads: 1 });
const rate = Number(values.rate);
const before = process.cpuUsage();
const fitted = await fit({
  objective: dynamicallyBinarised(256)(objective(dist, steps)),
  data: train,
  steps,
  batchSize: 100,
  seed,
  backend,
  optimizer:
    values.schedule === 'constant'
      ? adam({ learningRate: rate })
      : clipByGlobalNorm(200)(adam({ learningRate: warmUp(50, cosine(2 * rate, steps, rate / 20)) })),
  onProgress: ({ step, loss, stepsPerSecond }) => {
    if (step % 200 === 0)
      console.log(`step ${step}: loss ${loss.toFixed(2)}, ${(1000 / stepsPerSecond).toFixed(1)} ms a step`);
  },
})();
if (fitted._tag === 'Left') throw new Error(fitted.left.message);
const used = process.cpuUsage(before);
const { parameters } = fitted.right;

const running = run(dist, parameters, backend);
const indices = Int32Array.from({ length: test.size }, (_, i) => i);
const rows = { shape: [test.size, ...image], type: 'float32', data: readRows(test, indices) } as const;
const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / v.length;
const boundOf = async (k: number): Promise<number> => {
  const [values] = await running.each((grey) => D.chain((x: Expr) => D.map((l: Expr): readonly Expr[] => [l])(importanceWeightedDensity(k, dist)(x)))(binarise(256)(grey)))(rows, 1); // biome-ignore format: one line
  return -mean(values.data);
};
const score = {
  model: name,
  elbo: await boundOf(1),
  iw: await boundOf(name === 'nvae' ? 10 : 50),
  parameters: Object.values(parameters).reduce((n, p) => n + sizeOf(p.shape), 0),
  steps,
  processorSeconds: (used.user + used.system) / 1e6,
};
console.log(JSON.stringify(score));
if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(score)}\n`);
if (values.samples !== undefined) {
  const images = Float32Array.from((await running.sample(64, 1)).data);
  writeFileSync(values.samples, imageGrid({ height: 28, width: 28, channels: 1, images, columns: 8 }).png);
}
