/**
 * Digits of each class by a flow, a VAE and a diffusion: one declaration each, swapped in one word.   npm run example class-conditional [flow|vae|diffusion]
 *
 * Images are 14×14 means of MNIST's; the diffusion is drawn from without guidance and with it. Rows of the picture are classes.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { adam, affineCoupling, classes, compose, conditional, conditionally, conditionalNormal, cosine, denoisingScoreMatching, diffusion, distGiven, elbo, type Failure, fit, guided, logSnrGrid, maximumLikelihood, mlp, onnx, ops, permute, predict, pushforward, repeat, resMlp, run, shiftScale, standardNormal, stochastic, toNumbers, vp } from 'pushforward'; // biome-ignore format: one list
import { allRows, fromRows, labelsOf, loadDataset, pairs } from 'pushforward/data';
import { imageGrid } from 'pushforward/report';

const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(r.left.message);
  return r.right;
};
const folder = process.env.DATA ?? '../shared/data';
if (!existsSync(`${folder}/t10k-images-idx3-ubyte.gz`)) throw new Error(`no MNIST in ${folder}: say DATA=<folder>`);
const digits = await done(
  loadDataset(`${folder}/t10k-images-idx3-ubyte.gz`, { labels: `${folder}/t10k-labels-idx1-ubyte.gz` }),
);
// Means of 2×2 pixels with a little noise, from 0 to 1.
const [side, size] = [14, 14 * 14];
const pixels = allRows(digits);
const small = Float32Array.from({ length: digits.size * size }, (_, k) => {
  const [n, i, j] = [Math.floor(k / size), Math.floor((k % size) / side), k % side];
  const at = (a: number, b: number): number => pixels[784 * n + 28 * (2 * i + a) + 2 * j + b];
  return (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1) + 40 * Math.random()) / 1060;
});
const images = fromRows('small digits', small, [size], digits.labels === undefined ? {} : { labels: digits.labels });
const data = pairs(labelsOf(images, 10), images);
const scaled = shiftScale({ shift: new Array<number>(size).fill(0.15), scale: new Array<number>(size).fill(0.3) });

const [net, wide, denoiser] = [mlp([256]), mlp([256], { activation: 'tanh', zeroLast: false }), resMlp([512, 512])];
const flow = conditional(classes(10), (c) => {
  const coupling = compose(affineCoupling({ conditioner: net.given(c) }), permute({ seed: 1 }));
  return pipe(standardNormal([size]), pushforward(repeat(8, coupling)), pushforward(scaled));
});
const vae = conditional(classes(10), (c) => {
  const [encoder, decoder] = [conditionalNormal([size], [8], { network: wide.given(c) }), conditionalNormal([8], [size], { network: wide.given(c), scale: 1 })]; // biome-ignore format: one pair
  return pipe(standardNormal([8]), pushforward(stochastic({ encoder, decoder })), pushforward(scaled));
});
const model = conditional(
  classes(10),
  (c) =>
  pipe(diffusion(predict('noise', vp(), denoiser.given(c), { shape: [size] }), { grid: logSnrGrid(50) }), pushforward(scaled)), // biome-ignore format: one idea
);
const objectives = {
  flow: conditionally(maximumLikelihood)(flow),
  vae: conditionally(elbo)(vae),
  diffusion: conditionally(denoisingScoreMatching, { drop: 0.1 })(model),
};

const asked = process.argv[2];
for (const [name, objective] of Object.entries(objectives)) {
  if (asked !== undefined && asked !== name) continue;
  const steps = 3000;
  const optimizer = adam({ learningRate: cosine(1e-3, steps) });
  const { parameters } = await done(fit({ objective, data, steps, optimizer, batchSize: 128 }));
  const drawn = async (k: number, guidance?: number): Promise<number[]> => {
    const c = ops.constant(Array.from({ length: 10 }, (_, i) => (i === k ? 1 : 0)));
    const dist = { flow: distGiven(flow, c), vae: distGiven(vae, c), diffusion: distGiven(model, c) }[name];
    const at = guidance === undefined ? dist : guided(model, c, { scale: guidance });
    return at === undefined ? [] : Array.from(toNumbers(await run(at, parameters, onnx('cpu')).sample(10, k)));
  };
  for (const guidance of name === 'diffusion' ? [undefined, 2] : [undefined]) {
    const all: number[] = [];
    for (let k = 0; k < 10; k++) all.push(...(await drawn(k, guidance)));
    const picture = imageGrid({ height: side, width: side, channels: 1, images: Float32Array.from(all), columns: 10, scale: 3 }); // biome-ignore format: one call
    const file = `class-conditional-${name}${guidance === undefined ? '' : '-guided'}.png`;
    writeFileSync(file, picture.png);
    console.log(`${name}${guidance === undefined ? '' : `, guidance ${guidance}`}: ${file}`);
  }
}
