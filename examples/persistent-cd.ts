/**
 * Persistent contrastive divergence: a Boltzmann machine on bars, and the chains it keeps.   npm run example persistent-cd
 *
 * The chains are a buffer of the objective: they go on from step to step, are saved with the parameters, and a resumed run finds them where they were.
 * `npm run example rbm` compares this estimator with the exact gradient.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { adam, blockGibbs, fit, persistentContrastiveDivergence, rbm } from 'pushforward';
import { fromRows } from 'pushforward/data';

// 4 × 4, each column black or white.
const bars = Array.from({ length: 16 }, (_, k) => Array.from({ length: 16 }, (_, i) => (k >> (i % 4)) & 1));
const data = fromRows('bars', Float32Array.from(bars.flat()), [16], { levels: 2 });
const machine = rbm([16], { hidden: 12 });
const estimator = persistentContrastiveDivergence({ kernel: blockGibbs(), steps: 5, buffer: 64 });
const fitted = await fit({ objective: estimator(machine), data, batchSize: 16, steps: 2000, optimizer: adam({ learningRate: 1e-2 }) })(); // biome-ignore format: one call

if (isLeft(fitted)) throw new Error(fitted.left.message);
const chains = Array.from(fitted.right.parameters.buffer.data, Number);
for (let row = 0; row < 4; row++)
  console.log(Array.from({ length: 12 }, (_, c) => [0, 1, 2, 3].map((j) => (chains[16 * c + 4 * row + j] > 0.5 ? '█' : '·')).join('')).join('  ')); // biome-ignore format: one line
const isBars = (c: number) => [4, 8, 12].every((r) => [0, 1, 2, 3].every((j) => chains[16 * c + r + j] === chains[16 * c + j])); // biome-ignore format: one line
console.log(
  `${Array.from({ length: 64 }, (_, c) => c).filter(isBars).length} of 64 chains are at bars; of coin flips 1 in 4096 is`,
);
