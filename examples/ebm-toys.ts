/**
 * A neural energy on two moons, by three estimators that differ by one word.   npm run example ebm-toys
 *
 * The distribution is N(x; 0, 4) e^{−E(x)}. Nothing in it says how it is trained, sampled or normalised.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import {
  adam,
  annealedImportanceSampling,
  clipByGlobalNorm,
  cosine,
  denoisingScoreMatchingAt,
  energy,
  evaluate,
  type Failure,
  fit,
  hmc,
  mlp,
  normal,
  normalised,
  onnx,
  persistentContrastiveDivergence,
  productOfExperts,
  run,
  sampledBy,
  showEvaluation,
  showPartition,
  slicedScoreMatching,
} from 'pushforward';
import { toyDataset } from 'pushforward/data';

const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(r.left.message);
  return r.right;
};

const base = normal([2], { scale: 2 });
const dist = productOfExperts([base, energy([2], mlp([128, 128], { activation: 'silu', zeroLast: false }))]);
const kernel = hmc({ stepSize: 0.1, steps: 3 });

const objectives = {
  persistent: persistentContrastiveDivergence({ kernel, steps: 3, buffer: 1024, start: base })(dist),
  denoising: denoisingScoreMatchingAt(0.05)(dist),
  sliced: slicedScoreMatching()(dist),
};

const [data, held] = [
  toyDataset('twoMoons', { size: 50_000, seed: 0 }),
  toyDataset('twoMoons', { size: 10_000, seed: 1 }),
];
if (isLeft(data) || isLeft(held)) throw new Error('no such toy');
const backend = onnx('cpu');
const steps = 2000;

for (const [name, objective] of Object.entries(objectives)) {
  const optimizer = clipByGlobalNorm(10)(adam({ learningRate: cosine(2e-3, steps) }));
  const { parameters } = await done(
    fit({ objective, data: data.right, optimizer, steps, ema: 0.99, stepsPerRun: 50, backend }),
  );
  const z = await done(
    annealedImportanceSampling({ from: base, to: dist, kernel, betas: 500, chains: 500, parameters, backend, reverse: { steps: 200 } }), // biome-ignore format: one call
  );
  console.log(`${name}: ${showPartition(z)}`);
  const judged = await evaluate(run(normalised(z)(dist), parameters, backend), held.right);
  console.log(`   ${showEvaluation(judged)}, entropy ${data.right.entropy?.toFixed(4)}`);
  const chained = run(sampledBy({ kernel, steps: 300, start: base })(dist), parameters, backend);
  console.log('   three samples', Array.from((await chained.sample(3, 0)).data, (v) => v.toFixed(2)).join(' '));
}
