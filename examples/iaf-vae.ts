/**
 * A VAE whose posterior is an inverse autoregressive flow that reads the data, beside the plain one.   npm run example iaf-vae
 *
 * The posterior is a conditional distribution pushed through layers whose networks are given the data: a sample comes with its density in one pass.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  clipByGlobalNorm,
  compose,
  conditionalFlow,
  conditionalNormal,
  cosine,
  elbo,
  evaluate,
  fit,
  iaf,
  made,
  mlp,
  onnx,
  pushforward,
  repeat,
  reverse,
  run,
  showEvaluation,
  standardNormal,
  stochastic,
} from 'pushforward';
import { toyDataset } from 'pushforward/data';

const network = mlp([64], { activation: 'tanh', zeroLast: false });
const normalPosterior = conditionalNormal([2], [2], { network });
const decoder = conditionalNormal([2], [2], { network });
const flowPosterior = conditionalFlow(normalPosterior, (x) =>
  repeat(2, compose(iaf({ conditioner: made([32]).given(x) }), reverse())),
);
const models = {
  'normal posterior': pipe(standardNormal([2]), pushforward(stochastic({ encoder: normalPosterior, decoder }))),
  'IAF posterior': pipe(standardNormal([2]), pushforward(stochastic({ encoder: flowPosterior, decoder }))),
};

const data = toyDataset('twoMoons', { size: 50_000, seed: 0 });
const held = toyDataset('twoMoons', { size: 10_000, seed: 1 });
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
