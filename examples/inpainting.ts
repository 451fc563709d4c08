/**
 * Inverse problems without training: two coordinates of which one is seen, y = x₁ + τ n.   npm run example inpainting
 *
 * The denoiser is exact, so the posterior is known; the gradient through the denoiser finds it, replacement comes near. `masked` on images is inpainting,
 * `greyOf` colourisation, `linearMap` any matrix.
 */
import {
  type AnyDist,
  ancestral,
  diffusion,
  exactDenoiser,
  linearMap,
  logSnrGrid,
  masked,
  normal,
  onnx,
  ops,
  reconstructionGuidance,
  replaced,
  run,
  toNumbers,
  vp,
} from 'pushforward';

const [mean, scale, tau] = [0.5, 0.7, 0.3];
const prior = exactDenoiser(vp(), normal([2], { loc: mean, scale }));
const grid = logSnrGrid(100);
const sampler = ancestral();
const count = 4000;

const show = async (name: string, dist: AnyDist, i: number): Promise<void> => {
  const data = toNumbers(await run(dist, {}, onnx('cpu')).sample(count, 0));
  const xs = Array.from({ length: count }, (_, k) => data[2 * k + i]);
  const m = xs.reduce((a, b) => a + b, 0) / count;
  const v = xs.reduce((a, b) => a + (b - m) ** 2, 0) / count;
  console.log(`${name}: mean ${m.toFixed(3)}, deviation ${Math.sqrt(v).toFixed(3)}`);
};

// One coordinate with noise: mean and deviation of its posterior.
const gain = scale ** 2 / (scale ** 2 + tau ** 2);
console.log(
  `posterior of the coordinate seen at 1.6: mean ${(mean + gain * (1.6 - mean)).toFixed(3)}, deviation ${(scale * Math.sqrt(1 - gain)).toFixed(3)}`,
);
const y = ops.constant([1.6, 0]);
const seen = masked([2], [1, 0]);
await show('  by the gradient', diffusion(reconstructionGuidance(prior, seen, y, { noise: tau, sigmaData: scale }), { sampler, grid }), 0); // biome-ignore format: one line
await show('  by replacement, noise ignored', diffusion(prior, { sampler: replaced(sampler, seen, y), grid }), 0);

// The sum of both: each is half of it.
const sum = linearMap([2], [[1, 1]]);
console.log('their sum seen at 2 without noise: mean 1.000, deviation', (scale / Math.SQRT2).toFixed(3));
await show('  by the gradient', diffusion(reconstructionGuidance(prior, sum, ops.constant([2]), { noise: 0.01, sigmaData: scale }), { sampler, grid }), 0); // biome-ignore format: one line
