/** A classifier read as a distribution on digits (JEM): 14 × 14 pixels, ten classes, a perceptron. */
import * as D from '../src/core/draw.ts';
import * as o from '../src/core/ops/index.ts';
import { generator, keyOf } from '../src/core/prng.ts';
import { allRows, type Dataset, fromRows, loadDataset, take } from '../src/data/index.ts';
import { uniform } from '../src/distributions/index.ts';
import { adam, clipByGlobalNorm, cosine, fit, run } from '../src/inference/index.ts';
import { ula } from '../src/mcmc/index.ts';
import { jem, jemObjective, labelled } from '../src/models/index.ts';
import { mlp } from '../src/nn/index.ts';
import { imageGrid } from '../src/report/index.ts';
import type { BenchTools } from './energies-toys.ts';

const SIDE = 14;
const PIXELS = SIDE * SIDE;
const CLASSES = 10;
const NOISE = 0.3;
const STEPS = 2500;
const BUFFER = 128;

/** Squares of four pixels averaged, from −1 to 1, and normal noise: a distribution with a density, which bare digits are not. */
const smallGrey = (images: Dataset, seed: number): Dataset => {
  const raw = allRows(images);
  const g = generator(keyOf(seed));
  const out = new Float32Array(images.size * PIXELS);
  for (let k = 0; k < images.size; k++)
    for (let i = 0; i < SIDE; i++)
      for (let j = 0; j < SIDE; j++) {
        const at = (di: number, dj: number): number => raw[k * 784 + (2 * i + di) * 28 + 2 * j + dj];
        const mean = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4;
        out[k * PIXELS + i * SIDE + j] = mean / 127.5 - 1 + NOISE * g.normal();
      }
  const { labels } = images;
  return fromRows('digits', out, [SIDE, SIDE, 1], labels === undefined ? {} : { labels });
};

/** Trains, counts, draws. */
export const jemOnDigits = async (
  images: string,
  labels: string,
  { seed, backend, done, told }: BenchTools,
): Promise<{ readonly text: string; readonly samples: Uint8Array }> => {
  const digits = smallGrey(await done(loadDataset(images, { labels })), seed);
  const [train, test] = [labelled(take(digits, 0, 8000), CLASSES), labelled(take(digits, 8000, 10_000), CLASSES)];
  const event = [SIDE, SIDE, 1];
  const network = mlp([256, 128], { activation: 'silu', zeroLast: false });
  const model = jem({ shape: event }, CLASSES, { network, scale: 2 });
  const fitted = await done(
    fit({
      objective: jemObjective({
        kernel: ula({ stepSize: 0.03 }),
        start: uniform(event, { low: -1, high: 1 }),
        steps: 20,
        buffer: BUFFER,
        chains: 64,
        reinitialise: 0.005,
      })(model),
      data: train,
      steps: STEPS,
      batchSize: 64,
      optimizer: clipByGlobalNorm(100)(adam({ learningRate: cosine(1e-3, STEPS), beta1: 0.5 })),
      ema: 0.99,
      stepsPerRun: 10,
      seed,
      backend,
      onProgress: (p) => p.step % 250 === 0 && told(`jem ${p.step}: ${p.loss.toFixed(3)}, ${p.stepsPerSecond.toFixed(1)} steps/s`), // biome-ignore format: one sentence
    }),
  );
  const running = run(model, fitted.parameters, backend);
  const [chances] = await running.each((row) =>
    D.fromScoped((scope) => {
      const x = o.reshape(o.sliceAxis(row, 0, 0, PIXELS), event);
      return [model.classify(x)(scope)];
    }),
  )({ shape: [test.size, PIXELS + CLASSES], type: 'float32', data: allRows(test) });
  const rows = allRows(test);
  const right = Array.from({ length: test.size }, (_, i) => {
    const own = Array.from(chances.data.slice(i * CLASSES, (i + 1) * CLASSES));
    return rows[i * (PIXELS + CLASSES) + PIXELS + own.indexOf(Math.max(...own))] === 1;
  }).filter(Boolean).length;
  const buffer = fitted.last.buffers?.buffer.data ?? new Float32Array();
  const shown = Float32Array.from(buffer.slice(0, 100 * PIXELS), (v) => (v + 1) / 2);
  return {
    text: `- classified right: ${((100 * right) / test.size).toFixed(1)} % of ${test.size} noisy test digits; ${STEPS} steps in ${fitted.seconds.toFixed(0)} s`,
    samples: imageGrid({ images: shown, height: SIDE, width: SIDE, channels: 1, columns: 10, scale: 3 }).png,
  };
};
