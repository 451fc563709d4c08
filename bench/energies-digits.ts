/** A Boltzmann machine on binary digits: 14 × 14 pixels, 64 hidden units. */
import type { AnyDist } from '../src/algebra/dist.ts';
import { allRows, type Dataset, fromRows, loadDataset, take } from '../src/data/index.ts';
import {
  adam,
  annealedImportanceSampling,
  blockGibbs,
  cosine,
  evaluate,
  fit,
  normalised,
  persistentContrastiveDivergence,
  run,
  showEvaluation,
  showPartition,
} from '../src/inference/index.ts';
import { rbmModel } from '../src/models/index.ts';
import { imageGrid } from '../src/report/index.ts';
import type { BenchTools } from './energies-toys.ts';

const SIDE = 14;
const PIXELS = SIDE * SIDE;
const HIDDEN = 64;
const STEPS = 15_000;

/** Squares of four pixels averaged, then cut at a half of full ink. */
const smallBinary = (images: Dataset): Dataset => {
  const raw = allRows(images);
  const out = new Float32Array(images.size * PIXELS);
  for (let k = 0; k < images.size; k++)
    for (let i = 0; i < SIDE; i++)
      for (let j = 0; j < SIDE; j++) {
        const at = (di: number, dj: number): number => raw[k * 784 + (2 * i + di) * 28 + 2 * j + dj];
        out[k * PIXELS + i * SIDE + j] = at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1) > 510 ? 1 : 0;
      }
  return fromRows('digits', out, [SIDE, SIDE], { levels: 2 });
};

/** Logits of each pixel's mean, smoothed: the independent distribution that annealing starts from. */
const baseLogits = (data: Dataset): number[] => {
  const rows = allRows(data);
  const means = new Float64Array(PIXELS);
  for (let i = 0; i < rows.length; i++) means[i % PIXELS] += rows[i];
  return Array.from(means, (m) => Math.log((m + 5) / (data.size - m + 5)));
};

/** Trains, anneals, judges, draws. */
export const machineOnDigits = async (
  path: string,
  { seed, backend, done, told }: BenchTools,
): Promise<{ readonly text: string; readonly samples: Uint8Array; readonly weights: Uint8Array }> => {
  const digits = smallBinary(await done(loadDataset(path)));
  const [train, test] = [take(digits, 0, 8000), take(digits, 8000, 10_000)];
  const machine = rbmModel({ shape: [SIDE, SIDE], levels: 2 }, { hidden: HIDDEN, steps: 2000 });
  const fitted = await done(
    fit({
      objective: persistentContrastiveDivergence({ kernel: blockGibbs(), steps: 2, buffer: 200, chains: 200, reinitialise: 0.01 })(machine), // biome-ignore format: one objective
      data: train,
      optimizer: adam({ learningRate: cosine(3e-3, STEPS) }),
      steps: STEPS,
      batchSize: 100,
      ema: 0.999,
      stepsPerRun: 100,
      seed,
      backend,
      onProgress: (p) => p.step % 1000 === 0 && told(`rbm ${p.step}: ${p.loss.toFixed(3)}, ${p.stepsPerSecond.toFixed(0)} steps/s`), // biome-ignore format: one sentence
    }),
  );
  const parameters = fitted.parameters;
  const loc = baseLogits(train);
  const z = await done(
    annealedImportanceSampling({ bridge: machine.bridge({ loc }), kernel: blockGibbs(), betas: 5000, chains: 200, parameters, seed, backend, reverse: { steps: 1000 }, onProgress: ({ way, done: n, of }) => n % 1000 === 0 && told(`rbm ${way} ${n}/${of}`) }), // biome-ignore format: one call
  );
  const dist = normalised(z)(machine);
  const running = run(dist, parameters, backend);
  const [onTrain, onTest] = [await evaluate(running, train), await evaluate(running, test)];
  const alone = await evaluate(run(machine.bridge({ loc }).from, {}, backend), test);
  const drawn = await run(machine as unknown as AnyDist, parameters, backend).sample(100, seed + 1);
  const weights = parameters['rbm/weights'].data;
  const receptive = Float32Array.from({ length: HIDDEN * PIXELS }, (_, k) => {
    const [j, i] = [Math.floor(k / PIXELS), k % PIXELS];
    return 1 / (1 + Math.exp(-weights[i * HIDDEN + j]));
  });
  const grid = (images: Float32Array, columns: number) =>
    imageGrid({ images, height: SIDE, width: SIDE, channels: 1, columns, scale: 3 }).png;
  const text = [
    `- ${showPartition(z)} (${z.effectiveChains.toFixed(0)} of 200 chains effective, 5000 temperatures)`,
    `- test: ${showEvaluation(onTest)}; train: ${showEvaluation(onTrain)}`,
    `- independent pixels, for comparison: ${showEvaluation(alone)}`,
    `- ${STEPS} steps of persistent contrastive divergence in ${fitted.seconds.toFixed(0)} s`,
  ].join('\n');
  return { text, samples: grid(Float32Array.from(drawn.data), 10), weights: grid(receptive, 8) };
};
