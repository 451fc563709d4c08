/**
 * One VAE, many estimators.   npm run example estimators
 *
 * The model is declared once. What trains it is a word after the declaration: `elbo` becomes `importanceWeighted(10)` becomes `dreg(10)`; the rest of this
 * file does not change. The table shows what each reaches in the same number of steps: the one-sample bound, the bound of 100 samples, and the data's
 * entropy, which no model's −log p can be below.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import {
  type AnyObjective,
  adam,
  type BoundTerms,
  boundTerms,
  draw,
  dreg,
  elbo,
  evaluate,
  fit,
  freeBits,
  importanceWeighted,
  monteCarloEm,
  onnx,
  ops,
  reweightedWakeSleep,
  run,
  scaleKl,
  scoreFunction,
  scoreFunctionWithAverage,
  sgvb,
  stickingTheLanding,
  tightened,
  toNumbers,
  vae,
  wakeSleep,
} from 'pushforward';
import { allRows, toyDataset } from 'pushforward/data';

const data = toyDataset('twoMoons', { size: 20_000, seed: 0 });
const held = toyDataset('twoMoons', { size: 4000, seed: 1 });
if (isLeft(data) || isLeft(held)) throw new Error('no such toy');

// The declaration: a code of two numbers, one hidden layer each way. Its density is bounded, and its type says so.
const dist = vae([2], { latent: 2, hidden: [64] });

// The choices. `maximumLikelihood(dist)` is not among them: it does not compile.
const estimators: { readonly [name: string]: AnyObjective<readonly [2]> } = {
  'elbo (SGVB-A)': elbo(dist),
  'closed-form KL (SGVB-B)': sgvb()(dist),
  'KL warm-up and free bits': sgvb({ kl: [scaleKl({ warmUp: 500 }), freeBits(0.1)] })(dist),
  'importance-weighted, k = 10': importanceWeighted(10)(dist),
  'sticking the landing': stickingTheLanding(1)(dist),
  'doubly reparameterised, k = 10': dreg(10)(dist),
  'score function, leave one out': scoreFunction({ samples: 4, baseline: 'leaveOneOut' })(dist),
  'score function, moving average': scoreFunctionWithAverage()(dist),
  'wake–sleep': wakeSleep(dist),
  'reweighted wake–sleep, k = 10': reweightedWakeSleep(10)(dist),
  'Monte-Carlo EM': monteCarloEm({ stepSize: 0.1, leapfrogSteps: 5 })(dist),
};

const backend = onnx('cpu');
console.log(`entropy of the data: ${data.right.entropy?.toFixed(3)} nats\n`);
console.log(
  `${'trained by'.padEnd(34)}${'−ELBO'.padStart(9)}${'−log p, 100 samples'.padStart(22)}${'KL of the code'.padStart(17)}`,
);
for (const [name, objective] of Object.entries(estimators)) {
  const fitted = await fit({ objective, data: data.right, steps: 2000, batchSize: 128, optimizer: adam({ learningRate: 3e-3 }) })(); // biome-ignore format: one line
  if (isLeft(fitted)) throw new Error(fitted.left.message);
  const { parameters } = fitted.right;

  // The same parameters under two distributions: the declaration, and the declaration with a tighter bound.
  const loose = await evaluate(run(dist, parameters, backend), held.right);
  const tight = await evaluate(run(tightened(100)(dist), parameters, backend), held.right);

  // The ledger of every event: what its code costs, in closed form.
  const [costs] = await run(dist, parameters, backend).each((x) =>
    draw.map((t: BoundTerms) => [ops.addAll(t.divergences.map((d) => d.value))])(boundTerms(dist)(x)),
  )({ shape: [held.right.size, 2], type: 'float32', data: allRows(held.right) });
  const cost = toNumbers(costs).reduce((a, b) => a + b, 0) / held.right.size;
  console.log(name.padEnd(34) + loose.nats.toFixed(3).padStart(9) + tight.nats.toFixed(3).padStart(22) + cost.toFixed(3).padStart(17)); // biome-ignore format: one line
}
