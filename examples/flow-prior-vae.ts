/**
 * A VAE whose prior over codes is a RealNVP distribution, beside the plain one.   npm run example flow-prior-vae
 *
 * A base distribution is a distribution: where a standard normal stood, a flow stands.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  clipByGlobalNorm,
  conditionalNormal,
  cosine,
  elbo,
  evaluate,
  fit,
  mlp,
  onnx,
  pushforward,
  realNVP,
  run,
  showEvaluation,
  standardNormal,
  stochastic,
} from 'pushforward';
import { toyDataset } from 'pushforward/data';

const network = mlp([64], { activation: 'tanh', zeroLast: false });
const layer = stochastic({
  encoder: conditionalNormal([2], [2], { network }),
  decoder: conditionalNormal([2], [2], { network }),
});
const models = {
  'normal prior': pipe(standardNormal([2]), pushforward(layer)),
  'flow prior': pipe(realNVP([2], { layers: 4, hidden: [32] }), pushforward(layer)),
};

const data = toyDataset('eightGaussians', { size: 50_000, seed: 0 });
const held = toyDataset('eightGaussians', { size: 10_000, seed: 1 });
if (isLeft(data) || isLeft(held)) throw new Error('no such toy');
for (const [name, dist] of Object.entries(models)) {
  const fitted = await fit({
    objective: elbo(dist),
    data: data.right,
    optimizer: clipByGlobalNorm(10)(adam({ learningRate: cosine(3e-3, 3000) })),
    steps: 3000,
  })();
  if (isLeft(fitted)) throw new Error(fitted.left.message);
  const scored = await evaluate(run(dist, fitted.right.parameters, onnx('cpu')), held.right);
  console.log(`${name}: ${showEvaluation(scored)}, entropy ${data.right.entropy?.toFixed(4)}`);
}
