/**
 * VFlow: a flow on two dimensions more than the data have, beside the plain flow.   npm run example vflow
 *
 * The added dimensions are noise from a learned distribution; the bound pays for them, and the flow may use them to fold and tear.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  affineCoupling,
  augment,
  clipByGlobalNorm,
  compose,
  conditionalNormal,
  cosine,
  elbo,
  evaluate,
  fit,
  invertible1x1,
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

const coupling = compose(affineCoupling({ conditioner: mlp([54, 54]) }), reverse());
const models = {
  plain: pipe(standardNormal([2]), pushforward(repeat(4, coupling))),
  vflow: pipe(
    standardNormal([4]),
    pushforward(repeat(4, compose(invertible1x1(), coupling))),
    pushforward(augment([4], conditionalNormal([2], [2]))),
  ),
};

const data = toyDataset('checkerboard', { size: 50_000, seed: 0 });
const held = toyDataset('checkerboard', { size: 10_000, seed: 1 });
if (isLeft(data) || isLeft(held)) throw new Error('no such toy');
for (const [name, dist] of Object.entries(models)) {
  const fitted = await fit({
    objective: elbo(dist),
    data: data.right,
    optimizer: clipByGlobalNorm(10)(adam({ learningRate: cosine(3e-3, 8000) })),
    steps: 8000,
  })();
  if (isLeft(fitted)) throw new Error(fitted.left.message);
  const scored = await evaluate(run(dist, fitted.right.parameters, onnx('cpu')), held.right);
  console.log(`${name}: ${showEvaluation(scored)}, entropy ${data.right.entropy?.toFixed(4)}`);
}
