/**
 * Image flows on MNIST, on onnx-cpu: bits/dim of held-out digits, milliseconds a step, a grid of samples, and what encoding and decoding loses.
 *
 *     node dist-bench/bench/image-flows.js <t10k-images-idx3-ubyte.gz> [model glow|realNVPMultiScale|realNVP] [training steps] [layers] [channels]
 *
 * The first 8,000 images are for training, the rest for testing. The grid is written to `runs/<model>-mnist.png`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import * as D from '../src/core/draw.ts';
import type { Expr } from '../src/core/expr.ts';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import * as o from '../src/core/ops/index.ts';
import { generator, keyOf } from '../src/core/prng.ts';
import { program } from '../src/core/program.ts';
import type { Tensor } from '../src/core/tensor.ts';
import { vmapAll } from '../src/core/vectorize.ts';
import { take } from '../src/data/dataset.ts';
import { loadDataset } from '../src/data/load.ts';
import { evaluate, showEvaluation } from '../src/inference/evaluate.ts';
import { elbo } from '../src/inference/objective.ts';
import { adam, clipByGlobalNorm } from '../src/inference/optimizers/index.ts';
import { run } from '../src/inference/run.ts';
import { cosine, warmUp } from '../src/inference/schedule.ts';
import { fit } from '../src/inference/training/fit.ts';
import { models } from '../src/models/registry.ts';
import { imageGrid } from '../src/report/image-grid.ts';

const [file = '../shared/data/t10k-images-idx3-ubyte.gz', name = 'glow', ...rest] = process.argv.slice(2);
const [steps = 3000, layers = 4, channels = 32] = rest.map(Number);
const loaded = await loadDataset(file)();
if (loaded._tag === 'Left') throw new Error(loaded.left.message);
const [train, test] = [take(loaded.right, 0, 8000), take(loaded.right, 8000, 10_000)];

const { build, training } = models[name];
const hidden = name === 'realNVP' ? {} : { layers, hidden: [channels] };
const dist = build({ shape: [28, 28], levels: 256 }, hidden);
const backend = onnx('cpu');
const rate = warmUp(100, cosine(training.learningRate, steps, training.learningRate / 50));
const fitted = await fit({
  objective: elbo(dist as Parameters<typeof elbo>[0]),
  data: train,
  steps,
  batchSize: training.batchSize,
  backend,
  optimizer: clipByGlobalNorm(training.clip ?? 1000)(adam({ learningRate: rate })),
  validation: { data: test, every: 500 },
  onProgress: ({ step, loss, validation, stepsPerSecond }) => {
    const bits = (nats: number): string => (nats / 784 / Math.LN2).toFixed(4);
    if (validation !== undefined)
      console.log(`step ${step}: ${bits(loss)} bits/dim, test ${bits(validation)}, ${(1000 / stepsPerSecond).toFixed(1)} ms a step`); // biome-ignore format: one line
  },
})();
if (fitted._tag === 'Left') throw new Error(fitted.left.message);
const { parameters, seconds } = fitted.right;
const epochs = (steps * training.batchSize) / train.size;
console.log(
  `${epochs.toFixed(1)} epochs in ${seconds.toFixed(0)} s, ${((1000 * seconds) / steps).toFixed(1)} ms a step`,
);

const running = run(dist, parameters, backend);
console.log(`test: ${showEvaluation(await evaluate(running, test))}`);
const images = Float32Array.from((await running.sample(64, 1)).data, (v) => v / 255);
mkdirSync('runs', { recursive: true });
writeFileSync(`runs/${name}-mnist.png`, imageGrid({ height: 28, width: 28, channels: 1, images, columns: 8 }).png);

// Round trips through the innermost flow, which is all of the layers with parameters: standard normal z to an image and back.
let inner = dist;
while (inner.pushed?.base.pushed !== undefined) inner = inner.pushed.base;
const flow = inner.pushed!.transport;
const place = `0.${flow.spec.type}`;
const count = 256;
const back = (z: Expr): Expr =>
  D.runDraw(D.at(place, D.chain((s: { readonly value: Expr }) => flow.encode(s.value))(flow.decode(z)))).value;
const { normal } = generator(keyOf(5));
const z: Tensor = { shape: [count, 784], type: 'float32', data: new Float32Array(count * 784).map(normal) };
const there = await backend.compile(program(vmapAll((v) => [back(v)])(o.input('z', z.shape)), 'float32'));
const [again] = await there.run({ ...parameters, z });
await there.dispose();
const worst = Float32Array.from(z.data, (v, i) => Math.abs(v - again.data[i])).reduce((a, b) => Math.max(a, b), 0);
console.log(`encode ∘ decode loses at most ${worst.toExponential(1)}`);
