/**
 * A continuously indexed flow beside the flow it is made from, on a checkerboard.   npm run example cif
 *
 * A plain flow is a homeomorphism: it cannot tear the plane into pieces. Here every layer is given an index u, drawn and taken away again, that moves what the
 * layer does. In the algebra that is one composition: a bijection, noise added, a coupling that the noise conditions, the noise taken away.
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
  mlp,
  onnx,
  pushforward,
  repeat,
  reverse,
  run,
  showEvaluation,
  slice,
  standardNormal,
} from 'pushforward';
import { toyDataset } from 'pushforward/data';

const block = compose(affineCoupling({ conditioner: mlp([48, 48]) }), reverse());
const network = mlp([20, 20], { zeroLast: false });
const index = conditionalNormal([2], [2], { network });
const indexed = compose(
  block,
  augment([4], index), // (x, u), u ~ q(u | x)
  reverse(),
  affineCoupling({ conditioner: network, split: 2 }), // x moved given u
  reverse(),
  slice([4], index), // u scored by r(u | x)
);
const models = {
  plain: pipe(standardNormal([2]), pushforward(repeat(4, block))),
  indexed: pipe(standardNormal([2]), pushforward(compose(indexed, indexed, indexed, indexed))),
};

const data = toyDataset('checkerboard', { size: 50_000, seed: 0 });
const held = toyDataset('checkerboard', { size: 10_000, seed: 1 });
if (isLeft(data) || isLeft(held)) throw new Error('no such toy');
for (const [name, dist] of Object.entries(models)) {
  const fitted = await fit({
    objective: elbo(dist),
    data: data.right,
    optimizer: clipByGlobalNorm(10)(adam({ learningRate: cosine(3e-3, 4000) })),
    steps: 4000,
  })();
  if (isLeft(fitted)) throw new Error(fitted.left.message);
  const scored = await evaluate(run(dist, fitted.right.parameters, onnx('cpu')), held.right);
  console.log(`${name}: ${showEvaluation(scored)}, entropy ${data.right.entropy?.toFixed(4)}`);
}
