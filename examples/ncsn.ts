/**
 * A noise-conditional score network (Song & Ermon 2019, arXiv:1907.05600) on eight Gaussians, with the public API alone.   npm run example ncsn
 *
 * A ladder of noise scales, a network for the score at each, denoising score matching, and annealed Langevin dynamics down the ladder.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  annealedLangevin,
  cosine,
  denoisingScoreMatching,
  diffusion,
  fit,
  ladderTime,
  logSnrGrid,
  onnx,
  predict,
  pushforward,
  resMlp,
  run,
  shiftScale,
  ve,
} from 'pushforward';
import { standardScaling, toyDataset } from 'pushforward/data';

const data = toyDataset('eightGaussians', { size: 50_000, seed: 0 });
if (isLeft(data)) throw new Error('no such toy');

// Ten scales, geometric from 4 to 0.05 in units of the data's deviation.
const scales = ve({ sigmaMin: 0.05, sigmaMax: 4 });
const model = pipe(
  diffusion(predict('score', scales, resMlp([128, 128, 128]), { shape: [2] }), {
    sampler: annealedLangevin({ stepSize: 2e-4, steps: 50 }),
    grid: logSnrGrid(9),
  }),
  pushforward(shiftScale(standardScaling(data.right))),
);

const steps = 2000;
const fitted = await fit({
  objective: denoisingScoreMatching(model, { time: ladderTime(10) }),
  data: data.right,
  optimizer: adam({ learningRate: cosine(3e-3, steps) }),
  steps,
  batchSize: 512,
  ema: 0.995,
  seed: 0,
})();
if (isLeft(fitted)) throw new Error(fitted.left.message);

const running = run(model, fitted.right.parameters, onnx('cpu'));
const { data: drawn } = await running.sample(2000, 0);
const counts = new Array<number>(8).fill(0);
for (let i = 0; i < 2000; i++) {
  const angle = Math.atan2(drawn[2 * i + 1], drawn[2 * i]);
  counts[(Math.round((angle / (2 * Math.PI)) * 8) + 8) % 8]++;
}
console.log(`samples by mode, 250 each in the distribution: ${counts.join(' ')}`);
