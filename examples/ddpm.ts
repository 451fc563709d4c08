/**
 * Denoising diffusion (Ho, Jain & Abbeel 2020, arXiv:2006.11239) on two moons, with the public API alone.   npm run example ddpm
 *
 * A fixed chain of 100 steps to noise, a learned one back. Training looks at one random step; the report adds up all terms of the bound.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { adam, cosine, ddpmModel, ddpmSimple, evaluate, fit, onnx, pushforward, run, shiftScale } from 'pushforward';
import { standardScaling, toyDataset } from 'pushforward/data';

const data = toyDataset('twoMoons', { size: 50_000, seed: 0 });
const test = toyDataset('twoMoons', { size: 1000, seed: 1 });
if (isLeft(data) || isLeft(test)) throw new Error('no such toy');

const model = (terms: 'one' | 'all') =>
  pipe(
    ddpmModel({ shape: [2] }, { steps: 100, hidden: [128, 128, 128], terms }),
    pushforward(shiftScale(standardScaling(data.right))),
  );

const steps = 3000;
const fitted = await fit({
  objective: ddpmSimple(model('one')),
  data: data.right,
  optimizer: adam({ learningRate: cosine(2e-3, steps) }),
  steps,
  batchSize: 512,
  ema: 0.995,
  seed: 0,
})();
if (isLeft(fitted)) throw new Error(fitted.left.message);

const parameters = fitted.right.parameters;
const bound = await evaluate(run(model('all'), parameters, onnx('cpu')), test.right);
console.log(
  `−log p ≤ ${bound.nats.toFixed(3)} ± ${bound.standardError.toFixed(3)} nats; entropy ${bound.entropy?.toFixed(3)}`,
);
const { data: drawn } = await run(model('one'), parameters, onnx('cpu')).sample(5, 0);
console.log(
  'samples',
  Array.from({ length: 5 }, (_, i) => [drawn[2 * i].toFixed(2), drawn[2 * i + 1].toFixed(2)]).join('  '),
);
