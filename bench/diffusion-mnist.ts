/**
 * Denoising diffusion on MNIST, on onnx-cpu: a small U-Net over 28 × 28 pixels of 256 levels, T = 200 steps.
 *
 *     node dist-bench/bench/diffusion-mnist.js <folder of MNIST's t10k files> [train|report|all] [training steps] [channels] [patch] [samples]
 *
 * The first 8,000 images are for training, the last 2,000 for testing. `train` shows a bar, saves `runs/diffusion-mnist/checkpoint.safetensors` every 250 steps
 * and goes on from one that is there; `report` reads it and writes beside it: samples by the chain (200 evaluations) and by DDIM (20), test digits whose
 * lower half is filled in, progressive generation, interpolation, rate and distortion, and prints
 *
 * - the Fréchet distance to the training images, on 32 features of a perceptron trained to classify them, of both sets of samples and of test images;
 * - bits/dim of test images by the variational bound and by the probability flow, with their evidence.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import cliProgress from 'cli-progress';
import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../src/algebra/dist.ts';
import type { Bound, Samples } from '../src/algebra/evidence.ts';
import * as D from '../src/core/draw.ts';
import type { Expr } from '../src/core/expr.ts';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import * as o from '../src/core/ops/index.ts';
import { type Feeds, noiseFeeds, program } from '../src/core/program.ts';
import { vmapAll } from '../src/core/vectorize.ts';
import { allRows, type Dataset, take } from '../src/data/dataset.ts';
import { loadDataset } from '../src/data/load.ts';
import { rk4 } from '../src/dynamics/index.ts';
import { loadCheckpoint, saveTo } from '../src/inference/checkpoint.ts';
import { ddpmSimple } from '../src/inference/ddpm-losses.ts';
import { evaluate, showEvaluation } from '../src/inference/evaluate.ts';
import type { Objective } from '../src/inference/objective.ts';
import { adam, clipByGlobalNorm } from '../src/inference/optimizers/index.ts';
import { run } from '../src/inference/run.ts';
import { cosine, warmUp } from '../src/inference/schedule.ts';
import { fit } from '../src/inference/training/fit.ts';
import { labelled } from '../src/models/class-conditional.ts';
import { noiseNetwork } from '../src/models/diffusion/network.ts';
import { activations, dense } from '../src/nn/dense.ts';
import { imageGrid } from '../src/report/image-grid.ts';
import { toPng } from '../src/report/png.ts';
import { rateDistortionCurve } from '../src/report/rate-distortion.ts';
import {
  ancestral,
  ddim,
  ddpm,
  ddpmLayer,
  ddpmProcess,
  diffusion,
  interpolated,
  logSnrGrid,
  masked,
  predict,
  rateDistortion,
  replaced,
  reverseChain,
  reverseRun,
  sampleWith,
  sharedDenoiser,
  subSequence,
} from '../src/sde/index.ts';
import { frechet } from './frechet.ts';

const [folder = '../shared/data', what = 'all', ...rest] = process.argv.slice(2);
const [steps = 3000, channels = 32, patch = 2, count = 512] = rest.map(Number);
const runs = 'runs/diffusion-mnist';
mkdirSync(runs, { recursive: true });
const file = `${runs}/checkpoint.safetensors`;

const right = <A>(e: { _tag: 'Left'; left: { message: string } } | { _tag: 'Right'; right: A }): A => {
  if (e._tag === 'Left') throw new Error(e.left.message);
  return e.right;
};
const images = right(
  await loadDataset(`${folder}/t10k-images-idx3-ubyte.gz`, { labels: `${folder}/t10k-labels-idx1-ubyte.gz` })(),
);
const part = (from: number, to: number): Dataset => ({
  ...take(images, from, to),
  ...(images.labels === undefined ? {} : { labels: images.labels.slice(from, to) }),
});
const [train, test] = [part(0, 8000), part(8000, 10_000)];

// The model: one denoiser, and the distributions that are made of it.
const [T, levels] = [200, 256];
const shape = [28, 28] as const;
const noising = ddpmProcess({ steps: T, schedule: 'quadratic', first: 1e-4, last: 0.15 });
const denoiser = sharedDenoiser('unet', predict('velocity', noising, noiseNetwork(shape, { hidden: [channels], patch }), { shape })); // biome-ignore format: one line
const chain = reverseChain(denoiser, { steps: T, range: [-1, 1] });
const dist = ddpm(chain, { levels });
const clipped = chain.denoiser as typeof denoiser;
const backend = onnx('cpu');

if (what !== 'report') {
  const before = existsSync(file) ? right(await loadCheckpoint(file)()).state : undefined;
  const batchSize = 64;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const bar = new cliProgress.SingleBar({ format: '{bar} step {value}/{total}  loss {loss}  {ms} ms a step  {left} s left', noTTYOutput: true, notTTYSchedule: 15_000 }); // biome-ignore format: one line
  bar.start(steps, before?.step ?? 0, { loss: '–', ms: '–', left: '–' });
  let smooth: number | undefined;
  const fitted = right(
    await fit({
      objective: ddpmSimple(dist, { of: 'velocity' }),
      data: train,
      steps,
      batchSize,
      backend,
      stepsPerRun: 10,
      ema: 0.995,
      optimizer: clipByGlobalNorm(1)(adam({ learningRate: warmUp(100, cosine(2e-3, steps - 100, 2e-5)) })),
      signal: stop.signal,
      checkpoint: { every: 250, save: saveTo(file, { spec: dist.spec }) },
      ...(before === undefined ? {} : { resume: before }),
      onProgress: ({ step, loss, stepsPerSecond, remaining }) => {
        smooth = smooth === undefined ? loss : 0.95 * smooth + 0.05 * loss;
        bar.update(step, {
          loss: smooth.toFixed(4),
          ms: (1000 / stepsPerSecond).toFixed(0),
          left: remaining.toFixed(0),
        });
      },
    })(),
  );
  bar.stop();
  const done = fitted.step - (before?.step ?? 0);
  console.log(
    `${((fitted.step * batchSize) / train.size).toFixed(1)} epochs, ${fitted.seconds.toFixed(0)} s for ${done} steps, ${((1000 * fitted.seconds) / done).toFixed(0)} ms a step, mean squared error of the velocity ${smooth?.toFixed(4)}`,
  );
}
if (what === 'train') process.exit(0);

const saved = right(await loadCheckpoint(file)()).state;
const parameters = saved.parameters;

/** A function of a row (and noise) for n rows, a few at a time. */
const forRows = async (
  f: (x: Expr) => D.Draw<readonly Expr[]>,
  rows: Float32Array,
  event: readonly number[],
  { chunk = 64, seed = 0, given = parameters as Feeds } = {},
): Promise<Float32Array[]> => {
  const width = event.reduce((a, b) => a * b, 1);
  const n = rows.length / width;
  const size = Math.min(chunk, n);
  const x = o.input('x', [size, ...event]);
  const p = program(vmapAll((v) => D.runDraw(f(v)), { fresh: (path) => path.startsWith('noise') })(x), 'float32');
  const go = await backend.compile(p);
  const parts: Float32Array[][] = p.outputs.map(() => []);
  for (let at = 0; at < n; at += size) {
    const data = new Float32Array(size * width);
    data.set(rows.subarray(at * width, (at + size) * width));
    const out = await go.run({ ...given, ...noiseFeeds(p, { seed, firstExample: at }), x: { shape: x.shape, type: 'float32', data } }); // biome-ignore format: one line
    out.forEach((t, i) => {
      parts[i].push(Float32Array.from(t.data).subarray(0, (t.data.length / size) * Math.min(size, n - at)));
    });
  }
  await go.dispose();
  return parts.map((all) => Float32Array.from(all.flatMap((a) => [...a])));
};
const drawn = async (draw: D.Draw<Expr>, n: number, seed: number): Promise<Float32Array> =>
  (await forRows(() => D.map((x: Expr) => [x])(draw), new Float32Array(n), [], { seed }))[0];
const picture = (name: string, pixels: Float32Array, columns: number, unit = 255): void => {
  const scaled = Float32Array.from(pixels, (v) => v / unit);
  writeFileSync(`${runs}/${name}.png`, imageGrid({ height: 28, width: 28, channels: 1, images: scaled, columns }).png);
};
const timed = async <A>(name: string, task: () => Promise<A>): Promise<A> => {
  const start = performance.now();
  const a = await task();
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return a;
};

// Samples, by the chain and by DDIM.
const few = ddpm(chain, { levels, sampling: { sampler: ddim(), grid: subSequence(20) } });
const byChain = await timed(`${count} samples by the chain, ${T} steps`, () => drawn(dist.sample, count, 1));
const byDdim = await timed(`${count} samples by DDIM, 20 steps`, () => drawn(few.sample, count, 1));
picture('ddpm-200', byChain.subarray(0, 64 * 784), 8);
picture('ddim-20', byDdim.subarray(0, 64 * 784), 8);

// Features: the last hidden layer of a perceptron that classifies the training images.
const features = (x: Expr): D.Draw<Expr> =>
  D.fromScoped((scope) => {
    const relu = activations.relu;
    const pixels = o.sub(o.mul(2 / 255, o.reshape(x, [784])), 1);
    const h = relu(dense(128)(pixels)({ ...scope, path: 'features/0' }));
    return relu(dense(32)(h)({ ...scope, path: 'features/1' }));
  });
const logits = (x: Expr): D.Draw<Expr> =>
  pipe(
    features(x),
    D.chain((h) => D.fromScoped((scope) => dense(10)(h)({ ...scope, path: 'features/out' }))),
  );
const classifier: Objective<readonly [number]> = {
  shape: [794],
  spec: { type: 'classifier', opaque: 'a benchmark of its own' },
  evidence: 'none',
  loss: (row) =>
    pipe(
      logits(o.sliceAxis(row, 0, 0, 784)),
      D.map((l) => o.sub(o.logSumExp(l), o.sum(o.mul(o.sliceAxis(row, 0, 784, 794), l)))),
    ),
};
const eyes = right(
  await fit({ objective: classifier, data: labelled(train, 10), steps: 1500, batchSize: 128, backend, optimizer: adam({ learningRate: cosine(2e-3, 1500) }) })(), // biome-ignore format: one line
);
const seen = async (pixels: Float32Array): Promise<number[][]> => {
  const [flat] = await forRows((x) => D.map((h: Expr) => [h])(features(x)), pixels, [784], { chunk: 256, given: eyes.parameters }); // biome-ignore format: one line
  return Array.from({ length: flat.length / 32 }, (_, i) => [...flat.subarray(32 * i, 32 * (i + 1))]);
};
const said = async (pixels: Float32Array): Promise<number[]> => {
  const [flat] = await forRows((x) => D.map((l: Expr) => [o.cast(o.argMax(l), 'real')])(logits(x)), pixels, [784], { chunk: 256, given: eyes.parameters }); // biome-ignore format: one line
  return [...flat];
};
const testPixels = allRows(test) as Float32Array;
const correct = (await said(testPixels)).filter((c, i) => c === test.labels?.[i]).length / test.size;
const reference = await seen(allRows(train) as Float32Array);
const [chainFeatures, ddimFeatures, testFeatures] = [await seen(byChain), await seen(byDdim), await seen(testPixels.subarray(0, count * 784))]; // biome-ignore format: one line
console.log(`classifier: ${(100 * correct).toFixed(1)} % of test images right`);
console.log(`Fréchet distance to 8,000 training images (32 features, ${count} images each):`);
console.log(`  DDPM ${T} steps   ${frechet(chainFeatures, reference).toFixed(3)}`);
console.log(`  DDIM 20 steps    ${frechet(ddimFeatures, reference).toFixed(3)}`);
console.log(`  test images      ${frechet(testFeatures, reference).toFixed(3)}   (the floor of two samples)`);
console.log(`  DDPM to DDIM     ${frechet(chainFeatures, ddimFeatures).toFixed(3)}`);
console.log(`  uniform noise    ${frechet(await seen(Float32Array.from({ length: count * 784 }, (_, i) => (i * 7919) % 256)), reference).toFixed(3)}`); // biome-ignore format: one line

// Inpainting: the upper half of test digits is seen.
const half = Array.from({ length: 784 }, (_, i) => (i < 392 ? 1 : 0));
const seenHalf = masked(shape, half);
const fill = (x: Expr): D.Draw<readonly Expr[]> => {
  const y = o.mul(o.constant(half, shape), dist.reversed.scale.toData(x));
  return D.map((z: Expr) => [
    dist.reversed.scale.toEvent(
      o.add(
        y,
        o.mul(
          o.constant(
            half.map((m) => 1 - m),
            shape,
          ),
          z,
        ),
      ),
    ),
  ])(sampleWith(replaced(ancestral({ variance: 'large' }), seenHalf, y), subSequence(T))(clipped));
};
const originals = testPixels.subarray(0, 24 * 784);
const [filled] = await timed('inpainting 24 digits', () => forRows(fill, originals, shape, { seed: 2 }));
const [filledAgain] = await forRows(fill, originals, shape, { seed: 3 });
const shown: number[] = [];
for (let row = 0; row < 3; row++)
  for (const set of [originals, 'masked', filled, filledAgain] as const)
    for (let i = 8 * row; i < 8 * row + 8; i++)
      for (let j = 0; j < 784; j++)
        shown.push(set === 'masked' ? (j < 392 ? originals[784 * i + j] : 90) : set[784 * i + j]);
picture('inpainting', Float32Array.from(shown), 8);
const agrees = (await said(filled)).filter((c, i) => c === test.labels?.[i]).length;
console.log(`completions that the classifier reads as the digit they were: ${agrees} of 24`);

// Progressive generation, interpolation, rate and distortion.
const at = [0, 40, 80, 110, 130, 150, 165, 175, 185, 199];
const progress = pipe(
  D.fromRandom((c) => noising.prior(shape).sample({ path: '' })(c)),
  D.chain(reverseRun(chain, T, levels)),
  D.map((r) => dist.reversed.scale.toEvent(o.gather(r.progress, o.constant(at, [at.length], 'int32')))),
);
picture('progressive', await drawn(progress, 6, 4), at.length);
const weights = Array.from({ length: 9 }, (_, i) => i / 8);
const between = (pair: Expr): D.Draw<readonly Expr[]> => {
  const [a, b] = [0, 1].map((i) => o.reshape(o.sliceAxis(pair, 0, i, i + 1), shape));
  return D.map((all: Expr) => [all])(interpolated(chain, { at: 75, weights, levels })(a, b));
};
const pairs = testPixels.subarray(0, 12 * 784);
picture('interpolation', (await forRows(between, pairs, [2, 28, 28], { seed: 5 }))[0], weights.length);
const [rate, distortion] = await timed(
  'rate and distortion of 64 test images',
  () =>
  forRows((x) => D.map((c: { rate: Expr; distortion: Expr }) => [c.rate, c.distortion])(rateDistortion(chain, { levels })(x)), testPixels.subarray(0, 64 * 784), shape, { seed: 6 }), // biome-ignore format: one line
);
const average = (all: Float32Array, k: number): number => {
  let total = 0;
  for (let i = 0; i < 64; i++) total += all[i * (T + 1) + k];
  return total / 64;
};
writeFileSync(
  `${runs}/rate-distortion.png`,
  toPng(
    rateDistortionCurve({
      rate: Array.from({ length: T + 1 }, (_, k) => average(rate, k) / 784 / Math.LN2),
      distortion: Array.from({ length: T + 1 }, (_, k) => average(distortion, k) * 127.5),
      distortionUnit: 'root mean squared error on 0 … 255',
    }),
    { width: 1280 },
  ),
);
console.log('rate (bits/dim) and distortion (root mean squared error on 0 … 255) after k of 200 steps:');
for (const k of [0, 50, 100, 150, 180, 190, 195, 200])
  console.log(`  ${String(k).padStart(3)}  ${(average(rate, k) / 784 / Math.LN2).toFixed(4)}  ${(average(distortion, k) * 127.5).toFixed(1)}`); // biome-ignore format: one line

// Bits per dimension, by the bound and by the probability flow from x₁ on under the same decoder.
const whole = (variance: 'large' | 'small') =>
  ddpm(reverseChain(denoiser, { steps: T, range: [-1, 1], variance }), { levels, terms: 'all' });
const flow = pipe(
  diffusion(clipped, { likelihood: { solver: rk4(), grid: logSnrGrid(60), divergence: 'rademacher' } }),
  pushforward(ddpmLayer(chain, 1, { levels })),
) as unknown as Dist<readonly [28, 28], Bound & Samples>;
for (const [name, l] of [
  ['variational bound, variances β', whole('large')],
  ['variational bound, variances β̃', whole('small')],
  ['probability flow under x₀ ← x₁', flow],
] as const) {
  const value = await timed(name, () => evaluate(run(l, parameters, backend), take(test, 0, count / 2)));
  console.log(`${name} (${value.evidence}): ${showEvaluation(value)}`);
}
process.exit(0);
