/**
 * Critically-damped Langevin diffusion (Dockhorn, Vahdat & Kreis 2022, arXiv:2112.07068) on two moons, with the public API alone.   npm run example cld
 *
 * Velocities are noised, data follow them. Hybrid score matching trains the score of velocities, the symmetric splitting samples.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  cldModel,
  cosine,
  evaluate,
  fit,
  hybridScoreMatching,
  onnx,
  pushforward,
  run,
  shiftScale,
} from 'pushforward';
import { standardScaling, toyDataset } from 'pushforward/data';

const data = toyDataset('twoMoons', { size: 50_000, seed: 0 });
const test = toyDataset('twoMoons', { size: 1000, seed: 1 });
if (isLeft(data) || isLeft(test)) throw new Error('no such toy');

const model = pipe(
  cldModel({ shape: [2] }, { hidden: [128, 128, 128], sampler: 'sscs', steps: 100 }),
  pushforward(shiftScale(standardScaling(data.right))),
);

const steps = 3000;
const fitted = await fit({
  objective: hybridScoreMatching(model),
  data: data.right,
  optimizer: adam({ learningRate: cosine(2e-3, steps) }),
  steps,
  batchSize: 512,
  ema: 0.995,
  seed: 0,
})();
if (isLeft(fitted)) throw new Error(fitted.left.message);

const running = run(model, fitted.right.parameters, onnx('cpu'));
const bound = await evaluate(running, test.right);
console.log(
  `−log p ≤ ${bound.nats.toFixed(3)} ± ${bound.standardError.toFixed(3)} nats; entropy ${bound.entropy?.toFixed(3)}`,
);
const { data: drawn } = await running.sample(5, 0);
console.log(
  'samples',
  Array.from({ length: 5 }, (_, i) => [drawn[2 * i].toFixed(2), drawn[2 * i + 1].toFixed(2)]).join('  '),
);
