/**
 * A hierarchical VAE: two stochastic layers composed.   npm run example hvae
 *
 * Composition is all there is to it: x ← z₁ ← z₂. The evidence of the composition is that of its weakest layer, a bound, and each group's divergence can be
 * told.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  compose,
  conditionalNormal,
  elbo,
  evaluate,
  fit,
  mlp,
  onnx,
  pushforward,
  run,
  showEvaluation,
  standardNormal,
  stochastic,
} from 'pushforward';
import { toyDataset } from 'pushforward/data';

const network = mlp([64], { activation: 'tanh', zeroLast: false });
const between = <const X extends readonly number[], const Z extends readonly number[]>(x: X, z: Z) =>
  stochastic({ encoder: conditionalNormal(x, z, { network }), decoder: conditionalNormal(z, x, { network }) });
const model = pipe(standardNormal([2]), pushforward(compose(between([2], [4]), between([4], [2]))));

const data = toyDataset('twoMoons', { size: 20_000, seed: 0 });
const held = toyDataset('twoMoons', { size: 5_000, seed: 1 });
if (isLeft(data) || isLeft(held)) throw new Error('no such toy');
const fitted = await fit({ objective: elbo(model), data: data.right, optimizer: adam({ learningRate: 2e-3 }), steps: 3000 })(); // biome-ignore format: one line
if (isLeft(fitted)) throw new Error(fitted.left.message);
const scored = await evaluate(run(model, fitted.right.parameters, onnx('cpu')), held.right);
console.log(`${showEvaluation(scored)}, entropy ${data.right.entropy?.toFixed(4)}`);
