/**
 * A variational auto-encoder on eight Gaussians, with the public API alone.   npm run example vae
 *
 * A VAE is one stochastic layer over a normal code. Its density is only bounded, and the type says so: `elbo` takes it, `maximumLikelihood` does not.
 * How tight the bound is, is a choice made afterwards: ELBO, then the importance-weighted bound, in one word.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  conditionalNormal,
  elbo,
  evaluate,
  fit,
  importanceWeighted,
  importanceWeightedDensity,
  mlp,
  onnx,
  pushforward,
  run,
  showEvaluation,
  standardNormal,
  stochastic,
} from 'pushforward';
import { draw } from 'pushforward/core';
import { allRows, toyDataset } from 'pushforward/data';

const network = mlp([64, 64], { activation: 'tanh', zeroLast: false });
const model = pipe(
  standardNormal([2]),
  pushforward(
    stochastic({
      encoder: conditionalNormal([2], [2], { network }), // q(z | x)
      decoder: conditionalNormal([2], [2], { network }), // p(x | z)
    }),
  ),
);

const data = toyDataset('eightGaussians', { size: 20_000, seed: 0 });
const held = toyDataset('eightGaussians', { size: 5_000, seed: 1 });
if (isLeft(data) || isLeft(held)) throw new Error('no such toy');
const rows = { shape: [5000, 2], type: 'float32', data: allRows(held.right) } as const;

for (const [name, objective] of [
  ['elbo', elbo(model)],
  ['importanceWeighted(10)', importanceWeighted(10)(model)],
] as const) {
  const fitted = await fit({ objective, data: data.right, optimizer: adam({ learningRate: 2e-3 }), steps: 2000 })();
  if (isLeft(fitted)) throw new Error(fitted.left.message);
  const running = run(model, fitted.right.parameters, onnx('cpu'));
  // The same model judged by two bounds: the second is importance weighted too, and tighter.
  console.log(`trained by ${name}: ${showEvaluation(await evaluate(running, held.right))}`);
  const tight = await running.each((x) => draw.map((l: typeof x) => [l])(importanceWeightedDensity(100, model)(x)))(
    rows,
  );
  const nats = -Array.from(tight[0].data, Number).reduce((a, b) => a + b, 0) / rows.shape[0];
  console.log(`  by 100 draws ≤ ${nats.toFixed(4)}, entropy ${data.right.entropy?.toFixed(4)}`);
}
