/**
 * RealNVP on two moons, with the public API alone.   npm run example real-nvp
 *
 * The model is one expression. Its sampler, its density and its objective are read off it.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  affineCoupling,
  compose,
  cosine,
  evaluate,
  fit,
  maximumLikelihood,
  mlp,
  onnx,
  pushforward,
  repeat,
  reverse,
  run,
  showEvaluation,
  standardNormal,
} from 'pushforward';
import { toyDataset } from 'pushforward/data';

const model = pipe(
  standardNormal([2]),
  pushforward(repeat(8, compose(affineCoupling({ conditioner: mlp([64, 64]) }), reverse()))),
);

const data = toyDataset('twoMoons', { size: 50_000, seed: 0 });
const held = toyDataset('twoMoons', { size: 20_000, seed: 1 });
if (isLeft(data) || isLeft(held)) throw new Error('no such toy');

const steps = 2000;
const fitted = await fit({
  objective: maximumLikelihood(model),
  data: data.right,
  optimizer: adam({ learningRate: cosine(2e-3, steps) }),
  steps,
  seed: 0,
})();
if (isLeft(fitted)) throw new Error(fitted.left.message);

const running = run(model, fitted.right.parameters, onnx('cpu'));
console.log(showEvaluation(await evaluate(running, held.right)), `entropy ${data.right.entropy?.toFixed(4)}`);
console.log('three samples', Array.from((await running.sample(3, 0)).data));
