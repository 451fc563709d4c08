/**
 * Super-resolution: 7×7 images of digits to 28×28 by a diffusion whose network reads the small image as a channel.   npm run example super-resolution
 *
 * Rows of the picture: what is given, two samples, the truth. Printed: how far the mean of a cell is from what was given, and the error beside that of the
 * small image itself.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { adam, conditional, conditionally, cosine, denoisingScoreMatching, diffusion, type Failure, fit, greyscale, logSnrGrid, onnx, predict, run, toNumbers, unet, vp } from 'pushforward'; // biome-ignore format: one list
import { allRows, fromRows, loadDataset, pairs } from 'pushforward/data';
import { imageGrid } from 'pushforward/report';

const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(r.left.message);
  return r.right;
};
const folder = process.env.DATA ?? '../shared/data';
if (!existsSync(`${folder}/t10k-images-idx3-ubyte.gz`)) throw new Error(`no MNIST in ${folder}: say DATA=<folder>`);
const digits = await done(loadDataset(`${folder}/t10k-images-idx3-ubyte.gz`));
const large = Float32Array.from(allRows(digits), (v) => v / 127.5 - 1);
const small = new Float32Array(49 * digits.size);
for (let k = 0; k < large.length; k++) {
  const [n, i, j] = [Math.floor(k / 784), Math.floor((k % 784) / 112), Math.floor((k % 28) / 4)];
  small[49 * n + 7 * i + j] += large[k] / 16;
}
const held = digits.size - 8;
const data = pairs(
  fromRows('small', small.slice(0, 49 * held), [7, 7]),
  fromRows('large', large.slice(0, 784 * held), [28, 28]),
);

const net = greyscale(unet({ channels: 8, multipliers: [1, 2] }));
const p = conditional([7, 7], (c) =>
  diffusion(predict('velocity', vp(), net.given(c), { shape: [28, 28] }), { grid: logSnrGrid(30) }),
);
const steps = Number(process.env.STEPS ?? 2000);
const { parameters } = await done(
  fit({
    objective: conditionally(denoisingScoreMatching)(p),
    data,
    steps,
    batchSize: 16,
    optimizer: adam({ learningRate: cosine(2e-3, steps) }),
    onProgress: (at) => at.step % 100 === 0 && console.log(`step ${at.step} of ${steps}, loss ${at.loss.toFixed(4)}`),
  }),
);

const running = run(p, parameters, onnx('cpu'));
const columns: Float32Array[][] = [];
const [cells, errors, nearest] = [[0], [0], [0]];
for (let k = held; k < digits.size; k++) {
  const given = small.slice(49 * k, 49 * (k + 1));
  const truth = large.slice(784 * k, 784 * (k + 1));
  const drawn = toNumbers(await running.given({ shape: [7, 7], type: 'float32', data: given }).sample(2, k));
  const shown = Float32Array.from(truth, (_, i) => given[7 * Math.floor(i / 112) + Math.floor((i % 28) / 4)]);
  const samples = [0, 1].map((s) => Float32Array.from(drawn.slice(784 * s, 784 * (s + 1))));
  columns.push([shown, ...samples, truth]);
  for (const x of samples) {
    const means = new Float32Array(49);
    x.forEach((v, i) => {
      means[7 * Math.floor(i / 112) + Math.floor((i % 28) / 4)] += v / 16;
    });
    cells.push(means.reduce((s, v, i) => s + (v - given[i]) ** 2, 0) / 49);
  }
  errors.push(truth.reduce((s, v, i) => s + ((samples[0][i] + samples[1][i]) / 2 - v) ** 2, 0) / 784);
  nearest.push(shown.reduce((s, v, i) => s + (v - truth[i]) ** 2, 0) / 784);
}
const rms = (xs: readonly number[]): string => Math.sqrt(xs.reduce((a, b) => a + b, 0) / (xs.length - 1)).toFixed(3);
console.log(`means of cells off by ${rms(cells)}; error ${rms(errors)}, of the small image ${rms(nearest)}`);
const rows = [0, 1, 2, 3].flatMap((r) => columns.flatMap((c) => Array.from(c[r], (v) => (v + 1) / 2)));
const picture = imageGrid({ height: 28, width: 28, channels: 1, images: Float32Array.from(rows), columns: columns.length, scale: 2 }); // biome-ignore format: one call
writeFileSync('super-resolution.png', picture.png);
console.log('super-resolution.png');
